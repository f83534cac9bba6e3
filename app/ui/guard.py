"""Keeps the window alive: errors in slots are shown instead of aborting, signals end it cleanly."""

from __future__ import annotations

import logging
import signal
import socket
import sys
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Final, cast

from PyQt6 import sip
from PyQt6.QtCore import QObject, QSocketNotifier

log: Final = logging.getLogger(__name__)


class ErrorGuard:
    """Takes over ``sys.excepthook``: PyQt aborts the process unless it is another than Python's."""

    def __init__(self, show: Callable[[BaseException], None]) -> None:
        """``show`` gets every unforeseen error, in the window's thread."""
        self._show = show
        self._before = sys.excepthook
        self._showing = False
        self._logged: tuple[str, float] = ("", 0.0)

    def install(self) -> None:
        sys.excepthook = self._caught

    def remove(self) -> None:
        sys.excepthook = self._before

    def _caught(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self._log(kind, error, trace)
        if self._showing:  # an error while showing an error must not go round in circles
            return
        self._showing = True
        try:
            self._show(error)
        finally:
            self._showing = False

    def _log(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """The same error on every tick of the window is written once a second."""
        text, now = repr(error), time.monotonic()
        if text != self._logged[0] or now - self._logged[1] > 1:
            self._logged = (text, now)
            log.critical("unforeseen error in the window", exc_info=(kind, error, trace))


class SignalGuard(QObject):
    """Calls back in the window's thread when the process is told to end (SIGTERM, SIGINT).

    Qt's event loop runs in C, so Python's own handlers would wait for the next Python code.  The
    interpreter writes each signal's number into a socket instead, which wakes the loop.
    """

    def __init__(self, ended: Callable[[], None]) -> None:
        super().__init__()
        self._ended = ended
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._theirs.setblocking(False)
        self._notifier = QSocketNotifier(
            cast(sip.voidptr, self._ours.fileno()), QSocketNotifier.Type.Read, self
        )
        self._notifier.activated.connect(lambda *_: self._woken())
        self._before = {number: signal.signal(number, _ignored) for number in _NUMBERS}
        self._wakeup = signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)

    def remove(self) -> None:
        """Give the signals back."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._ours.close()
        self._theirs.close()

    def _woken(self) -> None:
        numbers = self._ours.recv(64)
        if any(number in _NUMBERS for number in numbers):
            log.info("told to end by a signal")
            self._ended()


_NUMBERS: Final = (signal.SIGINT, signal.SIGTERM)


def _ignored(_number: int, _frame: FrameType | None) -> None:
    """The socket carries the signal; without a handler of Python's own nothing would be written."""
