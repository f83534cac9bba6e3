"""The floor: its distance below the lens, and the height of poses above it.

This is the only module that defines where soles are; exports, videos and the 3D view use it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from app.motion.data import ANKLES

ANKLE_M: Final = 0.08
"""Height of the ankle above the sole of a foot that stands flat."""
MOST_TIPPED_DEG: Final = 25.0
"""A foot that points down by more than this, relative to a flat foot, stands on its toes."""
_HIP_FRACTION: Final = 0.530
"""Height of the hips as a fraction of the stature (Drillis and Contini 1966; in Winter
2009, figure 4.1)."""
_STATURE_M: Final = 1.70
PELVIS_M: Final = _HIP_FRACTION * _STATURE_M
"""Assumed height of the pelvis of a person whose feet were never seen."""
_LOWEST_FEET: Final = 10
"""Percentile of the ankles' heights that is taken for standing if no foot ever stands still."""


@dataclass(frozen=True, slots=True)
class Floor:
    """A plane orthogonal to the up direction."""

    below_m: float
    """Its distance below the lens."""
    origin: Literal["given", "standing feet", "lowest feet", "body height"]
    """What it was estimated from; the last is a guess for a person whose feet were never seen."""


def find_floor(
    up: NDArray[np.float64],
    pelvis: NDArray[np.float64],
    ankles: NDArray[np.float64],
    seen: NDArray[np.bool_],
    stands: NDArray[np.bool_],
    height_m: float | None,
) -> Floor:
    """Estimate the floor.

    Args:
        up: (3,) the up direction, a unit vector in camera axes.
        pelvis: (N, 3) metres, camera axes; NaN where unknown; at least one is known.
        ankles: (N, 2, 3) likewise.
        seen: (N, 2) whether the ankles were seen; where they were, they are known.
        stands: (N, 2) which feet are in contact; only where they are seen.
        height_m: the person's stature, if it is known.
    """
    if stands.any():
        return Floor(ANKLE_M - float(np.median(ankles[stands] @ up)), "standing feet")
    if seen.any():
        heights = ankles[seen] @ up
        return Floor(ANKLE_M - float(np.percentile(heights, _LOWEST_FEET)), "lowest feet")
    hips = float(np.nanmedian(pelvis @ up))
    return Floor(_HIP_FRACTION * (height_m or _STATURE_M) - hips, "body height")


def pelvis_heights(joints: NDArray[np.floating], missing: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return (...,) heights of the pelvis if the lower foot of each pose stands on the floor.

    Args:
        joints: (..., 17, 3) metres from the pelvis, y up.
        missing: (..., 17) joints that are not known; the height is NaN if both ankles are missing.
    """
    feet = list(ANKLES)
    lowest = np.where(missing[..., feet], np.inf, joints[..., feet, 1]).min(axis=-1)
    return np.asarray(np.where(np.isfinite(lowest), ANKLE_M - lowest, np.nan), np.float64)
