"""``corrections.json``: the user's corrections of the 2D keypoints of a recording or a video.

The detector's output itself stays unchanged.

The file lists the corrections in the order they were made, and those that were undone::

    {"version": 1,
     "done": [{"kind": "exchange", "start_s": 3.2, "end_s": 4.1, "kept": [[3.5, 3.6]]},
              {"kind": "nobody", "start_s": 9.0, "end_s": 9.5},
              {"kind": "move", "time_s": 5.033333, "joint": "left_wrist", "x": 312.5, "y": 80.0}],
     "undone": []}

Times are on the clock of ``keypoints.bin``, positions in pixels of the picture.  ``exchange`` swaps
left and right in all frames from ``start_s`` to ``end_s`` except those ``kept``, in which the
detector was right and the program's automatic repair was wrong; no automatic repair is done in the
interval from then on.  ``nobody`` says that the detected person is not the one recorded, ``delete``
that there are to be no poses either, not even interpolated ones; ``move`` sets the position of one
joint in one frame.

If a video has several people, ``at`` identifies the person: the one whose pelvis is there when the
correction begins, as in ``"at": [320.0, 241.5]``.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.errors import RecordingError
from app.recording.rows import KeypointArrays
from app.recording.storage import load_json, open_regular
from app.system.files import plain_reason, write_atomically
from models.skeleton import (
    JOINT,
    JOINT_NAMES,
    LANDMARK_MIRROR,
    LANDMARK_SOURCES,
    MIRROR,
)

_log = logging.getLogger(__name__)

FILE_NAME: Final = "corrections.json"
_VERSION: Final = 1
_MAX_BYTES: Final = 8 * 2**20
"""Fifty thousand corrections: a larger file is rejected."""
_MAX_PIXEL: Final = 1e6
_SAME_TIME_S: Final = 5e-7
"""Times are written with six decimals."""
_HIPS: Final = tuple(LANDMARK_SOURCES[JOINT["pelvis"]])


Place = tuple[float, float]
"""Pixels: the position of the person's pelvis at the beginning of a correction."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Left and right are swapped."""

    start_s: float
    end_s: float
    kept: tuple[tuple[float, float], ...] = ()
    """Intervals in which the recorded sides are right, each with its first and last time."""
    at: Place | None = None


@dataclass(frozen=True, slots=True)
class Nobody:
    """The detected person is not the one recorded."""

    start_s: float
    end_s: float
    at: Place | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """A joint of one frame is at another position."""

    time_s: float
    joint: str
    x: float
    y: float
    at: Place | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """There are to be no poses in the interval, not even interpolated ones."""

    start_s: float
    end_s: float
    at: Place | None = None


Correction = Exchange | Nobody | Move | Delete
KINDS: Final[Mapping[str, type[Correction]]] = {
    "exchange": Exchange,
    "nobody": Nobody,
    "delete": Delete,
    "move": Move,
}


class CorrectionList:
    """Corrections on disk; every change is saved when a method returns.

    Every method that changes something raises RecordingError if that cannot be saved, and changes
    nothing then.
    """

    def __init__(self, folder: Path, *, of_video: str = "") -> None:
        """Read the corrections of the recording in ``folder``.

        With ``of_video``, a file name, they are of that video; ``folder`` holds what is kept about
        it, and is created by the first correction.

        ``damaged`` is set if the corrections cannot be read; there are none then.
        """
        self._folder, self._lock = folder, threading.Lock()
        self._video = of_video
        self.done: tuple[Correction, ...] = ()
        """In the order in which they are applied."""
        self.undone: tuple[Correction, ...] = ()
        """The one undone last is last."""
        self.damaged = False
        try:
            self.done, self.undone = _read(folder)
        except FileNotFoundError:
            pass
        except (OSError, ValueError, RecursionError) as error:
            _log.warning("the corrections of %s cannot be read: %s", folder, error)
            self.damaged = True

    @property
    def file(self) -> Path:
        """The file in which they are kept."""
        return self._folder / FILE_NAME

    @property
    def key(self) -> str:
        """The result of :func:`key_of` for those that are applied."""
        return key_of(self.done)

    def as_json(self) -> list[dict[str, object]]:
        """Return the applied corrections as JSON values."""
        return as_json(self.done)

    def add(self, *corrections: Correction) -> None:
        """Apply more corrections; those undone cannot be redone after that."""
        self._keep((*self.done, *map(_rounded, corrections)), ())

    def undo(self) -> Correction | None:
        """Undo the last correction and return it; None if there is none."""
        if not self.done:
            return None
        *done, last = self.done
        self._keep(tuple(done), (*self.undone, last))
        return last

    def redo(self) -> Correction | None:
        """Apply the correction undone last and return it; None if there is none."""
        if not self.undone:
            return None
        *undone, last = self.undone
        self._keep((*self.done, last), tuple(undone))
        return last

    def _keep(self, done: tuple[Correction, ...], undone: tuple[Correction, ...]) -> None:
        if self.damaged:
            away = f"{self.file} away" if self._video else f"{FILE_NAME} out of it"
            raise RecordingError(
                f"The corrections of {self._name} cannot be read, so none can be added. "
                f"Move {away} first."
            )
        content = {
            "version": _VERSION,
            "done": [_as_json(each) for each in done],
            "undone": [_as_json(each) for each in undone],
        }
        path = self.file
        try:
            if self._video:
                self._folder.mkdir(parents=True, exist_ok=True)
            with self._lock, write_atomically(path, overwrite=True, through_links=False) as file:
                file.write(json.dumps(content, indent=1).encode())
        except OSError as error:
            remedy = (
                f"Make room for {path}."
                if self._video
                else "Copy the recording to where it can be written to."
            )
            raise RecordingError(
                f"The correction of {self._name} cannot be saved: {plain_reason(error)}. {remedy}"
            ) from error
        self.done, self.undone = done, undone

    @property
    def _name(self) -> str:
        return self._video or self._folder.name


