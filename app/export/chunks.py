"""Long exports are written some rows at a time, so that they can be watched and cancelled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

ROWS_AT_ONCE: Final = 1000


def in_chunks(
    count: int, progress: Callable[[float], None], rows_at_once: int = ROWS_AT_ONCE
) -> Iterator[slice]:
    """``count`` rows, some at a time; tells ``progress`` the share done, 0 to 1."""
    for start in range(0, count, rows_at_once):
        progress(start / count)
        yield slice(start, min(start + rows_at_once, count))
    progress(1.0)


def share_of(progress: Callable[[float], None], done: int, count: int, share: float) -> None:
    """Tell how far one of ``count`` parts is, after ``done`` others."""
    progress((done + share) / count)
