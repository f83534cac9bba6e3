from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from app.export.opensim import coordinates
from app.export.skeleton_pose import pose_skeleton
from app.motion.angles import (
    ANGLE,
    ANGLE_COUNT,
    ANGLES,
    LEAST_BEND,
    LEAST_ELEVATION,
    continued,
    joint_angles,
)
from app.synthetic.performer.motion import BONE, Motion
from app.synthetic.performer.variation import variation
from models.feet import FLAT_DEG
from models.skeleton import FOOT_MIRROR, FOOT_PARENTS, JOINT, JOINT_COUNT, MIRROR
from tests.support.poses_by_angle import body
from tests.support.skeletons import as_motion, performed

Array = NDArray[np.float64]
FOOT_ANGLES = ("ankle_dorsiflexion", "foot_progression")
UP = np.array([0.0, 1.0, 0.0])
RANGES = {
    "trunk_flexion": (-60, 100),
    "trunk_bending": (-60, 60),
    "trunk_rotation": (-60, 60),
    "hip_flexion": (-30, 130),
    "hip_adduction": (-60, 40),
    "hip_rotation": (-50, 50),
    "knee_flexion": (LEAST_BEND + 1, 150),
    "shoulder_elevation": (LEAST_ELEVATION + 1, 180 - LEAST_ELEVATION - 1),
    "shoulder_plane": (-90, 150),
    "shoulder_rotation": (-120, 120),
    "elbow_flexion": (LEAST_BEND + 1, 150),
}


def seen(*poses: Array) -> NDArray[np.bool_]:
    return np.zeros((len(poses), JOINT_COUNT), bool)


def measured(pose: Array) -> dict[str, float]:
    values = joint_angles(pose[None], seen(pose))[0]
    return {name: float(values[index]) for name, index in ANGLE.items()}


def drawn(seed: int) -> dict[str, float]:
    """Angles of a random body."""
    rng = np.random.default_rng(seed)
    return {
        angle.name: float(rng.uniform(*RANGES[angle.name.removeprefix(f"{angle.side}_")]))
        for angle in ANGLES
        if angle.name.removeprefix(f"{angle.side}_") in RANGES
    }


def feet_of(pose: Array, dorsiflexion: float = 0.0, turned_out: float = 0.0) -> Array:
    """(4, 3) feet of a body whose shanks hang straight down, whose hips face +z."""
    found = np.zeros((4, 3))
    out, tip = np.radians(turned_out), np.radians(dorsiflexion)
    for index, side in enumerate(("left", "right")):
        level = np.array([np.sin(out) * (1 if side == "left" else -1), 0.0, np.cos(out)])
        sole, above = np.cos(tip) * level + np.sin(tip) * UP, np.cos(tip) * UP - np.sin(tip) * level
        flat = np.radians(FLAT_DEG)
        ahead = np.cos(flat) * sole - np.sin(flat) * above
        across = np.cos(flat) * above + np.sin(flat) * sole
        heel = pose[JOINT[f"{side}_ankle"]] - 0.04 * ahead - 0.06 * across
        found[index], found[2 + index] = heel, heel + 0.22 * ahead
    return found


@pytest.mark.parametrize("seed", range(200))
def test_a_body_put_together_from_angles_has_those_angles(seed: int) -> None:
    wanted = drawn(seed)
    found = measured(body(heading=37.0 * seed, **wanted))
    for name, degrees in wanted.items():
        assert found[name] == pytest.approx(degrees, abs=1e-6), name


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"trunk_flexion": 0, "left_hip_flexion": 0, "right_knee_flexion": 0}),
        (  # sitting upright
            {"left_hip_flexion": 90, "left_knee_flexion": 90},
            {"left_hip_flexion": 90, "left_knee_flexion": 90, "left_shank_tilt": 0},
        ),
        (  # a squat: 90 - (100 - 40)
            {"trunk_flexion": 40, "right_hip_flexion": 100, "right_knee_flexion": 90},
            {"trunk_flexion": 40, "right_hip_flexion": 100, "right_shank_tilt": 30},
        ),
        (  # a T
            {"left_shoulder_elevation": 90, "right_shoulder_elevation": 90},
            {"left_shoulder_plane": 0, "right_shoulder_plane": 0, "left_shoulder_elevation": 90},
        ),
        (  # pointing ahead
            {"right_shoulder_elevation": 90, "right_shoulder_plane": 90},
            {"right_shoulder_plane": 90, "right_shoulder_elevation": 90, "left_elbow_flexion": 0},
        ),
    ],
)
def test_poses_one_can_imagine(given: dict[str, float], expected: dict[str, float]) -> None:
    found = measured(body(**given))
    for name, degrees in expected.items():
        assert found[name] == pytest.approx(degrees, abs=1e-9), name


