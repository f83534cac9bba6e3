"""Ranges of motion of the joints, their symmetry between left and right, and the errors of both.

The errors were measured on synthetic clothed people whose angles are known, lifted by the shipped
weights from the landmarks of the heavy model: 134 takes of up to 1.6 s of people not in the
training data.  ``mixpose evaluate --study`` repeats the measurement
(:mod:`app.lab.evaluation.range_study`).  Values are 90th percentiles of the absolute error.  A
wrong pitch of the camera bends both knees alike, so for legs the difference of the sides is more
accurate than a range; for arms it is less accurate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.motion.angles import ANGLES

RANGE_OFF_DEG: Final = {
    "trunk_flexion": 10.9,
    "trunk_bending": 6.9,
    "trunk_rotation": 23.0,
    "hip_flexion": 32.7,
    "hip_adduction": 13.2,
    "hip_rotation": 22.2,
    "knee_flexion": 26.1,
    "shank_tilt": 36.9,
    "shoulder_elevation": 21.0,
    "shoulder_plane": 69.4,
    "shoulder_rotation": 102.1,
    "elbow_flexion": 31.3,
    "ankle_dorsiflexion": 18.7,
    "foot_progression": 13.1,
}
"""Error of a range in degrees, by movement: the angle's name without its side."""

DIFFERENCE_OFF_DEG: Final = {
    "hip_flexion": 18.6,
    "hip_adduction": 8.4,
    "hip_rotation": 37.9,
    "knee_flexion": 20.3,
    "shank_tilt": 21.3,
    "shoulder_elevation": 18.6,
    "shoulder_plane": 100.9,
    "shoulder_rotation": 117.4,
    "elbow_flexion": 39.1,
    "ankle_dorsiflexion": 17.1,
    "foot_progression": 10.4,
}
"""Error in degrees of the difference between the left and the right range."""


def movement(angle: str) -> str:
    """Return the name of an angle without its side."""
    return angle.removeprefix("left_").removeprefix("right_")


_OUTERMOST: Final = 1.0
"""Percent of the frames left out at either end: outliers are not the end of a range."""
_FEWEST: Final = 5
_LEAST_RANGE_DEG: Final = 10.0
"""Sides that both move less than this are not compared."""


@dataclass(frozen=True, slots=True)
class Range:
    """The range of one angle, degrees, from the 1st to the 99th percentile of its frames."""

    name: str
    lowest: float
    highest: float
    mean: float
    known: float
    """Fraction of the frames in which the angle is known."""

    @property
    def width(self) -> float:
        """The range of motion."""
        return self.highest - self.lowest

    @property
    def off(self) -> float:
        """90th percentile of the error of this angle's range, degrees."""
        return RANGE_OFF_DEG[movement(self.name)]


@dataclass(frozen=True, slots=True)
class Symmetry:
    """The ranges of one movement on the left and the right side."""

    name: str
    """Name of the angle without its side."""
    left: float
    """Range of motion, degrees."""
    right: float

    @property
    def off(self) -> float:
        """90th percentile of the error of the difference of left and right, degrees."""
        return DIFFERENCE_OFF_DEG[self.name]

    @property
    def index(self) -> float | None:
        """Symmetry index in percent: the difference of left and right over their mean (Robinson et
        al., J. Manipulative Physiol. Ther. 10, 1987); positive where the left moves further.

        None where the difference is within its error (:attr:`off`): it could be measured as well on
        sides that move alike.
        """
        if abs(self.left - self.right) <= self.off:
            return None
        return 100.0 * (self.left - self.right) / self._mean

    @property
    def index_off(self) -> float:
        """90th percentile of the error of the index, percent."""
        return 100.0 * self.off / self._mean

    @property
    def _mean(self) -> float:
        return 0.5 * (self.left + self.right)


def ranges(angles: NDArray[np.float64]) -> dict[str, Range]:
    """Return the ranges by name of the angle, of angles known in five frames or more.

    Args:
        angles: (N, A) degrees in the order of :data:`app.motion.angles.ANGLES`, NaN where unknown.
    """
    found = {}
    for column, angle in enumerate(ANGLES):
        each = range_of(angle.name, angles[:, column])
        if each is not None:
            found[angle.name] = each
    return found


def range_of(name: str, degrees: NDArray[np.float64]) -> Range | None:
    """Return the range of (N,) degrees, NaN where unknown; None if too few are known."""
    known = degrees[np.isfinite(degrees)]
    if len(known) < _FEWEST:
        return None
    low, high = np.percentile(known, [_OUTERMOST, 100.0 - _OUTERMOST])
    share = len(known) / len(degrees)
    return Range(name, float(low), float(high), float(known.mean()), share)


def symmetries(found: dict[str, Range]) -> list[Symmetry]:
    """Return the symmetry of movements measured on both sides, in the order of the angles."""
    pairs = []
    for name in found:
        if not name.startswith("left_"):
            continue
        other = found.get(f"right_{movement(name)}")
        if other is None or max(found[name].width, other.width) < _LEAST_RANGE_DEG:
            continue
        pairs.append(Symmetry(movement(name), found[name].width, other.width))
    return pairs
