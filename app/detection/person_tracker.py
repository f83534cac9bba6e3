"""Track one of the people in view: initially the largest, another on request.

While only one person is in view, this costs one additional single-image detection per second.  As
soon as there are several, every detection is assigned to a track, and the detection of another
person is never returned as that of the tracked person.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.detection.clothes import clothes
from app.detection.following import Follower, Following
from app.detection.person import Person, Picture, alike
from app.detection.search import Landmarkers, Search
from app.detection.tracks import AWAY_S, Track, assign

LOST_S: Final = 3.0
"""When the tracked person has been missing for this long, another person in view is tracked."""
_EMPTY_LOOK_S: Final = 0.5
_ALONE_LOOK_S: Final = 1.0
_APART_LOOK_S: Final = 0.4
_NEAR_LOOK_S: Final = 0.1
_HIDDEN_LOOK_S: Final = 0.06
_PRESENT_S: Final = 0.25
"""A person detected within this time counts as in view."""
_NEAR: Final = 3.0
"""Trunk lengths: two people closer than this may soon overlap in the picture."""
_REMEMBERED_S: Final = 3.0
_SHOWN_S: Final = 0.9
_TRIED_S: Final = 0.5
_LARGER: Final = 1.15
"""At the start, another person replaces the one detected first if larger by this factor."""
_LEFT_S: Final = 0.3
"""A person who was leaving the picture and has been missing for this long has left."""
_JUMP: Final = 1.5
_SURE_S: Final = 0.2
"""Different clothes must be observed for this long to indicate another person: at the edge of the
picture their colour is unreliable."""

Finding = tuple[Person, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Choice:
    """A request to track the person at a place of the picture."""

    x: float
    y: float
    """Pixels."""
    time_s: float = 0.0
    """From which moment of the source."""


@dataclass(frozen=True, slots=True, eq=False)
class TrackingResult:
    """The result of tracking in one picture."""

    person: Person | None
    """The tracked person."""
    others: tuple[Person, ...] = ()
    hidden: bool = False
    """The tracked person is not visible, but another person is."""
    followed: int = 0
    """Number of the tracked person; incremented when tracking changes to another person."""
    chosen: bool = True
    """Whether this person was requested, or was the first; False if tracked in place of a person
    who was lost."""


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """The state of a :class:`PersonTracker`; can be pickled."""

    values: Mapping[str, Any]
    following: Following | None = None

    @property
    def has_person(self) -> bool:
        """Whether a person has been tracked so far."""
        return self.values["_followed"] is not None


@dataclass(slots=True)
class PersonTracker:
    """Tracks one person through the pictures of a source.

    Args:
        landmarkers: the detector.
        choices: which person to track from which time on; more may be added by ``choose``.
    """

    landmarkers: Landmarkers
    choices: Sequence[Choice] = ()
    _made: list[Choice] = field(init=False)
    """All choices."""
    _due: list[Choice] = field(init=False)
    """Choices whose time has not come yet."""
    _search: Search = field(init=False)
    _follower: Follower = field(init=False)
    _followed: Track | None = field(default=None, init=False)
    _others: list[Track] = field(default_factory=list, init=False)
    _strangers: list[Track] = field(default_factory=list, init=False)
    """At most one: detected where the tracked person was, but in different clothes."""
    _looked_s: float = field(default=-1e9, init=False)
    _wished: Choice | None = field(default=None, init=False)
    _wished_s: float = field(default=0.0, init=False)
    _count: int = field(default=0, init=False)
    _chosen: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        self._made = list(self.choices)
        self._due = _in_order(self._made)
        self._search = Search(self.landmarkers)
        self._follower = Follower(self.landmarkers)

    @property
    def memory(self) -> Memory:
        """The state of the tracking, for another tracker to continue from."""
        names = {each.name for each in fields(self) if not each.init} - {"_search", "_follower"}
        values = {name: getattr(self, name) for name in sorted(names)}
        return Memory(copy.deepcopy(values), copy.deepcopy(self._follower.state))

    @property
    def confirmed(self) -> bool | None:
        """Whether a second detection in this picture confirmed that the tracked object is a person;
        None if there was no second detection."""
        return self._follower.outcome

    def recall(self, memory: Memory) -> None:
        """Continue from another tracker's ``memory``."""
        for name, value in copy.deepcopy(dict(memory.values)).items():
            setattr(self, name, value)
        if memory.following is not None:
            self._follower.state = copy.deepcopy(memory.following)

    def choose(self, choice: Choice) -> None:
        """Track another person, from the first picture at or after ``choice.time_s``."""
        self._made.append(choice)
        self._due.append(choice)

    def forget(self) -> None:
        """The next picture does not continue the previous one, but may show the same person."""
        self._follower.forget()
        self._others, self._strangers = [], []
        self._looked_s = -1e9
        if self._followed is not None:
            self._followed.lose()

    def go_to(self, time_s: float) -> None:
        """The next picture is at ``time_s``, after a seek or when the video restarts.

        Choices made for a later moment apply again at that moment.  Earlier ones do not: another
        person may be at that position by now.
        """
        self.forget()
        self._followed = self._wished = None
        later = [choice for choice in self._made if choice.time_s > time_s - _TRIED_S]
        self._due = _in_order(later)

    def step(self, picture: Picture, time_s: float) -> TrackingResult:
        """Find the tracked person in the next picture."""
        chosen = self._wish(picture, time_s)
        if chosen is not None:
            taken = self._take(picture, chosen, time_s, chosen=True)
            return self._result(taken, time_s)
        solo = None if self._follower.hidden else self._solo(picture, time_s)
        if self._followed is None:
            person = self._begin(picture, solo, time_s)
        else:
            person = self._go_on(picture, self._followed, solo, time_s)
        return self._result(person, time_s)

    def step_alone(self, picture: Picture, time_s: float) -> TrackingResult:
        """Return whichever person the detector finds in the next picture; search for no others."""
        self._followed = None
        self._others, self._strangers, self._follower.hidden = [], [], False
        self._due.clear()
        return TrackingResult(self._solo(picture, time_s), followed=self._count)

    def _solo(self, picture: Picture, time_s: float) -> Person | None:
        """The person whom the detector tracks or newly finds; verified to be a person."""
        known = [
            track.expected_person(time_s)
            for track in self._others
            if time_s - track.seen_s < _SHOWN_S
        ]
        found = self._follower.follow(picture, self._search, time_s, known)
        if found is not None or self._follower.rejected:
            return found
        if self._followed is None or time_s - self._followed.seen_s > _LEFT_S:
            self._follower.look_everywhere()
        return self._anybody(picture, time_s)

    def _anybody(self, picture: Picture, time_s: float) -> Person | None:
        """A person too small for the detector, searched for while no person is in view."""
        gone = self._followed is None or time_s - self._followed.seen_s > _EMPTY_LOOK_S
        if self._others or not gone or abs(time_s - self._looked_s) < _EMPTY_LOOK_S:
            return None
        self._looked_s = time_s
        self._follower.look_everywhere()
        found = self._search.everywhere(picture, []) or self._search.closely(picture)
        for person in found:
            real = self._search.recheck(picture, person, []).person
            if real is not None:
                return self._follower.seed(picture, real, time_s)
        return None

    def _result(self, person: Person | None, time_s: float) -> TrackingResult:
        shown = tuple(
            track.expected_person(time_s)
            for track in (*self._others, *self._strangers)
            if track.detections > 1 and time_s - track.seen_s < _SHOWN_S
        )
        hidden = person is None and self._followed is not None and bool(shown)
        return TrackingResult(person, shown, hidden, self._count, self._chosen)

    # --- start ------------------------------------------------------------------------------

    def _begin(self, picture: Picture, solo: Person | None, time_s: float) -> Person | None:
        if solo is None:
            return None
        self._looked_s = time_s
        others = [
            # A detection at the position of a verified person is what remained of them after they
            # were painted over.
            each
            for each in self._search.everywhere(picture, [solo])
            if not alike(each, solo)
        ]
        largest = max(others, key=lambda each: each.size, default=solo)
        seeded = solo
        if largest.size > _LARGER * solo.size:
            real = self._search.recheck(picture, largest, [solo]).person
            others = [each for each in others if each is not largest]
            if real is not None and real.size > _LARGER * solo.size:
                others.append(solo)
                seeded = self._follower.seed(picture, real, time_s, others)
        self._followed = Track(seeded, clothes(picture, seeded), time_s)
        self._others = [Track(each, clothes(picture, each), time_s) for each in others]
        return seeded

    # --- from frame to frame ----------------------------------------------------------------

    def _go_on(
        self, picture: Picture, followed: Track, solo: Person | None, time_s: float
    ) -> Person | None:
        looking = time_s - self._looked_s >= self._interval(followed, solo, time_s)
        sudden = self._sudden(followed, solo, time_s)
        doubtful = sudden or time_s - followed.seen_s > AWAY_S
        looking = looking or (sudden and not self._others)
        found = self._look(picture, followed, solo, time_s) if looking else []
        if not self._others and not found:
            if solo is None:
                return None
            worn = clothes(picture, solo) if looking or doubtful else None
            if worn is not None and doubtful and followed.wears_other(worn):
                return self._another(picture, solo, worn, followed, time_s)
            self._strangers.clear()
            followed.see(solo, worn if looking else None, time_s)
            return solo
        self._strangers.clear()
        people = ([] if solo is None else [solo]) + found
        mine = self._tell_apart(picture, people, followed, time_s)
        if mine is not None and mine is not solo:
            others = [each for each in people if each is not mine]
            mine = self._follower.seed(picture, mine, time_s, others)
        elif mine is None and solo is not None:
            self._follower.hide()
        if mine is None:
            return self._replace_lost(picture, followed, time_s)
        return self._follower.kept(picture, mine, time_s)

    def _tell_apart(
        self, picture: Picture, people: list[Person], followed: Track, time_s: float
    ) -> Person | None:
        """Assign each detection to a track; return that of the tracked person."""
        found: list[Finding] = [(person, clothes(picture, person)) for person in people]
        tracks = [followed, *self._others]
        whose = assign(tracks, found, time_s)
        mine: Person | None = None
        for index, (person, worn) in enumerate(found):
            if index not in whose:
                self._others.append(Track(person, worn, time_s))
                continue
            track = tracks[whose[index]]
            free = not any(
                person.meets(other.expected_person(time_s))
                for other in tracks
                if other is not track and time_s - other.seen_s < _REMEMBERED_S
            )
            track.see(person, worn if free else None, time_s)
            if track is followed:
                mine = person
        self._others = [track for track in self._others if self._remembered(track, time_s)]
        return mine

    def _remembered(self, track: Track, time_s: float) -> bool:
        """Whether to keep a track.  A person detected once must be detected again by the next
        search: furniture rarely is."""
        if track.detections < 2:
            return track.seen_s >= self._looked_s
        return time_s - track.seen_s < _REMEMBERED_S

    def _look(
        self, picture: Picture, followed: Track, solo: Person | None, time_s: float
    ) -> list[Person]:
        """Search this picture for all other people."""
        self._looked_s = time_s
        known = [] if solo is None else [solo]
        places = [track.expected_person(time_s) for track in self._others]
        if solo is None:
            places.append(followed.expected_person(time_s))
        found: list[Person] = []
        for place in places:
            person = self._search.around(picture, place, [*known, *found])
            if person is not None:
                found.append(person)
        person = self._search.next(picture, [*known, *found])
        return found if person is None else [*found, person]

    def _interval(self, followed: Track, solo: Person | None, time_s: float) -> float:
        away_s = time_s - followed.seen_s
        if self._follower.hidden:
            return 0.0 if away_s < _SHOWN_S else _HIDDEN_LOOK_S
        if solo is None and away_s < _SHOWN_S:
            return 0.0 if away_s < _NEAR_LOOK_S else _NEAR_LOOK_S
        if not self._others:
            return _ALONE_LOOK_S
        if solo is None:
            return _NEAR_LOOK_S
        here = followed.expected(time_s)
        reach = _NEAR * followed.person.size
        near = any(
            np.linalg.norm(track.expected(time_s) - here) < reach or track.detections < 2
            for track in self._others
        )
        return _NEAR_LOOK_S if near else _APART_LOOK_S

    @staticmethod
    def _sudden(followed: Track, solo: Person | None, time_s: float) -> bool:
        """Whether the detector may have jumped to another, so far unknown person."""
        if solo is None:
            return False
        moved = float(np.linalg.norm(solo.centre - followed.expected(time_s)))
        return moved > _JUMP * followed.person.size

    # --- another person ---------------------------------------------------------------------

    def _replace_lost(self, picture: Picture, followed: Track, time_s: float) -> Person | None:
        if not self._others:
            self._follower.hidden = False
            return None
        present = [track for track in self._others if time_s - track.seen_s < _PRESENT_S]
        present = [track for track in present if track.detections > 1] or present
        if not present:
            return None
        back = [track for track in present if track.may_be(followed)]
        if back:
            candidate = max(back, key=lambda track: track.seen_s)
        else:
            candidate = max(present, key=lambda track: track.person.size)
        others = [track for track in present if track not in (candidate, *back)]
        alone = not any(track.is_near(followed) for track in others)
        if self._is_awaited(picture, followed, candidate, time_s, alone=alone, back=bool(back)):
            return None
        real = self._search.recheck(picture, candidate.expected_person(time_s), []).person
        if real is None:
            self._others.remove(candidate)
            return None
        candidate.see(real, None, time_s)
        if not back:
            return self._take(picture, candidate, time_s, chosen=False)
        self._others.remove(candidate)
        followed.see(real, None, time_s)
        return self._follower.seed(picture, real, time_s)

    def _another(
        self,
        picture: Picture,
        solo: Person,
        worn: NDArray[np.float64],
        followed: Track,
        time_s: float,
    ) -> Person | None:
        """A person in different clothes is where the tracked person was.  Return None until it is
        certain that this is another person and that the tracked one is gone."""
        self._strangers = self._strangers or [Track(solo, worn, time_s)]
        (stranger,) = self._strangers
        stranger.see(solo, worn, time_s)
        there_s = time_s - stranger.since_s
        awaited = self._is_awaited(picture, followed, stranger, time_s, alone=True)
        if awaited or there_s < _SURE_S:
            return None
        self._followed, self._strangers, self._chosen = stranger, [], False
        self._count += 1
        return solo

    @staticmethod
    def _is_awaited(
        picture: Picture,
        followed: Track,
        other: Track,
        time_s: float,
        *,
        alone: bool,
        back: bool = False,
    ) -> bool:
        """Whether ``other`` must not be tracked yet, because the tracked person may be occluded.

        There is no waiting for a person who left the picture, nor if ``other`` appeared later, is
        ``alone``, and is elsewhere or the tracked person who is ``back``: then they occlude nobody.
        """
        away_s = time_s - followed.seen_s
        if away_s >= LOST_S or away_s < _LEFT_S:
            return away_s < LOST_S
        if followed.has_left(picture.shape[1], picture.shape[0]):
            return False
        came_later = other.since_s > followed.seen_s
        return not (alone and came_later and (back or not other.is_near(followed)))

    def _wish(self, picture: Picture, time_s: float) -> Track | None:
        """The person requested for this moment; a request stays valid for a moment, as not every
        person is detected in every picture."""
        due = [choice for choice in self._due if choice.time_s <= time_s]
        if not due:
            return None
        last = due[-1]
        if self._wished is not last:
            self._wished, self._wished_s = last, time_s
        found = self._at(picture, (last.x, last.y), time_s)
        if found is not None or time_s - self._wished_s > _TRIED_S:
            for choice in due:
                self._due.remove(choice)
        return found if found is not self._followed else None

    def _at(self, picture: Picture, point: tuple[float, float], time_s: float) -> Track | None:
        """The person at a position in the picture."""
        everybody = (*self._others, *self._strangers)
        people = [(track, track.expected_person(time_s)) for track in everybody]
        if self._followed is not None and not self._strangers:
            people.append((self._followed, self._followed.expected_person(time_s)))
        hit = [(track, person) for track, person in people if person.holds(point)]
        if hit:
            near = min(hit, key=lambda each: each[1].away(point))
            if near[0] is self._followed:
                return near[0]
            person = self._search.around(picture, near[1], self._known_but(near[0], time_s))
            if person is not None:
                near[0].see(person, None, time_s)
            return near[0]
        for person in self._search.at(picture, point, self._known_but(None, time_s)):
            if person.holds(point):
                return Track(person, clothes(picture, person), time_s)
        return None

    def _known_but(self, but: Track | None, time_s: float) -> list[Person]:
        tracks = [*self._others, *([] if self._followed is None else [self._followed])]
        return [track.expected_person(time_s) for track in tracks if track is not but]

    def _take(self, picture: Picture, track: Track, time_s: float, *, chosen: bool) -> Person:
        """Track another person from this picture on."""
        former = self._followed
        self._others = [each for each in self._others if each is not track]
        if former is not None:
            self._others.append(former)
        self._followed, self._chosen, self._strangers = track, chosen, []
        self._count += former is not None
        others = [each.expected_person(time_s) for each in self._others]
        return self._follower.seed(picture, track.expected_person(time_s), time_s, others)


def _in_order(choices: Sequence[Choice]) -> list[Choice]:
    """Sort by time; of several for the same moment the one made last comes last and applies."""
    return sorted(choices, key=lambda choice: choice.time_s)
