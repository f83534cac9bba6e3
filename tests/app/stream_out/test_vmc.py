"""What a receiver of the VMC protocol in another process gets, in Unity's axes."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from app.errors import LiveOutError
from app.export.rig import Array
from app.packets import Pose3D
from app.stream_out.sender import Sender
from app.stream_out.targets import OscTarget
from app.stream_out.vmc import VmcChannel
from models.feet import FLAT_DEG
from models.skeleton import JOINT, JOINT_COUNT
from tests.support.live_receivers import Receiver, VmcFrame
from tests.support.skeletons import performed, rigid_matrix
from tests.support.waiting import until

ALL = np.ones(JOINT_COUNT, np.float32)
NOTHING = np.zeros(JOINT_COUNT, np.bool_)
UNITY = {
    "Spine": "Hips", "Chest": "Spine", "Neck": "Chest", "Head": "Neck",
    "LeftShoulder": "Chest", "LeftUpperArm": "LeftShoulder", "LeftLowerArm": "LeftUpperArm",
    "LeftHand": "LeftLowerArm", "RightShoulder": "Chest", "RightUpperArm": "RightShoulder",
    "RightLowerArm": "RightUpperArm", "RightHand": "RightLowerArm",
    "LeftUpperLeg": "Hips", "LeftLowerLeg": "LeftUpperLeg", "LeftFoot": "LeftLowerLeg",
    "RightUpperLeg": "Hips", "RightLowerLeg": "RightUpperLeg", "RightFoot": "RightLowerLeg",
}  # fmt: skip
"""Bone -> its parent in UnityEngine.HumanBodyBones, by its documentation."""
JOINTS = {
    f"{side.title()}{bone}": f"{side}_{joint}"
    for side in ("left", "right")
    for bone, joint in (
        ("UpperArm", "shoulder"), ("LowerArm", "elbow"), ("Hand", "wrist"),
        ("UpperLeg", "hip"), ("LowerLeg", "knee"), ("Foot", "ankle"),
    )
}  # fmt: skip


def pose(
    xyz: Array, number: int = 0, *, missing: NDArray[np.bool_] = NOTHING, began: float = 0.0
) -> Pose3D:
    """``xyz`` (17, 3) y up, as the lift thread publishes it."""
    camera = (xyz * (1, -1, -1)).astype(np.float32)
    at = began + number / 30
    return Pose3D(number, number / 30, camera, NOTHING.copy(), missing, at, at, at)


def sent(*poses: Pose3D) -> list[VmcFrame]:
    """What a receiver gets of them."""
    with Receiver("vmc", 0) as receiver:
        channel = VmcChannel("127.0.0.1", receiver.port)
        for each in poses:
            assert channel.send(each, np.where(each.missing, np.float32(np.nan), ALL))
            time.sleep(0.002)
        channel.close()
        return receiver.frames()


def places(frame: VmcFrame) -> dict[str, Array]:
    """Where the bones of a frame are, one after another as Unity's transforms are put together."""
    found: dict[str, Array] = {}
    for bone, values in frame.bones.items():
        local = rigid_matrix(values[:3], values[3:])
        found[bone] = local if bone == "Hips" else found[UNITY[bone]] @ local
    return {bone: matrix[:3, 3] for bone, matrix in found.items()}


def test_a_receiver_gets_the_performer_in_unitys_axes() -> None:
    xyz = performed(4, rigid=True)
    frames = sent(*(pose(joints, number) for number, joints in enumerate(xyz)))
    assert len(frames) == len(xyz)
    for number, (frame, joints) in enumerate(zip(frames, xyz, strict=True)):
        assert frame.ok == [1, 3, 0, 1]
        assert frame.time_s == pytest.approx(number / 30, abs=1e-4)
        assert frame.root == ["root", 0, 0, 0, 0, 0, 0, 1]
        assert set(frame.bones) == {"Hips", *UNITY}
        found = places(frame)
        for bone, joint in JOINTS.items():
            wanted = joints[JOINT[joint]] * (-1, 1, 1)  # Unity is left-handed
            np.testing.assert_allclose(found[bone] - found["Hips"], wanted, atol=0.006)


def test_a_raised_left_arm_is_the_avatars_left_and_up() -> None:
    """By plain numbers: an avatar that faces +z has its left at -x."""
    from tests.app.export.test_skeleton_pose import moved, t_pose

    raised = moved(t_pose(), left_elbow=(0.18, 0.78, 0), left_wrist=(0.18, 1.03, 0))
    rest, up = sent(pose(t_pose(), 0), pose(raised, 1))
    for values in rest.bones.values():
        np.testing.assert_allclose(np.abs(values[3:]), (0, 0, 0, 1), atol=2e-3)
    assert places(rest)["LeftHand"][0] < -0.6
    found = places(up)
    assert found["LeftHand"][0] == pytest.approx(-0.18, abs=0.02)
    assert found["LeftHand"][1] > found["Head"][1] + 0.2
    np.testing.assert_allclose(found["RightHand"], places(rest)["RightHand"], atol=0.02)


