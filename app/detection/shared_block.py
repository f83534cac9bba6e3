"""Context managers that change the state of the process and may overlap in several threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final


class SharedBlock:
    """Applies a change when the first thread enters, and reverts it when the last one leaves.

    Args:
        begin: applies the change.
        end: reverts it.
    """

    def __init__(self, begin: Callable[[], None], end: Callable[[], None]) -> None:
        self.lock: Final = threading.Lock()
        """Held while ``begin`` and ``end`` run."""
        self._begin, self._end, self._inside = begin, end, 0

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Keep the change applied for the duration of the block."""
        with self.lock:
            if self._inside == 0:
                self._begin()
            self._inside += 1
        try:
            yield
        finally:
            with self.lock:
                self._inside -= 1
                if self._inside == 0:
                    self._end()
