"""Reading of exported tables: CSV, long CSV, JSON and NPZ."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.errors import ExportError
from app.export.csv_long import HEADER as LONG_HEADER
from app.export.csv_table import HEADER, header
from app.export.joints import ALL_NAMES
from app.motion.data import Event, MotionData, Provenance
from app.system.files import plain_reason
from models.level import CAMERA_LEVEL, Level
from models.skeleton import JOINT_COUNT, PELVIS

Values = dict[str, NDArray[Any]]
"""``frame``, ``time_s`` and ``tracked`` (N,); ``xyz`` (N, J, 3) and ``conf`` (N, J), NaN where
missing; J is 17, or 21 with heels and toes."""
_NAMES: Final = ("frame", "time_s", "tracked", "xyz", "conf")


def read(path: Path) -> MotionData:
    """Return the motion in a table written by :func:`app.export.registry.export`.

    It has no 2D joints and no pictures, so that it can be smoothed and exported, but not placed in
    the room.  Angles are computed again.

    Raises:
        ExportError: it is not such a table, or damaged, or its sidecar is missing.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise ExportError(
            f"{path} is no table that can be read again: that ends with {' or '.join(_READERS)}. "
            "A video is lifted, and a recording is a folder."
        )
    try:
        about, values = reader(path)
        return _motion(about, values)
    except FileNotFoundError as error:
        raise ExportError(f"There is no file {error.filename}, which {path} needs.") from error
    except OSError as error:
        raise ExportError(f"{path} cannot be read: {plain_reason(error)}.") from error
    except _DAMAGED as error:
        raise ExportError(
            f"{path} is no table of poses that this program wrote, or is damaged ({error})."
        ) from error


_DAMAGED: Final = (
    *(ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError),
    *(zipfile.BadZipFile, csv.Error, EOFError),
)


def _csv(path: Path) -> tuple[Mapping[str, Any], Values]:
    about = json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))
    with path.open(encoding="utf-8", newline="") as file:
        header_names, *rows = csv.reader(file)
    names = ",".join(header_names)
    if names.startswith((HEADER, header(ALL_NAMES))):
        count = header_names.index("event") // 4
        numbers = _numbers([row[: 3 + 4 * count] for row in rows])
        heads, joints = numbers[:, :3], numbers[:, 3:].reshape(-1, count, 4)
    elif names.startswith(LONG_HEADER):
        count = len(about["joints"])
        numbers = _numbers([[*row[:3], *row[4:8]] for row in rows]).reshape(-1, count, 7)
        heads, joints = numbers[:, 0, :3], numbers[:, :, 3:]
    else:
        several = names.startswith(f"person,{LONG_HEADER}")
        raise ValueError("it is of several people" if several else "its columns are others")
    return about, dict(zip(_NAMES, (*heads.T, joints[..., :3], joints[..., 3]), strict=True))


def _numbers(rows: list[list[str]]) -> NDArray[np.float64]:
    return np.array([[cell or "nan" for cell in row] for row in rows], np.float64)


def _json(path: Path) -> tuple[Mapping[str, Any], Values]:
    about = json.loads(path.read_text(encoding="utf-8"))
    frames = about.pop("frames")
    return about, {name: np.array([frame[name] for frame in frames], float) for name in _NAMES}


def _npz(path: Path) -> tuple[Mapping[str, Any], Values]:
    with np.load(path, allow_pickle=False) as archive:
        return json.loads(str(archive["about"])), {name: archive[name] for name in _NAMES}


_READERS: Final[Mapping[str, Callable[[Path], tuple[Mapping[str, Any], Values]]]] = {
    ".csv": _csv,
    ".json": _json,
    ".npz": _npz,
}


def _motion(about: Mapping[str, Any], values: Values) -> MotionData:
    placed = about["position"]["reference"] == "room"
    if values["xyz"].shape[1] not in (JOINT_COUNT, len(ALL_NAMES)):
        raise ValueError("its joints are others")
    everything, all_conf = values["xyz"].astype(np.float64), values["conf"].astype(np.float32)
    joints, conf = everything[:, :JOINT_COUNT], all_conf[:, :JOINT_COUNT]
    missing = np.asarray(~np.isfinite(joints).all(axis=-1))
    seen = np.isfinite(conf) & ~missing
    level = _level(about["level"])
    axes = CAMERA_LEVEL if level is None or about["axes"]["up"] == "the image's" else level.axes
    # Where the pelvis is unknown the others are unchanged, as if it were at the origin.
    pelvis = np.where(missing[:, PELVIS, None], 0.0, joints[:, PELVIS])
    root = pelvis if placed else np.zeros_like(pelvis)
    local = np.where(missing[..., None], 0.0, joints - root[:, None]) @ axes
    feet, feet_conf = everything[:, JOINT_COUNT:], all_conf[:, JOINT_COUNT:]
    has_feet = feet.shape[1] > 0
    return MotionData(
        frame=values["frame"].astype(np.int64),
        time_s=values["time_s"].astype(np.float64),
        tracked=values["tracked"].astype(np.bool_),
        xyz=local.astype(np.float32),
        conf=np.where(seen, conf, np.float32(0)),
        filled=~seen & ~missing,
        missing=missing,
        xy=np.full((*missing.shape, 2), np.nan, np.float32),
        size=(0, 0),
        provenance=_provenance(about, placed=placed),
        root=root if placed else None,
        axes=axes,
        level=level,
        feet=((feet - root[:, None]) @ axes).astype(np.float32) if has_feet else None,
        feet_conf=feet_conf if has_feet else None,
        events=tuple(Event(float(e["time_s"]), str(e["label"])) for e in about["events"]),
    )


def _level(said: Mapping[str, Any] | None) -> Level | None:
    if said is None:
        return None
    up = Level.from_angles(float(said["pitch_deg"]), float(said["roll_deg"])).up
    return Level(up, float(said["spread_deg"]), said["told"] is True)


def _provenance(about: Mapping[str, Any], *, placed: bool) -> Provenance:
    place, scale, began = dict(about["position"]), dict(about["scale"]), about["start_time"]
    del place["reference"]
    bone = scale.pop("source") == "bone"
    nominal, height_m = about["rate"]["nominal"], scale.pop("height_m")
    return Provenance(
        source=str(about["source"]),
        started_at=None if began is None else datetime.fromisoformat(began),
        nominal_rate=None if nominal is None else float(nominal),
        dropped=int(about["dropped"]),
        weights_name=str(about["weights"]["name"]),
        weights_sha256=str(about["weights"]["sha256"]),
        height_m=None if height_m is None else float(height_m),
        detector=about["detector"],
        quality=about["quality"],
        detector_depth=about["evidence"]["detector_depth"] is True,
        smoothing=dict(about["smoothing"]),
        placement=place if placed else None,
        selection=about["selection"],
        scale_bone=scale if bone else None,
    )
