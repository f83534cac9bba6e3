"""Error and signal handling: errors in slots are shown instead of aborting the process, and
signals close the window cleanly."""

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

from app.system.signals import ending_signals

log: Final = logging.getLogger(__name__)


class ErrorGuard:
    """Replaces ``sys.excepthook``: with Python's own hook, PyQt aborts the process."""

    def __init__(self, show: Callable[[BaseException], None]) -> None:
        """``show`` is called with every unexpected error, in the window's thread."""
        self._show = show
        self._previous = sys.excepthook
        self._showing = False
        self._logged: tuple[str, float] = ("", 0.0)

    def install(self) -> None:
        sys.excepthook = self._caught

    def remove(self) -> None:
        sys.excepthook = self._previous

    def _caught(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self._log(kind, error, trace)
        if self._showing:  # an error while showing an error must not recurse
            return
        self._showing = True
        try:
            self._show(error)
        finally:
            self._showing = False

    def _log(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """Log an error; one that is repeated on every tick of the window, once a second."""
        text, now = repr(error), time.monotonic()
        if text != self._logged[0] or now - self._logged[1] > 1:
            self._logged = (text, now)
            log.critical("unforeseen error in the window", exc_info=(kind, error, trace))


class SignalGuard(QObject):
    """Calls back in the window's thread when the process gets SIGTERM, SIGINT or SIGHUP.

    Qt's event loop runs in C++, so Python's own handlers would wait until Python code runs next.
    Therefore the interpreter writes each signal's number to a socket, which wakes the loop.
    """

    def __init__(self, ended: Callable[[], None]) -> None:
        super().__init__()
        self._ended = ended
        self._receiver, self._sender = socket.socketpair()
        self._receiver.setblocking(False)
        self._sender.setblocking(False)
        self._notifier = QSocketNotifier(
            cast(sip.voidptr, self._receiver.fileno()), QSocketNotifier.Type.Read, self
        )
        self._notifier.activated.connect(lambda *_: self._woken())
        self._previous = {number: signal.signal(number, _ignored) for number in ending_signals()}
        self._wakeup = signal.set_wakeup_fd(self._sender.fileno(), warn_on_full_buffer=False)

    def remove(self) -> None:
        """Restore the previous signal handlers."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._receiver.close()
        self._sender.close()

    def _woken(self) -> None:
        numbers = self._receiver.recv(64)
        if any(number in self._previous for number in numbers):
            log.info("told to end by a signal")
            self._ended()


def _ignored(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the socket carries the signal, but is written to only if a handler is set."""
