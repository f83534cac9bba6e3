"""What the window remembers between runs, typed, with a default for everything.

Values come back from the settings file as text and may have been edited by hand or written by
another version, so each is checked; one that makes no sense falls back to its default.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Collection
from dataclasses import dataclass, field, fields, make_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PyQt6.QtCore import QByteArray, QSettings

from app.detection.models import SIZES, Size
from app.export.file_options import FPS_RANGE, RESTS
from app.export.presets import FPS, PRESETS, USUAL_FPS
from app.export.skeleton_names import MOTIONBUILDER, SKELETONS
from app.motion.processing_options import (
    BONE_RANGE_M,
    CAMERA_HEIGHT_RANGE_M,
    CUTOFF_RANGE_HZ,
    FOV_RANGE_DEG,
    HEIGHT_RANGE_M,
    NAMED,
)
from app.stream_out.registry import OUTPUTS
from app.ui.angle_groups import GROUPS, JOINTS
from app.ui.theme import ThemeChoice
from models import LARGEST_DELAY

log: Final = logging.getLogger(__name__)
HEADINGS: Final = ("", "0", "90", "180", "-90")
"""Where a person placed in the room faces at first, degrees; empty: as filmed."""


if TYPE_CHECKING:

    class _Sending:
        """Of each of ``OUTPUTS``, by its name, whether live poses are sent that way; and where to,
        as typed, empty for the usual."""

else:
    _Sending = make_dataclass(
        "_Sending",
        [
            each
            for name, output in OUTPUTS.items()
            for each in ((name, bool, False), (output.remembered, str, ""))
        ],
    )


@dataclass(slots=True)
class Preferences(_Sending):
    """Everything remembered.  Written by ``save``; plain attributes otherwise."""

    source: str = ""
    """Empty: the first camera, or the performer."""
    addresses: str = ""
    """Of the streams opened last, a line each, without passwords."""
    resolution: str = ""
    """``"1280x720"``, or empty for the camera's own."""
    rate: float = 0.0
    """Frames a second asked of the camera; 0 for its own."""
    weights: str = ""
    device: str = "auto"
    several: bool = True
    """Whether to look out for other people than the one followed."""
    detector: str = ""
    """Size of the live detector's model; empty: the one this machine can afford."""
    camera_told: bool = False
    """Whether the camera's tilt is known; otherwise it is found out."""
    camera_pitch_deg: float = 0.0
    camera_roll_deg: float = 0.0
    height_m: float = 0.0
    """0: the size the network gives."""
    delay: int = 2
    countdown_s: int = 0
    auto_stop_s: int = 0
    """0: until stopped by hand."""
    keep_video: bool = False
    smooth_live: bool = True
    """Whether the live view is calmed; never what is recorded."""
    export_kind: str = "csv"
    """The format exported last; one that is not known any more counts as a table."""
    smooth_hz: float = 0.0
    """Of exports, as all down to ``angles``; 0: not smoothed."""
    rigid_bones: bool = False
    bone: str = ""
    """The bone whose length is known; empty: none."""
    bone_m: float = 0.0
    room: bool = False
    fov_deg: float = 0.0
    """0: the usual angle."""
    camera_height_m: float = 0.0
    """0: found out."""
    heading: str = ""
    """One of ``HEADINGS``."""
    angles: bool = False
    export_more: bool = False
    """Whether the export dialog shows everything instead of the presets."""
    export_fps: float = 0.0
    """Of formats of constant rate; 0: what suits the source."""
    export_skeleton: str = MOTIONBUILDER
    """Whose names bones have."""
    export_rest: str = ""
    """Their pose at rest, one of ``RESTS``; empty: the skeleton's own."""
    blender: str = ""
    """The program that writes FBX; empty: the one on this computer's path."""
    animate_kind: str = "bvh"
    """The format, the rate and the names last exported to animate; the format to analyse, and that
    of a report."""
    animate_fps: float = USUAL_FPS
    animate_skeleton: str = MOTIONBUILDER
    analyse_kind: str = "c3d"
    report_kind: str = "report"
    theme: ThemeChoice = "system"
    mirror: bool = False
    fill: bool = False
    follow: bool = True
    orbit: tuple[float, ...] = ()
    """The 3D view's camera as the view itself writes it; empty for the first view."""
    last_folder: str = ""
    offered: str = ""
    """Names of the interrupted recordings the window has offered to open, with / between."""
    saved_at_close: str = ""
    """Name of the recording that closing the window has ended; empty if none."""
    welcomed: bool = False
    settings_open: bool = False
    geometry: bytes = field(default=b"", repr=False)
    panes: tuple[float, ...] = ()
    """Widths of the two panes."""
    plot_open: bool = False
    plot_group: str = "knee_flexion"
    """Which joint angles are plotted."""
    plot_height: float = 0.0
    """0: as it looks best."""
    numbers: bool = False
    """Whether joint angles are written at the joints in the 3D view."""
    numbers_of: str = "knee_flexion/elbow_flexion"
    """Which, with / between."""

    @property
    def size(self) -> tuple[int, int] | None:
        """The resolution asked of the camera."""
        found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", self.resolution, re.ASCII)
        return (int(found[1]), int(found[2])) if found else None

    @property
    def numbers_shown(self) -> tuple[str, ...]:
        """Keys of the angles that are written at the joints now."""
        return tuple(self.numbers_of.split("/")) if self.numbers and self.numbers_of else ()

    @property
    def detector_size(self) -> Size | None:
        """Of the live detector's model; None for the one this machine can afford."""
        return next((size for size in SIZES if size == self.detector), None)


