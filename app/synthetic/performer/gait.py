"""Footsteps for any path of the body over the floor.

A foot on the floor does not move.  While the body moves, the feet step alternately: each swings to
the position that is right for the middle of its next stance.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from app.synthetic.performer.rotations import Array

_STEP_S: Final = 0.52
_LANDED: Final = 0.86
"""Fraction of a step after which both feet stand."""
_HEEL_OFF_S: Final = 0.2
_SETTLE_S: Final = 0.13
_TOES_DOWN: Final = math.radians(38)
_TOES_UP: Final = math.radians(-16)
_LONG_STEP_M: Final = 0.55


class Place(NamedTuple):
    """A position on the floor and a heading."""

    x: float
    z: float
    heading: float
    """Radians; 0 faces +z, positive turns left, toward +x."""


class Footing(NamedTuple):
    """The pose of a foot at one moment."""

    place: Place
    """Place of the ankle, seen from above, if the foot were flat."""
    lift: float
    """Metres above the floor, in addition to the effect of the pitch."""
    pitch: float
    """Radians; positive stands on the toes, negative on the heel."""


@dataclass(frozen=True, slots=True)
class _Step:
    begin: float
    end: float
    start: Place
    goal: Place

    @property
    def vigour(self) -> float:
        """Intensity of the step: 0 for a shuffle, 1 for a long stride."""
        length = math.hypot(self.goal.x - self.start.x, self.goal.z - self.start.z)
        return min(1.0, length / _LONG_STEP_M)


Path = Callable[[float], Place]


class Footsteps:
    """All steps of one foot over the whole performance."""

    def __init__(self, home: Place) -> None:
        self._steps: list[_Step] = []
        self._begins: list[float] = []
        self._home = home

    @property
    def place(self) -> Place:
        """The place of the foot after its last step."""
        return self._steps[-1].goal if self._steps else self._home

    def add(self, begin: float, end: float, goal: Place) -> None:
        """Step to ``goal``; steps come in order and do not overlap."""
        self._steps.append(_Step(begin, end, self.place, goal))
        self._begins.append(begin)

    def at(self, time_s: float) -> Footing:
        """Return the foot's pose at a time."""
        index = bisect_right(self._begins, time_s) - 1
        coming = self._steps[index + 1] if index + 1 < len(self._steps) else None
        pitch = _heel_off(coming, time_s) if coming else 0.0
        if index < 0:
            return Footing(self._home, 0.0, pitch)
        step = self._steps[index]
        if time_s < step.end:
            return _swinging(step, time_s)
        settled = _eased((time_s - step.end) / _SETTLE_S)
        return Footing(step.goal, 0.0, pitch + (1 - settled) * _TOES_UP * step.vigour)


def plan(path: Path, moving: list[tuple[float, float]], half_width: float) -> list[Footsteps]:
    """Plan the steps of the left and the right foot while the body moves.

    Args:
        path: place of the body at any time.
        moving: (begin, end) in order, seconds; at each end the feet stand next to each other.
        half_width: from the body's centre to a foot.
    """
    aside = (half_width, -half_width)
    feet = [Footsteps(_offset(path(0.0), side)) for side in aside]
    for begin, end in moving:
        count = max(2, round((end - begin) / _STEP_S))
        length = (end - begin) / count
        leading = _leading_foot(path, begin, end)
        for step in range(count):
            foot = (leading + step) % 2
            lift_off = begin + step * length
            # The middle of the next stance; the last step of either foot returns to the end pose.
            needed = end if step >= count - 2 else lift_off + 1.5 * length
            goal = _offset(path(min(needed, end)), aside[foot])
            feet[foot].add(lift_off, lift_off + _LANDED * length, goal)
    return feet


def _leading_foot(path: Path, begin: float, end: float) -> int:
    """Return 0, the left foot, if the path leads left: the outer foot need not cross over."""
    soon = path(begin + min(1.0, (end - begin) / 2))
    start = path(begin)
    left = (math.cos(start.heading), -math.sin(start.heading))
    aside = (soon.x - start.x) * left[0] + (soon.z - start.z) * left[1]
    return 0 if aside + 0.3 * (soon.heading - start.heading) > 0 else 1


def _offset(place: Place, aside: float) -> Place:
    x = place.x + aside * math.cos(place.heading)
    return Place(x, place.z - aside * math.sin(place.heading), place.heading)


def _swinging(step: _Step, time_s: float) -> Footing:
    share = (time_s - step.begin) / (step.end - step.begin)
    gone = _eased(share)
    start, goal = np.array(step.start), np.array(step.goal)
    x, z, heading = (start + gone * (goal - start)).tolist()
    pitch = step.vigour * (_TOES_DOWN + gone * (_TOES_UP - _TOES_DOWN))
    lift = (0.03 + 0.05 * step.vigour) * math.sin(math.pi * share) ** 2
    return Footing(Place(x, z, heading), lift, pitch)


def _heel_off(coming: _Step, time_s: float) -> float:
    share = 1 - (coming.begin - time_s) / _HEEL_OFF_S
    return _eased(share) * _TOES_DOWN * coming.vigour


def _eased(share: float) -> float:
    share = min(max(share, 0.0), 1.0)
    return share**3 * (10 - 15 * share + 6 * share**2)


def ankle_offset(footing: Footing, ankle_height: float, size: float) -> Array:
    """Return the offset (3,) from the footing's place on the floor to the ankle, heading 0.

    The foot rotates about its ball when it stands on the toes, about its heel when on the heel.
    """
    pivot = 0.125 * size if footing.pitch > 0 else -0.055 * size
    c, s = math.cos(footing.pitch), math.sin(footing.pitch)
    forward = pivot - c * pivot + s * ankle_height
    up = c * ankle_height + s * pivot
    return np.array([0.0, up + footing.lift, forward])
