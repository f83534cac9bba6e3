"""How fast a recording fills its disk."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final

_SPAN_S: Final = 10.0
_LEAST_S: Final = 1.0


class FillRate:
    """Bytes a second by which a file grows, over the last ten seconds in which it grew.

    Time without growth does not count: a camera that is away for an hour comes back and fills the
    disk as fast as before, so the room left must not be made to look larger meanwhile.
    """

    def __init__(self, size: int, clock: Callable[[], float] = time.perf_counter) -> None:
        """``size`` is what the file begins with."""
        self._clock = clock
        self._looked_at = clock()
        self._growing_s = 0.0
        self._sizes = deque([(0.0, size)])

    def look(self, size: int) -> None:
        """Take note of the file's ``size`` now; to be called about every second."""
        now = self._clock()
        if size > self._sizes[-1][1]:
            self._growing_s += now - self._looked_at
            self._sizes.append((self._growing_s, size))
            while len(self._sizes) > 2 and self._growing_s - self._sizes[1][0] >= _SPAN_S:
                self._sizes.popleft()
        self._looked_at = now

    @property
    def bytes_per_s(self) -> float:
        """0.0 until it has grown."""
        (began_s, began), (ended_s, ended) = self._sizes[0], self._sizes[-1]
        return (ended - began) / max(_LEAST_S, ended_s - began_s)
