"""The threads of one run: started, guarded and joined in one place."""

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
    """Every thread of a run.

    Args:
        failed: told, in the thread, why one of them has ended with an error; ends the run.
        wake: lets the others look again when something slow has become ready.
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
        # One step: a thread on the list that is not alive yet would be struck off by the next one.
        with self._lock:
            thread.start()
            self._add(thread)

    def background(
        self, name: str, build: Callable[[], T], dispose: Callable[[T], None] = lambda _: None
    ) -> Background[T]:
        """Begin something slow; see ``Background``."""
        slow = Background(build, dispose=dispose, done=self._wake, name=name)
        with self._lock:
            self._add(slow.thread)
        return slow

    def join(self, timeout_s: float) -> bool:
        """Wait until all have ended; False when ``timeout_s`` was too short."""
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
        # Reopening a lost camera all night makes a thread a second: only the living are kept.
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
