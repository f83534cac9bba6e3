"""The clock of live sources: monotonic, never adjusted, and running while the computer sleeps.

``time.perf_counter`` is the best clock for latencies, but on Linux and macOS it stops during sleep,
so that frames after it would seem to follow immediately on those before.
"""

from __future__ import annotations

import sys
import time

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
