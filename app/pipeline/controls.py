"""Requests of the caller to the threads, and the condition variable on which the threads wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.detection.models import FOR_LIVE, Size

if TYPE_CHECKING:
    from models.level import Level


@dataclass(eq=False)
class Controls:
    """Requests of the caller.  Setting one wakes every waiting thread; the last one counts."""

    delay: int
    height_m: float | None
    loop: bool
    level: Level | None = None
    """The camera's orientation relative to gravity, if given; None to estimate it."""
    smooth: bool = False
    several: bool = True
    detector_size: Size | None = FOR_LIVE
    """Size of the detector's model; None for the best that this machine can run."""
    stopping: bool = field(default=False, init=False)
    _changed: threading.Condition = field(default_factory=threading.Condition, init=False)
    _person: tuple[float, float, float] | None = field(default=None, init=False)

    def wake(self) -> None:
        """Let the waiting threads check their conditions again."""
        with self._changed:
            self._changed.notify_all()

    def wait_until(self, ready: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Wait for ``ready()``; False if the run stops first or the timeout expires.

        ``ready`` is evaluated after each ``wake``, so code that makes it true must call that.
        """
        with self._changed:
            self._changed.wait_for(lambda: self.stopping or ready(), timeout_s)
            return not self.stopping and ready()

    def stop(self) -> None:
        """Ask every thread to end; cannot be undone."""
        with self._changed:
            self.stopping = True
            self._changed.notify_all()

    def choose_person(self, place: tuple[float, float, float]) -> None:
        """Request the person at (x, y, time_s): pixels of the picture, and seconds
        of the source."""
        with self._changed:
            self._person = place

    def take_person(self) -> tuple[float, float, float] | None:
        """Return the requested person once; None if there is no new request."""
        with self._changed:
            place, self._person = self._person, None
            return place