def joints_of(pose: Array, **places: tuple[float, float, float]) -> Array:
    """The pose with some joints moved to where they are said to be."""
    pose = pose.copy()
    for name, place in places.items():
        pose[JOINT[name]] = place
    return pose


def test_signs_on_bodies_drawn_by_hand() -> None:
    """Facing the camera: the person's left at +x, forward +z; no rotation of ours is involved."""
    upright = body()
    found = measured(joints_of(upright, left_knee=(0.1, -0.3, 0.3), left_ankle=(0.1, -0.7, 0.2)))
    assert found["left_hip_flexion"] == pytest.approx(45)
    assert found["left_shank_tilt"] == pytest.approx(np.degrees(np.arctan2(0.1, 0.4)))
    out = joints_of(upright, right_knee=(-0.4, -0.3, 0.0), right_ankle=(-0.7, -0.6, 0.0))
    assert measured(out)["right_hip_adduction"] == pytest.approx(-45)
    assert measured(out)["left_hip_adduction"] == pytest.approx(0)
    # The shank swings outward behind a thigh that is turned inward.
    inward = joints_of(upright, left_knee=(0.1, -0.4, 0.0), left_ankle=(0.3, -0.4, -0.2))
    assert measured(inward)["left_hip_rotation"] == pytest.approx(45)
    # Turning to the left takes the right shoulder forward.
    turned = joints_of(upright, left_shoulder=(0.1, 0.5, -0.1), right_shoulder=(-0.1, 0.5, 0.1))
    assert measured(turned)["trunk_rotation"] == pytest.approx(45)
    leaning = joints_of(upright, thorax=(-0.3, 0.3, 0.0))
    assert measured(leaning)["trunk_bending"] == pytest.approx(45)
    # A raised left hand, the forearm up, is turned outward; pointing down, inward.
    raised = {"left_elbow": (0.48, 0.5, 0.0), "left_shoulder": (0.2, 0.5, 0.0)}
    right = {"right_shoulder": (-0.2, 0.5, 0.0)}
    for wrist, degrees in (((0.48, 0.7, 0.0), -90), ((0.48, 0.5, 0.2), 0), ((0.48, 0.3, 0.0), 90)):
        waving = joints_of(upright, **raised, **right, left_wrist=wrist)
        assert measured(waving)["left_shoulder_elevation"] == pytest.approx(90)
        assert measured(waving)["left_shoulder_rotation"] == pytest.approx(degrees, abs=1e-9)


def test_a_mirrored_pose_has_the_other_side_s_angles() -> None:
    poses = np.stack([body(**drawn(seed)) for seed in range(20)])
    mirrored = poses[:, MIRROR] * (-1.0, 1.0, 1.0)
    feet = poses[:, list(FOOT_PARENTS)] + np.random.default_rng(0).normal(size=(20, 4, 3))
    one = joint_angles(poses, seen(*poses), feet)
    other = joint_angles(mirrored, seen(*mirrored), feet[:, FOOT_MIRROR] * (-1.0, 1.0, 1.0))
    for angle in ANGLES:
        names = {"left": "right", "right": "left"}
        twin = angle.name.replace(angle.side, names.get(angle.side, angle.side))
        sign = -1 if angle.name in ("trunk_bending", "trunk_rotation") else 1
        np.testing.assert_allclose(
            one[:, ANGLE[angle.name]], sign * other[:, ANGLE[twin]], atol=1e-9, err_msg=angle.name
        )


def test_place_size_and_heading_do_not_matter() -> None:
    pose = body(**drawn(3))
    turn = np.array([[0.6, 0.0, 0.8], [0.0, 1.0, 0.0], [-0.8, 0.0, 0.6]])
    moved = 1.7 * pose @ turn.T + (3.0, 1.0, -5.0)
    feet = feet_of(pose)
    there = 1.7 * feet @ turn.T + (3.0, 1.0, -5.0)
    np.testing.assert_allclose(
        joint_angles(moved[None], seen(moved), there[None]),
        joint_angles(pose[None], seen(pose), feet[None]),
        atol=1e-9,
    )


