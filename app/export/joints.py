"""The joints of a motion: 17, and heels and toes if they were estimated."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.export.constant_rate import ConstantRateMotion, at_constant_rate
from app.motion.data import FILLED, MISSING, SEEN, MotionData
from models.skeleton import FOOT_JOINT_NAMES, FOOT_PARENTS, JOINT_NAMES, PARENTS

ALL_NAMES: Final = (*JOINT_NAMES, *FOOT_JOINT_NAMES)


def named_joints(data: MotionData) -> tuple[str, ...]:
    """Return the J joint names."""
    return JOINT_NAMES if data.feet is None else ALL_NAMES


def joint_parents(data: MotionData) -> tuple[int, ...]:
    """Return the index of each one's parent, -1 for the pelvis."""
    return PARENTS if data.feet is None else (*PARENTS, *FOOT_PARENTS)


def output_joints(
    data: MotionData, rows: slice = slice(None)
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (R, J, 3) metres and (R, J) confidences of R ``rows`` in the axes of exports, NaN
    where there are none."""
    xyz, conf = data.output(rows)
    if data.feet is None:
        return xyz, conf
    feet, feet_conf = data.output_feet(rows)
    return np.concatenate([xyz, feet], axis=1), np.concatenate([conf, feet_conf], axis=1)


def joint_states(data: MotionData) -> NDArray[np.uint8]:
    """Return (N, J) SEEN, FILLED or MISSING."""
    if data.feet is None or data.feet_conf is None:
        return data.state
    known = np.isfinite(data.feet).all(axis=-1)
    of_feet = np.where(known, np.where(np.isfinite(data.feet_conf), SEEN, FILLED), MISSING)
    return np.concatenate([data.state, of_feet.astype(np.uint8)], axis=1)


def joints_at_constant_rate(data: MotionData, fps: float | None = None) -> ConstantRateMotion:
    """Like :func:`app.export.constant_rate.at_constant_rate`, for all J joints."""
    even = at_constant_rate(data, fps)
    if data.feet is None:
        return even
    seen = np.concatenate([even.seen, even.feet_seen], axis=1)
    return replace(even, xyz=even.everything, seen=seen)
