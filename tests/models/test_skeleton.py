"""The skeleton's tables agree with each other and with MediaPipe's landmark order."""

from __future__ import annotations

import numpy as np
import pytest

from models import skeleton
from models.skeleton import JOINT, LANDMARK_NAMES, MIRROR, SIDES


def test_mirror_exchanges_sides_and_is_its_own_inverse() -> None:
    assert [MIRROR[MIRROR[joint]] for joint in range(17)] == list(range(17))
    exchanged = {"left": "right", "right": "left", "middle": "middle"}
    assert [SIDES[MIRROR[joint]] for joint in range(17)] == [exchanged[side] for side in SIDES]


def test_every_parent_comes_before_its_child() -> None:
    assert all(parent < joint for joint, parent in enumerate(skeleton.PARENTS))


def test_landmarks_map_to_joints_as_documented() -> None:
    points = np.arange(33.0)[:, None] * [1.0, 10.0]
    joints = skeleton.joints_from_landmarks(points)
    at = {name: points[LANDMARK_NAMES.index(name)] for name in LANDMARK_NAMES}
    assert joints[JOINT["left_wrist"]] == pytest.approx(at["left_wrist"])
    assert joints[JOINT["pelvis"]] == pytest.approx((at["left_hip"] + at["right_hip"]) / 2)
    assert joints[JOINT["head"]] == pytest.approx((at["left_ear"] + at["right_ear"]) / 2)
    assert joints[JOINT["spine"]] == pytest.approx(
        (joints[JOINT["pelvis"]] + joints[JOINT["thorax"]]) / 2
    )
    assert joints[JOINT["nose"]] == pytest.approx(points[0])


def test_confidence_is_the_lowest_of_the_sources() -> None:
    visibility = np.ones(33)
    visibility[LANDMARK_NAMES.index("left_hip")] = 0.2
    confidence = skeleton.confidence_from_landmarks(visibility)
    low = {name for name, joint in JOINT.items() if confidence[joint] == 0.2}
    assert low == {"pelvis", "spine", "left_hip"}


def test_a_wrong_number_of_landmarks_is_refused() -> None:
    with pytest.raises(ValueError, match="33 landmarks"):
        skeleton.joints_from_landmarks(np.zeros((17, 2)))


def test_feet_know_their_landmark_their_ankle_and_their_other_side() -> None:
    for index, name in enumerate(skeleton.FOOT_JOINT_NAMES):
        side, part = name.split("_")
        landmark = LANDMARK_NAMES[skeleton.FOOT_LANDMARKS[index]]
        assert landmark == f"{side}_{'heel' if part == 'heel' else 'foot_index'}"
        assert skeleton.JOINT_NAMES[skeleton.FOOT_PARENTS[index]] == f"{side}_ankle"
        other = skeleton.FOOT_JOINT_NAMES[skeleton.FOOT_MIRROR[index]]
        assert other == f"{'right' if side == 'left' else 'left'}_{part}"
