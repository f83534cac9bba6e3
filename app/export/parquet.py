"""Parquet: the long table (see :mod:`app.export.csv_long`) with typed columns, by pyarrow.

``frame`` int64, ``time_s`` float64, ``tracked`` bool, ``joint`` and ``state`` dictionaries of
strings, ``x``, ``y``, ``z`` and ``conf`` float32, ``event`` string, angles float32 and contacts
bool, if there are any; missing values are null.  For several people ``person`` int64 comes first.
The file's key-value metadata contains the sidecar's JSON as ``mixpose``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from app.export import frame_columns
from app.export.events import labels
from app.export.file_options import Destination, in_chunks, share_of
from app.export.joints import joint_states, named_joints, output_joints
from app.export.sidecar import describe, describe_people
from app.motion.data import STATES, MotionData

if TYPE_CHECKING:
    import pyarrow as pa

_FRAMES_IN_A_GROUP: Final = 10_000
"""210,000 rows: readers like row groups of 100,000 to a million."""
_CELLS: Final = {
    "seen": "x, y, z and conf",
    "filled": "x, y and z; conf is null",
    "missing": "all four are null",
}


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`."""
    import pyarrow.parquet as pq

    differs = _differs([data])
    about = describe(data, table_name=to.name, **differs)
    schema = _schema(frame_columns.names(data)).with_metadata({"mixpose": about})
    with pq.ParquetWriter(to.file, schema) as writer:
        for table in _tables(data, schema, to.progress):
            writer.write_table(table)
    return differs


def write_people(people: Sequence[MotionData], to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    differs = _differs(people)
    about = describe_people(people, table_name=to.name, **differs)
    schema = _schema(frame_columns.names(people[0]))
    whole = schema.insert(0, pa.field("person", pa.int64())).with_metadata({"mixpose": about})
    with pq.ParquetWriter(to.file, whole) as writer:
        for index, data in enumerate(people):
            part = partial(share_of, to.progress, index, len(people))
            for table in _tables(data, schema, part):
                numbers = pa.array(np.full(len(table), index + 1, np.int64))
                named = table.add_column(0, whole.field("person"), numbers)
                writer.write_table(named.cast(whole))
    return differs


def _differs(people: Sequence[MotionData]) -> dict[str, object]:
    rows = sum(len(data.frame) * len(named_joints(data)) for data in people)
    return {"rows": rows, "cells": _CELLS, **frame_columns.described(people[0])}


def _tables(
    data: MotionData, schema: pa.Schema, progress: Callable[[float], None]
) -> Iterator[pa.Table]:
    """Yield all rows, some frames at a time."""
    state, events = joint_states(data).astype(np.int8), labels(data)
    for rows in in_chunks(len(data.frame), progress, _FRAMES_IN_A_GROUP):
        yield _table(data, state[rows], events[rows], rows, schema)


def _schema(more: Sequence[str]) -> pa.Schema:
    import pyarrow as pa

    words = pa.dictionary(pa.int8(), pa.string())
    types = {"frame": pa.int64(), "time_s": pa.float64(), "tracked": pa.bool_(), "joint": words}
    types |= dict.fromkeys(("x", "y", "z", "conf"), pa.float32()) | {"state": words}
    types["event"] = pa.string()
    for name in more:
        types[name] = pa.float32() if name in frame_columns.ANGLE_COLUMNS else pa.bool_()
    return pa.schema(types)


def _table(
    data: MotionData,
    state: NDArray[np.int8],
    events: NDArray[np.object_],
    rows: slice,
    schema: pa.Schema,
) -> pa.Table:
    import pyarrow as pa

    xyz, conf = output_joints(data, rows)
    joints = named_joints(data)
    count = len(joints)
    names = np.tile(np.arange(count, dtype=np.int8), len(conf))
    heads = [np.repeat(each[rows], count) for each in (data.frame, data.time_s, data.tracked)]
    numbers = [*np.moveaxis(xyz, 2, 0), conf]
    more = zip(frame_columns.names(data), frame_columns.values(data, rows).T, strict=True)
    columns = [
        *(pa.array(each) for each in heads),
        pa.DictionaryArray.from_arrays(names, list(joints)),
        *(pa.array(each.ravel().astype(np.float32), from_pandas=True) for each in numbers),
        pa.DictionaryArray.from_arrays(state.ravel(), list(STATES)),
        pa.array(np.repeat([label or None for label in events], count), pa.string()),
        *(_repeated(each, count).cast(schema.field(name).type) for name, each in more),
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _repeated(of_frames: NDArray[np.float64], count: int) -> pa.Array:
    """Return values repeated in all ``count`` rows of their frames, null for NaN."""
    import pyarrow as pa

    of_rows = np.repeat(of_frames.astype(np.float32), count)
    return pa.array(of_rows, from_pandas=True)