def key_of(corrections: Sequence[Correction]) -> str:
    """Return a key that identifies these corrections; empty if there are none."""
    text = json.dumps(as_json(corrections))
    return hashlib.sha256(text.encode()).hexdigest()[:16] if corrections else ""


def as_json(corrections: Iterable[Correction]) -> list[dict[str, object]]:
    """Return the corrections as JSON values."""
    return [_as_json(each) for each in corrections]


def from_json(values: Iterable[object]) -> tuple[Correction, ...]:
    """Return the corrections of :func:`as_json`; ValueError if a value is not a correction."""
    return tuple(_checked(each) for each in values)


def corrected(data: KeypointArrays, corrections: Iterable[Correction]) -> KeypointArrays:
    """Return ``data`` with the corrections applied in their order; ``data`` is not changed."""
    for each in corrections:
        if isinstance(each, Move):
            data = _moved(data, each)
        else:
            rows = rows_between(data.time_s, each.start_s, each.end_s)
            data = (
                _exchanged(data, rows, each) if isinstance(each, Exchange) else _emptied(data, rows)
            )
    return data


def deleted(corrections: Iterable[Correction], time_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return (N,) at which of (N,) times there are to be no poses."""
    rows = np.zeros(len(time_s), bool)
    for each in corrections:
        if isinstance(each, Delete):
            rows |= rows_between(time_s, each.start_s, each.end_s)
    return rows


def exchange(
    time_s: NDArray[np.float64], swapped: NDArray[np.bool_], start_s: float, end_s: float
) -> Exchange:
    """Return the correction that swaps left and right as shown from ``start_s`` to ``end_s``.

    Args:
        time_s: (N,) times of the frames.
        swapped: (N,) frames in which the automatic repair swapped the recorded sides.
        start_s: seconds; first time of the interval.
        end_s: seconds; last time of the interval.
    """
    rows = rows_between(time_s, start_s, end_s) & swapped
    edges = np.flatnonzero(np.diff(np.concatenate([[False], rows, [False]]).astype(np.int8)))
    kept = [
        (float(time_s[first]), float(time_s[after - 1]))
        for first, after in zip(edges[::2], edges[1::2], strict=True)
    ]
    return Exchange(start_s, end_s, tuple(kept))


def rows_between(time_s: NDArray[np.float64], start_s: float, end_s: float) -> NDArray[np.bool_]:
    """Return (N,) which frames at (N,) ``time_s`` are from ``start_s`` to ``end_s``."""
    return (time_s >= start_s - _SAME_TIME_S) & (time_s <= end_s + _SAME_TIME_S)


def _exchanged(
    data: KeypointArrays, known: NDArray[np.bool_], correction: Exchange
) -> KeypointArrays:
    joints, landmarks = list(MIRROR), list(LANDMARK_MIRROR)
    rows = known.copy()
    for interval in correction.kept:
        rows &= ~rows_between(data.time_s, *interval)
    return replace(
        data,
        sides_known=data.sides_known | known,
        xy=np.where(rows[:, None, None], data.xy[:, joints], data.xy),
        conf=np.where(rows[:, None], data.conf[:, joints], data.conf),
        landmarks=np.where(rows[:, None, None], data.landmarks[:, landmarks], data.landmarks),
        world=np.where(rows[:, None, None], data.world[:, landmarks], data.world),
    )


def _emptied(data: KeypointArrays, rows: NDArray[np.bool_]) -> KeypointArrays:
    nothing = np.float32(np.nan)
    return replace(
        data,
        tracked=data.tracked & ~rows,
        xy=np.where(rows[:, None, None], nothing, data.xy),
        conf=np.where(rows[:, None], np.float32(0), data.conf),
        landmarks=np.where(rows[:, None, None], nothing, data.landmarks),
        world=np.where(rows[:, None, None], nothing, data.world),
    )


def _moved(data: KeypointArrays, move: Move) -> KeypointArrays:
    at = np.flatnonzero(rows_between(data.time_s, move.time_s, move.time_s))
    if not len(at) or not data.tracked[at[0]]:
        return data
    row, joint = int(at[0]), JOINT[move.joint]
    xy, conf, landmarks = data.xy.copy(), data.conf.copy(), data.landmarks.copy()
    world = data.world.copy()
    xy[row, joint], conf[row, joint] = (move.x, move.y), 1.0
    sources = LANDMARK_SOURCES[joint]
    if len(sources) == 1:  # joints half-way between landmarks move along with them
        landmarks[row, sources[0], :2] = move.x, move.y
        landmarks[row, sources[0], 3:] = 1.0
        for other, its in enumerate(LANDMARK_SOURCES):
            if len(its) > 1 and sources[0] in its:
                xy[row, other] = landmarks[row, list(its), :2].mean(axis=0)
        # The world landmark belongs to the detected position.  All are relative to the hips.
        if sources[0] not in _HIPS:
            world[row, sources[0]] = np.nan
    return replace(data, xy=xy, conf=conf, landmarks=landmarks, world=world)


def _as_json(each: Correction) -> dict[str, object]:
    kind = next(name for name, made in KINDS.items() if isinstance(each, made))
    values = {"kind": kind, **asdict(each)}
    if each.at is None:
        del values["at"]
    return values


def _rounded(each: Correction) -> Correction:
    """Return the correction as it will be read from the file."""
    return _checked(load_json(json.dumps(_as_json(each))))


def _read(folder: Path) -> tuple[tuple[Correction, ...], tuple[Correction, ...]]:
    with open_regular(folder / FILE_NAME, "rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError(f"it has more than {_MAX_BYTES} bytes")
    found = load_json(content)
    if not isinstance(found, dict) or found.get("version") != _VERSION:
        raise ValueError("it is of another version")
    lists = (found.get("done"), found.get("undone"))
    if not all(isinstance(each, list) for each in lists):
        raise ValueError("a list is not there")
    done, undone = (from_json(each) for each in lists if each is not None)
    return done, undone


def _checked(value: object) -> Correction:
    """Return the correction of a JSON value.  Raises ValueError if it is none."""
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        raise ValueError("a correction has no kind")
    kind = KINDS.get(value["kind"])
    if kind is Move:
        joint = value.get("joint")
        if joint not in JOINT_NAMES:
            raise ValueError(f"there is no joint {joint!r}")
        x, y = (_number(value, name, _MAX_PIXEL) for name in ("x", "y"))
        return Move(_number(value, "time_s"), str(joint), round(x, 2), round(y, 2), _place(value))
    if kind is Exchange:
        interval = _number(value, "start_s"), _number(value, "end_s")
        return Exchange(*interval, _kept(value), _place(value))
    if kind is Nobody or kind is Delete:
        return kind(_number(value, "start_s"), _number(value, "end_s"), _place(value))
    raise ValueError(f"there is no correction of the kind {value['kind']!r}")


def _place(values: Mapping[str, object]) -> Place | None:
    at = values.get("at")
    if at is None:
        return None
    if not isinstance(at, list) or len(at) != 2:
        raise ValueError(f"{at!r} is no place")
    x, y = (round(_number({"at": each}, "at", _MAX_PIXEL), 2) for each in at)
    return x, y


def _kept(values: Mapping[str, object]) -> tuple[tuple[float, float], ...]:
    kept = values.get("kept", [])
    if not isinstance(kept, list) or not all(isinstance(e, list) and len(e) == 2 for e in kept):
        raise ValueError("what is kept is no list of stretches")
    return tuple(
        (_number({"start": start}, "start"), _number({"end": end}, "end")) for start, end in kept
    )


def _number(values: Mapping[str, object], name: str, most: float = 1e9) -> float:
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{name} is {value!r}")
    if not math.isfinite(value) or abs(value) > most:
        raise ValueError(f"{name} is {value!r}")
    return round(float(value), 6)
