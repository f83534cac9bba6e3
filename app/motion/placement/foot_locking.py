"""Foot locking: the ankle of a standing foot stays at one spot for the duration of a contact.

An upright person's legs are nearly straight.  Where they are a little too short to reach their
spots, the whole body is lowered by as much, since bending the legs alone would let a foot slide.
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
"""Time over which the correction is blended in before a contact and out after it."""
_STRAIGHT: Final = 0.9995
"""Longest reach as a fraction of the leg's length."""
_LOWEST_M: Final = 0.04
"""The body is lowered by at most this; it is not lowered at all for a leg that is too short by
twice as much, which is an error of the lifter."""


def lock_feet(
    time_s: NDArray[np.float64],
    joints: NDArray[np.float64],
    stands: NDArray[np.bool_],
    up: NDArray[np.float64],
    floor_m: float,
) -> NDArray[np.float64]:
    """Return joints (N, 17, 3) in camera space whose standing feet do not slide.

    The ankle of a contact stays at its median position, at its height above the floor; thigh and
    shank keep their lengths and the knee its side.  The body keeps its place, or is lowered until
    the legs reach the spots; towards spots that stay out of reach a leg extends as far as it can.

    Args:
        time_s: (N,) strictly increasing.
        joints: metres from the lens, camera axes.
        stands: (N, 2) which feet stand.
        up: (3,) the up direction, a unit vector in camera axes.
        floor_m: distance of the floor below the lens.
    """
    goals = [
        ankle + _shifts(time_s, ankle, stands[:, foot], up, floor_m)
        for foot, ankle in enumerate(joints[:, joint] for joint in ANKLES)
    ]
    down = np.zeros(len(time_s))
    for leg, goal in zip(_LEGS, goals, strict=True):
        down = np.maximum(down, _needed_drop(joints[:, leg], goal, up))
    result = joints - (_smooth_drop(time_s, down)[:, None] * up)[:, None]
    for (hip, knee, ankle), goal in zip(_LEGS, goals, strict=True):
        moved = (goal != result[:, ankle]).any(axis=1)
        result[moved, knee], result[moved, ankle] = _reach(
            result[moved, hip], result[moved, knee], result[moved, ankle], goal[moved]
        )
    return np.asarray(result)


def _needed_drop(
    leg: NDArray[np.float64], goal: NDArray[np.float64], up: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (N,) metres by which the hip must be lowered for a leg (N, 3, 3) to reach its goal; 0
    where its ankle is at the goal already."""
    reach = _STRAIGHT * np.linalg.norm(np.diff(leg, axis=1), axis=2).sum(axis=1)
    way = goal - leg[:, 0]
    below = -(way @ up)
    aside = (way**2).sum(axis=1) - below**2
    missing = below - np.sqrt(np.maximum(reach**2 - aside, 0.0))
    missing[(goal == leg[:, 2]).all(axis=1)] = 0.0
    return np.asarray(np.clip(np.minimum(missing, 2 * _LOWEST_M - missing), 0.0, _LOWEST_M))


def _smooth_drop(time_s: NDArray[np.float64], down: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N,) values of at least ``down`` that vary smoothly."""
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
    """Return (N, 3) corrections of the ankle's position, fading outside of contacts."""
    total, weight = np.zeros((len(time_s), 3)), np.zeros(len(time_s))
    locked = np.zeros((len(time_s), 3))
    for start, end in runs(stands):
        spot = np.median(ankle[start:end], axis=0)
        spot = spot - (spot @ up + floor_m - ANKLE_M) * up
        locked[start:end] = spot - ankle[start:end]
        for edge, inside in ((start, time_s < time_s[start]), (end - 1, time_s > time_s[end - 1])):
            share = 1 - np.abs(time_s - time_s[edge]) / _BLEND_S
            near = np.flatnonzero(inside & (share > 0) & ~stands)
            eased = share[near] ** 2 * (3 - 2 * share[near])
            total[near] += eased[:, None] * locked[edge]
            weight[near] += eased
    faded = total / np.maximum(weight, 1.0)[:, None]
    return np.asarray(np.where(stands[:, None], locked, faded))


def _reach(
    hip: NDArray[np.float64],
    knee: NDArray[np.float64],
    ankle: NDArray[np.float64],
    goal: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return knees and ankles (M, 3) of legs whose ankle goes to ``goal``, keeping bone lengths."""
    thigh, shank = (
        np.linalg.norm(end - start, axis=1, keepdims=True)
        for start, end in ((hip, knee), (knee, ankle))
    )
    way = goal - hip
    wanted = np.linalg.norm(way, axis=1, keepdims=True)
    along = way / np.maximum(wanted, 1e-9)
    shortest, longest = np.abs(thigh - shank) + 1e-6, _STRAIGHT * (thigh + shank)
    length = np.maximum(np.clip(wanted, shortest, longest), 1e-9)
    # The knee stays on its side; a straight leg keeps the direction of the little bend it had.
    side = knee - hip
    side = side - (side * along).sum(axis=1, keepdims=True) * along
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-9)
    forth = (thigh**2 - shank**2 + length**2) / (2 * length)
    aside = np.sqrt(np.maximum(thigh**2 - forth**2, 0.0))
    return hip + forth * along + aside * side, hip + length * along
