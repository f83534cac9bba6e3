"""Track all people in view, each with a landmarker of their own.

A MediaPipe landmarker tracks one person, and where two people overlap it may slide from one to the
other.  Detections close to another person are therefore reassigned by position, clothes and size,
and occluded people are searched for at their predicted position.  A number stands for one unbroken
track; people who return are identified afterwards, from the whole video
(:mod:`app.lifting.people`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.detection.clothes import clothes
from app.detection.following import Follower, Following
from app.detection.person import Person, Picture, same
from app.detection.search import Landmarkers, Search
from app.detection.tracks import Track, assign
from app.detection.verification import PersonVerifier
from app.packets import PersonDetection
from models.feet import foot_evidence
from models.skeleton import world_joints

MOST_PEOPLE: Final = 8
"""Landmarkers in use at a time; each takes 120 MB with the full model, up to 240 MB with heavy."""
_LOOK_S: Final = 0.2
"""A search without result takes 12 ms; tracking one person takes 17 ms a frame with the full model,
52 ms with heavy."""
_EMPTY_LOOK_S: Final = 0.5
_HIDDEN_LOOK_S: Final = 0.06
_HIDDEN_S: Final = 0.9
_REMEMBERED_S: Final = 3.0
_AGAIN_S: Final = 0.5
"""How often a track is verified to be a person: more often than for a single tracked person, as a
jacket over a chair next to people is confirmed now and then."""
_LEAP: Final = 1.0
"""Trunk lengths from the predicted position: a detection further away may be another person."""


@dataclass(slots=True, eq=False)
class Lent(Follower):
    """The person tracked by another tracker: read here, never controlled."""

    person: Person | None = None
    """In the picture to be processed next; None if not detected."""
    confirmed: bool | None = None
    """Whether a second detection in that picture confirmed a person; None if there was none."""

    @property
    def outcome(self) -> bool | None:
        """See ``confirmed``."""
        return self.confirmed

    def follow(
        self, picture: Picture, search: Search, time_s: float, known: Sequence[Person]
    ) -> Person | None:
        """Return the person detected by the other tracker."""
        return self.person

    def seed(
        self, picture: Picture, person: Person, time_s: float, others: Sequence[Person] = ()
    ) -> Person:
        """Do nothing: the other tracker decides whom it tracks."""
        return person

    def kept(self, picture: Picture, person: Person, time_s: float) -> Person:
        """Do nothing."""
        return person

    def forget(self) -> None:
        """Do nothing."""


@dataclass(slots=True, eq=False)
class _Tracked:
    """A person and the follower that tracks them; none while they are occluded."""

    number: int
    track: Track
    follower: Follower | None = None
    checks: list[int] = field(default_factory=lambda: [0, 0])
    """Second detections that confirmed a person, and that did not, since the last observation."""


@dataclass(slots=True, eq=False)
class _Finding:
    """A detection and the follower it came from; None if it came from a search."""

    person: Person
    clothes: NDArray[np.float64]
    follower: Follower | None = None
    of: _Tracked | None = None
    """The person whom the follower has tracked."""


@dataclass(slots=True)
class PeopleTracker:
    """Tracks all people through the pictures of a source.

    Args:
        first: tracks one person, and searches for the others.
        make: returns one more that tracks; called when there are more people than ever before.
        lent: the person tracked by another tracker, which then uses ``first``.
    """

    first: Landmarkers
    make: Callable[[], Landmarkers]
    lent: Lent | None = None
    _search: Search = field(init=False)
    _idle: list[Follower] = field(default_factory=list, init=False)
    _people: list[_Tracked] = field(default_factory=list, init=False)
    _count: int = field(default=0, init=False)
    _looked_s: float = field(default=-1e9, init=False)
    _sought_s: float = field(default=-1e9, init=False)

    def __post_init__(self) -> None:
        if self.lent is None:
            self._idle.append(_follower(self.first))
        self._search = Search(self.first)

    def forget(self) -> None:
        """The next picture does not continue the previous one."""
        for each in self._people:
            self._release(each)
        self._people.clear()
        self._looked_s = self._sought_s = -1e9

    def step(self, picture: Picture, time_s: float) -> tuple[PersonDetection, ...]:
        """Return the observations of all people detected in the next picture."""
        found = self._once_each(self._followed(picture, time_s), time_s)
        found = self._with_lent(picture, found)
        found += self._looked_for(picture, [each.person for each in found], time_s)
        self._assign(picture, found, time_s)
        self._people = [each for each in self._people if time_s - each.track.seen_s < _REMEMBERED_S]
        return tuple(
            self._sighting(picture, each, time_s)
            for each in self._people
            if each.track.seen_s == time_s
        )

    # --- tracking ---------------------------------------------------------------------------

    def _followed(self, picture: Picture, time_s: float) -> list[_Finding]:
        """Detections of the people already tracked; verified to be people."""
        found: list[_Finding] = []
        for each in self._people:
            if each.follower is None:
                continue
            known = self._expected(time_s, but=each)
            person = each.follower.follow(picture, self._search, time_s, known)
            self._note(picture, each, each.follower.outcome)
            if person is None:
                self._release(each)
            else:
                found.append(_Finding(person, clothes(picture, person), each.follower, each))
        return found

    @staticmethod
    def _note(picture: Picture, tracked: _Tracked, outcome: bool | None) -> None:
        """Count a second detection, except at the edge of the picture, where those of people fail
        too."""
        height, width = picture.shape[:2]
        if outcome is not None and not tracked.track.has_left(width, height):
            tracked.checks[not outcome] += 1

    def _once_each(self, found: list[_Finding], time_s: float) -> list[_Finding]:
        """Of several followers on one body keep the one that has tracked it all along; release the
        others."""

        def unlike(finding: _Finding) -> float:
            assert finding.of is not None
            return finding.of.track.cost(finding.person, finding.clothes, time_s)

        kept: list[_Finding] = []
        for finding in sorted(found, key=unlike):
            if any(same(finding.person, other.person) for other in kept):
                assert finding.of is not None
                self._release(finding.of)
            else:
                kept.append(finding)
        return kept

    def _with_lent(self, picture: Picture, found: list[_Finding]) -> list[_Finding]:
        """Add the person tracked elsewhere if they have changed; release a landmarker that tracks
        the same body."""
        lent = self.lent
        if lent is None or lent.person is None or any(each.follower is lent for each in found):
            return found
        for each in found:
            if same(each.person, lent.person):
                assert each.of is not None
                self._release(each.of)
                each.of.follower = each.follower = lent
                each.person = lent.person
                return found
        return [*found, _Finding(lent.person, clothes(picture, lent.person), lent)]

    def _release(self, tracked: _Tracked) -> None:
        if tracked.follower is not None:
            self._free(tracked.follower)
            tracked.follower = None

    def _free(self, follower: Follower) -> None:
        follower.forget()
        if follower is not self.lent:
            self._idle.append(follower)

    # --- searching --------------------------------------------------------------------------

    def _looked_for(self, picture: Picture, known: list[Person], time_s: float) -> list[_Finding]:
        """Search for occluded people near their predicted position and, periodically, for new
        people."""
        found = self._hidden(picture, known, time_s)
        if time_s - self._looked_s >= (_LOOK_S if self._people else _EMPTY_LOOK_S):
            self._looked_s = time_s
            found += self._new(picture, [*known, *found])
        return [_Finding(each, clothes(picture, each)) for each in found]

    def _hidden(self, picture: Picture, known: list[Person], time_s: float) -> list[Person]:
        hidden = [each.track for each in self._people if each.follower is None]
        newest_s = max((track.seen_s for track in hidden), default=-1e9)
        every_s = _HIDDEN_LOOK_S if time_s - newest_s < _HIDDEN_S else _LOOK_S
        if not hidden or time_s - self._sought_s < every_s:
            return []
        self._sought_s = time_s
        found: list[Person] = []
        for track in hidden:
            place = track.expected_person(time_s)
            person = self._search.around(picture, place, [*known, *found])
            if person is not None:
                found.append(person)
        return found

    def _new(self, picture: Picture, known: list[Person]) -> list[Person]:
        # All at once at the start, so that no person is missing for long after a cut of the video.
        if not known and not self._people:
            everybody = self._search.everywhere(picture, [], MOST_PEOPLE)
            return everybody or self._search.closely(picture)
        if not self._people:  # the other tracker tracks somebody
            return self._search.everywhere(picture, known, MOST_PEOPLE)
        person = self._search.next(picture, known)
        return [] if person is None else [person]

    # --- identity ---------------------------------------------------------------------------

    def _assign(self, picture: Picture, found: list[_Finding], time_s: float) -> None:
        """Assign every detection to a track, and start tracks for new people."""
        sure = {id(each) for each in found if self._undisputed(each, time_s)}
        taken = {id(each.of) for each in found if id(each) in sure}
        doubtful = [each for each in found if id(each) not in sure]
        free = [each for each in self._people if id(each) not in taken]
        whose = assign(
            [each.track for each in free],
            [(each.person, each.clothes) for each in doubtful],
            time_s,
        )
        owners: list[tuple[_Finding, _Tracked | None]] = [
            (each, each.of) for each in found if id(each) in sure
        ]
        owners += [
            (each, free[whose[index]] if index in whose else None)
            for index, each in enumerate(doubtful)
        ]
        self._hand_over(owners)
        people = [each.person for each in found]
        for finding, owner in owners:
            others = [each for each in people if each is not finding.person]
            if owner is None:
                self._begin(picture, finding, others, time_s)
            else:
                self._see(picture, owner, finding, others, time_s)

    def _undisputed(self, finding: _Finding, time_s: float) -> bool:
        """Whether the identity is unambiguous: steady motion, and no other person near."""
        if finding.of is None:
            return False
        track = finding.of.track
        leapt = finding.person.away(track.expected(time_s)) > _LEAP * track.person.size
        return not leapt and not _meets(finding.person, self._expected(time_s, but=finding.of))

    def _hand_over(self, owners: Sequence[tuple[_Finding, _Tracked | None]]) -> None:
        """Reassign followers to the people whose bodies they now track."""
        for each in self._people:
            mine = next((finding for finding, owner in owners if owner is each), None)
            each.follower = None if mine is None else mine.follower

    def _see(
        self,
        picture: Picture,
        tracked: _Tracked,
        finding: _Finding,
        others: list[Person],
        time_s: float,
    ) -> None:
        person = finding.person
        if tracked.follower is None:
            tracked.follower = self._spare()
            if tracked.follower is not None:
                person = tracked.follower.seed(picture, person, time_s, others)
        else:
            person = tracked.follower.kept(picture, person, time_s)
        free = not _meets(person, self._expected(time_s, but=tracked))
        tracked.track.see(person, finding.clothes if free else None, time_s)

    def _begin(
        self, picture: Picture, finding: _Finding, others: list[Person], time_s: float
    ) -> None:
        """Start a track if this is verified to be a person and a follower is available."""
        sure = finding.follower is not None and finding.follower is self.lent
        real = finding.person if sure else self._recheck(picture, finding, others)
        follower = finding.follower or (None if real is None else self._spare())
        if follower is None:
            return
        if real is None or any(same(real, each) for each in others):
            self._free(follower)
            return
        person = follower.seed(picture, real, time_s, others)
        worn = clothes(picture, person)
        begun = _Tracked(self._count, Track(person, worn, time_s), follower)
        self._note(picture, begun, True)
        self._people.append(begun)
        self._count += 1

    def _recheck(self, picture: Picture, finding: _Finding, others: list[Person]) -> Person | None:
        return self._search.recheck(picture, finding.person, others).person

    def _spare(self) -> Follower | None:
        """A follower that is free; None if there are too many people."""
        if self._idle:
            return self._idle.pop()
        busy = sum(each.follower is not None for each in self._people)
        return _follower(self.make()) if busy < MOST_PEOPLE else None

    def _expected(self, time_s: float, but: _Tracked) -> list[Person]:
        """The other people at their predicted positions."""
        return [each.track.expected_person(time_s) for each in self._people if each is not but]

    def _sighting(self, picture: Picture, tracked: _Tracked, time_s: float) -> PersonDetection:
        person = tracked.track.person
        checks, tracked.checks = tracked.checks, [0, 0]
        met = _meets(person, self._expected(time_s, but=tracked))
        return PersonDetection(
            number=tracked.number,
            xy=person.xy,
            conf=person.conf,
            world=world_joints(person.world).astype(np.float32),
            feet=foot_evidence(person.landmarks, person.visibility, person.world),
            clothes=np.full((2, 3), np.nan) if met else clothes(picture, person),
            checks=(checks[0], checks[1]),
        )


def _follower(landmarkers: Landmarkers) -> Follower:
    return Follower(landmarkers, Following(verifier=PersonVerifier(again_s=_AGAIN_S)))


def _meets(person: Person, others: Sequence[Person]) -> bool:
    return any(person.meets(each) for each in others)
