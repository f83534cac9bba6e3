"""Selection of a part of a recording by time.

Motion is processed as a whole before a part is selected, so that the first and last frames of a
selection are as good as those in its middle.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import ExportError
from app.motion.data import Event, MotionData

_SAME_TIME_S = 5e-7
"""Half of the last digit in tables: a frame's time as printed selects that frame."""


@dataclass(frozen=True, slots=True)
class Selection:
    """A closed interval in seconds from the first frame; None is the beginning, or the end."""

    start_s: float | None = None
    end_s: float | None = None

    @property
    def whole(self) -> bool:
        """Whether it leaves nothing out."""
        return self.start_s is None and self.end_s is None

    def bounds(self, duration_s: float) -> tuple[float, float]:
        """Return the start and end in seconds in a recording of that duration."""
        start_s = 0.0 if self.start_s is None else self.start_s
        return start_s, duration_s if self.end_s is None else self.end_s


def select(
    data: MotionData, part: Selection, dropped: NDArray[np.int64] | None = None
) -> MotionData:
    """Return the frames of ``data`` in ``part``, their times counted from the first of them.

    ``frame`` keeps its numbers, so rows can be matched with the whole.  ``dropped`` (N,) is the
    number of frames that the source lost before each frame; without it the number of dropped frames
    is that of the whole.  Raises ExportError if no frame lies in ``part``.
    """
    if part.whole:
        return data
    first, last = _rows(data, part)
    rows, start_s = slice(first, last + 1), float(data.time_s[first])
    origin = data.provenance
    provenance = replace(
        origin,
        started_at=origin.started_at and origin.started_at + timedelta(seconds=start_s),
        dropped=origin.dropped if dropped is None else int(dropped[last] - dropped[first]),
        selection=_described(data, first, last),
    )
    arrays: dict[str, Any] = {
        each.name: getattr(data, each.name)[rows] for each in fields(data) if _per_frame(data, each)
    }
    arrays["time_s"] = data.time_s[rows] - start_s
    return replace(data, **arrays, provenance=provenance, events=_events(data, first, last))


def _per_frame(data: MotionData, each: Any) -> bool:
    return each.name != "axes" and isinstance(getattr(data, each.name), np.ndarray)


def _rows(data: MotionData, part: Selection) -> tuple[int, int]:
    """Return the first and the last row in ``part``."""
    start_s = -np.inf if part.start_s is None else part.start_s - _SAME_TIME_S
    end_s = np.inf if part.end_s is None else part.end_s + _SAME_TIME_S
    inside = np.flatnonzero((data.time_s >= start_s) & (data.time_s <= end_s))
    if not len(inside):
        length = f"{data.time_s[-1]:.2f} s" if len(data.time_s) else "no frames"
        raise ExportError(
            f"There is no frame in that selection: the whole has {length}. Choose another one."
        )
    return int(inside[0]), int(inside[-1])


def _described(data: MotionData, first: int, last: int) -> dict[str, object]:
    return {
        "first_frame": int(data.frame[first]),
        "last_frame": int(data.frame[last]),
        "start_s": round(float(data.time_s[first]), 6),
        "end_s": round(float(data.time_s[last]), 6),
        "of_frames": len(data.frame),
        "of_s": round(float(data.time_s[-1]), 6),
    }


def _events(data: MotionData, first: int, last: int) -> tuple[Event, ...]:
    """Return the events in the selected rows; an event belongs to the frame nearest in time."""
    if not data.events:
        return ()
    start_s = float(data.time_s[first])
    return tuple(
        Event(event.time_s - start_s, event.label)
        for event, row in zip(data.events, nearest_rows(data).tolist(), strict=True)
        if first <= row <= last
    )


def nearest_rows(data: MotionData) -> NDArray[np.intp]:
    """Return (E,) the row nearest in time to each event of ``data``, which has at least one row."""
    moments = np.array([event.time_s for event in data.events], np.float64)
    after = np.searchsorted(data.time_s, moments).clip(0, len(data.time_s) - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.abs(data.time_s[before] - moments) < np.abs(data.time_s[after] - moments)
    return np.where(nearer, before, after)
