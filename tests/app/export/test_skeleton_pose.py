"""Joints to a rigid skeleton and back."""

from __future__ import annotations

import numpy as np
import pytest

from app.export.rig import BONE, BONES, ENDS, JOINT_OF, PARENTS, SIDES, Array, Rig
from app.export.skeleton_pose import SkeletonMotion, pose_skeleton
from models.skeleton import JOINT, JOINT_COUNT
from tests.support.skeletons import as_motion, joints_of, performed, solved

AT_REST = np.array([0.0, 0.0, 0.0, 1.0])


def t_pose() -> Array:
    """(17, 3) somebody in a T who faces the camera, by plain numbers."""
    places = {
        "spine": (0, 0.25, 0), "thorax": (0, 0.5, 0), "head": (0, 0.7, 0),
        "nose": (0, 0.7 - 0.020, 0.127),
    }  # fmt: skip
    for side, x in (("left", 1), ("right", -1)):
        places |= {
            f"{side}_hip": (0.1 * x, 0, 0), f"{side}_knee": (0.1 * x, -0.42, 0),
            f"{side}_ankle": (0.1 * x, -0.83, 0), f"{side}_shoulder": (0.18 * x, 0.5, 0),
            f"{side}_elbow": (0.46 * x, 0.5, 0), f"{side}_wrist": (0.71 * x, 0.5, 0),
        }  # fmt: skip
    xyz = np.zeros((JOINT_COUNT, 3))
    for name, place in places.items():
        xyz[JOINT[name]] = place
    return xyz


def moved(xyz: Array, **places: tuple[float, float, float]) -> Array:
    result = xyz.copy()
    for joint, place in places.items():
        result[JOINT[joint]] = place
    return result


def pose(*frames: Array, rate: float = 30.0) -> SkeletonMotion:
    return pose_skeleton(as_motion(np.stack(frames), rate=rate))


def errors(xyz: Array, skeleton: SkeletonMotion) -> Array:
    """(N, 17) metres."""
    return np.asarray(np.linalg.norm(joints_of(skeleton) - xyz, axis=-1))


def steps(skeleton: SkeletonMotion) -> Array:
    """(N - 1, 19) degrees each bone turns from frame to frame."""
    dots = np.abs((skeleton.turns[1:] * skeleton.turns[:-1]).sum(-1))
    return np.degrees(2 * np.arccos(np.clip(dots, 0, 1)))


def test_parents_stand_before_what_hangs_on_them() -> None:
    assert len(BONES) == len(PARENTS) == 19
    for bone, parent in enumerate(PARENTS):
        # As a hierarchy is written: the parent is the bone before or one that bone hangs on.
        above = bone - 1
        while above != parent:
            above = PARENTS[above]
        assert parent < bone
    assert set(JOINT_OF.values()) == set(JOINT) - {"nose"}
    assert set(ENDS) == set(BONES) - {BONES[parent] for parent in PARENTS if parent >= 0}


def test_in_a_t_no_bone_is_turned() -> None:
    skeleton = pose(t_pose())
    np.testing.assert_allclose(skeleton.turns[0], np.tile(AT_REST, (19, 1)), atol=1e-3)
    assert errors(t_pose()[None], skeleton).max() < 1e-4
    assert not skeleton.held.any()


def test_at_rest_it_stands_on_the_floor_and_faces_z() -> None:
    rig = pose(t_pose()).rig
    places = rig.at_rest()
    ends = dict(zip(ENDS.values(), places[[BONE[bone] for bone in ENDS]] + rig.ends, strict=True))
    assert ends["LeftToe_End"][1] == pytest.approx(0, abs=1e-9)
    assert ends["LeftToe_End"][2] > 0.1
    assert ends["LeftHand_End"][0] > places[BONE["LeftHand"]][0] > 0.6
    assert ends["HeadTop_End"][1] == places[:, 1].max() + rig.ends[0][1]
    assert rig.nose[2] > 0.1


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_rigid_person_is_matched_to_millimetres(seed: int) -> None:
    xyz = performed(10, seed=seed, rigid=True)
    skeleton = pose_skeleton(as_motion(xyz))
    assert errors(xyz, skeleton).max() < 0.003
    assert steps(skeleton).max() < 25


