"""Movements made again and again: squats, raises, curls, counted and timed by one joint angle.

A repetition goes from one turning point of the angle over the opposite one to the next.  Turning
points are those that stand out (``scipy.signal.find_peaks`` by prominence) from what lies between
them by a share of the whole range, so that trembling and hesitation are none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.motion.angles import ANGLE, ANGLES
from models.timing import LONGEST_GAP_S

Array = NDArray[np.float64]

LEAST_DEG: Final = 20.0
"""A repetition moves the joint through so much."""
_SHARE: Final = 0.5
"""And through so much of what the widest moves it through."""
_SHORTEST_S: Final = 0.3
_FEWEST: Final = 2
"""What is done once is no repetition."""
_MOVEMENTS: Final = (
    *("knee_flexion", "elbow_flexion", "shoulder_elevation", "hip_flexion", "trunk_flexion"),
)
"""By which people count: a squat by the knees, not by the hips that move with them."""
_CLEAR: Final = 0.6
"""Share of the widest range from which on the order of :data:`_MOVEMENTS` decides."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """One time: from rest to the turning point and back."""

    start_s: float
    turn_s: float
    end_s: float
    rest_deg: float
    """The angle where it begins and ends, on average."""
    turn_deg: float
    """The angle at the turning point."""

    @property
    def duration_s(self) -> float:
        """From the beginning to the end."""
        return self.end_s - self.start_s

    @property
    def range_deg(self) -> float:
        """What the joint moved through."""
        return abs(self.turn_deg - self.rest_deg)


@dataclass(frozen=True, slots=True)
class Repetitions:
    """All of one angle."""

    name: str
    each: tuple[Repetition, ...]

    @property
    def range_deg(self) -> float:
        """What the joint moves through, in the middle one."""
        return float(np.median([each.range_deg for each in self.each]))

    @property
    def per_minute(self) -> float:
        """Tempo, by the mean duration."""
        return 60.0 / float(np.mean([each.duration_s for each in self.each]))


def count_repetitions(name: str, degrees: Array, time_s: Array) -> Repetitions:
    """Count by one angle.

    Args:
        name: of the angle.
        degrees: (N,) the angle, NaN where unknown; smoothed.
        time_s: (N,) strictly increasing seconds.
    """
    found: list[Repetition] = []
    known = np.flatnonzero(np.isfinite(degrees))
    if len(known) > 2:
        values = degrees[known]
        low, high = np.percentile(values, [1, 99])
        # Who rests bent and stretches now and then is counted by the stretches.
        sign = 1.0 if np.median(values) <= (low + high) / 2 else -1.0
        least = max(LEAST_DEG, _SHARE * (high - low))
        breaks = np.flatnonzero(np.diff(time_s[known]) > LONGEST_GAP_S) + 1
        for part in np.split(known, breaks):
            found += _in_part(sign * degrees[part], time_s[part], least, sign)
    return Repetitions(name, tuple(found))


def find_repetitions(angles: Array, time_s: Array) -> list[Repetitions]:
    """What was repeated, the clearest first: of angles that move together, one.

    Args:
        angles: (N, A) degrees in the order of :data:`app.motion.angles.ANGLES`.
        time_s: (N,) strictly increasing seconds.
    """
    counted = [
        count_repetitions(angle.name, angles[:, ANGLE[angle.name]], time_s)
        for movement in _MOVEMENTS
        for angle in ANGLES
        if angle.name.endswith(movement)
    ]
    counted = [each for each in counted if len(each.each) >= _FEWEST]
    widest = max((each.range_deg for each in counted), default=0.0)
    counted.sort(key=lambda each: each.range_deg < _CLEAR * widest)
    chosen: list[Repetitions] = []
    for each in counted:
        if not any(_together(each, other) for other in chosen):
            chosen.append(each)
    return chosen


def _in_part(values: Array, time_s: Array, least: float, sign: float) -> list[Repetition]:
    # Not with the window: it takes a third of a second, and where PyTorch is just being imported by
    # another thread SciPy stumbles over the half of it that is there.
    from scipy.signal import find_peaks

    peaks, about = find_peaks(values, prominence=least)
    # A base may lie beyond other turning points; a repetition ends before the next.
    lefts = np.maximum(about["left_bases"], np.concatenate([[0], peaks])[:-1])
    rights = np.minimum(about["right_bases"], np.concatenate([peaks, [len(values) - 1]])[1:])
    found = []
    for peak, left, right in zip(peaks, lefts, rights, strict=True):
        before = values[left : peak + 1]
        after = values[peak : right + 1]
        rest = 0.5 * (before.min() + after.min())
        # It begins where the joint leaves its rest and ends where it is back.
        near = rest + 0.1 * (values[peak] - rest)
        start = int(peak - np.argmax(before[::-1] <= max(near, before.min())))
        end = int(peak + np.argmax(after <= max(near, after.min())))
        if time_s[end] - time_s[start] >= _SHORTEST_S:
            begins, turns, ends = (float(time_s[row]) for row in (start, peak, end))
            about_deg = float(sign * rest), float(sign * values[peak])
            found.append(Repetition(begins, turns, ends, *about_deg))
    return found


def _together(first: Repetitions, second: Repetitions) -> bool:
    """Whether most repetitions of one have their turning point inside one of the other."""
    turns = [each.turn_s for each in first.each]
    inside = [any(each.start_s <= turn <= each.end_s for each in second.each) for turn in turns]
    return float(np.mean(inside)) > 0.5