@pytest.mark.parametrize(
    ("joint", "unknown"),
    [
        ("left_ankle", {f"left_{name}" for name in (
            "knee_flexion", "hip_rotation", "shank_tilt", "ankle_dorsiflexion"
        )}),
        ("right_wrist", {"right_elbow_flexion", "right_shoulder_rotation"}),
        ("right_elbow", {f"right_{name}" for name in (
            "elbow_flexion", "shoulder_rotation", "shoulder_plane", "shoulder_elevation"
        )}),
        ("head", set()),
    ],
)  # fmt: skip
def test_what_rests_on_a_missing_joint_is_unknown(joint: str, unknown: set[str]) -> None:
    pose = body(**drawn(1))
    missing, feet = seen(pose), feet_of(pose)
    missing[0, JOINT[joint]] = True
    pose[JOINT[joint]] = 7.0
    found = joint_angles(pose[None], missing, feet[None])[0]
    assert {angle.name for angle in ANGLES if np.isnan(found[ANGLE[angle.name]])} == unknown


@pytest.mark.parametrize(
    ("given", "unknown"),
    [
        ({"left_knee_flexion": LEAST_BEND - 1}, "left_hip_rotation"),
        ({"right_elbow_flexion": LEAST_BEND - 1}, "right_shoulder_rotation"),
        ({"left_shoulder_elevation": LEAST_ELEVATION - 1}, "left_shoulder_plane"),
        ({"left_shoulder_elevation": 180 - LEAST_ELEVATION + 1}, "left_shoulder_plane"),
        ({"right_hip_adduction": -85}, "right_hip_flexion"),
    ],
)
def test_what_a_pose_leaves_undefined_is_unknown(given: dict[str, float], unknown: str) -> None:
    plain = drawn(2)
    assert not np.isnan(measured(body(**plain))[unknown])
    found = measured(body(**plain | given))
    assert np.isnan(found.pop(unknown))


def test_lying_on_the_side_leaves_no_forward() -> None:
    on_the_side = body(**drawn(2)) @ np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    found = measured(on_the_side)
    assert np.isnan(found["trunk_flexion"])
    assert np.isfinite(found["left_hip_flexion"])


@pytest.mark.parametrize("dorsiflexion", [-50.0, 0.0, 25.0])
@pytest.mark.parametrize("turned_out", [-15.0, 0.0, 40.0])
def test_feet_have_the_angles_they_were_put_on_with(dorsiflexion: float, turned_out: float) -> None:
    pose = body()
    feet = feet_of(pose, dorsiflexion, turned_out)
    values = joint_angles(pose[None], seen(pose), feet[None])[0]
    for side in ("left", "right"):
        assert values[ANGLE[f"{side}_ankle_dorsiflexion"]] == pytest.approx(dorsiflexion, abs=1e-6)
        assert values[ANGLE[f"{side}_foot_progression"]] == pytest.approx(turned_out, abs=1e-6)
    feet[[0, 2]] = np.nan
    values = joint_angles(pose[None], seen(pose), feet[None])[0]
    assert np.isnan([values[ANGLE[f"left_{name}"]] for name in FOOT_ANGLES]).all()
    assert np.isfinite([values[ANGLE[f"right_{name}"]] for name in FOOT_ANGLES]).all()


def test_a_body_of_one_point_has_no_angles() -> None:
    assert np.isnan(joint_angles(np.zeros((1, JOINT_COUNT, 3)), seen(body()))).all()


def test_nothing_gives_nothing() -> None:
    empty = joint_angles(np.zeros((0, JOINT_COUNT, 3)), np.zeros((0, JOINT_COUNT), bool))
    assert empty.shape == (0, ANGLE_COUNT)


def test_shapes_are_checked() -> None:
    with pytest.raises(ValueError, match="shape"):
        joint_angles(np.zeros((2, JOINT_COUNT, 3)), np.zeros((1, JOINT_COUNT), bool))


