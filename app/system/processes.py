"""Processes started from whatever script or notebook this program runs in."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Final

_LOCK: Final = threading.Lock()


@contextmanager
def without_main_module() -> Iterator[None]:
    """Keep a ``multiprocessing`` process that is started inside from importing the main script.

    ``spawn`` has each process import it first, for what may be defined there.  Nothing of this
    program is, and a script that calls it without ``if __name__ == "__main__"`` would begin all
    over again in every process, and fail there.  Whatever has no ``__file__`` is not imported.
    """
    with _LOCK:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main
