"""Blocks of code that change the process, and may overlap in several threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final


class SharedBlock:
    """Begun by the first thread that enters, ended by the last that leaves.

    Args:
        begin: changes the process.
        end: takes the change back.
    """

    def __init__(self, begin: Callable[[], None], end: Callable[[], None]) -> None:
        self.lock: Final = threading.Lock()
        """Held while ``begin`` and ``end`` run."""
        self._begin, self._end, self._inside = begin, end, 0

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Be inside for the length of the block."""
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
