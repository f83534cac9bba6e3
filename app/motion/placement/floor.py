"""The floor: how far it lies below the lens, and what it says of the depth of feet that stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from app.motion.placement.contacts import ANKLE_M
from app.motion.placement.sight import Sighting

_POSE_ERROR_M: Final = 0.05
"""What the lifted ankle is off, as the pelvis sees it."""
_SLOPE_ERROR: Final = 0.004
"""What the detector's ankle is off, in slope."""
_CORRELATED: Final = 5.0
"""Both errors last so many frames: a frame says so much less than it seems to."""
_FLAT: Final = 0.02
"""A ray that goes down less than this meets the floor nobody knows where."""
_HIP_SHARE: Final = 0.530
"""Of the stature: how high the hips are (Drillis and Contini 1966; in Winter 2009, figure 4.1)."""
_STATURE_M: Final = 1.70
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


def feet_on_floor(
    floor: Floor,
    up: NDArray[np.float64],
    slopes: NDArray[np.float64],
    ankle: NDArray[np.float64],
    stands: NDArray[np.bool_],
) -> Sighting:
    """Where the pelvis is, by one foot: the ankle lies where its ray is as high as ankles are.

    Better in depth than the person's size wherever the camera looks down on the floor, and sure
    of it however the lifted legs and trunk breathe.

    Args:
        floor: where it is.
        up: (3,) unit vector, camera axes.
        slopes: (N, 2) where the ankle was seen.
        ankle: (N, 3) metres from the pelvis, camera axes.
        stands: (N,) when the foot stands; nothing is said of other frames.
    """
    count = len(slopes)
    rays = np.concatenate([slopes, np.ones((count, 1))], axis=1)
    sinks = -(rays @ up)
    below = floor.below_m - ANKLE_M
    rows = np.flatnonzero(stands & (sinks > _FLAT)) if below > 0 else np.empty(0, np.intp)
    place, information = np.zeros((count, 3)), np.zeros((count, 3, 3))
    rays, sinks = rays[rows], sinks[rows, None]
    spot = below / sinks * rays
    place[rows] = spot - ankle[rows]
    # An error of the slope moves the spot along its ray; the pose's error goes in all directions.
    along = spot * (_SLOPE_ERROR / sinks)
    spread = along[:, :, None] * along[:, None, :] + _POSE_ERROR_M**2 * np.eye(3)
    information[rows] = np.linalg.inv(_CORRELATED * spread)
    return Sighting(place, information)
