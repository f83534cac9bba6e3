"""The end of the program: Ctrl-C, exit codes, and where messages are printed."""

from __future__ import annotations

import contextlib
import enum
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any, Final, TextIO

from app.errors import MixposeError

log: Final = logging.getLogger(__name__)


class Exit(enum.IntEnum):
    """What the shell gets.  Signals give 128 plus their number, as shells do it."""

    OK = 0
    SOME_FAILED = 1
    """Several sources: some were lifted completely, others not at all.  Of ``record``: it ended by
    itself before its time, or could not be lifted; what was recorded is kept."""
    FAILED = 2
    """Nothing was written; one line on stderr says why.  Also for wrong arguments."""
    FAULT = 70
    """The program met something it did not foresee (``EX_SOFTWARE`` of sysexits.h)."""
    INTERRUPTED = 130
    """Ctrl-C."""


class UsageError(MixposeError):
    """The command line asks for something that cannot be done."""


def say(text: str) -> None:
    """Print a line for the user on standard output."""
    _print(text, sys.stdout)


def warn(text: str) -> None:
    """Print a line on standard error."""
    _print(text, sys.stderr)


def draw(text: str) -> None:
    """Put text on standard error without ending the line."""
    _guarded(sys.stderr, text)


def count(number: int, what: str) -> str:
    """``1 frame``, ``2 frames``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def leave_hanging_threads(code: int) -> None:
    """End the process here if a thread hangs in a driver or in the start of a library.

    All is saved by now, and such a thread cannot be stopped.  Python's own ending would pull the
    libraries from under its feet: closed while MediaPipe was still loading, the process aborted
    ("terminate called without an active exception").
    """
    hanging = [each.name for each in threading.enumerate() if each.daemon and each.is_alive()]
    if hanging:
        log.warning("ended without waiting for %s", ", ".join(hanging))
        logging.shutdown()
        flush()
        os._exit(code)


def flush() -> None:
    """Send what others have printed on its way, while a closed pipe can still be handled."""
    for stream in (sys.stdout, sys.stderr):
        _guarded(stream, "")


def _print(text: str, stream: TextIO | None) -> None:
    _guarded(stream, f"{text}\n")


def _guarded(stream: TextIO | None, text: str) -> None:
    if stream is None:  # pythonw, or a service manager that closed it
        return
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        # The reader (``| head``) has enough, or the file it was sent to is on a full disk; nothing
        # the work depends on.  What is still in the buffer would raise again when the interpreter
        # flushes at exit, so it goes nowhere.
        with contextlib.suppress(OSError, ValueError), Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())


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
