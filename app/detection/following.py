"""One landmarker that follows one person, and the part of the picture in which it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from app.detection.person import Person, Picture, clipped, only, same, without
from app.detection.search import Landmarkers, Region, Search, window
from app.detection.verification import PersonVerifier


@dataclass(slots=True, eq=False)
class Following:
    """What a follower knows; can be pickled."""

    window: Region | None = None
    """The part of the picture in which the landmarker looks; None for the whole."""
    hidden: bool = False
    """Whether it could not begin to follow whom it was shown."""
    verifier: PersonVerifier = field(default_factory=PersonVerifier)


@dataclass(slots=True, eq=False)
class Follower:
    """Follows whom it is shown, for as long as the landmarker does."""

    landmarkers: Landmarkers
    state: Following = field(default_factory=Following)
    rejected: bool = field(default=False, init=False)
    """Whether what was found last turned out to be no person."""

    @property
    def hidden(self) -> bool:
        """Whether it could not begin to follow whom it was shown, or was told to let go."""
        return self.state.hidden

    @hidden.setter
    def hidden(self, hidden: bool) -> None:
        self.state.hidden = hidden

    @property
    def outcome(self) -> bool | None:
        """Whether a look in this picture has confirmed that it is a person; None if none did."""
        return self.state.verifier.outcome

    def follow(
        self, picture: Picture, search: Search, time_s: float, known: Sequence[Person]
    ) -> Person | None:
        """The person in the next picture, or whoever is in their place; None if nobody is.

        ``known`` are other people in the picture.
        """
        found = self._track(picture)
        self.rejected = False
        if found is not None and not found.in_view(picture):
            self.landmarkers.forget()
            found = None
        if found is None:
            self.state.verifier.lost()
            self.state.verifier.outcome = None
            return None
        real = self.state.verifier.judge(search, picture, found, time_s, known)
        if real is None:
            self.rejected = True
            self.landmarkers.forget()
            self.look_everywhere()
            return None
        return real if same(real, found) else self.seed(picture, real, time_s)

    def seed(
        self, picture: Picture, person: Person, time_s: float, others: Sequence[Person] = ()
    ) -> Person:
        """Begin to follow ``person``, at first in a picture of nobody else."""
        self.landmarkers.forget()
        self.state.verifier.trust(person, time_s)
        self.state.window = window(picture, person)
        alone = without(picture, others, keep=person) if others else picture
        found = self._track(only(alone, person))
        self.hidden = found is None or not same(found, person)
        if found is None or self.hidden:
            self.landmarkers.forget()
            return person
        return found

    def kept(self, picture: Picture, person: Person, time_s: float) -> Person:
        """Move the part of the picture along before the person has left it."""
        if self.state.window is None:
            return person
        height, width = picture.shape[:2]
        left, top, right, bottom = self.state.window
        box = clipped(person.box, picture)
        leaves = (
            (left > 0 and box[0] <= left)
            or (top > 0 and box[1] <= top)
            or (right < width and box[2] >= right)
            or (bottom < height and box[3] >= bottom)
        )
        return self.seed(picture, person, time_s) if leaves else person

    def hide(self) -> None:
        """Let go of whom it follows until it is shown somebody."""
        self.hidden = True
        self.landmarkers.forget()

    def look_everywhere(self) -> None:
        """Look in the whole picture from the next one on."""
        self.state.window = None

    def forget(self) -> None:
        """Follow nobody; what comes next does not continue what came before."""
        self.landmarkers.forget()
        self.state.verifier.lost()
        self.state.window, self.state.hidden = None, False

    def _track(self, picture: Picture) -> Person | None:
        if self.state.window is None:
            return self.landmarkers.track(picture)
        left, top, right, bottom = self.state.window
        found = self.landmarkers.track(np.ascontiguousarray(picture[top:bottom, left:right]))
        return None if found is None else found.moved(left, top)
