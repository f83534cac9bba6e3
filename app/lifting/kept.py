"""Cache of the people detected in videos and their poses.

One file per video and set of options; any may be damaged or deleted at any time, which only costs
the time to detect again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from app import __version__
from app.detection.models import SIZES, about
from app.lifting.clip import DetectedClip, Track, Tracklet
from app.recording.poses import PosesInfo, SavedPoses
from app.system.files import write_atomically
from models.skeleton import JOINT_COUNT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from app.lifting.options import LiftOptions

log: Final = logging.getLogger(__name__)

MOST_BYTES: Final = 512 * 2**20
"""Seven hours of video at 30 frames a second; the least recently used are deleted."""
_SAMPLES: Final = 16
_SAMPLE_BYTES: Final = 2**16
_TRACK: Final[dict[str, tuple[int, ...]]] = {
    name: getattr(Track.empty(np.zeros(0)), name).shape[1:] for name in Track.__slots__
}
"""The shapes of the arrays kept per frame; ..."""
_POSES: Final[dict[str, tuple[int, ...]]] = {
    "xyz": (JOINT_COUNT, 3),
    "filled": (JOINT_COUNT,),
    "missing": (JOINT_COUNT,),
    "swapped": (),
}
"""... per pose, ..."""
_PERSON: Final = ("clothes", "checks")
"""... and additionally per person if there are several."""


def film_key(path: Path) -> str:
    """Fingerprint of a video file: its size, modification time and samples from all over it, since
    reading gigabytes would take too long.

    Raises:
        OSError: it cannot be read.
    """
    file = path.stat()
    digest = hashlib.sha256(f"{file.st_size} {file.st_mtime_ns}".encode())
    with path.open("rb") as content:
        for number in range(_SAMPLES):
            content.seek(max(0, file.st_size - _SAMPLE_BYTES) * number // (_SAMPLES - 1))
            digest.update(content.read(_SAMPLE_BYTES))
    return digest.hexdigest()[:32]


def detection_key(video: str, options: LiftOptions) -> str:
    """Fingerprint of the 2D detections in a video: its own, and all options they depend on."""
    wanted = {
        "film": video,
        "program": __version__,
        "detector": about(options.detector),
        "several": options.several,
        "with_others": options.with_others,
        "choices": [asdict(each) for each in options.choices],
        "rate": options.rate,
    }
    text = json.dumps(wanted, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Kept:
    """The files in ``folder``."""

    folder: Path
    most_bytes: int = MOST_BYTES

    def load(self, key: str) -> tuple[DetectedClip, tuple[SavedPoses, ...]] | None:
        """Load what :meth:`save` saved; None if there is nothing, or it is damaged."""
        path = self._path(key)
        try:
            with np.load(path, allow_pickle=False) as found:
                arrays = {name: found[name] for name in found.files if name != "said"}
                said = json.loads(str(found["said"]))
            os.utime(path)
            return _read(arrays, said)
        except FileNotFoundError:
            return None
        except Exception as error:  # a damaged archive makes zipfile raise nearly anything
            log.warning("what was kept of a video is damaged, and is found again: %s", error)
            return None

    def save(self, key: str, clip: DetectedClip, poses: Sequence[SavedPoses]) -> None:
        """Save a whole clip and the poses of each of its people, or of the followed one.  If that
        fails, the video is detected again next time."""
        said = {
            "label": clip.label,
            "size": clip.size,
            "rate": clip.rate,
            "detector": clip.detector,
            "faults": clip.faults,
            "fov_deg": clip.fov_deg,
            "people": len(clip.people),
            "infos": [each.info for each in poses],
        }
        arrays: dict[str, Any] = {name: getattr(clip.track, name) for name in _TRACK}
        for number, person in enumerate(clip.people):
            arrays |= {f"{name}.{number}": getattr(person.track, name) for name in _TRACK}
            arrays |= {f"{name}.{number}": getattr(person, name) for name in _PERSON}
        for number, each in enumerate(poses):
            rows = np.flatnonzero(~each.missing.all(axis=1) | each.swapped)
            arrays[f"rows.{number}"] = rows
            arrays |= {f"{name}.{number}": getattr(each, name)[rows] for name in _POSES}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with write_atomically(self._path(key), overwrite=True) as file:
                np.savez(file, said=np.array(json.dumps(said)), **arrays)
            self._make_room(but=self._path(key))
        except OSError as error:
            log.warning("what was found in %s is not kept: %s", clip.label, error)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npz"

    def _make_room(self, *, but: Path) -> None:
        """Delete the least recently used files until the rest is small enough."""
        files = [(path.stat(), path) for path in self.folder.glob("*.npz")]
        files.sort(key=lambda each: each[0].st_mtime_ns)
        total = sum(stat.st_size for stat, _ in files)
        for stat, path in files:
            if total <= self.most_bytes:
                return
            if path != but:
                path.unlink(missing_ok=True)
                total -= stat.st_size


def _read(
    arrays: dict[str, NDArray[Any]], said: dict[str, Any]
) -> tuple[DetectedClip, tuple[SavedPoses, ...]]:
    """Parse loaded arrays; damaged ones raise anything."""
    track = _track(arrays, "")
    clip = DetectedClip(
        label=str(said["label"]),
        size=(int(said["size"][0]), int(said["size"][1])),
        rate=said["rate"],
        detector=next(size for size in SIZES if size == said["detector"]),
        track=track,
        faults=tuple(map(str, said["faults"])),
        fov_deg=said["fov_deg"],
        people=tuple(
            Tracklet(
                _track(arrays, f".{number}"),
                *(arrays[f"{name}.{number}"] for name in _PERSON),
            )
            for number in range(int(said["people"]))
        ),
    )
    if not all(np.isin(each.track.time_s, track.time_s).all() for each in clip.people):
        raise ValueError("its people are of other frames")
    if len(said["infos"]) != max(1, len(clip.people)):
        raise ValueError("it has not the poses of all")
    return clip, tuple(
        _poses(arrays, number, len(track), info) for number, info in enumerate(said["infos"])
    )


def _track(arrays: dict[str, NDArray[Any]], of: str) -> Track:
    track = Track(**{name: arrays[f"{name}{of}"] for name in _TRACK})
    count = len(track.time_s)
    _require({name: getattr(track, name) for name in _TRACK}, count, _TRACK)
    times_fit = np.isfinite(track.time_s).all() and (np.diff(track.time_s) > 0).all()
    if not count or not times_fit:
        raise ValueError("its times cannot be right")
    return track


def _poses(
    arrays: dict[str, NDArray[Any]], number: int, count: int, info: dict[str, Any]
) -> SavedPoses:
    """Poses of ``count`` frames, of which only non-empty ones were saved."""
    rows = arrays[f"rows.{number}"]
    kept = {name: arrays[f"{name}.{number}"] for name in _POSES}
    _require(kept, len(rows), _POSES)
    if not np.isfinite(kept["xyz"]).all():
        raise ValueError("its poses cannot be right")
    whole = {
        name: np.full((count, *shape), name == "missing", kept[name].dtype)
        for name, shape in _POSES.items()
    }
    for name, values in kept.items():
        whole[name][rows] = values
    return SavedPoses(**whole, info=cast("PosesInfo", dict(info)))


def _require(
    arrays: dict[str, NDArray[Any]], count: int, shapes: dict[str, tuple[int, ...]]
) -> None:
    """Raise ValueError unless all arrays are of ``count`` frames and have these shapes."""
    for name, shape in shapes.items():
        if arrays[name].shape != (count, *shape):
            raise ValueError(f"{name} has the shape {arrays[name].shape}")
