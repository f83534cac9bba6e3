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

from app.export.parts import in_parts
from app.export.sidecar import describe
from app.files import write_together
from app.motion.data import FILLED, MISSING, SEEN, MotionData
from models.skeleton import JOINT_NAMES

HEADER: Final = ",".join(
    ["frame", "time_s", "tracked"]
    + [f"{joint}_{part}" for joint in JOINT_NAMES for part in ("x", "y", "z", "conf")]
)
CELLS: Final = {SEEN: "%.6f,%.6f,%.6f,%.6f", FILLED: "%.6f,%.6f,%.6f,", MISSING: ",,,"}
"""The cells of one joint, by its state."""
NUMBERS: Final = {
    SEEN: (True, True, True, True),
    FILLED: (True, True, True, False),
    MISSING: (False, False, False, False),
}
"""Which of x, y, z and conf these take."""
Pattern = Callable[[bytes], tuple[str, NDArray[np.bool_]]]


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
        state = data.state
        for rows in in_parts(len(data.frame), progress):
            heads, joints = numbers_of(data, rows)
            values = np.column_stack([heads, joints.reshape(len(joints), -1)])
            table.writelines(texts(state[rows], values, _pattern))
    return path, sidecar


def texts(
    states: NDArray[np.uint8], values: NDArray[np.float64], pattern: Pattern
) -> Iterator[bytes]:
    """The text of some rows, as many at once as follow each other with the same cells empty.

    ``pattern`` gives a row's format, and which of its ``values`` it has, for the states of its 17
    joints.
    """
    changes = np.flatnonzero((states[1:] != states[:-1]).any(axis=1)) + 1
    for part in np.split(np.arange(len(states)), changes):
        template, present = pattern(states[part[0]].tobytes())
        numbers = values[part][:, present]
        yield (template * len(part) % tuple(numbers.ravel().tolist())).encode("utf-8")


def numbers_of(data: MotionData, rows: slice) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(R, 3) frame, time and tracked of ``rows``, and (R, 17, 4) x, y, z and conf."""
    joints = np.concatenate([data.placed(rows), data.conf[rows, :, None]], axis=2)
    # Half a unit of the last place is written as -0.000000 otherwise.
    joints[np.abs(joints) <= 5e-7] = 0.0
    return np.column_stack([data.frame[rows], data.time_s[rows], data.tracked[rows]]), joints


@lru_cache(maxsize=1024)
def _pattern(states: bytes) -> tuple[str, NDArray[np.bool_]]:
    """A row's format, and which of its numbers it has, for the states of its 17 joints."""
    template = ",".join(["%d,%.6f,%d"] + [CELLS[state] for state in states]) + "\n"
    present = [True] * 3 + [number for state in states for number in NUMBERS[state]]
    return template, np.array(present)
