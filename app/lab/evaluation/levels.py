"""How far off the level is that the lifter finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.level import Level


@dataclass(frozen=True)
class LevelError:
    """Degrees, medians over takes."""

    pitch: float
    roll: float
    total: float
    """Between up and up."""
    claimed: float
    """How far off the lifter took itself to be, as a standard deviation in each of two
    directions."""
    takes: int


def level_error(
    takes: Iterable[tuple[Level | None, NDArray[np.floating] | None]],
) -> LevelError | None:
    """Compare (3,) where up is with what was found, in takes of which both are known.

    None where there is no such take.
    """
    rows = [_errors(found, up) for found, up in takes if found is not None and up is not None]
    if not rows:
        return None
    pitch, roll, total, claimed = np.median(rows, axis=0).tolist()
    return LevelError(pitch, roll, total, claimed, len(rows))


def _errors(found: Level, up: NDArray[np.floating]) -> tuple[float, float, float, float]:
    true = Level(np.asarray(up, np.float32), 0.0)
    roll = (found.roll_deg - true.roll_deg + 180) % 360 - 180
    total = np.degrees(np.arccos(np.clip(found.up @ true.up, -1.0, 1.0)))
    return abs(found.pitch_deg - true.pitch_deg), abs(roll), float(total), found.spread_deg
