"""Ranges of motion of the joints, and their symmetry between left and right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.motion.angles import ANGLES
from app.motion.measures.accuracy import DIFFERENCE_OFF_DEG, RANGE_OFF_DEG, movement

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
