"""Why no person, or half of one, is seen."""

from __future__ import annotations

from app.pipeline.body_in_view import BodyInViewFilter, judge_body_in_view
from app.pipeline.status import BodyInView
from tests.support.keypoints import keypoints

LEGS = ("left_knee", "right_knee", "left_ankle", "right_ankle")
HIPS = ("left_hip", "right_hip")


def test_nobody() -> None:
    assert judge_body_in_view(keypoints(tracked=False)) is BodyInView.NOBODY


def test_whole_person_also_with_one_leg_hidden() -> None:
    assert judge_body_in_view(keypoints()) is BodyInView.WHOLE
    assert judge_body_in_view(keypoints(unseen=("left_knee", "left_ankle"))) is BodyInView.WHOLE


def test_legs_below_the_picture() -> None:
    assert judge_body_in_view(keypoints(unseen=LEGS)) is BodyInView.UPPER_BODY


def test_hips_hidden_by_a_desk_inside_the_picture() -> None:
    assert judge_body_in_view(keypoints(unseen=LEGS + HIPS)) is BodyInView.UPPER_BODY


def test_hips_below_the_picture_call_for_stepping_back() -> None:
    below = {"left_hip": (350.0, 500.0), "right_hip": (290.0, 500.0)}
    assert judge_body_in_view(keypoints(unseen=LEGS + HIPS, at=below)) is BodyInView.TOO_CLOSE


def test_one_bad_frame_changes_no_message() -> None:
    tally = BodyInViewFilter()
    for n in range(10):
        tally.add(keypoints(n))
    assert tally.add(keypoints(10, tracked=False)) is BodyInView.WHOLE


def test_the_last_second_decides() -> None:
    tally = BodyInViewFilter()
    for n in range(30):
        tally.add(keypoints(n))
    verdict = None
    for n in range(30, 60):
        verdict = tally.add(keypoints(n, tracked=False))
    assert verdict is BodyInView.NOBODY
