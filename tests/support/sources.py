"""Reading sources to their end."""

from __future__ import annotations

from app.sources.base import Source


def read_until(expected: type[Exception], source: Source, timeout_s: float) -> int:
    """Read until ``expected`` is raised; return how many frames came before."""
    count = 0
    while True:
        try:
            frame = source.read(timeout_s)
        except expected:
            return count
        assert frame is not None, f"it ended without {expected.__name__}"
        count += 1
