"""Repetitions of a movement (squats, raises, curls), counted and timed by one joint angle.

A repetition goes from one turning point of the angle over the opposite one to the next.  Turning
points are peaks whose prominence (``scipy.signal.find_peaks``) is a given fraction of the whole
range, so that tremor and hesitation do not count.
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
"""Least range of a repetition."""
_LEAST_FRACTION: Final = 0.5
"""Least range of a repetition as a fraction of the angle's whole range."""
_SHORTEST_S: Final = 0.3
_FEWEST: Final = 2
"""A movement made once is not a repetition."""
_MOVEMENTS: Final = (
    *("knee_flexion", "elbow_flexion", "shoulder_elevation", "hip_flexion", "trunk_flexion"),
)
"""The angles that people count by: a squat by the knees, not by the hips that move with them."""
_CLEAR: Final = 0.6
"""Angles whose range is at least this fraction of the widest are ordered as in
:data:`_MOVEMENTS`."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """One repetition: from rest to the turning point and back."""

    start_s: float
    turn_s: float
    end_s: float
    rest_deg: float
    """The mean of the angle at its beginning and end."""
    turn_deg: float
    """The angle at the turning point."""

    @property
    def duration_s(self) -> float:
        """Time from the beginning to the end."""
        return self.end_s - self.start_s

    @property
    def range_deg(self) -> float:
        """The angle that the joint moves through."""
        return abs(self.turn_deg - self.rest_deg)


@dataclass(frozen=True, slots=True)
class Repetitions:
    """All repetitions of one angle."""

    name: str
    each: tuple[Repetition, ...]

    @property
    def range_deg(self) -> float:
        """The median of the repetitions' ranges."""
        return float(np.median([each.range_deg for each in self.each]))

    @property
    def per_minute(self) -> float:
        """Repetitions per minute, from their mean duration."""
        return 60.0 / float(np.mean([each.duration_s for each in self.each]))


def count_repetitions(name: str, degrees: Array, time_s: Array) -> Repetitions:
    """Count the repetitions of one angle.

    Args:
        name: name of the angle.
        degrees: (N,) the angle, NaN where unknown; smoothed.
        time_s: (N,) strictly increasing seconds.
    """
    found: list[Repetition] = []
    known = np.flatnonzero(np.isfinite(degrees))
    if len(known) > 2:
        values = degrees[known]
        low, high = np.percentile(values, [1, 99])
        # A person who rests bent and extends now and then is counted by the extensions.
        sign = 1.0 if np.median(values) <= (low + high) / 2 else -1.0
        least = max(LEAST_DEG, _LEAST_FRACTION * (high - low))
        breaks = np.flatnonzero(np.diff(time_s[known]) > LONGEST_GAP_S) + 1
        for part in np.split(known, breaks):
            found += _in_part(sign * degrees[part], time_s[part], least, sign)
    return Repetitions(name, tuple(found))


def find_repetitions(angles: Array, time_s: Array) -> list[Repetitions]:
    """Return the repetitions found, the clearest first; of angles that move together only one.

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
    # Imported here: it takes a third of a second when the window starts, and SciPy fails if another
    # thread is importing PyTorch at that moment.
    from scipy.signal import find_peaks

    peaks, about = find_peaks(values, prominence=least)
    # A base may lie beyond other peaks; a repetition ends before the next one.
    lefts = np.maximum(about["left_bases"], np.concatenate([[0], peaks])[:-1])
    rights = np.minimum(about["right_bases"], np.concatenate([peaks, [len(values) - 1]])[1:])
    found = []
    for peak, left, right in zip(peaks, lefts, rights, strict=True):
        before = values[left : peak + 1]
        after = values[peak : right + 1]
        rest = 0.5 * (before.min() + after.min())
        # It begins where the joint leaves its rest and ends where it returns to it.
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
