"""The clock of live sources, and rates and latencies computed from the packets' timestamps.

The clock is monotonic, never adjusted, and runs while the computer sleeps.

``time.perf_counter`` is the best clock for latencies, but on Linux and macOS it stops during sleep,
so that frames after it would seem to follow immediately on those before.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import deque
from typing import Final

if sys.platform == "linux":

    def elapsed_s() -> float:
        """Return seconds since an arbitrary moment, sleep included."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

elif sys.platform == "darwin":

    def elapsed_s() -> float:
        """Return seconds since an arbitrary moment, sleep included."""
        # clock_gettime(3) of macOS: CLOCK_MONOTONIC continues while the system is asleep.
        return time.clock_gettime(time.CLOCK_MONOTONIC)

else:

    def elapsed_s() -> float:
        """Return seconds since an arbitrary moment, sleep included."""
        return time.perf_counter()  # QueryPerformanceCounter counts sleep


SPAN_S: Final = 2.0
"""Long enough for a steady value, short enough to follow a change of light or load."""
_MOST: Final = 512


class RateMeter:
    """Timestamped values of the last ``SPAN_S`` seconds, at most 512.  Not thread-safe."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float]] = deque(maxlen=_MOST)

    def add(self, stamp: float, value: float = 0.0) -> None:
        """Add ``value`` at ``stamp`` (``time.perf_counter()`` seconds, not decreasing)."""
        self._samples.append((stamp, value))

    def clear(self) -> None:
        """Start again, after a pause that must not count as slowness."""
        self._samples.clear()

    def rate(self, now: float) -> float:
        """Return samples per second; 0.0 with fewer than two."""
        self._forget(now)
        if len(self._samples) < 2:
            return 0.0
        span = self._samples[-1][0] - self._samples[0][0]
        return (len(self._samples) - 1) / span if span > 0 else 0.0

    def median(self, now: float) -> float | None:
        """Return the median value, or None without samples."""
        self._forget(now)
        return statistics.median(value for _, value in self._samples) if self._samples else None

    def _forget(self, now: float) -> None:
        while self._samples and now - self._samples[0][0] > SPAN_S:
            self._samples.popleft()