def test_raised_shoulders_and_a_bent_trunk_cost_centimetres() -> None:
    """The performer's thorax rises by 5 cm with the arms, which no rigid trunk can follow."""
    xyz = performed(8)
    found = errors(xyz, pose_skeleton(as_motion(xyz)))
    legs = [JOINT[f"{side}_{joint}"] for side in ("left", "right") for joint in ("hip", "knee")]
    arms = [JOINT[f"{side}_{joint}"] for side in ("left", "right") for joint in ("elbow", "wrist")]
    assert found[:, [*legs, JOINT["left_ankle"], JOINT["right_ankle"]]].max() < 0.001
    assert found[:, arms].max() < 0.025
    assert found[:, [JOINT["head"], JOINT["nose"]]].max() < 0.02
    assert found[:, JOINT["thorax"]].max() < 0.055
    assert np.median(found, axis=0).max() < 0.01


def test_noise_is_not_made_larger() -> None:
    truth = performed(8, rigid=True)
    noisy = truth + np.random.default_rng(0).normal(0, 0.02, truth.shape)
    noisy -= noisy[:, :1]
    skeleton = pose_skeleton(as_motion(noisy))
    apart = np.linalg.norm(noisy - truth, axis=-1).mean()
    assert errors(truth, skeleton).mean() < 1.1 * apart
    assert errors(noisy, skeleton).mean() < 0.9 * apart
    places = solved(skeleton)[0][:, :, :3, 3]
    for bone, parent in enumerate(PARENTS[1:], start=1):
        lengths = np.linalg.norm(places[:, bone] - places[:, parent], axis=-1)
        assert np.ptp(lengths) < 1e-9, f"{BONES[bone]} is not rigid"


def test_a_raised_left_arm_is_up_and_at_plus_x() -> None:
    raised = moved(t_pose(), left_elbow=(0.22, 0.78, 0), left_wrist=(0.22, 1.03, 0))
    hands = solved(pose(raised))[0][0, :, :3, 3]
    head, left, right = (hands[BONE[name]] for name in ("Head", "LeftHand", "RightHand"))
    assert left[1] > head[1] > right[1]
    assert left[0] > 0.15
    assert right[0] < -0.5


@pytest.mark.parametrize(("side", "x"), [("left", 1.0), ("right", -1.0)])
def test_elbows_and_knees_are_hinges(side: str, x: float) -> None:
    """Elbows bend forwards, about the vertical in a T; knees backwards, about left and right."""
    forwards = moved(t_pose(), **{f"{side}_wrist": (0.46 * x, 0.5, 0.25)})
    sitting = moved(
        t_pose(), **{f"{side}_knee": (0.1 * x, 0, 0.42), f"{side}_ankle": (0.1 * x, -0.41, 0.42)}
    )
    skeleton = pose(forwards, sitting)
    name, half = side.title(), np.sqrt(0.5)
    for bone, frame, turn in (
        ("Arm", 0, AT_REST),
        ("ForeArm", 0, (0, -half * x, 0, half)),
        ("UpLeg", 1, (-half, 0, 0, half)),
        ("Leg", 1, (half, 0, 0, half)),
    ):
        found = skeleton.turns[frame, BONE[f"{name}{bone}"]]
        assert abs(found @ np.array(turn)) > 0.995, bone


@pytest.mark.parametrize("degrees", [-70, 50])
def test_the_head_turns_as_the_nose_does(degrees: float) -> None:
    """A positive turn is to the left: the nose goes to +x."""
    angle = np.radians(degrees)
    nose = (0.127 * np.sin(angle), 0.68, 0.127 * np.cos(angle))
    skeleton = pose(t_pose(), moved(t_pose(), nose=nose))
    turned = solved(skeleton)[0][1, BONE["Head"], :3, :3]
    np.testing.assert_allclose(
        turned, [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]],
        atol=2e-3,
    )  # fmt: skip
    assert 20 < steps(skeleton)[0, BONE["Neck"]] < 40, "the neck takes half of it"


