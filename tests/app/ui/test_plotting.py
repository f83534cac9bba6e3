"""What the plot of angles is given, without a window."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from app.motion.angles import ANGLE, joint_angles
from app.packets import PeopleInView, Pose3D
from app.recording.poses import SavedPoses
from app.ui.angle_groups import GROUPS
from app.ui.presenters.plotting import (
    LIVE_S,
    RECORDED_S,
    LiveTrace,
    RecordedTrace,
    span,
    with_breaks,
)
from app.ui.presenters.view_state import ViewState
from models.skeleton import JOINT, JOINT_COUNT
from tests.support.keypoints import keypoints
from tests.support.poses_by_angle import body
from tests.support.recordings import INFO

KNEES = (ANGLE["left_knee_flexion"], ANGLE["right_knee_flexion"])
CAMERA = np.array([1.0, -1.0, -1.0])


def view_state(time_s: float, *, missing: tuple[str, ...] = (), **degrees: float) -> ViewState:
    gone = np.zeros(JOINT_COUNT, bool)
    gone[[JOINT[name] for name in missing]] = True
    pose = Pose3D(
        index=round(time_s * 30),
        time_s=time_s,
        xyz=(body(**degrees) * CAMERA).astype(np.float32),
        filled=np.zeros(JOINT_COUNT, bool),
        missing=gone,
        captured_at=0.0,
        detected_at=0.0,
        lifted_at=0.0,
    )
    return ViewState(pose=pose, keypoints=replace(keypoints(), time_s=time_s))


def recording(time_s: NDArray[np.float64]) -> SavedPoses:
    """The left knee bends by ten times the seconds, up to 90."""
    bends, frames = np.unique(np.minimum(90, 10 * time_s), return_inverse=True)
    poses = np.stack([body(left_knee_flexion=bend) * CAMERA for bend in bends])
    xyz = poses[frames].astype(np.float32)
    nothing = np.zeros(xyz.shape[:2], bool)
    return SavedPoses(
        xyz=xyz, filled=nothing, missing=nothing, swapped=np.zeros(len(xyz), bool), info=INFO
    )


@cache
def a_minute() -> tuple[NDArray[np.float64], SavedPoses]:
    time_s = np.arange(1801) / 30
    return time_s, recording(time_s)


def test_live_it_keeps_the_last_seconds_before_now() -> None:
    trace = LiveTrace()
    for number in range(12 * 30 + 1):
        found = trace.curves(view_state(number / 30, left_knee_flexion=number / 10), KNEES)
    assert found.span_s == (-LIVE_S, 0.0)
    assert found.cursor_s is None
    assert len(found.time_s) == LIVE_S * 30 + 1
    assert (found.time_s[0], found.time_s[-1]) == pytest.approx((-LIVE_S, 0.0))
    np.testing.assert_allclose(found.degrees[:, 0], np.arange(60, 361) / 10, atol=1e-3)
    assert found.now == pytest.approx((36.0, 0.0), abs=1e-3)
    assert found.extent_deg == pytest.approx((0.0, 36.0), abs=1e-3)


def test_live_and_recorded_tilts_go_on_in_a_somersault() -> None:
    trace, column = LiveTrace(), (ANGLE["trunk_flexion"],)
    for number in range(61):
        found = trace.curves(view_state(number / 30, trunk_flexion=6.0 * number), column)
    np.testing.assert_allclose(found.degrees[:, 0], 6.0 * np.arange(61), atol=0.01)
    time_s = np.arange(61) / 30
    xyz = np.stack([body(trunk_flexion=6.0 * number) * CAMERA for number in range(61)])
    poses = replace(recording(time_s), xyz=xyz.astype(np.float32))
    found = RecordedTrace(time_s, poses).curves(view_state(1.5), column)
    np.testing.assert_allclose(found.degrees[:, 0], 6.0 * np.arange(61), atol=0.01)
    assert found.now == pytest.approx((270.0,), abs=0.01)


def test_the_same_pose_counts_once() -> None:
    trace, same = LiveTrace(), view_state(1.0)
    trace.curves(same, KNEES)
    assert len(trace.curves(same, KNEES).time_s) == 1


def test_a_long_gap_is_not_bridged() -> None:
    trace = LiveTrace()
    for time_s in (0.0, 0.1, 0.2, 0.8, 0.9):
        found = trace.curves(view_state(time_s), KNEES)
    np.testing.assert_array_equal(np.isnan(found.degrees[:, 0]), [0, 0, 0, 1, 0, 0])


def test_a_missing_joint_leaves_a_hole_and_no_number() -> None:
    trace = LiveTrace()
    trace.curves(view_state(0.0), KNEES)
    found = trace.curves(view_state(0.1, missing=("left_ankle",)), KNEES)
    assert math.isnan(found.now[0])
    assert found.now[1] == pytest.approx(0, abs=1e-3)


def test_a_film_moved_back_forgets_what_comes_later() -> None:
    trace = LiveTrace()
    for time_s in (5.0, 5.1, 5.2, 5.3, 5.15):
        found = trace.curves(view_state(time_s), KNEES)
    np.testing.assert_allclose(found.time_s, [-0.15, -0.05, 0.0], atol=1e-9)
    found = trace.curves(view_state(0.0), KNEES)
    np.testing.assert_allclose(found.time_s, [0.0])


def test_nothing_seen_yet_is_an_empty_plot() -> None:
    found = LiveTrace().curves(ViewState(), KNEES)
    assert len(found.time_s) == 0
    assert np.isnan(found.now).all()


def test_a_short_recording_is_shown_whole() -> None:
    time_s = np.arange(150) / 30
    poses = recording(time_s)
    found = RecordedTrace(time_s, poses).curves(view_state(2.0), KNEES)
    assert found.span_s == pytest.approx((0.0, time_s[-1]))
    assert found.cursor_s == 2.0
    assert found.now[0] == pytest.approx(20, abs=1e-3)
    true = joint_angles(poses.xyz * CAMERA, poses.missing)[:, KNEES]
    np.testing.assert_allclose(found.degrees, true, atol=1e-6)
    np.testing.assert_array_equal(found.time_s, time_s)


@pytest.mark.parametrize(
    ("here", "start"),
    [(0.0, 0.0), (14.9, 0.0), (15.1, 10.0), (24.9, 10.0), (25.1, 20.0), (59.9, 40.0)],
)
def test_a_long_one_page_by_page(here: float, start: float) -> None:
    time_s, poses = a_minute()
    found = RecordedTrace(time_s, poses).curves(view_state(here), KNEES)
    assert found.span_s == (start, start + RECORDED_S)
    assert found.time_s[0] <= start
    assert found.time_s[-1] >= start + RECORDED_S or found.time_s[-1] == time_s[-1]
    assert len(found.time_s) <= RECORDED_S * 30 + 3
    assert found.now[0] == pytest.approx(min(90, 10 * math.floor(here * 30 + 1e-6) / 30), abs=1e-2)


def test_within_a_page_nothing_is_drawn_anew() -> None:
    trace = RecordedTrace(*a_minute())
    first, second, third = (trace.curves(view_state(here), KNEES) for here in (16.0, 17.0, 30.0))
    assert second.degrees is first.degrees
    assert third.degrees is not first.degrees


def test_times_that_begin_late_or_are_irregular() -> None:
    time_s = np.array([0.0, 0.4, 3.0, 3.1, 30.0, 30.2])
    found = RecordedTrace(time_s, recording(time_s)).curves(view_state(30.0), KNEES)
    assert found.now[0] == pytest.approx(90, abs=1e-3)
    assert np.isnan(found.degrees[:, 0]).sum() == 1


def test_a_break_has_no_number_and_every_other_row_stays() -> None:
    of_one = np.zeros(3, np.int64)
    time_s, degrees = with_breaks(
        np.array([0.0, 1.0, 1.1]), np.array([[1.0], [2.0], [3.0]]), of_one
    )
    np.testing.assert_array_equal(time_s, [0.0, 1.0, 1.0, 1.1])
    np.testing.assert_array_equal(degrees[:, 0], [1.0, np.nan, 2.0, 3.0])


def test_the_line_breaks_off_where_another_person_begins() -> None:
    trace = LiveTrace()
    for number in range(6):
        shown = view_state(number / 30)
        assert shown.keypoints is not None
        people = PeopleInView(followed=number // 3)
        found = trace.curves(
            replace(shown, keypoints=replace(shown.keypoints, people_in_view=people)), KNEES
        )
    np.testing.assert_array_equal(np.isnan(found.degrees[:, 0]), [0, 0, 0, 1, 0, 0, 0])
    time_s = np.arange(6) / 30
    recorded = RecordedTrace(time_s, recording(time_s), np.array([0, 0, 1, 1, 1, 1]))
    found = recorded.curves(view_state(0.1), KNEES)
    np.testing.assert_array_equal(np.isnan(found.degrees[:, 0]), [0, 0, 1, 0, 0, 0, 0])


@pytest.mark.parametrize(
    ("low", "high", "before", "expected"),
    [
        (3.0, 5.0, (0.0, 60.0), (0.0, 60.0)),
        (3.0, 62.0, (0.0, 60.0), (0.0, 75.0)),
        (-20.0, 20.0, (0.0, 60.0), (-30.0, 30.0)),
        (50.0, 70.0, (0.0, 150.0), (45.0 - 15.0, 90.0)),  # much too large by now
        (50.0, 70.0, (0.0, 120.0), (0.0, 120.0)),  # large, but calm
        (0.0, 0.0, (0.0, 60.0), (0.0, 60.0)),
    ],
)
def test_the_axis_is_round_and_calm(
    low: float, high: float, before: tuple[float, float], expected: tuple[float, float]
) -> None:
    found = span(low, high, before)
    assert found == expected
    assert found[0] <= low <= high <= found[1]


def test_every_angle_can_be_chosen() -> None:
    chosen = [name for _, names in GROUPS.values() for name in names]
    assert sorted(chosen) == sorted(ANGLE)