def test_the_exported_skeleton_agrees() -> None:
    """Its bones are turned by other code, in other ways; where both are defined they agree."""
    xyz = performed(40.0)
    ours = joint_angles(xyz, seen(*xyz))
    theirs = coordinates(pose_skeleton(as_motion(xyz)))
    for name, coordinate, most in (
        ("hip_flexion", "hip_flexion", 0.01),
        ("hip_adduction", "hip_adduction", 0.01),
        ("hip_rotation", "hip_rotation", 7.0),  # the skeleton's is held back near straight knees
        ("knee_flexion", "knee_angle", 0.3),
        ("elbow_flexion", "elbow_flex", 3.0),
    ):
        for side in ("left", "right"):
            apart = ours[:, ANGLE[f"{side}_{name}"]] - theirs[f"{coordinate}_{side[0]}"]
            assert np.isfinite(apart).sum() > 100
            assert np.nanmax(np.abs(apart)) < most, name
    twist = ours[:, ANGLE["trunk_rotation"]] - theirs["lumbar_rotation"]
    assert np.abs(twist).max() < 0.01


def test_a_shank_on_a_flat_foot_tilts_as_the_ankle_bends() -> None:
    performer = Motion(variation(11))
    poses = [performer.at(time) for time in np.arange(0.0, 40.0, 0.1)]
    xyz = np.stack([pose.joints for pose in poses])
    tilt = joint_angles(xyz, seen(*xyz))[:, ANGLE["left_shank_tilt"]]
    toes = np.stack([pose.axes[BONE["left_foot"]][:, 2] for pose in poses])
    shank = xyz[:, JOINT["left_knee"]] - xyz[:, JOINT["left_ankle"]]
    shank /= np.linalg.norm(shank, axis=1, keepdims=True)
    dorsiflexion = 90 - np.degrees(np.arccos((shank * toes).sum(axis=1)))
    flat = np.abs(toes[:, 1]) < 0.03
    assert flat.sum() > 200
    assert np.ptp(dorsiflexion[flat]) > 30
    assert np.percentile(np.abs(tilt - dorsiflexion)[flat], 95) < 1.0


TILTS = ("trunk_flexion", "left_shank_tilt", "right_shank_tilt")


def somersault(turns: float, frames: int = 61) -> tuple[Array, Array]:
    """A stiff body that turns forward so many times, and by how many degrees it has turned."""
    pose = body()
    turned = np.linspace(0.0, 360.0 * turns, frames)
    angle = np.deg2rad(turned)
    still = np.zeros(frames)
    # Forward is +z for one who faces the camera: y goes to z, z to -y.
    about_x = np.stack(
        [
            np.stack([still + 1, still, still], -1),
            np.stack([still, np.cos(angle), -np.sin(angle)], -1),
            np.stack([still, np.sin(angle), np.cos(angle)], -1),
        ],
        axis=1,
    )
    return np.einsum("nij,kj->nki", about_x, pose), turned


@pytest.mark.parametrize("turns", [1.0, -1.0, 2.0])
def test_tilts_do_not_leap_in_a_somersault(turns: float) -> None:
    poses, turned = somersault(turns)
    time_s = np.arange(len(poses)) / 60
    each = joint_angles(poses, seen(*poses))
    found = continued(each, time_s)
    assert np.abs(np.diff(each[:, ANGLE["trunk_flexion"]])).max() > 300
    for name in TILTS:
        np.testing.assert_allclose(found[:, ANGLE[name]], turned, atol=1e-6)
    others = [ANGLE[angle.name] for angle in ANGLES if angle.name not in TILTS]
    np.testing.assert_array_equal(found[:, others], each[:, others])


def test_a_tilt_begins_again_behind_a_long_gap_and_with_another_person() -> None:
    poses, turned = somersault(1.0)
    time_s = np.arange(len(poses)) / 60
    hidden = seen(*poses)
    hidden[31:33] = True
    found = continued(joint_angles(poses, hidden), time_s)[:, ANGLE["trunk_flexion"]]
    assert np.isnan(found[31:33]).all()
    np.testing.assert_allclose(np.delete(found, [31, 32]), np.delete(turned, [31, 32]), atol=1e-6)
    angles = joint_angles(poses, seen(*poses))
    begun = np.where(np.arange(61) < 40, turned, turned - 360)
    later = time_s + np.where(np.arange(61) < 40, 0.0, 1.0)
    person = (np.arange(61) >= 40).astype(np.int64)
    for found in (continued(angles, later), continued(angles, time_s, person)):
        np.testing.assert_allclose(found[:, ANGLE["trunk_flexion"]], begun, atol=1e-6)


def test_no_motion_has_nothing_to_continue() -> None:
    assert continued(np.zeros((0, ANGLE_COUNT)), np.zeros(0)).shape == (0, ANGLE_COUNT)
    unknown = np.full((3, ANGLE_COUNT), np.nan)
    assert np.isnan(continued(unknown, np.arange(3.0))).all()
