"""CSV: one header row, then one row a source frame; and the sidecar ``NAME.csv.json``.

A joint takes four columns, ``x``, ``y``, ``z`` and ``conf``.  One that was seen fills all four,
one that was bridged leaves ``conf`` empty, one that was never seen leaves all four empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.export.motion import MotionData, world_xyz
from app.export.sidecar import describe
from app.files import write_together
from models.skeleton import JOINT_NAMES

HEADER: Final = ",".join(
    ["frame", "time_s", "tracked"]
    + [f"{joint}_{part}" for joint in JOINT_NAMES for part in ("x", "y", "z", "conf")]
)
_SEEN, _FILLED, _MISSING = range(3)
_CELLS: Final = {_SEEN: "%.6f,%.6f,%.6f,%.6f", _FILLED: "%.6f,%.6f,%.6f,", _MISSING: ",,,"}
_NUMBERS: Final = {
    _SEEN: (True, True, True, True),
    _FILLED: (True, True, True, False),
    _MISSING: (False, False, False, False),
}
_ROWS_AT_ONCE: Final = 1000


def write(
    path: Path, data: MotionData, *, overwrite: bool, progress: Callable[[float], None]
) -> tuple[Path, ...]:
    """Write ``path`` and its sidecar, both or neither; return their paths.

    ``progress`` is given the share done, 0 to 1; an exception it raises cancels.  Raises OSError.
    """
    sidecar = path.with_name(f"{path.name}.json")
    with write_together([sidecar, path], overwrite=overwrite) as (description, table):
        description.write(describe(data, table_name=path.name))
        table.write(f"{HEADER}\n".encode("ascii"))
        for start in range(0, len(data.frame), _ROWS_AT_ONCE):
            progress(start / len(data.frame))
            rows = slice(start, start + _ROWS_AT_ONCE)
            table.writelines(text.encode("ascii") for text in _texts(data, rows))
        progress(1.0)
    return path, sidecar


def _texts(data: MotionData, rows: slice) -> Iterator[str]:
    """The text of ``rows``, as many at once as follow each other with the same cells empty."""
    filled, missing = data.filled[rows], data.missing[rows]
    states = np.where(missing, _MISSING, np.where(filled, _FILLED, _SEEN)).astype(np.uint8)
    values = _values(data, rows)
    changes = np.flatnonzero((states[1:] != states[:-1]).any(axis=1)) + 1
    for part in np.split(np.arange(len(states)), changes):
        template, present = _pattern(states[part[0]].tobytes())
        numbers = values[part][:, present]
        yield template * len(part) % tuple(numbers.ravel().tolist())


def _values(data: MotionData, rows: slice) -> NDArray[np.float64]:
    """(R, 3 + 68) the number of every cell of ``rows``, in the columns' order."""
    joints = np.concatenate([world_xyz(data.xyz[rows]), data.conf[rows, :, None]], axis=2)
    # Half a unit of the last place is written as -0.000000 otherwise.
    joints[np.abs(joints) <= 5e-7] = 0.0
    heads = (data.frame[rows], data.time_s[rows], data.tracked[rows])
    return np.column_stack([*heads, joints.reshape(len(joints), -1)])


@lru_cache(maxsize=1024)
def _pattern(states: bytes) -> tuple[str, NDArray[np.bool_]]:
    """A row's format, and which of its numbers it has, for the states of its 17 joints."""
    template = ",".join(["%d,%.6f,%d"] + [_CELLS[state] for state in states]) + "\n"
    present = [True] * 3 + [number for state in states for number in _NUMBERS[state]]
    return template, np.array(present)
