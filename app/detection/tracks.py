"""Tracks of people: predicted positions, and the assignment of detections to them.

The prediction is the last position moved on at constant velocity.  Detections are assigned to
tracks at the least total cost (Kuhn 1955); a cost is made of the distance from the predicted
position, the difference of clothes and the difference of size.
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
"""For how long the motion of an occluded person is extrapolated."""
_EDGE: Final = 0.3
"""Trunk lengths: with the middle of the trunk this close to the edge a person is about to leave."""
_BEHIND: Final = 3.0
"""Trunk lengths."""
_REACH: Final = 0.6
_REACH_PER_S: Final = 2.0
"""Trunk lengths that a person may be from the prediction: at once, and more for every second."""
_RUNS_PER_S: Final = 8.0
"""Trunk lengths, of half a metre, that a person can cover in a second."""
_FARTHEST: Final = 1.2
_FARTHEST_LATER: Final = 0.7
_LATER_S: Final = 0.5
"""A person missing for longer may return anywhere: the clothes decide."""
AWAY_S: Final = 1.0
"""After this long a detection at the same position may be of another person."""
_CLOTHES: Final = 2.0
_SHIVER: Final = 0.2
"""Noise of the clothes' colour from frame to frame."""
_UNKNOWN_CLOTHES: Final = 0.35
_ANOTHERS: Final = 0.5
"""A trunk whose colour differs by more is another person's, wherever it is.  In four clips that of
one person differed by up to 0.24 for 0.2 s, more than a second later; that of the thighs, behind
hands and hems, by up to 1."""
_LEARN: Final = 0.06
_LONG_AGO: Final = -1e9
GATE: Final = 1.0
"""Cost from which a detection is of another person."""


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
        """Add a detection of this person; ``clothes`` is None where others occlude them."""
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
        """After a jump in time: the person may reappear anywhere, and so may any other."""
        self.seen_s = _LONG_AGO
        self._places.clear()
        self._places.append((_LONG_AGO, self.person.centre))

    def wears_other(self, clothes: NDArray[np.float64]) -> bool:
        """Whether these clothes are certainly another person's; similar clothes prove nothing."""
        return _others_clothes(self.clothes, clothes)

    def may_be(self, lost: Track) -> bool:
        """Whether this can be the person of the ``lost`` track: no person is in a picture twice,
        nor in two places at one time."""
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
        """Whether this person is near enough to occlude the other."""
        away = float(np.linalg.norm(self.person.centre - other.person.centre))
        return away < _BEHIND * max(self.person.size, other.person.size)

    def expected(self, time_s: float) -> NDArray[np.float64]:
        """(2,) predicted position of the middle of the trunk, in pixels."""
        (first_s, first), (last_s, last) = self._places[0], self._places[-1]
        if last_s - first_s < 0.1:
            return last
        ahead = min(max(time_s - last_s, 0.0), _WALKS_ON_S)
        return last + (last - first) / (last_s - first_s) * ahead

    def expected_person(self, time_s: float) -> Person:
        """The person as last detected, moved to the predicted position."""
        x, y = self.expected(time_s) - self.person.centre
        return self.person.moved(float(x), float(y))

    def cost(self, person: Person, clothes: NDArray[np.float64], time_s: float) -> float:
        """Cost of assigning a detection to this track: about 0.3 if right, over 1 if wrong."""
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
    """Cost of a detection being of a known person: about 0.3 if it is, over :data:`GATE` if not.

    Args:
        distance: pixels from the predicted position.
        sizes: trunk lengths in pixels, of the person and of the detection.
        clothes: likewise.
        away_s: seconds since the person was last detected.
    """
    place = distance / (sizes[0] * (_REACH + _REACH_PER_S * away_s))
    place = min(place, _FARTHEST_LATER if away_s > _LATER_S else _FARTHEST)
    differ = wear.difference(*clothes)
    worn = _UNKNOWN_CLOTHES if differ is None else _CLOTHES * max(0.0, differ - _SHIVER)
    if away_s > AWAY_S and _others_clothes(*clothes):
        worn = max(worn, GATE)
    return place + worn + 0.5 * abs(math.log(sizes[1] / sizes[0]))


def reached(distance: float, size: float, absent_s: float) -> bool:
    """Whether a person with a trunk of ``size`` pixels can cover ``distance`` pixels in
    ``absent_s`` seconds; False for no time at all."""
    return absent_s > 0 and distance / size < _FARTHEST + _RUNS_PER_S * absent_s


def _others_clothes(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether the trunks' clothes certainly differ; similar clothes prove nothing."""
    differ = wear.difference(one[:1], other[:1])
    return differ is not None and differ > _ANOTHERS


def assign(
    tracks: Sequence[Track],
    found: Sequence[tuple[Person, NDArray[np.float64]]],
    time_s: float,
) -> dict[int, int]:
    """Assign detections to tracks, as {detection: track}; unknown people are left out."""
    from scipy.optimize import linear_sum_assignment

    if not tracks or not found:
        return {}
    cost = np.array([[track.cost(*each, time_s) for track in tracks] for each in found])
    # A detection beyond the gate must not change the assignment of the others.
    rows, columns = linear_sum_assignment(np.minimum(cost, 2 * GATE))
    return {
        int(row): int(column)
        for row, column in zip(rows, columns, strict=True)
        if cost[row, column] < GATE
    }
