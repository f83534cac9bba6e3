from __future__ import annotations

import numpy as np

from app.render import painted
from app.render.camera import FRONT, THREE_QUARTER
from models.skeleton import BONES, JOINT

SIZE = (800, 600)


def test_the_nearest_bone_is_painted_last() -> None:
    joints = np.zeros((17, 3), dtype=np.float32)
    joints[:, 1] = 1.0
    joints[JOINT["left_wrist"]] = (0.0, 1.2, 1.0)  # stretched out toward the front view's eye
    bones = painted.bones(joints, np.ones(17, bool), np.ones(17), FRONT.view(), SIZE)
    assert len(bones) == len(BONES) + 17
    widths = [bone.width for bone in bones]
    assert widths[-1] == max(widths)
    assert bones[-1].side == "left"


def test_joints_that_are_missing_take_their_bones_with_them() -> None:
    drawn = np.ones(17, bool)
    drawn[[JOINT["left_knee"], JOINT["left_ankle"]]] = False
    bones = painted.bones(np.ones((17, 3)), drawn, np.ones(17), THREE_QUARTER.view(), SIZE)
    assert len(bones) == len(BONES) - 2 + 15


def test_left_of_the_person_is_on_the_right_when_seen_from_the_front() -> None:
    joints = np.zeros((17, 3), dtype=np.float32)
    joints[JOINT["left_wrist"], 0] = 0.5
    bones = painted.bones(joints, np.ones(17, bool), np.ones(17), FRONT.view(), SIZE)
    left = max(bone.end[0] for bone in bones if bone.side == "left")
    assert left > SIZE[0] / 2
