"""Frames decoded last: a place near one shown before is shown again without decoding."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from av import VideoFrame

_FEWEST: Final = 2
"""The frame shown and the one after it are kept whatever they take."""


@dataclass(frozen=True, slots=True, eq=False)
class RecentFrame:
    """A frame, and when it is shown."""

    start_s: float
    end_s: float
    """When the next one is shown; infinite for the last one."""
    frame: VideoFrame


class RecentFrames:
    """Keeps the newest frames that fit into ``limit_bytes``."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit, self._taken = limit_bytes, 0
        self._frames: deque[RecentFrame] = deque()

    def add(self, start_s: float, end_s: float, frame: VideoFrame) -> None:
        """Keep a frame that is shown from ``start_s`` to ``end_s``."""
        known = self.at(start_s)
        if known is not None and known.end_s == end_s:
            return
        self._frames.append(RecentFrame(start_s, end_s, frame))
        self._taken += _bytes(frame)
        while self._taken > self._limit and len(self._frames) > _FEWEST:
            self._taken -= _bytes(self._frames.popleft().frame)

    def clear(self) -> None:
        """Keep none of them."""
        self._frames.clear()
        self._taken = 0

    def at(self, time_s: float) -> RecentFrame | None:
        """The frame shown at ``time_s`` if it is known, the newest first."""
        shown = (each for each in reversed(self._frames) if each.start_s <= time_s < each.end_s)
        return next(shown, None)


def _bytes(frame: VideoFrame) -> int:
    return sum(plane.buffer_size for plane in frame.planes)
