"""Driving the real window in tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from PyQt6.QtTest import QTest

from app.ui.main import Session

PATIENCE_S = 60.0
"""A loaded test machine takes this long to load a network; nothing waits longer than it must."""
OpenWindow = Callable[..., Session]


def until(happened: Callable[[], Any], what: str, timeout_s: float = PATIENCE_S) -> None:
    """Let the window live until ``happened()``; fail with what was waited for."""
    deadline = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < deadline, f"waited {timeout_s:g} s in vain: {what}"
        QTest.qWait(10)


def close(session: Session) -> None:
    """Close the window as its user would, and wait until nothing is left."""
    session.window.close()
    until(lambda: session.closed, "the window to close", 5)
