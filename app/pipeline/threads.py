"""The threads of one run, started, guarded and joined in one place; and slow constructors in
separate threads, so that waiting for them can be interrupted.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from app.errors import MixposeError

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
