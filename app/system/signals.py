"""The signals by which a user, a terminal or the system asks the program to end."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def ending_signals() -> tuple[signal.Signals, ...]:
    """Return SIGINT, SIGTERM, and SIGHUP, which a terminal sends when it is closed.

    SIGHUP is left out on Windows, and where it is ignored, as under ``nohup``.
    """
    hang_up: signal.Signals | None = getattr(signal, "SIGHUP", None)
    if hang_up is None or signal.getsignal(hang_up) is signal.SIG_IGN:
        return signal.SIGINT, signal.SIGTERM
    return signal.SIGINT, signal.SIGTERM, hang_up


def ignore_terminal() -> None:
    """Ignore, in a process that was started for a part of the work, what a terminal sends to all
    processes: Ctrl-C, and its own end.  The parent process decides."""
    for number in ending_signals():
        if number != signal.SIGTERM:
            signal.signal(number, signal.SIG_IGN)


@contextmanager
def ctrl_c_blocked() -> Iterator[None]:
    """Block Ctrl-C in this thread, and in the processes that it starts inside.

    Such a process ignores it later, but only once our code runs: an interpreter that is still
    starting would print a traceback.  A blocked signal stays blocked in the process.
    """
    if sys.platform == "win32":
        yield
    else:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
