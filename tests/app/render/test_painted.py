from __future__ import annotations

import numpy as np

from app.render import painted
from app.render.camera import FRONT, THREE_QUARTER
from app.render.request import Body
from models.skeleton import BONES, FOOT_JOINT_NAMES, JOINT

SIZE = (800, 600)
ALL, FIRM = np.ones(17, bool), np.ones(17, np.float32)


def test_the_nearest_bone_is_painted_last() -> None:
    joints = np.zeros((17, 3), dtype=np.float32)
    joints[:, 1] = 1.0
    joints[JOINT["left_wrist"]] = (0.0, 1.2, 1.0)  # stretched out toward the front view's eye
    bones = painted.bones(Body(joints, ALL, FIRM), FRONT.view(), SIZE)
    assert len(bones) == len(BONES) + 17
    widths = [bone.width for bone in bones]
    assert widths[-1] == max(widths)
    assert bones[-1].side == "left"


def test_joints_that_are_missing_take_their_bones_with_them() -> None:
    drawn = np.ones(17, bool)
    drawn[[JOINT["left_knee"], JOINT["left_ankle"]]] = False
    bones = painted.bones(
        Body(np.ones((17, 3), np.float32), drawn, FIRM), THREE_QUARTER.view(), SIZE
    )
    assert len(bones) == len(BONES) - 2 + 15


def test_left_of_the_person_is_on_the_right_when_seen_from_the_front() -> None:
    joints = np.zeros((17, 3), dtype=np.float32)
    joints[JOINT["left_wrist"], 0] = 0.5
    bones = painted.bones(Body(joints, ALL, FIRM), FRONT.view(), SIZE)
    left = max(bone.end[0] for bone in bones if bone.side == "left")
    assert left > SIZE[0] / 2


def test_feet_are_triangles_below_ankles_that_are_drawn() -> None:
    joints = np.ones((17, 3), np.float32)
    feet = np.ones((4, 3), np.float32)
    feet[FOOT_JOINT_NAMES.index("left_toe")] = np.nan
    drawn = ALL.copy()
    assert len(painted.bones(Body(joints, drawn, FIRM, feet), FRONT.view(), SIZE)) == 16 + 17 + 4
    drawn[JOINT["right_ankle"]] = False
    assert len(painted.bones(Body(joints, drawn, FIRM, feet), FRONT.view(), SIZE)) == 15 + 16 + 1


def test_a_foot_that_is_held_fades() -> None:
    joints, feet = np.ones((17, 3), np.float32), np.ones((4, 3), np.float32)
    firm = np.array([0.25, 1.0, 0.25, 1.0], np.float32)  # of the left one little is left
    whole = Body(joints, ALL, FIRM, feet, firm).whole
    assert whole.opacity[17:].tolist() == [0.25, 1.0, 0.25, 1.0]
    bones = painted.bones(Body(joints, ALL, FIRM, feet, firm), FRONT.view(), SIZE)
    assert sorted(bone.opacity for bone in bones)[:3] == [0.25] * 3


def test_a_joint_without_a_bone_does_not_hang_in_the_air() -> None:
    joints = np.zeros((17, 3), np.float32)
    drawn = ALL.copy()
    drawn[[JOINT["left_elbow"], JOINT["right_knee"]]] = False
    feet = np.zeros((4, 3), np.float32)
    whole = Body(joints, drawn, FIRM, feet).whole
    for name in ("left_wrist", "right_ankle"):
        assert drawn[JOINT[name]]
        assert not whole.drawn[JOINT[name]]
    assert whole.drawn[JOINT["left_shoulder"]]
    assert whole.drawn[17:].tolist() == [True, False, True, False], "nor does a foot"
    alone = np.arange(17) == JOINT["head"]
    assert Body(joints, alone, FIRM).whole.drawn[JOINT["head"]], "better that than nobody"
