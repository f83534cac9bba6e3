"""``poses.npz``: the poses lifted from a recording at full quality."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol, TypedDict, cast

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from app.errors import RecordingError
from app.recording.storage import load_json, open_regular
from app.system.files import plain_reason, write_atomically
from models.level import Level
from models.skeleton import JOINT_COUNT

FILE_NAME: Final = "poses.npz"
ARRAYS: Final = ("xyz", "filled", "missing", "swapped")
"""The fields of :class:`SavedPoses` with a row for each frame."""
_MAX_INFO_CHARACTERS: Final = 2**18
_INFO: Final = np.dtype(f"<U{_MAX_INFO_CHARACTERS}")
_MAX_NPY_HEADER: Final = 10_000


class LiftedPoses(Protocol):
    """The part of the result of :meth:`models.lifter.Lifter.lift` that is kept here."""

    @property
    def xyz(self) -> NDArray[np.float32]: ...
    @property
    def filled(self) -> NDArray[np.bool_]: ...
    @property
    def missing(self) -> NDArray[np.bool_]: ...
    @property
    def swapped(self) -> NDArray[np.bool_]: ...
    @property
    def level(self) -> Level | None: ...


class PosesInfo(TypedDict):
    """How poses were made; further keys are kept."""

    name: str
    """Name of the weights."""
    sha256: str
    """Checksum of the weights."""
    height_m: float | None
    """The person's height they were scaled to, None for the model's own scale."""


@dataclass(frozen=True, slots=True, eq=False)
class SavedPoses:
    """Lifted poses of N frames, as saved."""

    xyz: NDArray[np.float32]
    """(N, 17, 3) metres, camera axes, pelvis at the origin."""
    filled: NDArray[np.bool_]
    """(N, 17) joints not seen but interpolated."""
    missing: NDArray[np.bool_]
    """(N, 17) joints neither seen nor interpolated."""
    swapped: NDArray[np.bool_]
    """(N,) frames in which left and right were repaired."""
    info: PosesInfo

    @classmethod
    def all_missing(cls, count: int, info: PosesInfo) -> SavedPoses:
        """Return ``count`` frames in which every joint is missing."""
        return cls(
            xyz=np.zeros((count, JOINT_COUNT, 3), np.float32),
            filled=np.zeros((count, JOINT_COUNT), bool),
            missing=np.ones((count, JOINT_COUNT), bool),
            swapped=np.zeros(count, bool),
            info=info,
        )

    @staticmethod
    def joined(parts: Sequence[SavedPoses]) -> SavedPoses:
        """Return the parts, at least one, joined in order; ``info`` is that of the last one."""
        arrays = {name: np.concatenate([getattr(each, name) for each in parts]) for name in ARRAYS}
        return SavedPoses(**arrays, info=parts[-1].info)

    def __len__(self) -> int:
        return len(self.xyz)

    def __getitem__(self, rows: slice) -> SavedPoses:
        return SavedPoses(**{name: getattr(self, name)[rows] for name in ARRAYS}, info=self.info)

    @property
    def level(self) -> Level | None:
        """The camera's orientation relative to gravity, if the lifter estimated it."""
        return Level.read(self.info.get("level"))


def prepare(frames: int, lifted: LiftedPoses, info: Mapping[str, object]) -> SavedPoses:
    """Convert lifted poses to the types in which they are saved.

    ``info`` is the lifter's, and has at least the keys of :class:`PosesInfo`.  Raises ValueError if
    that or a shape does not fit.
    """
    poses = SavedPoses(
        xyz=np.asarray(lifted.xyz, np.float32),
        filled=np.asarray(lifted.filled, np.bool_),
        missing=np.asarray(lifted.missing, np.bool_),
        swapped=np.asarray(lifted.swapped, np.bool_),
        info=_checked(json.loads(_text(_with_level(info, lifted.level)))),
    )
    for name, (dtype, shape) in _expected(frames).items():
        if name != "time_s" and getattr(poses, name).shape != shape:
            raise ValueError(f"{name} has shape {getattr(poses, name).shape}, not {shape} {dtype}")
    return poses


