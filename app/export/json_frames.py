"""JSON: one object, the entries of the sidecar and then ``frames``, one line each.

A frame is ``{"frame", "time_s", "tracked", "xyz", "conf", "state", "event"}``; ``xyz``, ``conf``
and ``state`` hold one entry per joint, in the order of ``joints``: ``[x, y, z]`` in metres, the
confidence, and ``"seen"``, ``"filled"`` or ``"missing"``; ``event`` is the label of a marked
event; ``angles``, if requested, holds degrees in the order of the sidecar's ``angles``
(:mod:`app.motion.angles`); ``contacts``, if the person was placed in the room, holds ``true`` or
``false`` for the left and the right foot, whether it stands.  Missing values are ``null`` (three
of them in ``xyz``), never NaN, so that
``numpy.array(frame["xyz"], float)`` always has three columns.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.export import frame_columns
from app.export.events import labels
from app.export.file_options import Destination, in_chunks
from app.export.joints import joint_states, output_joints
from app.export.sidecar import description
from app.motion.data import STATES, MotionData

_CELLS: Final = {
    "seen": "x, y, z and conf",
    "filled": "x, y and z; conf is null",
    "missing": "all four are null",
}


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`."""
    differs = {"cells": _CELLS, **frame_columns.described(data)}
    for key, value in (description(data, table_name=to.name) | differs).items():
        opening = "{\n" if key == "schema_version" else ""
        to.file.write(f"{opening}{json.dumps(key)}: {_text(value)},\n".encode())
    to.file.write(b'"frames": [')
    state, events, between = joint_states(data), labels(data), "\n"
    for rows in in_chunks(len(data.frame), to.progress):
        for text in _frames(data, state[rows], events[rows], rows):
            to.file.write(f"{between}{text}".encode())
            between = ",\n"
    to.file.write(b"\n]}\n")
    return differs


def _frames(
    data: MotionData, state: NDArray[np.uint8], events: NDArray[np.object_], rows: slice
) -> Iterator[str]:
    """Yield the text of every frame of ``rows``, with their ``state`` and ``events``."""
    xyz, conf = (_nullable(values) for values in output_joints(data, rows))
    words = np.array(STATES)[state].tolist()
    marked = [label or None for label in events.tolist()]
    columns = {"xyz": xyz, "conf": conf, "state": words, "event": marked}
    if data.angles is not None:
        columns["angles"] = _nullable(np.round(data.angles[rows], frame_columns.DECIMALS))
    stands = frame_columns.contacts(data, rows)
    if stands is not None:
        columns["contacts"] = [[_yes_or_no(foot) for foot in feet] for feet in stands.tolist()]
    heads = (data.frame[rows].tolist(), data.time_s[rows].tolist(), data.tracked[rows].tolist())
    names = ("frame", "time_s", "tracked", *columns)
    for values in zip(*heads, *columns.values(), strict=True):
        yield _text(dict(zip(names, values, strict=True)))


def _nullable(values: NDArray[np.float64]) -> list[object]:
    """Return nested lists, None for NaN, rounded to micrometres."""
    rounded = np.round(values, 6) + 0.0
    nullable = rounded.astype(object)
    nullable[np.isnan(rounded)] = None
    return list(nullable.tolist())


def _yes_or_no(value: float) -> bool | None:
    return None if math.isnan(value) else bool(value)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
