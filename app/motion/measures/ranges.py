"""How far each joint moved, and how the two sides compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.motion.angles import ANGLES
from app.motion.measures.accuracy import DIFFERENCE_OFF_DEG, RANGE_OFF_DEG, movement

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
