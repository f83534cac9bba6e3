"""The floor: how far below a lens it lies, and how poses stand on it.

The one place that says where soles are: exports, films and the 3D view take it from here.
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
"""A foot that points further down than a flat one stands on its toes."""
_HIP_SHARE: Final = 0.530
"""Of the stature: how high the hips are (Drillis and Contini 1966; in Winter 2009, figure 4.1)."""
_STATURE_M: Final = 1.70
PELVIS_M: Final = _HIP_SHARE * _STATURE_M
"""Height given to the pelvis of somebody whose feet nobody has seen."""
_LOWEST_FEET: Final = 10
"""Per cent of the frames in which the lower ankle of a person who never stands still counts."""


@dataclass(frozen=True, slots=True)
class Floor:
    """A plane across ``up``."""

    below_m: float
    """How far it is below the lens."""
    origin: Literal["given", "standing feet", "lowest feet", "body height"]
    """Who says so; the last is a guess for whom nobody saw the feet of."""


def find_floor(
    up: NDArray[np.float64],
    pelvis: NDArray[np.float64],
    ankles: NDArray[np.float64],
    seen: NDArray[np.bool_],
    stands: NDArray[np.bool_],
    height_m: float | None,
) -> Floor:
    """Where the floor is.

    Args:
        up: (3,) unit vector, camera axes.
        pelvis: (N, 3) metres, camera axes; NaN where unknown; at least one is known.
        ankles: (N, 2, 3) likewise.
        seen: (N, 2) whether the ankles were seen; where they were, they are known.
        stands: (N, 2) which feet stand; only where they are seen.
        height_m: the person's stature, if it is known.
    """
    if stands.any():
        return Floor(ANKLE_M - float(np.median(ankles[stands] @ up)), "standing feet")
    if seen.any():
        heights = ankles[seen] @ up
        return Floor(ANKLE_M - float(np.percentile(heights, _LOWEST_FEET)), "lowest feet")
    hips = float(np.nanmedian(pelvis @ up))
    return Floor(_HIP_SHARE * (height_m or _STATURE_M) - hips, "body height")


def pelvis_heights(joints: NDArray[np.floating], missing: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Heights (...,) of pelvises above a floor that the lower foot of each pose stands on.

    Args:
        joints: (..., 17, 3) metres from the pelvis, y up.
        missing: (..., 17) joints that are not known; NaN is returned where both ankles are.
    """
    feet = list(ANKLES)
    lowest = np.where(missing[..., feet], np.inf, joints[..., feet, 1]).min(axis=-1)
    return np.asarray(np.where(np.isfinite(lowest), ANKLE_M - lowest, np.nan), np.float64)
