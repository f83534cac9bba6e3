from __future__ import annotations

import numpy as np
import pytest

from app.motion.ground import ANKLE_M
from app.motion.placement.foot_locking import lock_feet
from models.skeleton import JOINT, JOINT_COUNT

UP = np.array([0.0, -1.0, 0.0])
FLOOR_M = 1.2
HIP, KNEE, ANKLE = (JOINT[f"left_{name}"] for name in ("hip", "knee", "ankle"))
TIMES = np.arange(60) / 30


def _sliding() -> np.ndarray:
    """Hips at rest, the left foot drifting by 8 cm and sinking by 2, the knee bent forwards."""
    joints = np.zeros((60, JOINT_COUNT, 3))
    ankle_y = FLOOR_M - ANKLE_M
    joints[:, HIP] = [0.0, ankle_y - 0.8, 3.0]
    joints[:, KNEE] = [0.0, ankle_y - 0.4, 2.85]
    joints[:, ANKLE] = [0.0, ankle_y, 3.0]
    joints[:, ANKLE, 0] += np.linspace(-0.04, 0.04, 60)
    joints[:, ANKLE, 1] += np.linspace(0.0, 0.02, 60)
    return joints


def _stands(start: int, end: int) -> np.ndarray:
    stands = np.zeros((60, 2), bool)
    stands[start:end, 0] = True
    return stands


def _lengths(joints: np.ndarray) -> np.ndarray:
    thigh, shank = joints[:, KNEE] - joints[:, HIP], joints[:, ANKLE] - joints[:, KNEE]
    return np.stack([np.linalg.norm(thigh, axis=1), np.linalg.norm(shank, axis=1)])


def test_a_foot_that_stands_does_not_move() -> None:
    joints = _sliding()
    held = lock_feet(TIMES, joints, _stands(10, 50), UP, FLOOR_M)
    assert np.ptp(held[10:50, ANKLE], axis=0) == pytest.approx(0, abs=1e-9)
    assert held[30, ANKLE] == pytest.approx([0.0, FLOOR_M - ANKLE_M, 3.0], abs=0.01)


def test_bones_keep_their_lengths_and_knees_their_side() -> None:
    joints = _sliding()
    held = lock_feet(TIMES, joints, _stands(10, 50), UP, FLOOR_M)
    assert _lengths(held) == pytest.approx(_lengths(joints), abs=1e-9)
    assert (held[:, KNEE, 2] < 2.9).all()


def test_nothing_else_moves() -> None:
    joints = _sliding()
    held = lock_feet(TIMES, joints, _stands(10, 50), UP, FLOOR_M)
    others = [joint for joint in range(JOINT_COUNT) if joint not in (KNEE, ANKLE)]
    assert (held[:, others] == joints[:, others]).all()
    assert (held[:5] == joints[:5]).all()
    assert (held[55:] == joints[55:]).all()


def test_the_correction_grows_and_fades_without_a_jump() -> None:
    held = lock_feet(TIMES, _sliding(), _stands(10, 50), UP, FLOOR_M)
    steps = np.linalg.norm(np.diff(held[:, ANKLE], axis=0), axis=1)
    assert steps.max() < 0.02


def test_a_spot_out_of_reach_is_reached_for() -> None:
    joints = _sliding()
    joints[30, [HIP, KNEE, ANKLE], 1] -= 0.5  # a frame in which the lifter errs
    held = lock_feet(TIMES, joints, _stands(10, 50), UP, FLOOR_M)
    assert np.isfinite(held).all()
    assert _lengths(held) == pytest.approx(_lengths(joints), abs=1e-9)
    assert (held[:, HIP] == joints[:, HIP]).all(), "nobody follows an error down"


def test_the_body_goes_down_softly_to_legs_that_are_too_short() -> None:
    """A person who stands straight, whose leg comes out up to 3 cm too short now and then."""
    joints = _sliding()
    joints[:, KNEE] = joints[:, HIP] + [0.0, 0.4, -0.01]
    joints[:, ANKLE] = joints[:, HIP] + [0.0, 0.8, 0.0]
    joints[::7, [KNEE, ANKLE], 1] -= 0.03 * np.array([0.5, 1.0])
    held = lock_feet(TIMES, joints, _stands(0, 60), UP, FLOOR_M)
    assert np.ptp(held[:, ANKLE], axis=0) == pytest.approx(0, abs=1e-9)
    assert _lengths(held) == pytest.approx(_lengths(joints), abs=1e-9)
    down = held - joints
    others = [joint for joint in range(JOINT_COUNT) if joint not in (KNEE, ANKLE)]
    assert np.ptp(down[:, others], axis=1) == pytest.approx(0, abs=1e-9), "all of it"
    assert 0.02 < down[:, 0, 1].min() <= down[:, 0, 1].max() < 0.035
    assert np.abs(np.diff(down[:, 0, 1])).max() < 0.005


def test_a_straight_leg_stays_straight() -> None:
    joints = _sliding()
    joints[:, KNEE] = (joints[:, HIP] + joints[:, ANKLE]) / 2
    held = lock_feet(TIMES, joints, _stands(0, 60), UP, FLOOR_M)
    assert np.isfinite(held).all()
    assert _lengths(held) == pytest.approx(_lengths(joints), abs=1e-9)


def test_a_straight_leg_that_stands_nowhere_lowers_nobody() -> None:
    joints = _sliding()
    joints[:, KNEE] = (joints[:, HIP] + joints[:, ANKLE]) / 2
    held = lock_feet(TIMES, joints, np.zeros((60, 2), bool), UP, FLOOR_M)
    assert (held == joints).all()
