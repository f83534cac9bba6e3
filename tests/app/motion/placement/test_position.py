from __future__ import annotations

import numpy as np
import pytest

from app.motion.placement.position import estimate_position
from models.skeleton import JOINT, JOINT_COUNT

PLACE = np.array([0.4, -0.1, 3.0])


def _body(frames: int = 5) -> np.ndarray:
    joints = np.random.default_rng(1).uniform(-0.5, 0.5, (frames, JOINT_COUNT, 3))
    return joints - joints[:, :1]


def _slopes(joints: np.ndarray, place: np.ndarray = PLACE) -> np.ndarray:
    points = joints + place
    return points[..., :2] / points[..., 2:]


def test_an_exact_pose_is_placed_exactly() -> None:
    joints = _body()
    seen = estimate_position(joints, _slopes(joints), np.ones(joints.shape[:2]))
    assert seen.place == pytest.approx(np.broadcast_to(PLACE, (5, 3)), abs=1e-4)
    assert seen.known.all()


def test_unseen_joints_do_not_count() -> None:
    joints, weight = _body(), np.ones((5, JOINT_COUNT))
    slopes = _slopes(joints)
    slopes[:, :10], weight[:, :10] = 7.0, 0.0
    assert estimate_position(joints, slopes, weight).place == pytest.approx(
        np.broadcast_to(PLACE, (5, 3)), abs=1e-4
    )


def test_one_wrong_wrist_hardly_moves_the_body() -> None:
    joints = _body()
    slopes = _slopes(joints)
    slopes[:, JOINT["left_wrist"], 0] += 0.3  # 0.9 m at this distance
    off = estimate_position(joints, slopes, np.ones(joints.shape[:2])).place - PLACE
    assert np.abs(off).max() < 0.02


def test_three_joints_place_nobody() -> None:
    joints, weight = _body(), np.zeros((5, JOINT_COUNT))
    weight[:, :3] = 1.0
    weight[4, :4] = 1.0
    assert estimate_position(joints, _slopes(joints), weight).known.tolist() == [False] * 4 + [True]


def test_depth_is_known_to_be_the_least_certain() -> None:
    joints = _body()
    information = estimate_position(joints, _slopes(joints), np.ones(joints.shape[:2])).information
    spread = np.sqrt(np.linalg.inv(information).diagonal(axis1=1, axis2=2))
    assert (spread[:, 2] > 3 * spread[:, :2].max(axis=1)).all()
    far = estimate_position(
        joints, _slopes(joints, 2 * PLACE), np.ones(joints.shape[:2])
    ).information
    further = np.sqrt(np.linalg.inv(far).diagonal(axis1=1, axis2=2))
    assert further[:, 2] == pytest.approx(2 * spread[:, 2], rel=0.3)


def test_many_frames_are_the_same_as_few() -> None:
    joints = np.repeat(_body(1), 9000, axis=0)
    seen = estimate_position(joints, _slopes(joints), np.ones(joints.shape[:2]))
    assert seen.place == pytest.approx(np.broadcast_to(PLACE, (9000, 3)), abs=1e-4)
