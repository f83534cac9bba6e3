"""Feet that stand, stand still: the legs reach for one spot for as long as a contact lasts.

Who stands upright has legs that are nearly straight.  Where they came out a little too short for
their spots, the whole body goes down by as much; held by its legs alone, a foot would slide.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from app.motion.data import ANKLES, FEET
from app.motion.ground import ANKLE_M
from app.motion.placement.contacts import runs
from models.skeleton import JOINT

_LEGS: Final = tuple(
    tuple(JOINT[f"{side}_{name}"] for name in ("hip", "knee", "ankle")) for side in FEET
)
_BLEND_S: Final = 0.15
"""Before and after a contact the correction grows and fades."""
_STRAIGHT: Final = 0.9995
"""Of a leg's length: how far it reaches at most."""
_LOWEST_M: Final = 0.04
"""The body goes down by no more; for a leg that is shorter by twice as much, which is an error of
the lifter, not at all."""


def lock_feet(
    time_s: NDArray[np.float64],
    joints: NDArray[np.float64],
    stands: NDArray[np.bool_],
    up: NDArray[np.float64],
    floor_m: float,
) -> NDArray[np.float64]:
    """Joints (N, 17, 3) in camera space whose standing feet do not slide.

    The ankle of a contact is held where it was in the median, at its height above the floor; thigh
    and shank keep their lengths, the knee its side.  The body keeps its place, or goes down until
    the spots are in the legs' reach; those that stay out of it are reached for as far as it goes.

    Args:
        time_s: (N,) strictly increasing.
        joints: metres from the lens, camera axes.
        stands: (N, 2) which feet stand.
        up: (3,) unit vector.
        floor_m: how far the floor is below the lens.
    """
    goals = [
        ankle + _shifts(time_s, ankle, stands[:, foot], up, floor_m)
        for foot, ankle in enumerate(joints[:, joint] for joint in ANKLES)
    ]
    down = np.zeros(len(time_s))
    for leg, goal in zip(_LEGS, goals, strict=True):
        down = np.maximum(down, _too_short(joints[:, leg], goal, up))
    result = joints - (_softly(time_s, down)[:, None] * up)[:, None]
    for (hip, knee, ankle), goal in zip(_LEGS, goals, strict=True):
        moved = (goal != result[:, ankle]).any(axis=1)
        result[moved, knee], result[moved, ankle] = _reach(
            result[moved, hip], result[moved, knee], result[moved, ankle], goal[moved]
        )
    return np.asarray(result)


def _too_short(
    leg: NDArray[np.float64], goal: NDArray[np.float64], up: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(N,) metres by which the hip has to come down before a leg (N, 3, 3) reaches its goal; none
    where its ankle is there already."""
    reach = _STRAIGHT * np.linalg.norm(np.diff(leg, axis=1), axis=2).sum(axis=1)
    way = goal - leg[:, 0]
    below = -(way @ up)
    aside = (way**2).sum(axis=1) - below**2
    missing = below - np.sqrt(np.maximum(reach**2 - aside, 0.0))
    missing[(goal == leg[:, 2]).all(axis=1)] = 0.0
    return np.asarray(np.clip(np.minimum(missing, 2 * _LOWEST_M - missing), 0.0, _LOWEST_M))


def _softly(time_s: NDArray[np.float64], down: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) at least ``down``, without its jerks."""
    if len(time_s) < 2:
        return down
    around = 2 * round(_BLEND_S / float(np.median(np.diff(time_s)))) + 1
    return np.asarray(uniform_filter1d(maximum_filter1d(down, around), around))


def _shifts(
    time_s: NDArray[np.float64],
    ankle: NDArray[np.float64],
    stands: NDArray[np.bool_],
    up: NDArray[np.float64],
    floor_m: float,
) -> NDArray[np.float64]:
    """(N, 3) from where the ankle is to where it should be; fading outside of contacts."""
    total, weight = np.zeros((len(time_s), 3)), np.zeros(len(time_s))
    held = np.zeros((len(time_s), 3))
    for start, end in runs(stands):
        spot = np.median(ankle[start:end], axis=0)
        spot = spot - (spot @ up + floor_m - ANKLE_M) * up
        held[start:end] = spot - ankle[start:end]
        for edge, inside in ((start, time_s < time_s[start]), (end - 1, time_s > time_s[end - 1])):
            share = 1 - np.abs(time_s - time_s[edge]) / _BLEND_S
            near = np.flatnonzero(inside & (share > 0) & ~stands)
            eased = share[near] ** 2 * (3 - 2 * share[near])
            total[near] += eased[:, None] * held[edge]
            weight[near] += eased
    faded = total / np.maximum(weight, 1.0)[:, None]
    return np.asarray(np.where(stands[:, None], held, faded))


def _reach(
    hip: NDArray[np.float64],
    knee: NDArray[np.float64],
    ankle: NDArray[np.float64],
    goal: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Knees and ankles (M, 3) of legs whose ankle goes to ``goal``, bones as long as before."""
    thigh, shank = (
        np.linalg.norm(end - start, axis=1, keepdims=True)
        for start, end in ((hip, knee), (knee, ankle))
    )
    way = goal - hip
    wanted = np.linalg.norm(way, axis=1, keepdims=True)
    along = way / np.maximum(wanted, 1e-9)
    shortest, longest = np.abs(thigh - shank) + 1e-6, _STRAIGHT * (thigh + shank)
    length = np.maximum(np.clip(wanted, shortest, longest), 1e-9)
    # The knee stays on the side where it was; a straight leg keeps the little bend that it had.
    side = knee - hip
    side = side - (side * along).sum(axis=1, keepdims=True) * along
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-9)
    forth = (thigh**2 - shank**2 + length**2) / (2 * length)
    aside = np.sqrt(np.maximum(thigh**2 - forth**2, 0.0))
    return hip + forth * along + aside * side, hip + length * along
