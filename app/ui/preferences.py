"""The settings that the window keeps between runs, typed, each with a default.

Values are read from the settings file as text and may have been edited by hand or written by
another version, so each is checked; an invalid one is replaced by its default.
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
"""Direction that a person placed in the room faces at first, degrees; empty: as filmed."""


if TYPE_CHECKING:

    class _Sending:
        """For each of ``OUTPUTS``, under its name, whether live poses are sent to it, and under its
        ``remembered`` name the target as typed; empty for the default."""

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
    """All settings, as plain attributes; :meth:`PreferencesFile.save` writes them."""

    source: str = ""
    """Empty: the first camera, or the performer."""
    addresses: str = ""
    """Addresses of the streams opened last, a line each, without passwords."""
    resolution: str = ""
    """``"1280x720"``, or empty for the camera's own."""
    rate: float = 0.0
    """Frames per second requested from the camera; 0 for its own."""
    weights: str = ""
    device: str = "auto"
    several: bool = True
    """Whether to detect other people than the one followed."""
    detector: str = ""
    """Size of the live detector's model; empty: the largest this machine is fast enough for."""
    camera_told: bool = False
    """Whether the camera's tilt is given by the user; otherwise it is estimated."""
    camera_pitch_deg: float = 0.0
    camera_roll_deg: float = 0.0
    height_m: float = 0.0
    """Body height; 0: the size that the network predicts."""
    delay: int = 2
    countdown_s: int = 0
    auto_stop_s: int = 0
    """0: recordings do not stop automatically."""
    keep_video: bool = False
    smooth_live: bool = True
    """Whether the live view is smoothed; recordings never are."""
    export_kind: str = "csv"
    """The format exported last; CSV is used instead of one that no longer exists."""
    smooth_hz: float = 0.0
    """Cut-off frequency of exports (as everything down to ``angles`` is); 0: not smoothed."""
    rigid_bones: bool = False
    bone: str = ""
    """The bone whose length is known; empty: none."""
    bone_m: float = 0.0
    room: bool = False
    fov_deg: float = 0.0
    """0: the default field of view."""
    camera_height_m: float = 0.0
    """0: estimated."""
    heading: str = ""
    """One of ``HEADINGS``."""
    angles: bool = False
    export_more: bool = False
    """Whether the export dialog shows everything instead of the presets."""
    export_fps: float = 0.0
    """Frame rate of formats with a constant rate; 0: the one that suits the source."""
    export_skeleton: str = MOTIONBUILDER
    """The program whose bone names are used."""
    export_rest: str = ""
    """The skeleton's rest pose, one of ``RESTS``; empty: the default of the skeleton."""
    blender: str = ""
    """Path of Blender, which writes FBX; empty: the one on PATH."""
    animate_kind: str = "bvh"
    """These five are the choices made last in the export presets."""
    animate_fps: float = USUAL_FPS
    animate_skeleton: str = MOTIONBUILDER
    analyse_kind: str = "c3d"
    report_kind: str = "report"
    theme: ThemeChoice = "system"
    mirror: bool = False
    fill: bool = False
    follow: bool = True
    orbit: tuple[float, ...] = ()
    """The 3D view's camera, from :meth:`OrbitPresenter.state`; empty for the default view."""
    last_folder: str = ""
    offered: str = ""
    """Names of the interrupted recordings the window has offered to open, separated by "/"."""
    saved_at_close: str = ""
    """Name of the recording that ended because the window was closed; empty if none."""
    welcomed: bool = False
    settings_open: bool = False
    geometry: bytes = field(default=b"", repr=False)
    panes: tuple[float, ...] = ()
    """Widths of the two panes."""
    plot_open: bool = False
    plot_group: str = "knee_flexion"
    """Which joint angles are plotted."""
    plot_height: float = 0.0
    """0: the default height."""
    numbers: bool = False
    """Whether joint angles are written at the joints in the 3D view."""
    numbers_of: str = "knee_flexion/elbow_flexion"
    """Keys of these angles, separated by "/"."""

    @property
    def size(self) -> tuple[int, int] | None:
        """The (width, height) requested from the camera; None for its own."""
        found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", self.resolution, re.ASCII)
        return (int(found[1]), int(found[2])) if found else None

    @property
    def numbers_shown(self) -> tuple[str, ...]:
        """Keys of the angles that are written at the joints; empty if none are."""
        return tuple(self.numbers_of.split("/")) if self.numbers and self.numbers_of else ()

    @property
    def detector_size(self) -> Size | None:
        """Size of the live detector's model; None to choose it automatically."""
        return next((size for size in SIZES if size == self.detector), None)


class PreferencesFile:
    """The preferences on disk, an INI file."""

    def __init__(self, path: Path) -> None:
        self._settings = QSettings(str(path), QSettings.Format.IniFormat)

    def load(self) -> Preferences:
        """Return all preferences, with defaults where no valid value is stored."""
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
        """Write all preferences; if the file cannot be written, that is logged, not raised."""
        for item in fields(Preferences):
            self._settings.setValue(item.name, _write(getattr(preferences, item.name)))
        self._settings.sync()
        file = Path(self._settings.fileName())
        if self._settings.status() != QSettings.Status.NoError:
            log.warning("the settings could not be written to %s", file)
            return
        with contextlib.suppress(OSError):
            file.chmod(0o600)  # it holds private addresses and names


def _write(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, bytes):
        return QByteArray(value)
    if isinstance(value, tuple):
        return " ".join(f"{number:.6g}" for number in value)
    return value


def _read(stored: Any, default: Any) -> Any:
    """Return the stored value in the default's type.  Raises ValueError or TypeError."""
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
