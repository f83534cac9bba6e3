"""C3D, the format of motion capture laboratories: joints as points in millimetres, marked events,
without analogue data.  Layout: the C3D User Guide of Motion Lab Systems, www.c3d.org; Intel byte
order, floating-point points.

A point is four floats: x, y, z, and a word of validity.  The word is -1 for a
missing joint, whose position is written as zero.  Its high byte lists the cameras that saw the
point: the first one if the joint was seen, none if it was interpolated, as the guide requires.
The residual in its low byte is 0: no point here is a triangulation with an error of its own.

Written here instead of by ezc3d, which keeps the file in memory several times, needs 9 s for
an hour, cannot be cancelled, and reports success when the disk is full.  Tests read it with ezc3d.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app import __version__
from app.export.constant_rate import ConstantRateMotion
from app.export.file_options import Destination, in_chunks
from app.export.joints import joints_at_constant_rate, named_joints
from app.motion.data import Event, MotionData

_BLOCK: Final = 512
_INTEL: Final = 84
_MOST: Final = 65535
"""More frames than the header's 16 bits can count are in TRIAL:ACTUAL_END_FIELD."""
_MOST_EVENTS: Final = 255
"""The maximum of a byte; further events are only in the sidecar."""
_SEEN_BY_FIRST_CAMERA: Final = float(1 << 8)
_CELLS: Final = {
    "seen": "X, Y and Z; camera 1",
    "filled": "X, Y and Z; no camera",
    "missing": "X, Y and Z are 0; the residual is -1",
}


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`.  Raises ExportError if there are no frames."""
    even = joints_at_constant_rate(data, to.options.fps)
    parameters = _parameters(even, named_joints(data), data.events[:_MOST_EVENTS])
    to.file.write(_header(even, 2 + len(parameters) // _BLOCK))
    to.file.write(parameters)
    for part in in_chunks(len(even.xyz), to.progress):
        to.file.write(_points(even, part))
    units = {"position": "millimetre", "time": "second"}
    return {"rows": len(even.xyz), "units": units, "cells": _CELLS, "resampling": even.about}


def _points(even: ConstantRateMotion, rows: slice) -> bytes:
    missing = np.isnan(even.xyz[rows, :, 0])
    points = np.zeros((*missing.shape, 4), "<f4")
    points[..., :3] = np.where(missing[..., None], 0.0, even.xyz[rows] * 1000.0)
    points[..., 3] = np.where(missing, -1.0, even.seen[rows] * _SEEN_BY_FIRST_CAMERA)
    return points.tobytes()


def _scale(even: ConstantRateMotion) -> float:
    """The scale of 16-bit points; negative because the points are floats."""
    largest = np.abs(even.xyz).max(initial=1.0, where=~np.isnan(even.xyz))
    return float(-1000.0 * largest / 32000.0)


def _header(even: ConstantRateMotion, data_block: int) -> bytes:
    """Return the first block; zeros after word 12 mean that there are no events."""
    count, last = even.xyz.shape[1], min(len(even.xyz), _MOST)
    words = struct.pack(
        "<BBHHHHHfHHf", 2, 0x50, count, 0, 1, last, 0, _scale(even), data_block, 0, even.rate
    )
    return words.ljust(_BLOCK, b"\0")


def _parameters(even: ConstantRateMotion, names: Sequence[str], events: Sequence[Event]) -> bytes:
    """Return the parameter section, in whole blocks.  The start of the points depends on its
    length."""
    low, high = len(even.xyz) & 0xFFFF, len(even.xyz) >> 16
    groups: dict[str, dict[str, bytes]] = {
        "POINT": {
            "USED": _integers(len(names)),
            "SCALE": _floats(_scale(even)),
            "RATE": _floats(even.rate),
            "DATA_START": _integers(0),
            "FRAMES": _integers(min(len(even.xyz), _MOST)),
            "LABELS": _words(names),
            "DESCRIPTIONS": _words(names),
            "UNITS": _words(["mm"]),
            "X_SCREEN": _words(["+X"]),
            "Y_SCREEN": _words(["+Y"]),
        },
        "ANALOG": {"USED": _integers(0), "GEN_SCALE": _floats(1.0), "RATE": _floats(0.0)},
        "TRIAL": {
            "ACTUAL_START_FIELD": _integers([1, 0]),
            "ACTUAL_END_FIELD": _integers([low, high]),
        },
        "MANUFACTURER": {"SOFTWARE": _words(["mixpose"]), "VERSION_LABEL": _words([__version__])},
    }
    if events:
        groups["EVENT"] = _events(events)
    # Values do not change lengths, so that the second run has the same length as the first.
    blocks = -(-len(_section(groups)) // _BLOCK)
    groups["POINT"]["DATA_START"] = _integers(2 + blocks)
    section = _section(groups)
    return (bytes([1, 0x50, blocks, _INTEL]) + section[4:]).ljust(blocks * _BLOCK, b"\0")


def _events(events: Sequence[Event]) -> dict[str, bytes]:
    """Return the group of events; characters that are not ASCII become ``?``."""
    labels = [event.label.encode("ascii", "replace").decode("ascii") for event in events]
    times = [divmod(max(0.0, event.time_s), 60.0) for event in events]
    return {
        "USED": _integers(len(events)),
        "CONTEXTS": _words(["General"] * len(events)),
        "LABELS": _words(labels),
        "DESCRIPTIONS": _words(labels),
        # Minutes and seconds of each, since the first frame.
        "TIMES": struct.pack("<bBBB", 4, 2, 2, len(times)) + np.asarray(times, "<f4").tobytes(),
        "ICON_IDS": _integers([0] * len(events)),
    }


def _section(groups: dict[str, dict[str, bytes]]) -> bytes:
    """Groups, numbered from 1, each followed by its parameters; its first 4 bytes are left free."""
    entries = []
    for number, (group, parameters) in enumerate(groups.items(), start=1):
        entries.append((group, -number, b""))
        entries += [(name, number, value) for name, value in parameters.items()]
    # Each ends with the length of its (absent) description and the offset of the next one.
    parts = [
        struct.pack("<bb", len(name), number) + name.encode("ascii")
        + struct.pack("<H", len(value) + 3) + value + b"\0"
        for name, number, value in entries
    ]  # fmt: skip
    return bytes(4) + b"".join(parts) + bytes(2)


def _integers(values: int | Sequence[int]) -> bytes:
    return _value(2, np.asarray(values, "<u2"))


def _floats(value: float) -> bytes:
    return _value(4, np.asarray(value, "<f4"))


def _words(words: Sequence[str]) -> bytes:
    length = max(map(len, words))
    letters = "".join(word.ljust(length) for word in words).encode("ascii")
    shape = (length,) if len(words) == 1 else (length, len(words))
    return struct.pack(f"<bB{len(shape)}B", -1, len(shape), *shape) + letters


def _value(kind: int, values: NDArray[np.generic]) -> bytes:
    """Type, dimensions, numbers."""
    return struct.pack(f"<bB{values.ndim}B", kind, values.ndim, *values.shape) + values.tobytes()