def test_a_straight_knee_that_trembles_does_not_turn_the_leg() -> None:
    frames = np.tile(t_pose(), (60, 1, 1))
    tremble = np.random.default_rng(0).normal(0, 0.01, (60, 2))
    frames[:, JOINT["left_ankle"], 0] += tremble[:, 0]
    frames[:, JOINT["left_ankle"], 2] += tremble[:, 1]
    assert steps(pose(*frames))[:, BONE["LeftUpLeg"]].max() < 10


def test_an_elbow_that_passes_through_straight_does_not_turn_the_arm_over() -> None:
    """The forearm swings from in front of the upper arm to behind it, in 0.4 s."""
    frames = []
    for angle in np.radians(np.linspace(70, -70, 13)):
        wrist = (0.46 + 0.25 * np.cos(angle), 0.5 + 0.01, 0.25 * np.sin(angle))
        frames.append(moved(t_pose(), left_wrist=wrist))
    skeleton = pose(*frames)
    assert steps(skeleton)[:, BONE["LeftArm"]].max() <= 24.1, "two turns a second"
    assert errors(np.stack(frames), skeleton).max() < 0.02


def test_quaternions_keep_their_sign() -> None:
    spin = [
        t_pose() @ np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
        for a in np.linspace(0, 4 * np.pi, 120)
    ]
    turns = pose(*spin).turns
    assert ((turns[1:] * turns[:-1]).sum(-1) > 0.9).all()
    np.testing.assert_allclose(np.linalg.norm(turns, axis=-1), 1, atol=1e-12)


def test_missing_joints_hold_the_bone() -> None:
    xyz = performed(4, rigid=True).copy()
    missing = np.zeros((120, JOINT_COUNT), bool)
    missing[:10, JOINT["left_wrist"]] = True
    missing[50:80, JOINT["left_wrist"]] = True
    missing[:, JOINT["right_ankle"]] = True
    xyz[missing] = 1e6  # must not leave the program
    skeleton = pose_skeleton(as_motion(xyz, missing=missing))
    held = {name for name, bone in BONE.items() if skeleton.held[:, bone].any()}
    assert held == {"LeftForeArm", "RightLeg"}
    fore = BONE["LeftForeArm"]
    np.testing.assert_array_equal(skeleton.held[:, fore], missing[:, JOINT["left_wrist"]])
    np.testing.assert_array_equal(skeleton.turns[50:80, fore], skeleton.turns[[49] * 30, fore])
    np.testing.assert_array_equal(skeleton.turns[:10, fore], skeleton.turns[[10] * 10, fore])
    np.testing.assert_array_equal(skeleton.turns[:, BONE["RightLeg"]], np.tile(AT_REST, (120, 1)))
    known = ~missing
    known[:, JOINT["right_wrist"]] = False
    assert errors(xyz, skeleton)[known].max() < 0.01


def test_nobody_seen_at_all_stands_at_rest() -> None:
    missing = np.ones((5, JOINT_COUNT), bool)
    skeleton = pose_skeleton(as_motion(np.zeros((5, JOINT_COUNT, 3)), missing=missing))
    np.testing.assert_array_equal(skeleton.turns, np.broadcast_to(AT_REST, (5, 19, 4)))
    assert skeleton.rig.hips_height == pytest.approx(0.92, abs=0.01)
    assert np.isfinite(skeleton.rig.offsets).all()


def test_joints_in_one_place_are_no_direction() -> None:
    folded = moved(t_pose(), left_wrist=(0.46, 0.5, 0))
    skeleton = pose(t_pose(), folded, np.zeros((JOINT_COUNT, 3)))
    assert skeleton.held[1, BONE["LeftForeArm"]]
    assert skeleton.held[2, BONE["Hips"]]
    assert np.isfinite(skeleton.turns).all()


