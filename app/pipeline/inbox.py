"""The road from the capture thread to the lift thread: bounded, and emptied in one go."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Final

from app.packets import Keypoints2D

CAPACITY: Final = 300
"""Ten seconds at 30 frames/s: longer than any window, and than the loading of the network."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What has come since the last look."""

    stretch: int
    """Counts the unbroken stretches of frames; it changes when the source was moved."""
    keypoints: tuple[Keypoints2D, ...]
    settled: bool
    """The source stands still: no frame follows for now."""


class Inbox:
    """Keypoints on their way to the lifter.  When full the oldest are forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Keypoints2D] = deque(maxlen=CAPACITY)
        self._stretch = 0
        self._settled = False
        self._news = False

    @property
    def news(self) -> bool:
        """Whether ``take`` would bring anything new."""
        return self._news

    def put(self, keypoints: Keypoints2D) -> None:
        """Add the next frame's keypoints."""
        with self._lock:
            self._waiting.append(keypoints)
            self._settled = False
            self._news = True

    def break_off(self, stretch: int) -> None:
        """Begin a new stretch: what follows does not continue what came before."""
        with self._lock:
            self._waiting.clear()
            self._stretch = stretch

    def nudge(self) -> None:
        """Ask for another pass over the same frames."""
        with self._lock:
            self._news = True

    def settle(self) -> None:
        """Tell that the source stands still."""
        with self._lock:
            self._news = self._news or not self._settled
            self._settled = True

    def take(self) -> Delivery:
        """Return everything that waits, oldest first."""
        with self._lock:
            delivery = Delivery(self._stretch, tuple(self._waiting), self._settled)
            self._waiting.clear()
            self._news = False
            return delivery
