"""Statistics of sending: rate, latency and loss, recent and in total, in constant memory."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Final

import numpy as np

from app.system.clock import RateMeter

_LONGEST_MS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Figures:
    """Statistics of one sender at one moment."""

    sent: int
    """Poses handed to the network."""
    unheard: int
    """Poses sent without a receiver, as far as that can be known."""
    lost: int
    """Poses that could not be sent: the queue was full, or the network failed."""
    rate: float
    """Poses sent per second, over the last two seconds."""
    latency_ms: float | None
    """Median time from capture to sending, over the last two seconds."""
    mean_rate: float
    """Poses sent per second, over the whole time."""
    median_ms: int | None
    """Median time from capture to sending, over the whole time."""
    slow_ms: int | None
    """95th percentile of the time from capture to sending, over the whole time."""

    heard: bool
    """Whether there is a receiver at present, as far as that can be known."""

    def summary(self) -> str:
        """Return a summary of one line."""
        if self.median_ms is None:
            return f"nothing sent, {self.lost} lost"
        poses = f"{self.sent} poses, {self.mean_rate:.1f} a second"
        late = f"{self.median_ms} ms from capture to sending (95 % within {self.slow_ms} ms)"
        unheard = f", {self.unheard} while nobody received" if self.unheard else ""
        return f"{poses}, {late}, {self.lost} lost{unheard}"


class Tally:
    """Counts sent and lost poses; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recent = RateMeter()
        self._sent = self._unheard = self._lost = 0
        self._first = self._last = 0.0
        self._heard = True
        # A histogram in milliseconds takes no more memory after a day than after a minute.
        self._latencies = np.zeros(_LONGEST_MS + 1, np.int64)

    def add_sent(self, captured_at: float, *, heard: bool) -> None:
        """Count a pose that has just been sent; ``captured_at`` is a ``perf_counter`` time."""
        now = time.perf_counter()
        latency = now - captured_at
        with self._lock:
            self._first = self._first or now
            self._last = now
            self._sent += 1
            self._unheard += not heard
            self._heard = heard
            self._recent.add(now, latency)
            self._latencies[min(_LONGEST_MS, max(0, round(latency * 1000)))] += 1

    def add_lost(self, count: int = 1) -> None:
        """Count poses that were not sent."""
        with self._lock:
            self._lost += count

    def figures(self) -> Figures:
        """Return the current statistics."""
        now = time.perf_counter()
        with self._lock:
            median, span = self._recent.median(now), self._last - self._first
            return Figures(
                sent=self._sent,
                unheard=self._unheard,
                lost=self._lost,
                rate=self._recent.rate(now),
                latency_ms=None if median is None else 1000 * median,
                mean_rate=(self._sent - 1) / span if span > 0 else 0.0,
                median_ms=self._quantile(0.5),
                slow_ms=self._quantile(0.95),
                heard=self._heard,
            )

    def _quantile(self, share: float) -> int | None:
        if not self._sent:
            return None
        return int(np.searchsorted(np.cumsum(self._latencies), share * self._sent))
