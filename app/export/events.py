"""Marked events in files: a label at the frame nearest in time."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.motion.data import MotionData
from app.motion.selection import nearest_rows

BETWEEN: Final = "; "
"""Separator of the labels of one frame."""
_FORMULA: Final = re.compile(r"(^|;\s*)(?=[=+\-@\t\r])")


def labels(data: MotionData) -> NDArray[np.object_]:
    """Return the (N,) label of each frame, empty where there is none."""
    result = np.full(len(data.frame), "", dtype=object)
    if len(data.frame):
        for row, event in zip(nearest_rows(data).tolist(), data.events, strict=True):
            result[row] = BETWEEN.join(filter(None, (result[row], event.label)))
    return result


def described(data: MotionData) -> list[dict[str, object]]:
    """Return the list for the sidecar: time, frame and label of each event."""
    rows = nearest_rows(data).tolist() if len(data.frame) else [None] * len(data.events)
    return [
        {
            "time_s": round(event.time_s, 6),
            "frame": None if row is None else int(data.frame[row]),
            "label": event.label,
        }
        for row, event in zip(rows, data.events, strict=True)
    ]


def quoted(label: str) -> str:
    """Return a cell of a CSV file (RFC 4180) that no spreadsheet takes for a formula.

    A label may come from an untrusted recording.  Therefore an apostrophe is inserted before ``=``,
    ``+``, ``-``, ``@``, tab and carriage return at the beginning (OWASP, CSV Injection) and after a
    semicolon, which separates cells in countries with a decimal comma.
    """
    label = _FORMULA.sub(r"\1'", label)
    if any(character in label for character in ',"\r\n'):
        return '"' + label.replace('"', '""') + '"'
    return label