def test_without_hips_the_arms_still_point_where_they_do() -> None:
    """Somebody behind a desk: everything below the shoulders is missing."""
    xyz = np.tile(t_pose(), (3, 1, 1)) - t_pose()[JOINT["thorax"]]
    xyz[1] = moved(xyz[1], left_elbow=(0.18, 0.28, 0), left_wrist=(0.18, 0.53, 0))
    missing = np.zeros((3, JOINT_COUNT), bool)
    missing[:, : JOINT["thorax"]] = True
    skeleton = pose_skeleton(as_motion(xyz, missing=missing))
    fore = solved(skeleton)[0][1, BONE["LeftForeArm"], :3, :3]
    np.testing.assert_allclose(fore @ (1, 0, 0), (0, 1, 0), atol=1e-6)


def test_lengths_come_from_what_was_seen_and_are_the_same_on_both_sides() -> None:
    frames = np.tile(t_pose(), (9, 1, 1))
    filled = np.zeros((9, JOINT_COUNT), bool)
    ankles = [JOINT["left_ankle"], JOINT["right_ankle"]]
    frames[:7, ankles, 1] -= 0.3
    filled[:7, ankles] = True
    frames[8, JOINT["right_wrist"], 0] -= 5
    frames[:, JOINT["right_elbow"], 0] += 0.02
    rig = pose_skeleton(as_motion(frames, filled=filled)).rig
    for name, side in SIDES:
        np.testing.assert_allclose(rig.offsets[BONE[f"{name}Foot"]], (0, -0.41, 0), atol=1e-6)
        assert side * rig.offsets[BONE[f"{name}Hand"], 0] == pytest.approx(0.26, abs=0.0101)
    left, right = rig.offsets[[BONE["LeftHand"], BONE["RightHand"]], 0]
    assert left == -right


def test_what_was_never_seen_has_the_size_of_the_rest() -> None:
    seen = np.ones((1, JOINT_COUNT), bool)
    seen[:, JOINT["left_ankle"]] = seen[:, JOINT["right_ankle"]] = False
    small = Rig.fitted(0.5 * t_pose()[None], seen, ~seen)
    whole = Rig.fitted(0.5 * t_pose()[None], seen | True, seen & False)
    assert small.hips_height == pytest.approx(whole.hips_height, rel=0.06)


def test_irregular_frames_on_a_regular_grid() -> None:
    xyz = performed(4, rate=120, rigid=True)
    rows = np.arange(0, 480, 4) + np.random.default_rng(0).integers(-1, 2, 120)
    rows[[0, -1]] = 0, 476
    skeleton = pose_skeleton(as_motion(xyz[rows], time_s=rows / 120)).at_rate(30)
    np.testing.assert_allclose(skeleton.time_s, np.arange(120) / 30)
    moving = errors(xyz[::4], skeleton)
    assert moving.max() < 0.01
    assert moving.max() < 0.5 * np.linalg.norm(xyz[rows] - xyz[::4], axis=-1).max()


def test_in_long_gaps_nothing_is_made_up() -> None:
    xyz = performed(8, rigid=True)
    rows = np.concatenate([np.arange(30), np.arange(150, 240)])
    skeleton = pose_skeleton(as_motion(xyz[rows], time_s=rows / 30))
    even = skeleton.at_rate(30)
    np.testing.assert_array_equal(even.turns[30:150], even.turns[[29] * 120])
    np.testing.assert_array_equal(
        even.held.all(axis=1), (np.arange(240) > 29) & (np.arange(240) < 150)
    )
    torn = skeleton.with_gaps()
    assert torn.time_s[30] == pytest.approx(150 / 30 - 0.01)
    np.testing.assert_array_equal(torn.turns[30], torn.turns[29])
    np.testing.assert_array_equal(np.delete(torn.time_s, 30), skeleton.time_s)
    assert torn.held[30].all()
