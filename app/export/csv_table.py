"""CSV: one header row, then one row per source frame; and the sidecar ``NAME.csv.json``.

A joint has four columns, ``x``, ``y``, ``z`` and ``conf``.  If it was seen all four have values, if
it was interpolated ``conf`` is empty, if it is missing all four are empty.  After the joints comes
``event``, the label of a marked event, empty elsewhere; then, if requested, joint angles in degrees
(:mod:`app.motion.angles`), and, if the person was placed in the room, foot contacts, 0 or 1
(:mod:`app.export.frame_columns`), all of them empty where unknown.  A label that a spreadsheet
would take for a formula is preceded by an apostrophe
(:func:`app.export.events.quoted`); the sidecar's ``events`` have every label as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.export import frame_columns
from app.export.events import labels, quoted
from app.export.file_options import Destination, in_chunks
from app.export.joints import joint_states, named_joints, output_joints
from app.motion.data import FILLED, MISSING, SEEN, MotionData
from models.skeleton import JOINT_NAMES


def header(joints: Sequence[str]) -> str:
    """Return the names of the columns that every table of these joints has."""
    cells = [f"{joint}_{part}" for joint in joints for part in ("x", "y", "z", "conf")]
    return ",".join(["frame", "time_s", "tracked", *cells, "event"])


HEADER: Final = header(JOINT_NAMES)
"""Header for the 17 joints."""
CELLS: Final = {SEEN: "%.6f,%.6f,%.6f,%.6f", FILLED: "%.6f,%.6f,%.6f,", MISSING: ",,,"}
"""The cells of one joint, by its state."""
NUMBERS: Final = {
    SEEN: (True, True, True, True),
    FILLED: (True, True, True, False),
    MISSING: (False, False, False, False),
}
"""Which of x, y, z and conf these cells use."""
Pattern = Callable[[bytes, str], tuple[str, NDArray[np.bool_]]]


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`."""
    names = named_joints(data)
    to.file.write((",".join([header(names), *frame_columns.names(data)]) + "\n").encode("ascii"))
    state, events, pattern = joint_states(data), labels(data), partial(_pattern, len(names))
    for rows in in_chunks(len(data.frame), to.progress):
        heads, joints = numbers_of(data, rows)
        more = frame_columns.values(data, rows)
        values = np.column_stack([heads, joints.reshape(len(joints), -1), more])
        cells = np.column_stack([state[rows], frame_columns.states(data, more)])
        to.file.writelines(texts(cells, values, events[rows], pattern))
    return frame_columns.described(data)


def texts(
    states: NDArray[np.uint8],
    values: NDArray[np.float64],
    events: NDArray[np.object_],
    pattern: Pattern,
) -> Iterator[bytes]:
    """Yield the text of rows, formatting consecutive rows with the same empty cells at once.

    ``pattern`` returns a row's format, and which of its ``values`` it uses, for the states of its
    cells and the label of its event.
    """
    same = (states[1:] == states[:-1]).all(axis=1) & (events[1:] == events[:-1])
    changes = np.flatnonzero(~same) + 1
    for part in np.split(np.arange(len(states)), changes):
        template, present = pattern(states[part[0]].tobytes(), events[part[0]])
        numbers = values[part][:, present]
        yield (template * len(part) % tuple(numbers.ravel().tolist())).encode("utf-8")


def numbers_of(data: MotionData, rows: slice) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (R, 3) frame, time and tracked of ``rows``, and (R, J, 4) x, y, z and conf."""
    xyz, conf = output_joints(data, rows)
    joints = np.concatenate([xyz, conf[..., None]], axis=2)
    # Otherwise tiny negative values are written as -0.000000.
    joints[np.abs(joints) <= 5e-7] = 0.0
    return np.column_stack([data.frame[rows], data.time_s[rows], data.tracked[rows]]), joints


@lru_cache(maxsize=1024)
def _pattern(count: int, states: bytes, event: str) -> tuple[str, NDArray[np.bool_]]:
    """Return a row's format, and which of its values it uses, for the states of its cells, of which
    those of ``count`` joints come first."""
    joints, more = states[:count], states[count:]
    label = quoted(event).replace("%", "%%")
    known = (frame_columns.FORMATS[each] for each in more)
    cells = ["%d,%.6f,%d", *(CELLS[state] for state in joints), label, *known]
    present = [True] * 3 + [number for state in joints for number in NUMBERS[state]]
    return ",".join(cells) + "\n", np.array(present + [bool(each) for each in more])
