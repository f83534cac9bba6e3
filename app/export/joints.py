"""The joints a motion has: the 17, and heels and toes where somebody looked for them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.motion.data import MotionData
from models.skeleton import FOOT_JOINT_NAMES, JOINT_NAMES


def named_joints(data: MotionData) -> tuple[str, ...]:
    """Their J names."""
    return JOINT_NAMES if data.feet is None else (*JOINT_NAMES, *FOOT_JOINT_NAMES)


def outgoing_joints(data: MotionData) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(N, J, 3) metres and (N, J) confidences, NaN where there are none, as they may leave the
    program."""
    xyz, conf = data.outgoing()
    if data.feet is None:
        return xyz, conf
    feet, feet_conf = data.outgoing_feet()
    return np.concatenate([xyz, feet], axis=1), np.concatenate([conf, feet_conf], axis=1)
