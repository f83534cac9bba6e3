"""CSV, long ("tidy"): one row for each joint of each frame, for pandas, R and spreadsheets' pivots.

Columns: ``frame``, ``time_s``, ``tracked`` (0 or 1), ``joint``, ``x``, ``y``, ``z``, ``conf``,
``state``, which is ``seen``, ``filled`` (bridged; ``conf`` is empty) or ``missing`` (all four are
empty), and ``event``, the label of a moment that was marked.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.export.csv_table import CELLS, NUMBERS, numbers_of, texts
from app.export.events import labels, quoted
from app.export.parts import in_parts
from app.export.sidecar import describe
from app.files import write_together
from app.motion.data import STATES, MotionData
from models.skeleton import JOINT_COUNT, JOINT_NAMES

HEADER: Final = "frame,time_s,tracked,joint,x,y,z,conf,state,event"


def write(
    path: Path, data: MotionData, *, overwrite: bool, progress: Callable[[float], None]
) -> tuple[Path, ...]:
    """Write ``path`` and its sidecar, both or neither; return their paths.

    ``progress`` is given the share done, 0 to 1; an exception it raises cancels.  Raises OSError.
    """
    sidecar = path.with_name(f"{path.name}.json")
    with write_together([sidecar, path], overwrite=overwrite) as (description, table):
        rows_written = len(data.frame) * JOINT_COUNT
        description.write(describe(data, table_name=path.name, rows=rows_written))
        table.write(f"{HEADER}\n".encode("ascii"))
        state, events = data.state, labels(data)
        for rows in in_parts(len(data.frame), progress):
            heads, joints = numbers_of(data, rows)
            heads = np.broadcast_to(heads[:, None], (*joints.shape[:2], heads.shape[1]))
            values = np.concatenate([heads, joints], axis=2).reshape(len(joints), -1)
            table.writelines(texts(state[rows], values, events[rows], _pattern))
    return path, sidecar


@lru_cache(maxsize=1024)
def _pattern(states: bytes, event: str) -> tuple[str, NDArray[np.bool_]]:
    """The format of one frame's 17 rows, and which of its 17 x 7 numbers they have."""
    label = quoted(event).replace("%", "%%")
    template = "".join(
        f"%d,%.6f,%d,{name},{CELLS[state]},{STATES[state]},{label}\n"
        for name, state in zip(JOINT_NAMES, states, strict=True)
    )
    present = [number for state in states for number in (True, True, True, *NUMBERS[state])]
    return template, np.array(present)
