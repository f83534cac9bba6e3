"""One landmarker that tracks one person, and the region of the picture that it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from app.detection.person import Person, Picture, clipped, only, same, without
from app.detection.search import Landmarkers, Region, Search, window
from app.detection.verification import PersonVerifier


@dataclass(slots=True, eq=False)
class Following:
    """The state of a :class:`Follower`; can be pickled."""

    window: Region | None = None
    """The region of the picture given to the landmarker; None for the whole."""
    hidden: bool = False
    """Whether the landmarker failed to lock on to the person it was given."""
    verifier: PersonVerifier = field(default_factory=PersonVerifier)


@dataclass(slots=True, eq=False)
class Follower:
    """Tracks the person it is given for as long as the landmarker does."""

    landmarkers: Landmarkers
    state: Following = field(default_factory=Following)
    rejected: bool = field(default=False, init=False)
    """Whether the latest detection was rejected as not being a person."""

    @property
    def hidden(self) -> bool:
        """Whether the landmarker failed to lock on to the given person, or was released."""
        return self.state.hidden

    @hidden.setter
    def hidden(self, hidden: bool) -> None:
        self.state.hidden = hidden

    @property
    def outcome(self) -> bool | None:
        """Whether a second detection in this picture confirmed a person; None if there was none."""
        return self.state.verifier.outcome

    def follow(
        self, picture: Picture, search: Search, time_s: float, known: Sequence[Person]
    ) -> Person | None:
        """The person in the next picture, or another one in their place; None without a person.

        ``known`` are the other people in the picture.
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
        """Start tracking ``person``, first in a picture in which everybody else is painted over."""
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
        """Move the region along with the person before they leave it."""
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
        """Stop tracking until a person is given."""
        self.hidden = True
        self.landmarkers.forget()

    def look_everywhere(self) -> None:
        """Use the whole picture, from the next one on."""
        self.state.window = None

    def forget(self) -> None:
        """Track nobody; the next picture does not continue the previous one."""
        self.landmarkers.forget()
        self.state.verifier.lost()
        self.state.window, self.state.hidden = None, False

    def _track(self, picture: Picture) -> Person | None:
        if self.state.window is None:
            return self.landmarkers.track(picture)
        left, top, right, bottom = self.state.window
        found = self.landmarkers.track(np.ascontiguousarray(picture[top:bottom, left:right]))
        return None if found is None else found.moved(left, top)
