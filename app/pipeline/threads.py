"""The threads of one run, started, guarded and joined in one place."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from app.errors import MixposeError
from app.pipeline.background import Background

T = TypeVar("T")

_log = logging.getLogger(__name__)


class WorkerThreads:
    """All threads of a run.

    Args:
        failed: called in a thread that ended with an error, with the error; ends the run.
        wake: lets the other threads check their conditions when a background task is ready.
    """

    def __init__(self, *, failed: Callable[[MixposeError], None], wake: Callable[[], None]) -> None:
        self._failed = failed
        self._wake = wake
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def start(self, name: str, body: Callable[[], None]) -> None:
        """Run ``body`` in a thread whose exceptions end the run."""
        thread = threading.Thread(
            target=self._guarded, args=(name, body), name=f"mixpose-{name}", daemon=True
        )
        # Atomic: _add removes threads that are not alive, as one not yet started would be.
        with self._lock:
            thread.start()
            self._add(thread)

    def background(
        self, name: str, build: Callable[[], T], dispose: Callable[[T], None] = lambda _: None
    ) -> Background[T]:
        """Start a slow constructor in a thread; see ``Background``."""
        slow = Background(build, dispose=dispose, done=self._wake, name=name)
        with self._lock:
            self._add(slow.thread)
        return slow

    def join(self, timeout_s: float) -> bool:
        """Wait until all have ended; False if ``timeout_s`` expired first."""
        deadline = time.monotonic() + timeout_s
        with self._lock:
            threads = [each for each in self._threads if each is not threading.current_thread()]
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        alive = [thread.name for thread in threads if thread.is_alive()]
        if alive and timeout_s > 0:
            _log.warning("still running after %.1f s: %s", timeout_s, ", ".join(alive))
        return not alive

    def _add(self, thread: threading.Thread) -> None:
        # Reopening a lost camera all night starts a thread a second: only live ones are kept.
        self._threads = [each for each in self._threads if each.is_alive()]
        self._threads.append(thread)

    def _guarded(self, name: str, body: Callable[[], None]) -> None:
        try:
            body()
        except MixposeError as error:
            self._failed(error)
        except Exception:
            _log.exception("the %s thread has failed", name)
            self._failed(
                MixposeError(
                    f"Something went wrong inside the program (in its {name} part). "
                    "Press Start to try again; the log file has the details."
                )
            )
