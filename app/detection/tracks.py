"""Tracks of people: predicted positions, and the assignment of detections to them.

An expectation is the last place and a steady walk on; which finding is whom is the assignment of
least cost (Kuhn 1955), the cost being how far somebody is from where they were expected, in what
other clothes, and of what other size.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.detection import clothes as wear
from app.detection.person import Person

_SPEED_OVER_S: Final = 0.5
_WALKS_ON_S: Final = 0.8
"""Somebody who is hidden is expected to go on for this long."""
_EDGE: Final = 0.3
"""The middle of a trunk so near to the edge, in lengths of the trunk, is as good as out."""
_BEHIND: Final = 3.0
"""Lengths of the trunk."""
_REACH: Final = 0.6
_REACH_PER_S: Final = 2.0
"""How far off, in lengths of the trunk, somebody may be: at once, and more for every second."""
_RUNS_PER_S: Final = 8.0
"""Lengths of the trunk, half metres, that anybody gets on in a second."""
_FARTHEST: Final = 1.2
_FARTHEST_LATER: Final = 0.7
_LATER_S: Final = 0.5
"""Who has been away for longer may come back anywhere: the clothes decide."""
AWAY_S: Final = 1.0
"""After so long whoever is found may be another, though not elsewhere."""
_CLOTHES: Final = 2.0
_SHIVER: Final = 0.2
"""Clothes differ by so much from frame to frame."""
_UNKNOWN_CLOTHES: Final = 0.35
_ANOTHERS: Final = 0.5
"""A trunk in a colour this far off is another's, wherever that is.  In four clips one person's was
up to 0.24 off for 0.2 s on end, more than a second later; thighs, behind hands and hems, up to 1.
"""
_LEARN: Final = 0.06
_LONG_AGO: Final = -1e9
GATE: Final = 1.0
"""Of the cost: beyond it is somebody else."""


class Track:
    """One person over time."""

    def __init__(self, person: Person, clothes: NDArray[np.float64], time_s: float) -> None:
        self.person = person
        """As last seen."""
        self.since_s = self.seen_s = time_s
        self._began = person.centre
        self.detections = 1
        self.clothes = clothes
        self._places: deque[tuple[float, NDArray[np.float64]]] = deque(maxlen=64)
        self._places.append((time_s, person.centre))

    def see(self, person: Person, clothes: NDArray[np.float64] | None, time_s: float) -> None:
        """Somebody was found to be this person; ``clothes`` None where others hide them."""
        self.person, self.seen_s = person, time_s
        self.detections += 1
        if clothes is not None:
            step = np.where(np.isfinite(self.clothes), _LEARN, 1.0)
            learnt = np.where(np.isfinite(self.clothes), self.clothes, 0.0) * (1 - step)
            learnt = learnt + step * clothes
            self.clothes = np.where(np.isfinite(clothes), learnt, self.clothes)
        self._places.append((time_s, person.centre))
        while time_s - self._places[0][0] > _SPEED_OVER_S and len(self._places) > 2:
            self._places.popleft()

    def lose(self) -> None:
        """Time has leapt: whoever is seen next may be anywhere, and anybody."""
        self.seen_s = _LONG_AGO
        self._places.clear()
        self._places.append((_LONG_AGO, self.person.centre))

    def wears_other(self, clothes: NDArray[np.float64]) -> bool:
        """Whether these are surely another's; that of several are alike is no proof."""
        return _others_clothes(self.clothes, clothes)

    def may_be(self, lost: Track) -> bool:
        """Whether this is somebody who was lost before: nobody is in a picture twice, nor in two
        places at one time."""
        absent_s = self.since_s - lost.seen_s
        away = float(np.linalg.norm(self._began - lost.person.centre))
        near = reached(away, lost.person.size, absent_s)
        return near and not lost.wears_other(self.clothes)

    def has_left(self, width: int, height: int) -> bool:
        """Whether this person was about to leave a picture of that size when last seen."""
        margin = _EDGE * self.person.size
        x, y = self.expected(self.seen_s + _WALKS_ON_S)
        return not (margin <= x <= width - margin and margin <= y <= height + margin)

    def is_near(self, other: Track) -> bool:
        """Whether this person is where the other may be behind them."""
        away = float(np.linalg.norm(self.person.centre - other.person.centre))
        return away < _BEHIND * max(self.person.size, other.person.size)

    def expected(self, time_s: float) -> NDArray[np.float64]:
        """(2,) where the middle of the trunk should be now."""
        (first_s, first), (last_s, last) = self._places[0], self._places[-1]
        if last_s - first_s < 0.1:
            return last
        ahead = min(max(time_s - last_s, 0.0), _WALKS_ON_S)
        return last + (last - first) / (last_s - first_s) * ahead

    def expected_person(self, time_s: float) -> Person:
        """The person as last seen, where they should be now."""
        x, y = self.expected(time_s) - self.person.centre
        return self.person.moved(float(x), float(y))

    def cost(self, person: Person, clothes: NDArray[np.float64], time_s: float) -> float:
        """How little a finding is like this person: around 0.3 if it is, over 1 if it is not."""
        away_s = max(time_s - self.seen_s, 0.0)
        distance = float(np.linalg.norm(person.centre - self.expected(time_s)))
        return dissimilarity(
            distance, (self.person.size, person.size), (self.clothes, clothes), away_s
        )


def dissimilarity(
    distance: float,
    sizes: tuple[float, float],
    clothes: tuple[NDArray[np.float64], NDArray[np.float64]],
    away_s: float,
) -> float:
    """How little a finding is like somebody seen before: around 0.3 if it is, over :data:`GATE` if
    it is not.

    Args:
        distance: pixels from where they should be.
        sizes: lengths of the trunk in pixels, theirs and the finding's.
        clothes: likewise.
        away_s: seconds since they were seen.
    """
    place = distance / (sizes[0] * (_REACH + _REACH_PER_S * away_s))
    place = min(place, _FARTHEST_LATER if away_s > _LATER_S else _FARTHEST)
    differ = wear.difference(*clothes)
    worn = _UNKNOWN_CLOTHES if differ is None else _CLOTHES * max(0.0, differ - _SHIVER)
    if away_s > AWAY_S and _others_clothes(*clothes):
        worn = max(worn, GATE)
    return place + worn + 0.5 * abs(math.log(sizes[1] / sizes[0]))


def reached(distance: float, size: float, absent_s: float) -> bool:
    """Whether somebody with a trunk of ``size`` pixels gets that far in a time; nobody is in two
    places at once."""
    return absent_s > 0 and distance / size < _FARTHEST + _RUNS_PER_S * absent_s


def _others_clothes(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether trunks are surely dressed otherwise; that of several are alike is no proof."""
    differ = wear.difference(one[:1], other[:1])
    return differ is not None and differ > _ANOTHERS


def assign(
    tracks: Sequence[Track],
    found: Sequence[tuple[Person, NDArray[np.float64]]],
    time_s: float,
) -> dict[int, int]:
    """Which track each finding is, as {finding: track}; who is nobody known is left out."""
    from scipy.optimize import linear_sum_assignment

    if not tracks or not found:
        return {}
    cost = np.array([[track.cost(*each, time_s) for track in tracks] for each in found])
    # Somebody beyond the gate is worth no exchange among the others.
    rows, columns = linear_sum_assignment(np.minimum(cost, 2 * GATE))
    return {
        int(row): int(column)
        for row, column in zip(rows, columns, strict=True)
        if cost[row, column] < GATE
    }
