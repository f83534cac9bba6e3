"""Somebody who stands, whose feet a detector sees exactly."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.feet import DetectedPoses, Feet, find_feet
from models.skeleton import JOINT

SIZE = (640, 480)
UP = np.array([0.0, -1.0, 0.0])
STANDING = {
    "right_hip": (-0.1, 0.0, 0.0), "right_knee": (-0.1, 0.42, -0.03),
    "right_ankle": (-0.1, 0.83, 0.0), "left_hip": (0.1, 0.0, 0.0),
    "left_knee": (0.1, 0.42, -0.03), "left_ankle": (0.1, 0.83, 0.0),
    "spine": (0.0, -0.25, 0.0), "thorax": (0.0, -0.5, 0.0), "nose": (0.0, -0.68, -0.1),
    "head": (0.0, -0.68, 0.0), "left_shoulder": (0.18, -0.5, 0.0), "left_elbow": (0.22, -0.2, 0.0),
    "left_wrist": (0.24, 0.05, 0.0), "right_shoulder": (-0.18, -0.5, 0.0),
    "right_elbow": (-0.22, -0.2, 0.0), "right_wrist": (-0.24, 0.05, 0.0),
}  # fmt: skip
"""Somebody who faces the camera."""


class Scene(NamedTuple):
    detected: DetectedPoses
    xyz: NDArray[np.float64]
    time_s: NDArray[np.float64]

    def found(self, missing: NDArray[np.bool_] | None = None) -> Feet:
        none = np.zeros(self.xyz.shape[:2], bool)
        return find_feet(
            *(self.detected, self.xyz, none if missing is None else missing, self.time_s, SIZE),
            up=UP,
        )


def scene(heading: float = 0.0, frames: int = 5, toe_out: float = 10.0) -> Scene:
    """A standing person, turned by degrees to their left, seen exactly."""
    pose = np.zeros((17, 3))
    for name, place in STANDING.items():
        pose[JOINT[name]] = place
    feet = np.zeros((4, 3))
    for index, (side, out) in enumerate((("left", 1.0), ("right", -1.0))):
        turn = np.radians(toe_out) * out
        ahead = np.array([np.sin(turn), 0.0, -np.cos(turn)])
        heel = pose[JOINT[f"{side}_ankle"]] + (0.0, 0.06, 0.0) - 0.04 * ahead
        feet[index], feet[2 + index] = heel, heel + 0.22 * ahead + (0.0, 0.03, 0.0)
    angle = np.radians(heading)
    about = np.array(
        [[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]]
    )
    pose, feet = pose @ about.T, feet @ about.T

    def seen(points: NDArray[np.float64]) -> NDArray[np.float64]:
        there = points + (0.0, -0.1, 3.0)
        return there[:, :2] / there[:, 2:] * 500 + np.array(SIZE) / 2

    evidence = np.column_stack([seen(feet), np.full(4, 0.95), feet])

    def frames_of(array: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.repeat(array[None], frames, axis=0)

    detected = DetectedPoses(
        *(frames_of(each) for each in (seen(pose), np.full(17, 0.95), pose, evidence))
    )
    return Scene(detected, frames_of(pose), np.arange(frames) / 30)


def directions(feet: NDArray[np.floating]) -> NDArray[np.floating]:
    ahead = feet[:, 2:] - feet[:, :2]
    return ahead / np.linalg.norm(ahead, axis=-1, keepdims=True)
