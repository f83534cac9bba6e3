"""Captured motion on the performer's body: the capture's directions, the body's lengths."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from app.detection.detector import Detector
from app.synthetic.performer.camera import aim_camera
from app.synthetic.performer.motion import BONE, Motion
from app.synthetic.performer.retargeting import Take, heading
from app.synthetic.performer.source import PerformerSource
from app.synthetic.performer.variation import Proportions, variation
from models.skeleton import JOINT, JOINT_NAMES

RATE = 30.0
LIMBS = (
    ("hip", "knee", "thigh"),
    ("knee", "ankle", "shank"),
    ("shoulder", "elbow", "upper_arm"),
    ("elbow", "wrist", "forearm"),
)


@pytest.fixture(scope="module")
def capture() -> np.ndarray:
    """(90, 17, 3): somebody of other proportions, walking and squatting elsewhere, turned away."""
    motion = Motion(variation(4))
    joints = np.array([motion.at(6.0 + frame / RATE).joints for frame in range(90)])
    turned = joints @ np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    return turned * 1.3 + (5.0, 0.4, -2.0)


@pytest.fixture(scope="module")
def body() -> Proportions:
    return variation(9).proportions


def joints_of(take: Take, frames: int) -> np.ndarray:
    return np.array([take.at(frame / RATE).joints for frame in range(frames)])


def bone(joints: np.ndarray, start: str, end: str) -> np.ndarray:
    return joints[:, JOINT[end]] - joints[:, JOINT[start]]


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def test_directions_are_the_captures(capture: np.ndarray, body: Proportions) -> None:
    joints = joints_of(Take(body, capture, RATE), len(capture))
    pairs = [(f"{s}_{a}", f"{s}_{b}") for s in ("left", "right") for a, b, _ in LIMBS]
    pairs += [("right_hip", "left_hip"), ("right_shoulder", "left_shoulder")]
    pairs += [("pelvis", "thorax"), ("thorax", "head"), ("head", "nose")]
    for pair in pairs:
        np.testing.assert_allclose(
            unit(bone(joints, *pair)), unit(bone(capture, *pair)), atol=1e-9, err_msg=str(pair)
        )


def test_lengths_are_the_bodys(capture: np.ndarray, body: Proportions) -> None:
    joints = joints_of(Take(body, capture, RATE), len(capture))
    for side in ("left", "right"):
        for start, end, name in LIMBS:
            length = np.linalg.norm(bone(joints, f"{side}_{start}", f"{side}_{end}"), axis=-1)
            np.testing.assert_allclose(length, getattr(body, name), atol=1e-9)
    for part, length in (("hip", 2 * body.hip), ("shoulder", 2 * body.shoulder)):
        across = np.linalg.norm(bone(joints, f"right_{part}", f"left_{part}"), axis=-1)
        np.testing.assert_allclose(across, length, atol=1e-9)
    trunk = np.linalg.norm(bone(joints, "pelvis", "thorax"), axis=-1)
    np.testing.assert_allclose(trunk, body.waist + body.chest, atol=1e-9)


def test_bones_are_rigid_and_end_where_the_joints_are(
    capture: np.ndarray, body: Proportions
) -> None:
    take = Take(body, capture, RATE)
    for frame in range(0, len(capture), 7):
        pose = take.at(frame / RATE)
        determinants = np.linalg.det(pose.axes)
        np.testing.assert_allclose(determinants, 1.0, atol=1e-9)
        for side in ("left", "right"):
            shank = BONE[f"{side}_shank"]
            end = pose.origins[shank] - body.shank * pose.axes[shank][:, 1]
            np.testing.assert_allclose(end, pose.joints[JOINT[f"{side}_ankle"]], atol=1e-9)


def test_the_demo_worn_by_itself_is_itself() -> None:
    """Of the performer's own joints the puppet rebuilds bones turned as the performer's."""
    motion = Motion(variation(0))
    times = np.arange(0.0, 24.0, 0.5)
    poses = [motion.at(float(time)) for time in times]
    take = Take(motion.body, np.array([pose.joints for pose in poses]), 2.0)
    turns = []
    for time, pose in zip(times, poses, strict=True):
        between = np.einsum("bji,bjk->bik", pose.axes, take.at(float(time)).axes)
        trace = np.trace(between, axis1=1, axis2=2)
        turns.append(np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1))))
    worst = np.percentile(turns, 90, axis=0)
    for name in ("pelvis", "chest", "head", "left_thigh", "right_shank", "left_foot"):
        assert worst[BONE[name]] < 25, name
    assert worst[BONE["head"]] < 10
    assert np.median(np.array(turns)[:, BONE["left_upper_arm"]]) < 40


def test_the_take_stands_on_the_floor_in_the_middle(capture: np.ndarray, body: Proportions) -> None:
    joints = joints_of(Take(body, capture, RATE), len(capture))
    ankles = joints[:, [JOINT["left_ankle"], JOINT["right_ankle"]], 1]
    assert ankles.min() == pytest.approx(body.ankle, abs=1e-9)
    np.testing.assert_allclose(joints[:, 0, [0, 2]].mean(axis=0), 0.0, atol=1e-9)


def test_no_sole_sinks_into_the_floor(capture: np.ndarray, body: Proportions) -> None:
    take = Take(body, capture, RATE)
    flat = 0
    for frame in range(len(capture)):
        pose = take.at(frame / RATE)
        for side in ("left", "right"):
            index = BONE[f"{side}_foot"]
            sole = np.array([(0.0, -body.ankle, 0.12), (0.0, -body.ankle, -0.05)])
            points = pose.origins[index] + sole @ pose.axes[index].T
            assert points[:, 1].min() > -0.03
            flat += pose.axes[index][1, 1] > 0.98
    assert flat > len(capture) / 2


def test_turning_turns_the_heading(capture: np.ndarray, body: Proportions) -> None:
    before = heading(capture)
    for turn in (0.0, 1.0, -2.0):
        joints = joints_of(Take(body, capture, RATE, turn), len(capture))
        off = np.angle(np.exp(1j * (heading(joints) - before - turn)))
        assert abs(off) < 0.05


def test_between_frames_it_moves_on_and_then_repeats(
    capture: np.ndarray, body: Proportions
) -> None:
    take = Take(body, capture, RATE)
    assert take.duration_s == pytest.approx(3.0)
    wrist = JOINT["left_wrist"]
    one, half, two = (take.at((40 + k) / RATE).joints[wrist] for k in (0, 0.5, 1))
    np.testing.assert_allclose(half, (one + two) / 2, atol=2e-3)
    np.testing.assert_array_equal(take.at(3.0 + 10 / RATE).joints, take.at(10 / RATE).joints)
    np.testing.assert_array_equal(take.at(2.999).joints, take.at(89 / RATE).joints)


def test_it_travels_to_the_drawing_process(capture: np.ndarray, body: Proportions) -> None:
    take = Take(body, capture, RATE)
    copy = pickle.loads(pickle.dumps(take))
    np.testing.assert_array_equal(copy.at(1.01).joints, take.at(1.01).joints)


_coordinates = st.floats(-3, 3, width=32) | st.sampled_from([0.0, 1.0, -1.0])


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.float32, (2, 17, 3), elements=_coordinates), st.integers(0, 50))
def test_any_pose_can_be_worn(xyz: np.ndarray, seed: int) -> None:
    body = variation(seed).proportions
    take = Take(body, xyz, RATE)
    for time_s in (0.0, 0.5 / RATE, 1 / RATE):
        pose = take.at(time_s)
        np.testing.assert_allclose(
            np.einsum("bji,bjk->bik", pose.axes, pose.axes), np.tile(np.eye(3), (15, 1, 1)),
            atol=1e-6,
        )  # fmt: skip
        assert np.isfinite(pose.joints).all()
        for start, end, name in LIMBS:
            line = pose.joints[JOINT[f"left_{end}"]] - pose.joints[JOINT[f"left_{start}"]]
            assert np.linalg.norm(line) == pytest.approx(getattr(body, name), abs=1e-6)


def test_straight_limbs_keep_their_turn(body: Proportions) -> None:
    """A few degrees of bend either way are noise: they must not turn a limb about itself."""
    random = np.random.default_rng(3)
    joints = Motion(variation(0)).at(0.0).joints
    straight = np.tile(joints, (20, 1, 1))
    for side in ("left", "right"):
        for top, middle, end in (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle")):
            ends = [JOINT[f"{side}_{name}"] for name in (top, middle, end)]
            straight[:, ends[1]] = (straight[:, ends[0]] + straight[:, ends[2]]) / 2
    straight += random.normal(0.0, 0.006, straight.shape)
    take = Take(body, straight, RATE)
    for name in ("left_upper_arm", "right_forearm", "left_thigh", "right_shank"):
        left = np.array([take.at(f / RATE).axes[BONE[name]][:, 0] for f in range(20)])
        assert (left @ left[0]).min() > 0.8, name


def test_shapes_and_numbers_are_checked(body: Proportions) -> None:
    with pytest.raises(ValueError, match="17"):
        Take(body, np.zeros((4, 16, 3)), RATE)
    with pytest.raises(ValueError, match="finite"):
        Take(body, np.full((4, 17, 3), np.nan), RATE)
    with pytest.raises(ValueError, match="rate"):
        Take(body, np.zeros((4, 17, 3)), 0.0)
    with pytest.raises(ValueError, match="pixels"):
        PerformerSource((640, 480), camera=aim_camera((0, 1, 3), (0, 1, 0), 60, (640, 360)))


@pytest.mark.slow
def test_the_detector_finds_the_person_where_the_truth_says(
    capture: np.ndarray, body: Proportions
) -> None:
    take = Take(body, capture, RATE, -heading(capture))
    camera = aim_camera((0.4, 1.1, 2.6), (0.0, 0.85, 0.0), 75.0, (640, 480))
    distances, found = [], 0
    with PerformerSource(seed=9, take=take, camera=camera) as source, Detector() as detector:
        for index in range(20):
            frame = source.read()
            assert frame is not None
            seen = detector.detect(frame)
            found += seen.tracked
            pixels = source.project(source.truth(index))
            distances.append(np.linalg.norm(seen.xy - pixels, axis=-1))
    assert found >= 19
    assert np.nanmedian(distances) < 5.0
    median = np.nanmedian(distances, axis=0)
    assert median.max() < 15.0, JOINT_NAMES[int(median.argmax())]
