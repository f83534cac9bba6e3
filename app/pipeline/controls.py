"""Requests of the caller to the threads, and the condition variable the threads wait on."""

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
    """Requests of the caller.  Setting one wakes every waiting thread; the last one wins."""

    delay: int
    height_m: float | None
    loop: bool
    level: Level | None = None
    """Where up is, as told; None to find out."""
    smooth: bool = False
    several: bool = True
    detector_size: Size | None = FOR_LIVE
    """Of the detector's model; None for what this machine can afford."""
    stopping: bool = field(default=False, init=False)
    _changed: threading.Condition = field(default_factory=threading.Condition, init=False)
    _person: tuple[float, float, float] | None = field(default=None, init=False)

    def wake(self) -> None:
        """Let the waiting threads look again."""
        with self._changed:
            self._changed.notify_all()

    def wait_until(self, ready: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Wait for ``ready()``; False when the run stops first or the time is over.

        ``ready`` is looked at after each ``wake``, so whoever makes it true must call that.
        """
        with self._changed:
            self._changed.wait_for(lambda: self.stopping or ready(), timeout_s)
            return not self.stopping and ready()

    def stop(self) -> None:
        """Ask every thread to end; cannot be taken back."""
        with self._changed:
            self.stopping = True
            self._changed.notify_all()

    def choose_person(self, place: tuple[float, float, float]) -> None:
        """Ask for the person at a place of the picture, in pixels, from a time of the source on."""
        with self._changed:
            self._person = place

    def take_person(self) -> tuple[float, float, float] | None:
        """Return the requested person, once."""
        with self._changed:
            place, self._person = self._person, None
            return place