def test_turning_left_turns_the_avatar_to_its_left() -> None:
    from tests.app.export.test_skeleton_pose import t_pose

    angle = np.radians(40)
    turn = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    _, frame = sent(pose(t_pose(), 0), pose(t_pose() @ turn.T, 1))
    # Facing +x, the person's left; Unity's is at -x.
    x, y, z, w = frame.bones["Hips"][3:]
    facing = rigid_matrix((0, 0, 0), (x, y, z, w))[:3, 2]
    np.testing.assert_allclose(facing, (-np.sin(angle), 0, np.cos(angle)), atol=0.01)


def test_what_was_never_seen_is_not_sent_and_what_is_out_of_sight_stays() -> None:
    xyz = performed(1, rigid=True)
    legs = NOTHING.copy()
    for side in ("left", "right"):
        legs[[JOINT[f"{side}_knee"], JOINT[f"{side}_ankle"]]] = True
    arm = legs.copy()
    arm[[JOINT["left_elbow"], JOINT["left_wrist"]]] = True
    nobody = np.ones(JOINT_COUNT, np.bool_)
    first, second, away = sent(
        pose(xyz[0], 0, missing=legs), pose(xyz[9], 1, missing=arm), pose(xyz[9], 2, missing=nobody)
    )
    assert {bone for bone in UNITY if "Leg" in bone or "Foot" in bone}.isdisjoint(first.bones)
    np.testing.assert_allclose(
        second.bones["LeftUpperArm"][3:], first.bones["LeftUpperArm"][3:], atol=1e-6
    )
    assert (away.ok, away.bones) == ([1, 3, 0, 0], {})


@pytest.mark.slow
def test_rotations_do_not_change_sign_from_frame_to_frame() -> None:
    """A receiver that mixes two frames would turn the bone the long way round."""
    frames = sent(*(pose(joints, number) for number, joints in enumerate(performed(3, rigid=True))))
    for before, after in pairwise(frames):
        for bone, values in after.bones.items():
            assert np.dot(values[3:], before.bones[bone][3:]) > 0


def test_datagrams_fit_into_a_network_s(monkeypatch: pytest.MonkeyPatch) -> None:
    from app.stream_out import vmc

    sizes: list[int] = []
    bundles = vmc._bundles
    monkeypatch.setattr(
        vmc,
        "_bundles",
        lambda messages: [sizes.append(len(each)) or each for each in bundles(messages)],
    )
    sent(pose(performed(1)[0]))
    assert len(sizes) == 2
    assert max(sizes) <= 1200


def test_nobody_listens_and_then_somebody_does() -> None:
    with Receiver("vmc", 0) as receiver:
        port = receiver.port
    sender = Sender(OscTarget(port=port))
    xyz = performed(1)
    began = time.perf_counter()

    def put(number: int) -> None:
        sender.put(pose(xyz[0], number, began=began), ALL)
        time.sleep(0.03)

    for number in range(10):
        put(number)
    until(lambda: sender.figures().sent == 10, "ten poses")
    assert not sender.figures().heard
    assert sender.figures().unheard == 10
    assert sender.error is None, "nobody there is no error"
    with Receiver("vmc", port) as receiver:
        for number in range(10, 20):
            put(number)
        assert sender.close()
        frames = receiver.frames()
    assert sender.figures().heard
    figures = sender.figures()
    # What tells that nobody listens comes with the datagram after the one that was refused.
    assert 9 <= len(frames) <= 10
    assert figures.sent == 20
    assert figures.lost == 0


def test_a_name_that_is_no_computer() -> None:
    sender = Sender(OscTarget("no..such", 39539))
    until(lambda: sender.failed, "the failure")
    assert isinstance(sender.error, LiveOutError)
    assert str(sender.error) == "There is no computer named no..such to send to. Check the address."
    sender.put(pose(performed(1)[0]), ALL)
    assert sender.figures().sent == 0
    assert sender.close()


def test_feet_point_from_heel_to_toe() -> None:
    from tests.app.export.test_skeleton_pose import t_pose

    outwards = np.array([0.5, 0.0, np.sqrt(0.75)])  # y up; 30 degrees to the person's left
    feet = np.full((4, 3), np.nan)
    flat = np.radians(FLAT_DEG)  # of a sole that is flat the toe is lower than the heel
    toe = np.cos(flat) * outwards - np.sin(flat) * np.array([0.0, 1.0, 0.0])
    feet[0], feet[2] = (0.1, -0.9, 0.0), (0.1, -0.9, 0.0) + 0.2 * toe
    standing = replace(pose(t_pose(), 0), feet=(feet * (1, -1, -1)).astype(np.float32))
    (frame,) = sent(standing)
    left = rigid_matrix((0, 0, 0), frame.bones["LeftFoot"][3:])[:3, 2]
    np.testing.assert_allclose(left, outwards * (-1, 1, 1), atol=0.02)  # Unity is left-handed
    right = frame.bones["RightFoot"][3:]
    np.testing.assert_allclose(np.abs(right), (0, 0, 0, 1), atol=2e-3)
