"""``recording.json``: the source, settings and time of a recording, and how it ended."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from app import __version__
from app.errors import RecordingError
from app.recording.storage import load_json, open_regular
from app.system.files import write_atomically
from models.skeleton import JOINT_NAMES, LANDMARK_NAMES

VERSION: Final = 1
FORMAT: Final = "mixpose recording"
FILE_NAME: Final = "recording.json"
_MAX_BYTES: Final = 2**20
_MAX_SIDE: Final = 32768
_BRIEF_LABEL: Final = 200
_FORMER_DETECTOR: Final = {
    "name": "pose_landmarker_full",
    "size": "full",
    "sha256": "b28da7bb2d1ed2e939ddf808a6c0966b0a7fa30ab34083639d3595c24f37683a",
}
"""The detector of recordings that do not name one."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """Where the frames came from."""

    label: str
    """As shown to the user: the camera's name, the file's name, the address."""
    live: bool
    rate: float | None
    """Nominal frames per second; None if the source does not state it."""
    fov_deg: float | None = None
    """Field of view along the longer side of the picture; None if the source does not state it."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What is known once a recording has been closed."""

    frames: int
    duration_s: float
    dropped: int
    """Frames the source lost while this was recorded."""
    pictures: int
    error: str | None
    """Why the recording ended automatically; None if it was stopped."""


@dataclass(frozen=True, slots=True)
class Meta:
    """The contents of ``recording.json``."""

    started_at: datetime
    """With its time zone."""
    size: tuple[int, int]
    """(width, height) of the pictures in pixels."""
    source: SourceInfo
    settings: Mapping[str, object] = field(default_factory=dict)
    """The program's settings as of :func:`settings`; plain JSON values."""
    program: str = f"mixpose {__version__}"
    ending: Ending | None = None

    @property
    def detector(self) -> Mapping[str, object]:
        """The model that detected the joints: ``name``, ``size`` and ``sha256``, texts."""
        found = self.settings.get("detector")
        if not isinstance(found, dict):
            return _FORMER_DETECTOR
        return {name: str(found.get(name, ""))[:_BRIEF_LABEL] for name in _FORMER_DETECTOR}

    def to_json(self) -> dict[str, object]:
        """Return everything as JSON values, with the names of joints and landmarks."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "program": self.program,
            "started_at": self.started_at.isoformat(timespec="milliseconds"),
            "source": asdict(self.source),
            "size": list(self.size),
            "settings": dict(self.settings),
            "joints": list(JOINT_NAMES),
            "landmarks": list(LANDMARK_NAMES),
            "ending": None if self.ending is None else asdict(self.ending),
        }

    def brief(self) -> dict[str, object]:
        """Return what the header of ``keypoints.bin`` repeats; small, however long the label."""
        kept = ("format", "version", "program", "started_at", "size")
        whole = self.to_json()
        source = {**asdict(self.source), "label": self.source.label[:_BRIEF_LABEL]}
        detector = {"settings": {"detector": self.detector}} if "detector" in self.settings else {}
        return {name: whole[name] for name in kept} | {"source": source} | detector

    @classmethod
    def from_json(cls, data: object) -> Meta:
        """Read what :meth:`to_json` or :meth:`brief` wrote.

        Raises RecordingError if a newer program wrote it, ValueError if it is damaged or foreign.
        """
        found = _mapping(data)
        if found.get("format") != FORMAT:
            raise ValueError(f"the format is {found.get('format')!r}")
        require_version(found.get("version"), VERSION)
        source = _mapping(found.get("source"))
        rate, fov_deg = source.get("rate"), source.get("fov_deg")
        ending = found.get("ending")
        return cls(
            started_at=_moment(found.get("started_at")),
            size=_size(found.get("size")),
            source=SourceInfo(
                label=_text(source.get("label")),
                live=bool(source.get("live")),
                rate=None if rate is None else _amount(rate),
                fov_deg=None if fov_deg is None else _amount(fov_deg),
            ),
            settings=_mapping(found.get("settings", {})),
            program=_text(found.get("program")),
            ending=None if ending is None else _ending(_mapping(ending)),
        )


def settings(
    *,
    several: bool,
    detector: Mapping[str, object],
    height_m: float | None = None,
    weights: str | None = None,
    camera_pitch_deg: float | None = None,
    camera_roll_deg: float | None = None,
    delay: int | None = None,
) -> dict[str, object]:
    """Return the settings of a recording, as noted in it.

    Args:
        several: whether people other than the one followed were detected.
        detector: the model that detected the joints: ``name``, ``size`` and ``sha256``.
        height_m: the person's height in metres; None for a person of average height.
        weights: of the network, by name or file; None for the default ones.
        camera_pitch_deg: downward pitch of the camera; None if not given.
        camera_roll_deg: clockwise roll of the camera, seen from behind; None if not given.
        delay: frames by which the pose shown meanwhile was delayed; None if none was shown.
    """
    return {
        "several": several,
        "detector": dict(detector),
        "height_m": height_m,
        "weights": weights,
        "camera_pitch_deg": camera_pitch_deg,
        "camera_roll_deg": camera_roll_deg,
        "delay": delay,
    }


def write(meta: Meta, folder: Path) -> None:
    """Write ``recording.json``, replacing an older one.  Raises OSError."""
    text = json.dumps(meta.to_json(), indent=2, ensure_ascii=False, allow_nan=False)
    with write_atomically(folder / FILE_NAME, overwrite=True, through_links=False) as file:
        file.write(text.encode() + b"\n")


def read(folder: Path) -> Meta:
    """Read ``recording.json``.

    Raises OSError if there is none, RecordingError if it is newer than this program, and
    ValueError if it is damaged or foreign.
    """
    with open_regular(folder / FILE_NAME, "rb") as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise ValueError(f"{FILE_NAME} is larger than {_MAX_BYTES} bytes")
    try:
        return Meta.from_json(load_json(data))
    except RecursionError as error:
        raise ValueError(f"{FILE_NAME} is nested too deeply") from error


def require_version(version: object, ours: int) -> None:
    """Raise RecordingError for a newer version, ValueError for none."""
    if not isinstance(version, int) or version < 1:
        raise ValueError(f"the version is {version!r}")
    if version > ours:
        raise RecordingError(
            f"This recording was made by a newer mixpose (its format is {version}, this program "
            f"knows up to {ours}). Update the program to open it."
        )


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"expected a JSON object, got {type(value).__name__}")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected text, got {value!r}")
    return value


def _amount(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"expected a number, got {value!r}")
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{value} is not an amount")
    return float(value)


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    return moment


def _size(value: object) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f"{value!r} is not a size")
    width, height = (int(_amount(side)) for side in value)
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE):
        raise ValueError(f"a picture of {width} x {height} pixels is not plausible")
    return width, height


def _ending(found: Mapping[str, object]) -> Ending:
    error = found.get("error")
    return Ending(
        frames=int(_amount(found.get("frames"))),
        duration_s=_amount(found.get("duration_s")),
        dropped=int(_amount(found.get("dropped"))),
        pictures=int(_amount(found.get("pictures"))),
        error=None if error is None else _text(error),
    )
