"""Steps of somebody who walks: their length, their time, and which feet stand.

By the contacts of feet (``app.motion.placement.contacts``) and where the ankles stand in the room:

- a *stride* goes from one contact of a foot to the next of the same, a *step* from a contact of one
  foot to that of the other;
- *stride length* is the way along the floor between the two places of the ankle, *step width* how
  far the other foot stands from the line between them;
- *stance* is the share of a stride in which its foot stands, *double support* that in which both
  do; *cadence* counts steps a minute (Whittle, Gait Analysis, 4th ed., 2007, chapter 2).

A contact is that of an ankle which has come to rest, some hundredths of a second after the heel
meets the floor, and it ends as the heel rises: stance and double support come out shorter than a
force plate has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.motion.data import ANKLES, FEET, MotionData
from app.motion.placement.contacts import runs

Array = NDArray[np.float64]

_LONGEST_S: Final = 2.5
"""A stride that takes longer is a pause."""
_SHORTEST_S: Final = 0.5
_SHORTEST_M: Final = 0.25
"""Who steps on the spot does not walk."""
_FEWEST: Final = 2
_ON_FLOOR: Final = [0, 2]
"""Axes of the room that lie in the floor."""


@dataclass(frozen=True, slots=True)
class Stride:
    """From one contact of a foot to the next of the same."""

    side: str
    start_s: float
    end_s: float
    length_m: float
    step_length_m: float
    """Of the step that ends it: from the other foot's place, along the stride's direction."""
    width_m: float
    stance: float
    """Share of the stride, 0 to 1."""
    double_support: float

    @property
    def duration_s(self) -> float:
        """Stride time."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Gait:
    """Two strides or more."""

    strides: tuple[Stride, ...]

    def of(self, side: str) -> tuple[Stride, ...]:
        """Those of the left or the right foot."""
        return tuple(stride for stride in self.strides if stride.side == side)

    @property
    def cadence(self) -> float:
        """Steps a minute."""
        return 120.0 / float(np.mean([stride.duration_s for stride in self.strides]))

    @property
    def speed_m_s(self) -> float:
        """Metres a second along the floor."""
        way = sum(stride.length_m for stride in self.strides)
        return way / sum(stride.duration_s for stride in self.strides)


@dataclass(frozen=True, slots=True)
class _Contact:
    """A foot that stands."""

    foot: int
    start: int
    stop: int
    """Rows [start, stop)."""
    place: Array
    """(2,) of the ankle on the floor."""


def find_gait(data: MotionData) -> Gait | None:
    """The strides of motion that was placed in the room; None if nobody walks, or it was not."""
    if data.root is None or data.contacts is None:
        return None
    strides: list[Stride] = []
    for person in data.people:
        contacts = _contacts(data, person)
        for foot in range(len(FEET)):
            own = [each for each in contacts if each.foot == foot]
            for first, second in pairwise(own):
                stride = _stride(data, first, second, contacts)
                if stride is not None:
                    strides.append(stride)
    strides.sort(key=lambda stride: stride.start_s)
    return Gait(tuple(strides)) if len(strides) >= _FEWEST else None


def _contacts(data: MotionData, person: slice) -> list[_Contact]:
    assert data.contacts is not None
    ankles = data.outgoing(person)[0][:, ANKLES][..., _ON_FLOOR]
    found = []
    for foot in range(len(FEET)):
        for start, stop in runs(data.contacts[person, foot]):
            place = np.nanmedian(ankles[start:stop, foot], axis=0)
            if np.isfinite(place).all():
                rows = person.start + start, person.start + stop
                found.append(_Contact(foot, *rows, place))
    return sorted(found, key=lambda contact: contact.start)


def _stride(
    data: MotionData, first: _Contact, second: _Contact, contacts: list[_Contact]
) -> Stride | None:
    """The stride between two contacts of a foot, if somebody walked: the other foot stood once
    between, and both went on."""
    start_s, end_s = float(data.time_s[first.start]), float(data.time_s[second.start])
    way = second.place - first.place
    length = float(np.linalg.norm(way))
    between = [
        each
        for each in contacts
        if each.foot != first.foot and first.start < each.start < second.start
    ]
    if not _SHORTEST_S <= end_s - start_s <= _LONGEST_S or length < _SHORTEST_M:
        return None
    if len(between) != 1:
        return None
    ahead = way / length
    from_first = between[0].place - first.place
    rows = slice(first.start, second.start)
    assert data.contacts is not None
    stands = data.contacts[rows]
    frame_s = np.diff(data.time_s[first.start : second.start + 1])
    whole = end_s - start_s
    return Stride(
        FEET[first.foot],
        start_s,
        end_s,
        length,
        length - float(from_first @ ahead),
        abs(float(from_first[0] * ahead[1] - from_first[1] * ahead[0])),
        float((frame_s * stands[:, first.foot]).sum() / whole),
        float((frame_s * stands.all(axis=1)).sum() / whole),
    )