class PreferencesFile:
    """The preferences on disk, an INI file."""

    def __init__(self, path: Path) -> None:
        self._settings = QSettings(str(path), QSettings.Format.IniFormat)

    def load(self) -> Preferences:
        """All values, defaults where nothing sensible is stored."""
        result = Preferences()
        for item in fields(Preferences):
            stored = self._settings.value(item.name)
            if stored is None:
                continue
            try:
                value = _read(stored, getattr(result, item.name))
            except (TypeError, ValueError):
                log.warning("ignored the setting %s = %r", item.name, stored)
                continue
            setattr(result, item.name, value)
        return _checked(result)

    def save(self, preferences: Preferences) -> None:
        """Write everything; a settings file that cannot be written is logged, never an error."""
        for item in fields(Preferences):
            self._settings.setValue(item.name, _write(getattr(preferences, item.name)))
        self._settings.sync()
        file = Path(self._settings.fileName())
        if self._settings.status() != QSettings.Status.NoError:
            log.warning("the settings could not be written to %s", file)
            return
        with contextlib.suppress(OSError):
            file.chmod(0o600)  # addresses and names in it are nobody else's business


def _write(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, bytes):
        return QByteArray(value)
    if isinstance(value, tuple):
        return " ".join(f"{number:.6g}" for number in value)
    return value


def _read(stored: Any, default: Any) -> Any:
    """The stored value in the default's type; ValueError or TypeError if it is none."""
    if isinstance(default, bool):
        return {"yes": True, "no": False}[str(stored)] if str(stored) in ("yes", "no") else default
    if isinstance(default, bytes):
        return bytes(stored)
    if isinstance(default, tuple):
        return tuple(float(number) for number in str(stored).split())
    return type(default)(stored)


_CHOICES: Final[dict[str, Collection[object]]] = {
    "theme": ("system", "light", "dark"),
    "detector": ("", *SIZES),
    "device": ("auto", "cpu", "cuda", "mps"),
    "heading": HEADINGS,
    "animate_fps": FPS,
    "export_skeleton": SKELETONS,
    "animate_skeleton": SKELETONS,
    "export_rest": ("", *RESTS),
    "plot_group": GROUPS,
    **{f"{name}_kind": PRESETS[name].formats for name in ("animate", "analyse", "report")},
}
_LIMITS: Final = {
    "height_m": HEIGHT_RANGE_M,
    "smooth_hz": CUTOFF_RANGE_HZ,
    "fov_deg": FOV_RANGE_DEG,
    "camera_height_m": CAMERA_HEIGHT_RANGE_M,
    "export_fps": FPS_RANGE,
    "plot_height": (0.0, 10000.0),
}
"""For what is not in its range the default stands, which may be outside: 0, for what is usual."""


def _checked(preferences: Preferences) -> Preferences:
    """In their ranges, and of what can be chosen; by default where they are not."""
    default = Preferences()
    for name, choices in _CHOICES.items():
        if getattr(preferences, name) not in choices:
            setattr(preferences, name, getattr(default, name))
    for name, limits in _LIMITS.items():
        if not _in(limits, getattr(preferences, name)):
            setattr(preferences, name, getattr(default, name))
    if preferences.bone not in NAMED or not _in(BONE_RANGE_M, preferences.bone_m):
        preferences.bone, preferences.bone_m = default.bone, default.bone_m
    preferences.delay = min(LARGEST_DELAY, max(0, preferences.delay))
    known = [key for key in preferences.numbers_of.split("/") if key in JOINTS]
    if known or preferences.numbers_of:
        preferences.numbers_of = "/".join(known) or default.numbers_of
    preferences.countdown_s = min(60, max(0, preferences.countdown_s))
    preferences.auto_stop_s = min(86400, max(0, preferences.auto_stop_s))
    preferences.rate = preferences.rate if 0 < preferences.rate <= 240 else 0.0
    return preferences


def _in(limits: tuple[float, float], value: float) -> bool:
    return limits[0] <= value <= limits[1]
