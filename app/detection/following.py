"""One landmarker that follows one person, and the part of the picture in which it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from app.detection.person import Person, Picture, clipped, only, same, without
from app.detection.search import Landmarkers, Region, Search, window
from app.detection.verification import PersonVerifier


@dataclass(slots=True, eq=False)
class Follower:
    """Follows whom it is shown, for as long as the landmarker does."""

    landmarkers: Landmarkers
    _window: Region | None = field(default=None, init=False)
    """The part of the picture in which the landmarker looks; None for the whole."""
    _verifier: PersonVerifier = field(default_factory=PersonVerifier, init=False)

    def follow(
        self, picture: Picture, search: Search, time_s: float, known: Sequence[Person]
    ) -> Person | None:
        """The person in the next picture, or whoever is in their place; None if nobody is.

        ``known`` are other people in the picture.
        """
        found = self._track(picture)
        if found is None:
            return None
        real = self._verifier.judge(search, picture, found, time_s, known)
        if real is None or same(real, found):
            return real
        return self.seed(picture, real, time_s, known)

    def seed(
        self, picture: Picture, person: Person, time_s: float, others: Sequence[Person] = ()
    ) -> Person:
        """Begin to follow ``person``, at first in a picture of nobody else."""
        self.landmarkers.forget()
        self._verifier.trust(person, time_s)
        self._window = window(picture, person)
        alone = without(picture, others, keep=person) if others else picture
        found = self._track(only(alone, person))
        if found is None or not same(found, person):
            self.landmarkers.forget()
            return person
        return found

    def kept(self, picture: Picture, person: Person, time_s: float) -> Person:
        """Move the part of the picture along before the person has left it."""
        if self._window is None:
            return person
        height, width = picture.shape[:2]
        left, top, right, bottom = self._window
        box = clipped(person.box, picture)
        leaves = (
            (left > 0 and box[0] <= left)
            or (top > 0 and box[1] <= top)
            or (right < width and box[2] >= right)
            or (bottom < height and box[3] >= bottom)
        )
        return self.seed(picture, person, time_s) if leaves else person

    def forget(self) -> None:
        """Follow nobody."""
        self.landmarkers.forget()
        self._verifier.lost()
        self._window = None

    def _track(self, picture: Picture) -> Person | None:
        if self._window is None:
            return self.landmarkers.track(picture)
        left, top, right, bottom = self._window
        found = self.landmarkers.track(np.ascontiguousarray(picture[top:bottom, left:right]))
        return None if found is None else found.moved(left, top)
