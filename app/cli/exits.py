"""Exit codes, signals, and printing of messages."""

from __future__ import annotations

import contextlib
import enum
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Final, TextIO

from app.errors import MixposeError
from app.system.signals import ending_signals

log: Final = logging.getLogger(__name__)


class Exit(enum.IntEnum):
    """Exit codes.  After a signal it is 128 plus its number, as in shells."""

    OK = 0
    SOME_FAILED = 1
    """Of several sources some were lifted, others not.  Of ``record``: it ended prematurely, or the
    recording, which is kept, could not be lifted."""
    FAILED = 2
    """Nothing was written; a line on stderr gives the reason.  Also for wrong arguments."""
    FAULT = 70
    """Internal error (``EX_SOFTWARE`` of sysexits.h)."""
    INTERRUPTED = 130
    """Ctrl-C.  143 is SIGTERM, and 129 SIGHUP: the terminal was closed."""


class UsageError(MixposeError):
    """The command line is invalid."""


def say(text: str) -> None:
    """Print a line for the user on standard output."""
    _print(text, sys.stdout)


def warn(text: str) -> None:
    """Print a line on standard error."""
    _print(text, sys.stderr)


def draw(text: str) -> None:
    """Write text to standard error without ending the line."""
    _guarded(sys.stderr, text)


def count(number: int, what: str) -> str:
    """``1 frame``, ``2 frames``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def leave_hanging_threads(code: int) -> None:
    """Exit the process at once if a thread hangs in a driver or in the start of a library.

    Everything is saved by then, and such a thread cannot be stopped.  If Python unloaded the
    libraries while MediaPipe was still loading, the process aborted ("terminate called without an
    active exception").
    """
    hanging = [each.name for each in threading.enumerate() if each.daemon and each.is_alive()]
    if hanging:
        log.warning("ended without waiting for %s", ", ".join(hanging))
        logging.shutdown()
        flush()
        os._exit(code)


def flush() -> None:
    """Flush the standard streams while an error of a closed pipe can still be handled."""
    for stream in (sys.stdout, sys.stderr):
        _guarded(stream, "")


def _print(text: str, stream: TextIO | None) -> None:
    _guarded(stream, f"{text}\n")


def _guarded(stream: TextIO | None, text: str) -> None:
    if stream is None:  # pythonw, or closed by a service manager
        return
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        # The reader (``| head``) has closed it, or its file is on a full disk; nothing
        # the work depends on.  What is still in the buffer would raise again when the interpreter
        # flushes at exit, so it goes nowhere.
        with contextlib.suppress(OSError, ValueError), Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())


@contextlib.contextmanager
def exit_on_signals() -> Iterator[None]:
    """Raise SystemExit in the block on SIGTERM and SIGHUP, so that temporary files are removed;
    Ctrl-C raises KeyboardInterrupt anyway.  Main thread only."""

    def end(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    numbers = [each for each in ending_signals() if each != signal.SIGINT]
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Interrupt:
    """While entered, SIGINT, SIGTERM and SIGHUP are stored in ``signal``.  Main thread only.

    The work polls ``signal`` between frames.  After the first signal the default handling is
    restored, so that a second one ends the process even where no Python code runs.  Only SIGHUP is
    ignored from then on: a terminal that is closed sends it more than once, itself and by its
    shell.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        """Number of the signal received; None if there was none."""
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interrupt:
        self._before = {number: signal.signal(number, self._handle) for number in ending_signals()}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        for each in self._before:
            again = each in (signal.SIGINT, signal.SIGTERM)
            signal.signal(each, signal.SIG_DFL if again else signal.SIG_IGN)
