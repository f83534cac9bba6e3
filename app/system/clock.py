"""The clock of live sources: even, never set, and not stopped while the computer sleeps.

``time.perf_counter`` is the best clock for latencies, but on Linux and macOS it stands still during
sleep, and what was recorded after it would seem to follow at once on what came before.
"""

from __future__ import annotations

import sys
import time

if sys.platform == "linux":

    def elapsed_s() -> float:
        """Seconds since some moment, sleep included."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

elif sys.platform == "darwin":

    def elapsed_s() -> float:
        """Seconds since some moment, sleep included."""
        # clock_gettime(3) of macOS: this one goes on while the system is asleep.
        return time.clock_gettime(time.CLOCK_MONOTONIC)

else:

    def elapsed_s() -> float:
        """Seconds since some moment, sleep included."""
        return time.perf_counter()  # QueryPerformanceCounter counts sleep
