"""Tracks everybody in view, each by a landmarker of their own.

MediaPipe's landmarkers follow one person each, and where two meet they may slide from one body to
the other.  So whatever they find near somebody else is assigned anew, by place, clothes and size;
whoever is hidden is searched for where they should be.  Numbers are those of unbroken tracks: that
somebody is back who had left is found out afterwards, from all of the video
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
from app.packets import Sighting
from models.feet import foot_evidence
from models.skeleton import world_joints

MOST_PEOPLE: Final = 8
"""Landmarkers at work at a time; each takes 120 MB with the full model, up to 240 with the heavy
one."""
_LOOK_S: Final = 0.2
"""A look that finds nobody takes 12 ms; following somebody takes 17 a frame with the full model, 52
with the heavy one."""
_EMPTY_LOOK_S: Final = 0.5
_HIDDEN_LOOK_S: Final = 0.06
_HIDDEN_S: Final = 0.9
_REMEMBERED_S: Final = 3.0
_AGAIN_S: Final = 0.5
"""Whether somebody is a person is looked at more often than of the one followed: a jacket over a
chair beside them is found again now and then."""
_LEAP: Final = 1.0
"""Lengths of the trunk from where somebody was expected: it may be another body."""


@dataclass(slots=True, eq=False)
class Lent(Follower):
    """Somebody whom another tracker follows: where they are is read, and never told."""

    person: Person | None = None
    """In the picture to be looked at next; None if they were not found."""
    confirmed: bool | None = None
    """Whether a look in that picture has confirmed that it is a person; None if none did."""

    @property
    def outcome(self) -> bool | None:
        """See ``confirmed``."""
        return self.confirmed

    def follow(
        self, picture: Picture, search: Search, time_s: float, known: Sequence[Person]
    ) -> Person | None:
        """Who was found."""
        return self.person

    def seed(
        self, picture: Picture, person: Person, time_s: float, others: Sequence[Person] = ()
    ) -> Person:
        """Nothing: it follows whom it follows."""
        return person

    def kept(self, picture: Picture, person: Person, time_s: float) -> Person:
        """Nothing."""
        return person

    def forget(self) -> None:
        """Nothing."""


@dataclass(slots=True, eq=False)
class _Tracked:
    """Somebody, and who follows them; nobody does while they are hidden."""

    number: int
    track: Track
    follower: Follower | None = None
    checks: list[int] = field(default_factory=lambda: [0, 0])
    """Looks that have confirmed that it is a person, and denied it, since the last sighting."""


@dataclass(slots=True, eq=False)
class _Finding:
    """Somebody found in the picture, and by whom; None if they were searched for."""

    person: Person
    clothes: NDArray[np.float64]
    follower: Follower | None = None
    of: _Tracked | None = None
    """Whom the follower followed."""


@dataclass(slots=True)
class PeopleTracker:
    """Tracks all people through the pictures of a source.

    Args:
        first: follows one person, and searches for the others.
        make: gives another that follows; called whenever there are more people than ever before.
        lent: who is followed by another tracker, which has ``first`` then, and so needs none.
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
        """What comes next does not continue what came before."""
        for each in self._people:
            self._release(each)
        self._people.clear()
        self._looked_s = self._sought_s = -1e9

    def step(self, picture: Picture, time_s: float) -> tuple[Sighting, ...]:
        """Find everybody in the next picture."""
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

    # --- following --------------------------------------------------------------------------

    def _followed(self, picture: Picture, time_s: float) -> list[_Finding]:
        """Whom the landmarkers have found where they were; surely people."""
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
        """Count a look; at the edge of the picture people are not found again either."""
        height, width = picture.shape[:2]
        if outcome is not None and not tracked.track.has_left(width, height):
            tracked.checks[not outcome] += 1

    def _once_each(self, found: list[_Finding], time_s: float) -> list[_Finding]:
        """Of those who follow one body, who has followed it all the time; the others let go."""

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
        """Add who is followed elsewhere, when that is not who it was; a landmarker that follows the
        same body is free again."""
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
        """Who is hidden, near where they should be; and, now and then, who is new."""
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
        # At first all at once: behind a cut of the video nobody may be missing for long.
        if not known and not self._people:
            everybody = self._search.everywhere(picture, [], MOST_PEOPLE)
            return everybody or self._search.closely(picture)
        if not self._people:  # somebody is followed elsewhere
            return self._search.everywhere(picture, known, MOST_PEOPLE)
        person = self._search.next(picture, known)
        return [] if person is None else [person]

    # --- who is who -------------------------------------------------------------------------

    def _assign(self, picture: Picture, found: list[_Finding], time_s: float) -> None:
        """Give everyone found to a track, and begin tracks of those who are new."""
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
        """Whether nobody else can be meant: who goes on steadily, with nobody near."""
        if finding.of is None:
            return False
        track = finding.of.track
        leapt = finding.person.away(track.expected(time_s)) > _LEAP * track.person.size
        return not leapt and not _meets(finding.person, self._expected(time_s, but=finding.of))

    def _hand_over(self, owners: Sequence[tuple[_Finding, _Tracked | None]]) -> None:
        """Whoever follows a body follows it for whom it belongs to now."""
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
        """Begin another track, if that is a person and there is somebody to follow them."""
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
        """Somebody who can follow another; None if there are too many people."""
        if self._idle:
            return self._idle.pop()
        busy = sum(each.follower is not None for each in self._people)
        return _follower(self.make()) if busy < MOST_PEOPLE else None

    def _expected(self, time_s: float, but: _Tracked) -> list[Person]:
        """Where the others should be."""
        return [each.track.expected_person(time_s) for each in self._people if each is not but]

    def _sighting(self, picture: Picture, tracked: _Tracked, time_s: float) -> Sighting:
        person = tracked.track.person
        checks, tracked.checks = tracked.checks, [0, 0]
        met = _meets(person, self._expected(time_s, but=tracked))
        return Sighting(
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
