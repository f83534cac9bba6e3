"""Ctrl-C: the first one asks the work to stop and keep what it has, the second one kills."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """While entered, SIGINT and SIGTERM are noted in ``signal``.  Main thread only.

    The work looks at ``signal`` between frames.  After the first one the system's own handling is
    back, so that a second one ends the process even where no Python code runs.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        """The number of the signal that came; None if none did."""
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interrupt:
        self._before = {number: signal.signal(number, self._handle) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)
