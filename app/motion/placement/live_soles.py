"""The soles of the displayed person, frame by frame.

Standing feet lie flat on the floor, and stay while they stand, though a squatting knee may hide
them for a moment.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.motion.data import ANKLES
from app.motion.ground import ANKLE_M, MOST_TIPPED_DEG
from models.feet import FLAT_DEG, laid_flat

_SOLE_S: Final = 0.1
"""Time constant with which a foot goes over to lying flat, and back."""
_STANDS_M: Final = (0.03, 0.07)
"""Metres by which an ankle is higher than that of a standing foot: up to the first the foot lies
flat, from the second on not at all."""
_TIPS_DEG: Final = 15.0
"""Likewise, degrees over which flattening fades out for a foot that tips."""
_MOST_RAISED_DEG: Final = 35.0
"""Toes of a standing foot are not raised further, even at heel strike."""
_STAYS_M: Final = (0.06, 0.10)
"""Metres over the floor from where a foot was known last: up to the first it has not left, from the
second on it is not drawn.  A standing person's depth jitters by centimetres."""
_KEPT_S: Final = (2.5, 3.0)
"""Seconds, likewise: a slow squat hides a foot for that long."""
_UP: Final = np.array([0.0, 1.0, 0.0])


class Soles(NamedTuple):
    """Feet to be drawn."""

    feet: NDArray[np.float32]
    """(4, 3) heels and toes in world axes; NaN where they are not known."""
    opacity: NDArray[np.float32]
    """(4,) opacity of each, 0 to 1."""


class LiveSoles:
    """The soles of one person."""

    def __init__(self) -> None:
        self._flat: NDArray[np.float64] | None = None
        """How flat the left and the right foot are laid, 0 to 1."""
        self._shapes = np.full((2, 2, 3), np.nan, np.float32)
        """Heel and toe relative to the ankle, of the left and the right foot, when known last."""
        self._places = np.full((2, 3), np.nan)
        """The ankles' positions at that time."""
        self._age_s = np.full(2, math.inf)

    def step(
        self,
        feet: NDArray[np.float32],
        opacity: NDArray[np.floating] | None,
        joints: NDArray[np.float32],
        step_s: float,
    ) -> Soles:
        """Return the soles of the next frame.

        Args:
            feet: (4, 3) heels and toes as estimated, in world axes; NaN where they are not known.
            opacity: (4,) their opacity; None if all are opaque.
            joints: (17, 3) in world axes: y up, the floor at 0; NaN where they are not known.
            step_s: seconds since the frame before.
        """
        ankles = joints[list(ANKLES)].astype(np.float64)
        heights = np.nan_to_num(ankles[:, 1] - ANKLE_M, nan=math.inf)
        near = np.interp(heights, _STANDS_M, (1.0, 0.0))
        flat = self._laid_flat(feet, ankles, near, step_s)
        shapes = np.stack([flat[:2], flat[2:]], axis=1)
        there = np.asarray(np.isfinite(shapes).all(axis=(1, 2)))
        given = np.ones(2) if opacity is None else np.asarray(opacity[:2], np.float64)
        certain = there & (given >= 1)
        self._age_s = np.where(certain, 0.0, self._age_s + step_s)
        self._places[certain] = ankles[certain]
        self._shapes[certain] = (shapes - ankles[:, None])[certain]
        kept = self._kept(ankles, near)
        shapes = np.where(there[:, None, None], shapes, self._shapes + ankles[:, None])
        shown = np.maximum(np.where(there, given, 0.0), kept)
        shapes[shown <= 0] = np.nan
        return Soles(
            np.concatenate([shapes[:, 0], shapes[:, 1]]).astype(np.float32),
            np.tile(shown, 2).astype(np.float32),
        )

    def _kept(self, ankles: NDArray[np.float64], near: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (2,) the opacity of each foot if it still stands where it was known last."""
        away = np.linalg.norm((ankles - self._places)[:, [0, 2]], axis=1)
        still = np.interp(np.nan_to_num(away, nan=math.inf), _STAYS_M, (1.0, 0.0))
        fresh = np.interp(self._age_s, _KEPT_S, (1.0, 0.0))
        return np.asarray(np.minimum(np.minimum(still, fresh), near))

    def _laid_flat(
        self,
        feet: NDArray[np.float32],
        ankles: NDArray[np.float64],
        near: NDArray[np.float64],
        step_s: float,
    ) -> NDArray[np.float32]:
        heels, toes = feet[:2], feet[2:]
        across = np.linalg.norm((toes - heels)[:, [0, 2]], axis=-1)
        tip_deg = np.degrees(np.arctan2(heels[:, 1] - toes[:, 1], across)) - FLAT_DEG
        bounds = np.array([-_MOST_RAISED_DEG, MOST_TIPPED_DEG])
        tipped = np.interp(
            tip_deg, [bounds[0] - _TIPS_DEG, *bounds, bounds[1] + _TIPS_DEG], [0.0, 1.0, 1.0, 0.0]
        )
        before = np.zeros(2) if self._flat is None else self._flat
        wanted = np.where(np.isfinite(tip_deg), near * tipped, before)
        if self._flat is None:
            self._flat = wanted
        else:
            self._flat = before + (wanted - before) * (1 - math.exp(-step_s / _SOLE_S))
        flat: NDArray[np.float32] = laid_flat(feet[None], ankles[None], _UP, self._flat[None])[0]
        return flat
