"""Slow constructors in separate threads, so that waiting for them can be interrupted."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Background(Generic[T]):
    """Runs ``build`` in a thread; its result is taken once, or given up and disposed of.

    Opening a camera or a URL can hang for half a minute inside a driver and cannot be interrupted.
    The thread is therefore a daemon, and disposes of a result that was given up.

    Args:
        build: creates the result; may take long and may raise.
        dispose: frees a result that was not taken.
        done: called in the thread when ``ready`` has become true.
        name: name of the thread, for the log.
    """

    def __init__(
        self,
        build: Callable[[], T],
        *,
        dispose: Callable[[T], None] = lambda _: None,
        done: Callable[[], None] = lambda: None,
        name: str,
    ) -> None:
        self._build = build
        self._dispose = dispose
        self._done = done
        self._lock = threading.Lock()
        self._results: list[T] = []
        self._error: BaseException | None = None
        self._given_up = False
        self.ready = False
        self.thread = threading.Thread(target=self._run, name=f"mixpose-{name}", daemon=True)
        self.thread.start()

    def take(self) -> T:
        """Return the result, or raise what ``build`` raised.  Only when ``ready``, and once."""
        if self._error is not None:
            raise self._error
        with self._lock:
            return self._results.pop()

    def give_up(self) -> None:
        """Dispose of the result unless it was taken, now or as soon as it exists."""
        with self._lock:
            self._given_up = True
            left = self._results[:]
            self._results.clear()
        for result in left:
            self._dispose(result)

    def _run(self) -> None:
        try:
            self._deliver(self._build())
        except BaseException as error:
            if self._given_up:
                _log.info("%s failed after it was given up: %s", self.thread.name, error)
            self._error = error
        self.ready = True
        self._done()

    def _deliver(self, result: T) -> None:
        with self._lock:
            if not self._given_up:
                self._results.append(result)
                return
        self._dispose(result)
