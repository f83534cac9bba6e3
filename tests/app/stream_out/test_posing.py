"""Frame by frame the bones turn as they do in an export of the same motion."""

from __future__ import annotations

import numpy as np
import pytest

from app.export.rig import BONE, BONES, Array
from app.export.skeleton_pose import pose_skeleton
from app.stream_out.posing import BonePose, LivePoser
from models.skeleton import JOINT, JOINT_COUNT
from tests.support.skeletons import as_motion, performed, rigid_matrix

NOTHING = np.zeros(JOINT_COUNT, bool)


def live(xyz: Array, missing: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> list[BonePose]:
    poser = LivePoser()
    return [
        poser.pose(joints, ~gone, gone, index / 30)
        for index, (joints, gone) in enumerate(zip(xyz, missing, strict=True))
    ]


def angles(first: Array, second: Array) -> Array:
    """Degrees between rotations."""
    dots = np.clip(np.abs((first * second).sum(-1)), 0, 1)
    return np.asarray(np.degrees(2 * np.arccos(dots)))


@pytest.mark.parametrize("seed", [0, 1])
def test_live_is_as_exported(seed: int) -> None:
    xyz = performed(6, seed=seed, rigid=True)
    exported = pose_skeleton(as_motion(xyz))
    found = live(xyz, np.zeros(xyz.shape[:2], bool))
    assert angles(np.stack([pose.turns for pose in found]), exported.turns).max() < 0.1
    assert all(pose.known.all() for pose in found)
    np.testing.assert_allclose(found[-1].rig.offsets, exported.rig.offsets, atol=1e-6)


def test_a_bone_out_of_sight_keeps_its_turn_as_in_an_export() -> None:
    xyz = performed(3, rigid=True)
    missing = np.zeros(xyz.shape[:2], bool)
    missing[30:60, JOINT["left_wrist"]] = True
    missing[40:50] = True
    exported = pose_skeleton(as_motion(xyz, missing=missing))
    found = live(xyz, missing)
    assert angles(np.stack([pose.turns for pose in found]), exported.turns).max() < 0.1
    hand = BONE["LeftForeArm"]
    np.testing.assert_allclose(found[45].turns[hand], found[29].turns[hand], atol=1e-9)


def test_what_was_never_seen_is_not_known() -> None:
    """Legs below a desk: whoever receives this keeps those of the avatar as they are."""
    xyz = performed(1, rigid=True)
    missing = np.zeros(xyz.shape[:2], bool)
    for side in ("left", "right"):
        missing[:, [JOINT[f"{side}_knee"], JOINT[f"{side}_ankle"]]] = True
    found = live(xyz, missing)[-1]
    unknown = {bone for bone, known in zip(BONES, found.known, strict=True) if not known}
    assert unknown == {
        f"{side}{bone}" for side in ("Left", "Right") for bone in ("UpLeg", "Leg", "Foot")
    }


def test_one_who_squats_goes_down_and_stays_on_the_floor() -> None:
    upright = performed(1, rigid=True)[0].copy()
    squat = upright.copy()
    for side in ("left", "right"):
        hip, knee, ankle = (JOINT[f"{side}_{part}"] for part in ("hip", "knee", "ankle"))
        thigh = np.linalg.norm(upright[knee] - upright[hip])
        shank = np.linalg.norm(upright[ankle] - upright[knee])
        for xyz, down in ((upright, 1.0), (squat, 0.5)):
            forward = np.sqrt(1 - down**2)
            xyz[knee] = xyz[hip] + thigh * np.array([0, -down, forward])
            xyz[ankle] = xyz[knee] + shank * np.array([0, -down, -forward])
    poser = LivePoser()
    frames = [
        poser.pose(xyz, ~NOTHING, NOTHING, index / 30) for index, xyz in enumerate([upright, squat])
    ]
    assert frames[0].hips[1] == pytest.approx(frames[0].rig.hips_height, abs=0.01)
    assert frames[0].hips[1] - frames[1].hips[1] == pytest.approx((thigh + shank) / 2, abs=0.01)
    for frame in frames:
        lowest = min(_foot(frame, side) for side in ("Left", "Right"))
        assert lowest == pytest.approx(frame.rig.at_rest()[BONE["LeftFoot"], 1], abs=1e-9)


def _foot(pose: BonePose, side: str) -> float:
    """Metres above the floor."""
    world = rigid_matrix(pose.hips, pose.turns[0])
    for bone in ("UpLeg", "Leg", "Foot"):
        index = BONE[f"{side}{bone}"]
        world = world @ rigid_matrix(pose.rig.offsets[index], pose.turns[index])
    return float(world[1, 3])
