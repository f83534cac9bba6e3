"""Errors of joint angles: those of the angles that are exported, whatever the camera's tilt."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.lab.evaluation.angles import Angles, angle_errors, mean_angles
from app.motion.angles import ANGLE, joint_angles
from models.skeleton import JOINT
from tests.support.performed import performed

Poses = NDArray[np.float64]


@pytest.fixture(scope="module")
def scene() -> tuple[Poses, NDArray[np.float64]]:
    """Poses of the performer about the pelvis in camera axes, and where up is in them."""
    seen = performed(4, seconds=3)
    return seen.data.xyz.astype(np.float64), seen.up


def bent(poses: Poses, side: str, degrees: float) -> Poses:
    """With one shank turned about the camera's x."""
    knee, ankle = JOINT[f"{side}_knee"], JOINT[f"{side}_ankle"]
    turn = Rotation.from_euler("x", degrees, degrees=True)
    result = poses.copy()
    result[:, ankle] = poses[:, knee] + turn.apply(poses[:, ankle] - poses[:, knee])
    return result


def test_the_angles_are_those_that_are_exported(scene: tuple[Poses, NDArray[np.float64]]) -> None:
    poses, _ = scene
    other = bent(poses, "left", 25.0) + np.random.default_rng(0).normal(0, 0.01, poses.shape)
    exported = [joint_angles(each * (1, -1, -1), np.isnan(each[..., 0])) for each in (poses, other)]
    off = np.abs(exported[1] - exported[0])
    found = angle_errors([(other, poses, None)])
    for name, columns in (
        ("knee", ["left_knee_flexion", "right_knee_flexion"]),
        ("hip", ["left_hip_flexion", "right_hip_flexion"]),
        ("elbow", ["left_elbow_flexion", "right_elbow_flexion"]),
        ("shoulder", ["left_shoulder_elevation", "right_shoulder_elevation"]),
        ("trunk", ["trunk_flexion"]),
    ):
        expected = np.nanmean(off[:, [ANGLE[column] for column in columns]])
        assert getattr(found, name) == pytest.approx(expected), name


def test_only_what_is_wrong_is_off(scene: tuple[Poses, NDArray[np.float64]]) -> None:
    poses, up = scene
    assert angle_errors([(poses, poses, up)]) == pytest.approx((0, 0, 0, 0, 0), abs=1e-6)
    found = angle_errors([(bent(poses, "left", 40.0), poses, up)])
    assert 8 < found.knee < 21, "one knee of two"
    assert found[1:] == pytest.approx((0, 0, 0, 0), abs=1e-6)


def test_the_trunk_leans_against_the_true_vertical(
    scene: tuple[Poses, NDArray[np.float64]],
) -> None:
    poses, up = scene
    across = np.cross(up, [0, 0, 1])
    leaning = poses @ Rotation.from_rotvec(np.radians(15) * across).as_matrix().T
    facing = angle_errors([(leaning, poses, up)])
    assert facing.trunk < 15.5
    # Seen by a camera that is tilted, it is the same person.
    tilt = Rotation.from_euler("xz", [30, 50], degrees=True).as_matrix()
    tilted = angle_errors([(leaning @ tilt.T, poses @ tilt.T, tilt @ up)])
    assert tilted == pytest.approx(facing, abs=1e-6)
    assert angle_errors([(leaning @ tilt.T, poses @ tilt.T, None)]).trunk != pytest.approx(
        facing.trunk, abs=0.1
    )


def test_what_is_not_known_does_not_count(scene: tuple[Poses, NDArray[np.float64]]) -> None:
    poses, up = scene
    legless, nobody = poses.copy(), np.full_like(poses, np.nan)
    legless[:, [JOINT["left_knee"], JOINT["right_knee"]]] = np.nan
    found = angle_errors([(legless, poses, up), (nobody, poses, up)])
    assert np.isnan([found.knee, found.hip]).all()
    assert found.elbow == pytest.approx(0, abs=1e-6)
    whole = angle_errors([(legless, poses, up), (bent(poses, "left", 40.0), poses, up)])
    assert whole.knee == angle_errors([(bent(poses, "left", 40.0), poses, up)]).knee
    assert np.isnan(angle_errors([])).all()


def test_groups_count_the_same() -> None:
    nan = float("nan")
    rows = [Angles(10, 20, nan, 5, nan), Angles(20, 30, 7, 5, nan)]
    assert mean_angles(rows) == pytest.approx((15, 25, 7, 5, nan), nan_ok=True)
