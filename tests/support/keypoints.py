"""Keypoint packets made by hand."""

from __future__ import annotations

import numpy as np

from app.packets import Keypoints2D
from models.skeleton import JOINT, JOINT_COUNT, LANDMARK_COUNT


def keypoints(
    index: int = 0,
    *,
    tracked: bool = True,
    unseen: tuple[str, ...] = (),
    at: dict[str, tuple[float, float]] | None = None,
    detected_at: float | None = None,
    size: tuple[int, int] = (640, 480),
) -> Keypoints2D:
    """A person in the middle of the picture; ``unseen`` joints have confidence 0.1."""
    xy = np.full((JOINT_COUNT, 2), (size[0] / 2, size[1] / 2), np.float32)
    conf = np.full(JOINT_COUNT, 0.9, np.float32)
    for name, place in (at or {}).items():
        xy[JOINT[name]] = place
    conf[[JOINT[name] for name in unseen]] = 0.1
    if not tracked:
        xy[:], conf[:] = np.nan, 0.0
    now = index / 30 if detected_at is None else detected_at
    return Keypoints2D(
        index=index,
        time_s=index / 30,
        size=size,
        tracked=tracked,
        landmarks=np.zeros((LANDMARK_COUNT, 5), np.float32),
        world=np.zeros((LANDMARK_COUNT, 3), np.float32),
        xy=xy,
        conf=conf,
        captured_at=now,
        detected_at=now,
    )
