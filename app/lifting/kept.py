"""What was found in videos, kept in the user's cache so that it is found once.

One file a video and way of looking at it; any of them may be damaged or gone at any time, which
costs only the time to find it again.
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
"""Seven hours of video at 30 frames a second; the ones used longest ago make room."""
_SAMPLES: Final = 16
_SAMPLE_BYTES: Final = 2**16
_TRACK: Final[dict[str, tuple[int, ...]]] = {
    name: getattr(Track.empty(np.zeros(0)), name).shape[1:] for name in Track.__slots__
}
"""The shape of what is kept of each frame; ..."""
_POSES: Final[dict[str, tuple[int, ...]]] = {
    "xyz": (JOINT_COUNT, 3),
    "filled": (JOINT_COUNT,),
    "missing": (JOINT_COUNT,),
    "swapped": (),
}
"""... of each pose, ..."""
_PERSON: Final = ("clothes", "checks")
"""... and of each of several people besides."""


def film_key(path: Path) -> str:
    """What tells the content of a video from any other's: its length, the time of its last change,
    and samples from all over it, since reading gigabytes would take longer than is waited for.

    Raises OSError.
    """
    file = path.stat()
    digest = hashlib.sha256(f"{file.st_size} {file.st_mtime_ns}".encode())
    with path.open("rb") as content:
        for number in range(_SAMPLES):
            content.seek(max(0, file.st_size - _SAMPLE_BYTES) * number // (_SAMPLES - 1))
            digest.update(content.read(_SAMPLE_BYTES))
    return digest.hexdigest()[:32]


def detection_key(video: str, options: LiftOptions) -> str:
    """What tells what was found in 2D in a video, of that key, from what else could have been."""
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
        """What :meth:`save` kept; None if there is none, or it is damaged."""
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
        """Keep a whole clip and the poses of each of its people, or of the one followed if there is
        nobody else; where that cannot be, it is found again next time."""
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
        """Delete what was used longest ago until the rest is small enough."""
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
    """Raises what damaged things raise."""
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
    """Those of ``count`` frames, of which only those were kept in which there is anything."""
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
    """Raises ValueError if they are not of ``count`` frames."""
    for name, shape in shapes.items():
        if arrays[name].shape != (count, *shape):
            raise ValueError(f"{name} has the shape {arrays[name].shape}")
