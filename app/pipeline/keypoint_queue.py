"""The bounded queue from the capture thread to the lift thread."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Final

from app.packets import Keypoints2D

CAPACITY: Final = 300
"""Ten seconds at 30 frames/s: longer than any window, and than the loading of the network."""


@dataclass(frozen=True, slots=True)
class KeypointBatch:
    """All keypoints queued since the last call."""

    segment: int
    """Number of the continuous segment; changes when a file restarts or the person changes."""
    keypoints: tuple[Keypoints2D, ...]
    idle: bool
    """The source has ended: no frame follows for now."""


class KeypointQueue:
    """Keypoints waiting for the lifter.  When full the oldest are dropped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Keypoints2D] = deque(maxlen=CAPACITY)
        self._segment = 0
        self._idle = False
        self._has_new = False

    @property
    def has_new(self) -> bool:
        """Whether ``take`` would return anything new."""
        return self._has_new

    def put(self, keypoints: Keypoints2D) -> None:
        """Add the next frame's keypoints."""
        with self._lock:
            self._waiting.append(keypoints)
            self._idle = False
            self._has_new = True

    def begin_segment(self, segment: int) -> None:
        """Begin a new segment: its keypoints do not continue those before."""
        with self._lock:
            self._waiting.clear()
            self._segment = segment

    def request_update(self) -> None:
        """Request another pass over the same frames."""
        with self._lock:
            self._has_new = True

    def mark_idle(self) -> None:
        """Note that the source has ended."""
        with self._lock:
            self._has_new = self._has_new or not self._idle
            self._idle = True

    def take(self) -> KeypointBatch:
        """Return all waiting keypoints, oldest first."""
        with self._lock:
            batch = KeypointBatch(self._segment, tuple(self._waiting), self._idle)
            self._waiting.clear()
            self._has_new = False
            return batch
