"""How far each joint moved, and how the two sides compare; how far off that is, and what two sides
may differ by without differing.

The accuracy was measured on clothed drawn people whose angles are known, lifted by the shipped
weights from the heavy landmarks: 134 takes of up to 1.6 s of people whom the weights had not met.
``mixpose evaluate --study`` measures it again (:mod:`app.lab.evaluation.range_study`).  Of both,
nine in ten were off by less than what stands here.  A wrong pitch of the camera bends both knees,
so that a difference of the legs is more certain than a range; of the arms it is less.
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
"""Degrees, by the movement: the angle's name without its side."""

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
"""Degrees, of the range on the left against that on the right."""


def movement(angle: str) -> str:
    """The name of an angle without its side."""
    return angle.removeprefix("left_").removeprefix("right_")


_OUTERMOST: Final = 1.0
"""Percent of the frames at either end that are left out: single frames that are wrong are not the
end of a range."""
_FEWEST: Final = 5
_LEAST_RANGE_DEG: Final = 10.0
"""Sides that move less than this are not compared: neither of them moves."""


@dataclass(frozen=True, slots=True)
class Range:
    """How far one angle went, degrees, by the 1st and the 99th percentile of its frames."""

    name: str
    lowest: float
    highest: float
    mean: float
    known: float
    """Share of the frames in which the angle is known."""

    @property
    def width(self) -> float:
        """The range of motion."""
        return self.highest - self.lowest

    @property
    def off(self) -> float:
        """Degrees: nine ranges of this angle in ten are off by less."""
        return RANGE_OFF_DEG[movement(self.name)]


@dataclass(frozen=True, slots=True)
class Symmetry:
    """One movement of left and right."""

    name: str
    """Of the angle, without its side."""
    left: float
    """Range of motion, degrees."""
    right: float

    @property
    def off(self) -> float:
        """Degrees: nine differences of left and right in ten are off by less."""
        return DIFFERENCE_OFF_DEG[self.name]

    @property
    def index(self) -> float | None:
        """Percent: the difference of left and right over their mean (Robinson et al., J.
        Manipulative Physiol. Ther. 10, 1987); positive where the left moves further.

        None where the difference is no larger than what it may be :attr:`off` by: sides that move
        alike would come out so, too.
        """
        if abs(self.left - self.right) <= self.off:
            return None
        return 100.0 * (self.left - self.right) / self._mean

    @property
    def index_off(self) -> float:
        """Percent: nine indices in ten are off by less."""
        return 100.0 * self.off / self._mean

    @property
    def _mean(self) -> float:
        return 0.5 * (self.left + self.right)


def ranges(angles: NDArray[np.float64]) -> dict[str, Range]:
    """By angle, of those known in five frames or more.

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
    """Of one angle, (N,) degrees, NaN where unknown; None if too few are known."""
    known = degrees[np.isfinite(degrees)]
    if len(known) < _FEWEST:
        return None
    low, high = np.percentile(known, [_OUTERMOST, 100.0 - _OUTERMOST])
    share = len(known) / len(degrees)
    return Range(name, float(low), float(high), float(known.mean()), share)


def symmetries(found: dict[str, Range]) -> list[Symmetry]:
    """Of the movements that were made on both sides, in the order of the angles."""
    pairs = []
    for name in found:
        if not name.startswith("left_"):
            continue
        other = found.get(f"right_{movement(name)}")
        if other is None or max(found[name].width, other.width) < _LEAST_RANGE_DEG:
            continue
        pairs.append(Symmetry(movement(name), found[name].width, other.width))
    return pairs