def without(poses: SavedPoses, rows: NDArray[np.bool_]) -> SavedPoses:
    """Return the poses with all joints missing in (N,) ``rows``."""
    return replace(
        poses,
        filled=poses.filled & ~rows[:, None],
        missing=poses.missing | rows[:, None],
    )


def write(folder: Path, time_s: NDArray[np.float64], poses: SavedPoses) -> None:
    """Write ``poses.npz`` for frames at ``time_s`` (N,), replacing an older one.

    Raises RecordingError if the file cannot be written.
    """
    arrays = {name: getattr(poses, name) for name in ARRAYS}
    try:
        with write_atomically(folder / FILE_NAME, overwrite=True, through_links=False) as file:
            np.savez(file, time_s=time_s, info=np.array(_text(poses.info)), **arrays)
    except OSError as error:
        raise RecordingError(
            f"The poses of {folder.name} cannot be saved: {plain_reason(error)}. "
            "They can be computed again from the recording."
        ) from error


def _with_level(info: Mapping[str, object], level: Level | None) -> Mapping[str, object]:
    return info if level is None else {**info, "level": level.as_json()}


def _text(info: Mapping[str, object]) -> str:
    text = json.dumps(dict(info), ensure_ascii=True, allow_nan=False)
    if len(text) > _MAX_INFO_CHARACTERS:
        raise ValueError(f"info takes {len(text)} characters")
    return text


def load(folder: Path, time_s: NDArray[np.float64]) -> SavedPoses | None:
    """Return the poses saved for exactly the frames at ``time_s``; None if there are none.

    Raises ValueError if the file is damaged, foreign, or belongs to other frames.  Every array's
    type and shape is checked before it is read, so an untrusted file can neither run code nor take
    more memory than the recording it is part of.
    """
    try:
        with open_regular(folder / FILE_NAME, "rb") as file, zipfile.ZipFile(file) as archive:
            arrays = {
                name: _read_array(archive, name, dtype, shape)
                for name, (dtype, shape) in _expected(len(time_s)).items()
            }
            info = load_json(str(_read_array(archive, "info", _INFO, ())))
    except FileNotFoundError:
        return None
    except Exception as error:  # a damaged archive makes zipfile raise nearly anything
        raise ValueError(f"{FILE_NAME} cannot be read: {error}") from error
    if not np.array_equal(arrays.pop("time_s"), time_s):
        raise ValueError(f"{FILE_NAME} belongs to other frames")
    if not np.isfinite(arrays["xyz"]).all():
        raise ValueError(f"{FILE_NAME} holds poses that are not finite")
    return SavedPoses(**arrays, info=_checked(info))


def _checked(info: object) -> PosesInfo:
    if not isinstance(info, dict):
        raise ValueError("the poses have no description")
    for name, kinds in (("name", str), ("sha256", str), ("height_m", (float, int, type(None)))):
        if name not in info or not isinstance(info[name], kinds):
            raise ValueError(f"the poses' description has no proper {name}")
    return cast("PosesInfo", info)


def _expected(frames: int) -> dict[str, tuple[np.dtype[Any], tuple[int, ...]]]:
    truth = np.dtype(np.bool_)
    return {
        "time_s": (np.dtype("<f8"), (frames,)),
        "xyz": (np.dtype("<f4"), (frames, JOINT_COUNT, 3)),
        "filled": (truth, (frames, JOINT_COUNT)),
        "missing": (truth, (frames, JOINT_COUNT)),
        "swapped": (truth, (frames,)),
    }


def _read_array(
    archive: zipfile.ZipFile, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]
) -> NDArray[Any]:
    """Return an array of the expected size, whatever its file claims."""
    entry = archive.getinfo(f"{name}.npy")
    size = dtype.itemsize * math.prod(shape)
    if entry.file_size > size + _MAX_NPY_HEADER:
        raise ValueError(f"{name} takes {entry.file_size} bytes, not {size}")
    with archive.open(entry) as file:
        found: NDArray[Any] = npy.read_array(file, allow_pickle=False)
    fits = found.dtype == dtype or found.dtype.kind == dtype.kind == "U"  # of any length
    if not fits or found.shape != shape or not found.flags.c_contiguous:
        raise ValueError(f"{name} is {found.dtype} {found.shape}, not {dtype} {shape}")
    return found
