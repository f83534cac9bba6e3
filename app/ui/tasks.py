"""Background jobs with progress and cancellation, whose results a timer hands to the GUI thread.

Plain threads rather than ``QThread``: PyQt aborts the whole process when ``QThread.run`` raises or
when a running one is garbage-collected.  A job writes its progress to a plain attribute; the
window reads it on a timer, so nothing queues up however often progress changes.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from PyQt6.QtCore import QObject, QTimer

from app.errors import MixposeError

log: Final = logging.getLogger(__name__)
POLL_MS: Final = 50
SHOW_AFTER_S: Final = 0.5


class Cancelled(Exception):  # noqa: N818 - it is an outcome, not an error
    """Raised inside a job when the user has cancelled it."""


class Control(Protocol):
    """A job's interface to the window: progress and cancellation."""

    def report(self, share: float) -> None:
        """Report the fraction done, 0 to 1.  Raises Cancelled if the user has cancelled the job."""

    @property
    def cancelled(self) -> bool:
        """Whether the user has cancelled the job."""


class Job:
    """One piece of work in its own thread."""

    def __init__(
        self,
        title: str,
        work: Callable[[Control], Any],
        *,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[BaseException], None] | None = None,
        stopped: Callable[[], None] | None = None,
        quiet: bool = False,
        precious: bool = False,
        reads_only: bool = False,
        stop_label: str = "Cancel",
        about: Path | None = None,
    ) -> None:
        self.title = title
        self.quiet = quiet
        self.precious = precious
        """Whether closing the window now would lose its result, so that the user is asked."""
        self.reads_only = reads_only
        """Whether the window may close while it runs: it writes no file and starts no process."""
        self.stop_label = stop_label
        self.about = about
        """The recording that it reads or writes, which must not be moved meanwhile."""
        self.progress: float | None = None
        self.started_at = time.monotonic()
        self._work = work
        self._done, self._failed, self._stopped = done, failed, stopped
        self._cancel = threading.Event()
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"job: {title}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def report(self, share: float) -> None:
        self.progress = min(1.0, max(0.0, share))
        if self._cancel.is_set():
            raise Cancelled

    @property
    def cancelled(self) -> bool:
        return self._cancel.is_set()

    def cancel(self) -> None:
        self._cancel.set()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    @property
    def visible(self) -> bool:
        """Whether it is shown: not if it is quiet, and not in its first half second."""
        return not self.quiet and time.monotonic() - self.started_at > SHOW_AFTER_S

    def finish(self) -> None:
        """Call the callback for the outcome; in the window's thread."""
        if isinstance(self._error, Cancelled):
            if self._stopped:
                self._stopped()
        elif self._error is not None:
            if self._failed is None:
                raise self._error
            self._failed(self._error)
        elif self._done:
            self._done(self._result)

    def _run(self) -> None:
        try:
            self._result = self._work(self)
        except Cancelled:  # a new one: the traceback would keep all that the work has opened
            self._error = Cancelled()
        except MixposeError as error:  # expected: its message is enough, no traceback is needed
            log.warning("%s: %s", self.title, error)
            self._error = error
        except Exception as error:
            log.exception("%s failed", self.title)
            self._error = error
        except BaseException as error:  # a library exits, or panics: without result, it is not done
            log.exception("%s has ended", self.title)
            self._error = RuntimeError(f"{self.title}: {error!r}")


class Jobs(QObject):
    """All running jobs of the window."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: list[Job] = []
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)

    def start(self, job: Job) -> Job:
        self._jobs.append(job)
        job.start()
        self._timer.start()
        return job

    @property
    def running(self) -> tuple[Job, ...]:
        return tuple(self._jobs)

    def forget(self) -> None:
        """Drop all jobs without calling their callbacks: the window no longer exists."""
        self._timer.stop()
        self._jobs.clear()

    def _poll(self) -> None:
        ended: list[Job] = []
        running: list[Job] = []
        for job in self._jobs:  # read each state once only: a job may end at any moment
            (running if job.running else ended).append(job)
        if not ended:
            return
        self._jobs = running
        if not self._jobs:
            self._timer.stop()
        for job in ended:
            try:
                job.finish()
            except Exception:  # it must not prevent the other jobs' callbacks
                sys.excepthook(*sys.exc_info())
