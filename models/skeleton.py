"""The 17-joint skeleton: names, bones, sides, and the mapping from the detector's 33 landmarks.

Joint indices are defined here only.  The order is Human3.6M's as used by MixSTE (Zhang et al., CVPR
2022); "left" is always the person's left.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

JOINT_NAMES: Final = (
    "pelvis",
    "right_hip",
    "right_knee",
    "right_ankle",
    "left_hip",
    "left_knee",
    "left_ankle",
    "spine",
    "thorax",
    "nose",
    "head",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
)
JOINT_COUNT: Final = len(JOINT_NAMES)
PARENTS: Final = (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15)
JOINT: Final = {name: index for index, name in enumerate(JOINT_NAMES)}
PELVIS: Final = JOINT["pelvis"]

BONES: Final = tuple((parent, joint) for joint, parent in enumerate(PARENTS) if parent >= 0)
"""(parent, child) pairs, 16 of them."""


def _mirrored(name: str) -> str:
    other = {"left": "right", "right": "left"}
    return "_".join(other.get(word, word) for word in name.split("_"))


MIRROR: Final = tuple(JOINT[_mirrored(name)] for name in JOINT_NAMES)
"""``pose[..., MIRROR, :]`` exchanges the left and right joints."""

SIDES: Final = tuple(name.partition("_")[0] if "_" in name else "middle" for name in JOINT_NAMES)
"""``"left"``, ``"right"`` or ``"middle"`` for each joint; determines its colour everywhere."""

LANDMARK_NAMES: Final = (
    "nose",
    "left_eye_inner",
    "left_eye",
    "left_eye_outer",
    "right_eye_inner",
    "right_eye",
    "right_eye_outer",
    "left_ear",
    "right_ear",
    "mouth_left",
    "mouth_right",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_pinky",
    "right_pinky",
    "left_index",
    "right_index",
    "left_thumb",
    "right_thumb",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
    "left_heel",
    "right_heel",
    "left_foot_index",
    "right_foot_index",
)
"""The 33 BlazePose landmarks in MediaPipe's order."""
LANDMARK_COUNT: Final = len(LANDMARK_NAMES)
LANDMARK_MIRROR: Final = tuple(LANDMARK_NAMES.index(_mirrored(name)) for name in LANDMARK_NAMES)
"""``landmarks[..., LANDMARK_MIRROR, :]`` exchanges the left and right landmarks."""

_DERIVED: Final = {
    "pelvis": ("left_hip", "right_hip"),
    "thorax": ("left_shoulder", "right_shoulder"),
    "spine": ("left_hip", "right_hip", "left_shoulder", "right_shoulder"),
    "head": ("left_ear", "right_ear"),
}
LANDMARK_SOURCES: Final = tuple(
    tuple(LANDMARK_NAMES.index(source) for source in _DERIVED.get(name, (name,)))
    for name in JOINT_NAMES
)
"""Landmarks whose mean gives each joint; the spine is halfway from pelvis to thorax."""

FOOT_JOINT_NAMES: Final = ("left_heel", "right_heel", "left_toe", "right_toe")
"""Joints in addition to the 17 of the network, estimated by :mod:`models.feet`."""
FOOT_JOINT_COUNT: Final = len(FOOT_JOINT_NAMES)
FOOT_PARENTS: Final = (JOINT["left_ankle"], JOINT["right_ankle"]) * 2
"""The parent of each among the 17 joints."""
FOOT_MIRROR: Final = tuple(FOOT_JOINT_NAMES.index(_mirrored(name)) for name in FOOT_JOINT_NAMES)
"""``feet[..., FOOT_MIRROR, :]`` exchanges left and right."""
FOOT_LANDMARKS: Final = tuple(
    LANDMARK_NAMES.index(name.replace("toe", "foot_index")) for name in FOOT_JOINT_NAMES
)
"""The landmark of each."""


def joints_from_landmarks(points: NDArray[np.floating]) -> NDArray[np.floating]:
    """Map 33 landmarks to the 17 joints: (..., 33, D) coordinates -> (..., 17, D), same units."""
    _require_landmarks(points.shape[-2])
    return np.stack(
        [points[..., list(sources), :].mean(axis=-2) for sources in LANDMARK_SOURCES], axis=-2
    )


def confidence_from_landmarks(visibility: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the joints' confidence, the minimum over their landmarks: (..., 33) -> (..., 17)."""
    _require_landmarks(visibility.shape[-1])
    return np.stack(
        [visibility[..., list(sources)].min(axis=-1) for sources in LANDMARK_SOURCES], axis=-1
    )


def world_joints(world: NDArray[np.floating]) -> NDArray[np.floating]:
    """Map MediaPipe's world landmarks to the 17 joints.

    Args:
        world: (..., 33, 3) world landmarks, metres, x right, y down, z away.

    Returns:
        (..., 17, 3) metres from the pelvis; NaN where no person was found.
    """
    return about_pelvis(joints_from_landmarks(world))


def about_pelvis(joints: NDArray[np.floating]) -> NDArray[np.floating]:
    """Translate (..., 17, 3) joints so that the pelvis is the origin."""
    return np.asarray(joints - joints[..., PELVIS : PELVIS + 1, :])


def _require_landmarks(count: int) -> None:
    if count != LANDMARK_COUNT:
        raise ValueError(f"expected {LANDMARK_COUNT} landmarks, got {count}")
