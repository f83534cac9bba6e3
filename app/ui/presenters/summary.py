"""A one-line summary of joint angles over a part of a motion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.motion.angles import ANGLE, ANGLES
from app.motion.measures.ranges import Range, range_of
from app.motion.measures.repetitions import count_repetitions


@dataclass(frozen=True, slots=True)
class Summary:
    """Ranges of motion and numbers of repetitions."""

    of: str
    """Label of the part that is summarised."""
    ranges: tuple[Range, ...]
    """Ranges of the angles that are known."""
    repetitions: tuple[tuple[str, int], ...]
    """(angle, number of repetitions), without angles that have none."""

    @property
    def words(self) -> str:
        """The sentence, such as
        ``Selected part: left 5 to 96° (91°), right 4 to 95° (91°), 8 repetitions``."""
        if not self.ranges:
            return f"{self.of}: not seen well enough to be measured"
        parts = [f"{_side(each.name)}{_between(each)}" for each in self.ranges]
        counts = {count for _, count in self.repetitions}
        if len(counts) == 1 and len(self.repetitions) == len(self.ranges):
            parts.append(_times(counts.pop()))
        else:
            parts += [f"{_side(name)}{_times(count)}" for name, count in self.repetitions]
        return f"{self.of}: {', '.join(parts)}"


def summarise(
    of: str, degrees: Mapping[str, NDArray[np.float64]], time_s: NDArray[np.float64]
) -> Summary:
    """Summarise some angles.

    Args:
        of: label of the part.
        degrees: angle's name -> (N,) degrees, NaN where unknown.
        time_s: (N,) strictly increasing seconds.
    """
    found = [range_of(name, values) for name, values in degrees.items()]
    counted = [
        (name, len(count_repetitions(name, values, time_s).each))
        for name, values in degrees.items()
    ]
    return Summary(
        of,
        tuple(each for each in found if each is not None),
        tuple((name, count) for name, count in counted if count),
    )


def _side(name: str) -> str:
    side = ANGLES[ANGLE[name]].side
    return "" if side == "middle" else f"{side} "


def _between(found: Range) -> str:
    low, high = (f"{round(value)}".replace("-", "−") for value in (found.lowest, found.highest))
    return f"{low} to {high}° ({round(found.width)}°)"


def _times(count: int) -> str:
    return f"{count} repetition" if count == 1 else f"{count} repetitions"
