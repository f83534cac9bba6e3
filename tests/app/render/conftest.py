"""A standing pose and requests for pictures of it."""

from __future__ import annotations

import numpy as np
import pytest

from app.render.camera import FRONT, View
from app.render.colours import DARK_SCENE, SceneTheme
from app.render.request import Body, SkeletonRequest
from models.skeleton import JOINT_NAMES

_STANDING = {
    "pelvis": (0.0, 0.92, 0.0),
    "right_hip": (-0.10, 0.92, 0.0),
    "right_knee": (-0.12, 0.50, 0.05),
    "right_ankle": (-0.12, 0.09, 0.0),
    "left_hip": (0.10, 0.92, 0.0),
    "left_knee": (0.12, 0.50, 0.05),
    "left_ankle": (0.12, 0.09, 0.0),
    "spine": (0.0, 1.17, 0.0),
    "thorax": (0.0, 1.42, 0.0),
    "nose": (0.0, 1.60, 0.12),
    "head": (0.0, 1.62, 0.0),
    "left_shoulder": (0.18, 1.42, 0.0),
    "left_elbow": (0.30, 1.18, 0.02),
    "left_wrist": (0.42, 0.98, 0.10),
    "right_shoulder": (-0.18, 1.42, 0.0),
    "right_elbow": (-0.30, 1.18, 0.02),
    "right_wrist": (-0.42, 0.98, 0.10),
}


@pytest.fixture
def standing() -> np.ndarray:
    """(17, 3) world axes; the arms stand away from the trunk."""
    return np.array([_STANDING[name] for name in JOINT_NAMES], dtype=np.float32)


def request_for(
    joints: np.ndarray | None,
    *,
    hidden: tuple[int, ...] = (),
    opacity: float = 1.0,
    view: View | None = None,
    theme: SceneTheme = DARK_SCENE,
) -> SkeletonRequest:
    """A picture of the pose; of the empty floor for ``None``."""
    body = None
    if joints is not None:
        drawn = np.ones(17, dtype=bool)
        drawn[list(hidden)] = False
        body = Body(joints, drawn, np.full(17, opacity, dtype=np.float32))
    return SkeletonRequest(view or FRONT.view(), theme, body)
