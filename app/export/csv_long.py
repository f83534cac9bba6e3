"""CSV, long ("tidy"): one row for each joint of each frame, for pandas, R and spreadsheets' pivots.

Columns: ``frame``, ``time_s``, ``tracked`` (0 or 1), ``joint``, ``x``, ``y``, ``z``, ``conf``,
``state``, which is ``seen``, ``filled`` (interpolated; ``conf`` is empty) or ``missing`` (all four
are empty), and ``event``, the label of a marked event, with an apostrophe before formulas as in the
wide table.  The columns of joint angles and foot contacts follow as in the wide table, if there are
any.  They belong to the frame, not to a joint, and like ``tracked`` and ``event`` they are repeated
in all of its rows: select the rows of one joint to get them once per frame.  A table of several
people begins with the column ``person``, their number, and lists one person after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from app.export import frame_columns
from app.export.csv_table import CELLS, NUMBERS, numbers_of, texts
from app.export.events import labels, quoted
from app.export.file_options import Destination, in_chunks, share_of
from app.export.joints import joint_states, named_joints
from app.motion.data import STATES, MotionData

HEADER: Final = "frame,time_s,tracked,joint,x,y,z,conf,state,event"


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`."""
    to.file.write((",".join([HEADER, *frame_columns.names(data)]) + "\n").encode("ascii"))
    rows = _write_rows(to.file, data, to.progress)
    return {"rows": rows, **frame_columns.described(data)}


def write_people(people: Sequence[MotionData], to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`."""
    more = frame_columns.names(people[0])
    to.file.write((",".join(["person", HEADER, *more]) + "\n").encode("ascii"))
    rows = 0
    for index, data in enumerate(people):
        part = partial(share_of, to.progress, index, len(people))
        rows += _write_rows(to.file, data, part, f"{index + 1},")
    return {"rows": rows, **frame_columns.described(people[0])}


def _write_rows(
    file: BinaryIO, data: MotionData, progress: Callable[[float], None], begin: str = ""
) -> int:
    """Write all rows, each beginning with ``begin``; return their number."""
    state, events, names = joint_states(data), labels(data), named_joints(data)
    for rows in in_chunks(len(data.frame), progress):
        heads, joints = numbers_of(data, rows)
        more = frame_columns.values(data, rows)
        before, after = (np.repeat(each[:, None], len(names), axis=1) for each in (heads, more))
        values = np.concatenate([before, joints, after], axis=2).reshape(len(joints), -1)
        cells = np.column_stack([state[rows], frame_columns.states(data, more)])
        file.writelines(texts(cells, values, events[rows], partial(_pattern, names, begin)))
    return len(data.frame) * len(names)


@lru_cache(maxsize=1024)
def _pattern(
    names: tuple[str, ...], begin: str, states: bytes, event: str
) -> tuple[str, NDArray[np.bool_]]:
    """Return the format of one frame's rows, one per joint, and which of their values they use."""
    joints, more = states[: len(names)], states[len(names) :]
    label = quoted(event).replace("%", "%%")
    end = ",".join([label, *(frame_columns.FORMATS[each] for each in more)])
    template = "".join(
        f"{begin}%d,%.6f,%d,{name},{CELLS[state]},{STATES[state]},{end}\n"
        for name, state in zip(names, joints, strict=True)
    )
    known = [bool(each) for each in more]
    present = [each for state in joints for each in (True, True, True, *NUMBERS[state], *known)]
    return template, np.array(present)
