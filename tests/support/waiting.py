"""Waiting in tests: as short as possible, never for ever."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(happened: Callable[[], bool], what: str, timeout_s: float = 15.0) -> None:
    """Wait until ``happened()``; fail with ``what`` was waited for."""
    deadline = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < deadline, f"waited {timeout_s:g} s in vain: {what}"
        time.sleep(0.005)


def remains(true: Callable[[], bool], what: str, seconds: float) -> None:
    """Check for so long that it is ``true()`` all the time: what must not happen has to be given
    the time to."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert true(), f"no longer: {what}"
        time.sleep(0.005)
