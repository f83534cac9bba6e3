"""The list of connected cameras, queried in the background."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from app.ui.presenters import background
from app.ui.tasks import Control, Job, Jobs

log: Final = logging.getLogger(__name__)
_RETRY_S: Final = 10.0
"""Interval of queries while no camera is connected, so that one that is plugged in appears."""


class CameraList:
    """The names of the connected cameras.

    Args:
        jobs: runs the query, which can take seconds.
        changed: called when the list was updated.
    """

    def __init__(self, jobs: Jobs, changed: Callable[[], None]) -> None:
        self._jobs, self._changed = jobs, changed
        self._names: tuple[str, ...] | None = None
        self._queried_at = 0.0
        self._job: Job | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return self._names or ()

    @property
    def none_found(self) -> bool:
        """Whether a query has found no camera; False before the first query."""
        return self._names == ()

    def refresh(self, then: Callable[[], None] | None = None) -> None:
        """Query the cameras now; ``then`` is called when the list was updated."""
        if then is None and self._job is not None and self._job.running:
            return
        self._queried_at = time.monotonic()

        def done(names: tuple[str, ...]) -> None:
            self._names = names
            self._changed()
            if then:
                then()

        def failed(error: BaseException) -> None:
            log.warning("the cameras could not be listed: %s", error)
            done(())

        def find(_control: Control) -> tuple[str, ...]:
            return background.cameras()

        self._job = self._jobs.start(
            Job("Looking for cameras", find, done=done, failed=failed, quiet=True)
        )

    def refresh_if_none(self) -> None:
        """Query every ``_RETRY_S`` until a camera is found; called often while nothing runs."""
        if self.none_found and time.monotonic() - self._queried_at > _RETRY_S:
            self.refresh()
