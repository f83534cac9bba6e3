"""Feet that stand lie flat on the floor, and are there for as long as they stand.

A foot that stands stays where it is, though it is not always told which way it points: squatting,
a knee hides it, or what is told contradicts the picture.  Between two sightings in one contact it
turns evenly.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from app.motion.data import ANKLES, MotionData
from app.motion.ground import MOST_TIPPED_DEG
from app.motion.placement.contacts import runs
from models.feet import FLAT_DEG, laid_flat

_EASE_S: Final = 0.1
"""Before and after it stands, a foot goes over to lying flat."""


def with_soles_down(
    data: MotionData, stands: NDArray[np.bool_], up: NDArray[np.float64]
) -> MotionData:
    """Feet that stand lie flat, unless the toes alone bear them, and have no gaps.

    Args:
        data: the motion, with joints where they are placed.
        stands: (N, 2) which feet stand.
        up: (3,) unit vector, camera axes.
    """
    if data.feet is None or data.feet_conf is None:
        return data
    ankles = data.xyz[:, list(ANKLES)]
    feet, conf = _without_gaps(data, ankles, stands)
    heels, toes = feet[:, :2], feet[:, 2:]
    tip_deg = np.degrees(np.arctan2((heels - toes) @ up, np.linalg.norm(toes - heels, axis=-1)))
    flat = stands & (tip_deg < FLAT_DEG + MOST_TIPPED_DEG)
    share = np.zeros(flat.shape)
    for each in data.people:
        share[each] = _eased(flat[each], data.time_s[each])
    return replace(data, feet=laid_flat(feet, ankles, up, share), feet_conf=conf)


def _without_gaps(
    data: MotionData, ankles: NDArray[np.float32], stands: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(N, 4, 3) feet and their (N, 4) confidence, NaN where they are bridged in a contact."""
    assert data.feet is not None
    assert data.feet_conf is not None
    feet, conf = data.feet.copy(), data.feet_conf.copy()
    for person in data.people:
        for side in range(2):
            both = [side, 2 + side]
            there = np.isfinite(feet[person][:, both]).all(axis=(1, 2))
            for start, end in runs(stands[person, side]):
                told = start + np.flatnonzero(there[start:end]) + person.start
                if len(told) < 2:
                    continue
                rows = np.arange(told[0], told[-1] + 1)
                gaps = np.setdiff1d(rows, told)
                shape = (feet[told][:, both] - ankles[told, side, None]).reshape(len(told), -1)
                lines = [np.interp(data.time_s[gaps], data.time_s[told], line) for line in shape.T]
                between = np.stack(lines, axis=1).reshape(-1, 2, 3) + ankles[gaps, side, None]
                feet[gaps[:, None], both] = between
                conf[gaps[:, None], both] = np.nan
    return feet, conf


def _eased(stands: NDArray[np.bool_], time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 2) 1 where feet stand, 0 where not, without a step in between."""
    if len(time_s) < 2:
        return stands.astype(np.float64)
    around = 2 * round(_EASE_S / float(np.median(np.diff(time_s)))) + 1
    return np.asarray(uniform_filter1d(stands.astype(np.float64), around, axis=0, mode="nearest"))
