"""Early stopping of a run: when its time is up, or on a signal."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from enum import IntEnum
from types import FrameType
from typing import Any


class Reason(IntEnum):
    """Why a run stops early; among several processes the highest reason counts."""

    NONE = 0
    TIME = 1
    SIGNAL = 2


class Stopper:
    """Watches the clock and, as a context manager, SIGINT and SIGTERM.

    Args:
        minutes: the longest time the run may take; unlimited unless given.
        now: the clock, in seconds.
    """

    def __init__(
        self, minutes: float | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._now = now
        self._deadline = None if minutes is None else now() + 60 * minutes
        self._signalled = False
        self._before: dict[int, Any] = {}

    def reason(self) -> Reason:
        """Return the reason to stop now, if there is one."""
        if self._signalled:
            return Reason.SIGNAL
        if self._deadline is not None and self._now() >= self._deadline:
            return Reason.TIME
        return Reason.NONE

    def __enter__(self) -> Stopper:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        # A second signal has no effect: torchrun forwards the Ctrl+C that the terminal has already
        # sent to all processes.
        self._signalled = True
