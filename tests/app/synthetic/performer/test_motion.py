"""The performance as numbers: human, smooth, and exactly the skeleton the detector knows."""

from __future__ import annotations

import numpy as np
import pytest

from app.synthetic.performer.camera import place_camera
from app.synthetic.performer.motion import BONE, Motion, Pose
from app.synthetic.performer.variation import variation
from models.skeleton import BONES, JOINT, JOINT_NAMES

RATE = 40
SEEDS = range(4)


@pytest.fixture(scope="module", params=SEEDS)
def motion(request: pytest.FixtureRequest) -> Motion:
    return Motion(variation(request.param))


@pytest.fixture(scope="module")
def poses(motion: Motion) -> list[Pose]:
    """One whole round."""
    return [motion.at(float(time)) for time in np.arange(0.0, motion.duration_s, 1 / RATE)]


@pytest.fixture(scope="module")
def joints(poses: list[Pose]) -> np.ndarray:
    """(frames, 17, 3)."""
    return np.array([pose.joints for pose in poses])


def test_limbs_keep_their_length(joints: np.ndarray) -> None:
    rigid = [
        (JOINT_NAMES.index(f"{side}_{a}"), JOINT_NAMES.index(f"{side}_{b}"))
        for side in ("left", "right")
        for a, b in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
    ]
    rigid += [bone for bone in BONES if JOINT["pelvis"] in bone and JOINT["spine"] not in bone]
    for parent, child in rigid:
        length = np.linalg.norm(joints[:, child] - joints[:, parent], axis=-1)
        assert np.ptp(length) < 1e-6, f"{JOINT_NAMES[parent]} to {JOINT_NAMES[child]}"


def test_both_sides_are_alike_and_human(joints: np.ndarray) -> None:
    def length(side: str, a: str, b: str) -> float:
        ends = joints[0, [JOINT[f"{side}_{a}"], JOINT[f"{side}_{b}"]]]
        return float(np.linalg.norm(ends[1] - ends[0]))

    for a, b, low, high in (
        ("hip", "knee", 0.33, 0.52),
        ("knee", "ankle", 0.33, 0.52),
        ("shoulder", "elbow", 0.22, 0.36),
        ("elbow", "wrist", 0.20, 0.32),
    ):
        assert length("left", a, b) == pytest.approx(length("right", a, b), abs=1e-9)
        assert low < length("left", a, b) < high
    height = joints[0, JOINT["head"], 1]
    assert 1.3 < height < 1.85


def test_derived_joints_are_the_midpoints_the_skeleton_defines(joints: np.ndarray) -> None:
    def mean(*names: str) -> np.ndarray:
        return joints[:, [JOINT[name] for name in names]].mean(axis=1)

    np.testing.assert_allclose(mean("pelvis"), mean("left_hip", "right_hip"))
    np.testing.assert_allclose(mean("thorax"), mean("left_shoulder", "right_shoulder"))
    np.testing.assert_allclose(mean("spine"), mean("pelvis", "thorax"))


def test_nobody_teleports_not_even_when_the_loop_closes(joints: np.ndarray) -> None:
    round_and_on = np.concatenate([joints, joints[:3]])
    speed = np.linalg.norm(np.diff(round_and_on, axis=0), axis=-1) * RATE
    assert speed.max() < 5.5, JOINT_NAMES[int(speed.max(axis=0).argmax())]
    trunk = [JOINT[name] for name in ("pelvis", "spine", "thorax", "head")]
    assert speed[:, trunk].max() < 1.8
    jerk = np.linalg.norm(np.diff(round_and_on[:, trunk], 2, axis=0), axis=-1) * RATE**2
    assert jerk.max() < 25


def test_feet_on_the_floor_stay_where_they_are(motion: Motion, poses: list[Pose]) -> None:
    flat_frames = 0
    for side in ("left", "right"):
        bone = BONE[f"{side}_foot"]
        place = np.array([pose.origins[bone] for pose in poses])
        forward = np.array([pose.axes[bone][:, 2] for pose in poses])
        flat = (np.abs(forward[:, 1]) < 1e-9) & (place[:, 1] < motion.body.ankle + 1e-9)
        both = flat[1:] & flat[:-1]
        slid = np.linalg.norm(np.diff(place, axis=0), axis=-1)[both]
        assert slid.max() < 1e-9
        flat_frames += int(flat.sum())
        assert place[:, 1].min() > motion.body.ankle - 1e-9, "a foot is in the floor"
        sole = np.array(
            [pose.origins[bone] + pose.axes[bone] @ (0, -motion.body.ankle, 0.12) for pose in poses]
        )
        assert sole[:, 1].min() > -0.02
    assert flat_frames > 0.5 * 2 * len(poses)


def test_it_stands_walks_waves_squats_and_turns(joints: np.ndarray) -> None:
    pelvis = joints[:, JOINT["pelvis"]]
    assert np.ptp(pelvis[:, 0]) > 0.9, "walks"
    assert np.ptp(pelvis[:, 1]) > 0.3, "squats"
    left_arm = joints[:, JOINT["left_wrist"], 1] - joints[:, JOINT["head"], 1]
    assert left_arm.max() > 0.15, "raises the left hand"
    across = joints[:, JOINT["left_hip"]] - joints[:, JOINT["right_hip"]]
    assert across[0, 0] > 0.15, "begins facing the camera"
    assert across[:, 0].min() < -0.15, "shows its back"
    still = np.linalg.norm(np.diff(pelvis, axis=0), axis=-1) * RATE < 0.1
    assert still.mean() > 0.2, "rests between the acts"


@pytest.mark.parametrize(
    ("seed", "size"), [(0, (640, 480)), (1, (1280, 720)), (2, (480, 640)), (3, (640, 480))]
)
def test_every_joint_stays_in_the_picture(seed: int, size: tuple[int, int]) -> None:
    chosen = variation(seed)
    motion = Motion(chosen)
    camera = place_camera(chosen, motion, size)
    times = np.arange(0.0, motion.duration_s, 0.1)
    points = np.array([camera.to_camera(motion.at(float(time)).joints) for time in times])
    pixels = camera.project(points)
    assert points[..., 2].min() > 1
    assert (pixels > 0).all()
    assert (pixels < size).all()
    assert np.ptp(pixels[0, :, 1]) > 0.3 * min(size), "large enough to be found"


def test_it_stands_with_straight_knees_and_never_jerks(joints: np.ndarray) -> None:
    standing = joints[: RATE // 2]
    for side in ("left", "right"):
        hip, knee, ankle = (standing[:, JOINT[f"{side}_{n}"]] for n in ("hip", "knee", "ankle"))
        thigh, shank = knee - hip, ankle - knee
        lengths = np.linalg.norm(thigh, axis=1) * np.linalg.norm(shank, axis=1)
        bend = np.degrees(np.arccos((thigh * shank).sum(axis=1) / lengths))
        assert ((bend > 3) & (bend < 12)).all()
    pelvis = np.diff(joints[:, JOINT["pelvis"]], 2, axis=0) * RATE**2
    assert np.linalg.norm(pelvis, axis=1).max() < 18, "m/s^2"


def test_seeds_repeat_and_differ() -> None:
    assert variation(3) == variation(3)
    chosen = {seed: variation(seed) for seed in range(20)}
    for part in ("proportions", "look", "acts", "camera_height_m", "camera_azimuth"):
        assert len({getattr(one, part) for one in chosen.values()}) > 15, part


def test_arm_swing_opposes_the_legs_when_walking(joints: np.ndarray) -> None:
    across = joints[:, JOINT["left_hip"]] - joints[:, JOINT["right_hip"]]
    forward = np.cross(across, (0.0, 1.0, 0.0))
    forward /= np.linalg.norm(forward, axis=-1, keepdims=True)

    def lead(part: str) -> np.ndarray:
        ahead = joints[:, JOINT[f"left_{part}"]] - joints[:, JOINT[f"right_{part}"]]
        return (ahead * forward).sum(axis=-1)

    walking = np.abs(lead("ankle")) > 0.2
    assert walking.sum() > RATE
    assert np.corrcoef(lead("ankle")[walking], lead("wrist")[walking])[0, 1] < -0.9
