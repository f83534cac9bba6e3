"""The newest results and the figures read off their stamps."""

from __future__ import annotations

import time

import numpy as np
import pytest

from app.errors import MixposeError
from app.packets import Frame, Pose3D
from app.pipeline.results import LatestResults
from app.pipeline.status import State
from tests.support.keypoints import keypoints

IMAGE = np.zeros((2, 2, 3), np.uint8)


def frame(index: int, captured_at: float) -> Frame:
    return Frame(index, index / 10, IMAGE, captured_at)


def pose(index: int, captured_at: float, lifted_at: float) -> Pose3D:
    unseen = np.zeros(17, bool)
    return Pose3D(
        index, 0.0, np.zeros((17, 3), np.float32), unseen, unseen, captured_at, 0.0, lifted_at
    )


def test_figures_come_from_the_stamps() -> None:
    results = LatestResults()
    results.enter(State.RUNNING)
    now = time.perf_counter()
    for index in range(20):
        detected_at = now - 1.9 + index / 10
        results.show_keypoints(
            frame(index, detected_at - 0.02),
            keypoints(index, detected_at=detected_at),
            size="full",
            detect_s=0.016,
            dropped=index,
        )
        if index % 2:
            lifted = pose(index, detected_at - 0.02, detected_at + 0.03)
            results.show_pose(lifted, lift_s=0.025, segment=0)
    stats = results.snapshot().stats
    assert stats.fps == pytest.approx(10.0, abs=0.6)
    assert stats.poses_per_s == pytest.approx(5.0, abs=0.6)
    assert stats.detect_ms == pytest.approx(16.0)
    assert stats.lift_ms == pytest.approx(25.0)
    assert stats.capture_to_pose_ms == pytest.approx(50.0)
    assert stats.capture_to_screen_ms is None
    assert stats.dropped == 19
    results.shown(19)
    on_screen_ms = results.snapshot().stats.capture_to_screen_ms
    assert on_screen_ms is not None
    assert 20.0 <= on_screen_ms <= 20.0 + 1000 * (time.perf_counter() - now)


def test_each_pose_is_on_the_screen_once() -> None:
    results = LatestResults()
    captured_at = time.perf_counter() - 0.1
    results.show_pose(pose(3, captured_at, captured_at + 0.05), lift_s=0.02, segment=0)
    results.shown(3)
    first = results.snapshot().stats.capture_to_screen_ms
    assert first == pytest.approx(100, abs=50)
    results.shown(3)
    results.shown(99)
    assert results.snapshot().stats.capture_to_screen_ms == first


def test_a_pose_of_a_place_that_was_left_is_not_shown() -> None:
    results = LatestResults()
    now = time.perf_counter()
    results.show_pose(pose(3, now, now), lift_s=0.02, segment=0)
    assert results.begin_segment() == 1
    assert results.snapshot().pose is None
    results.show_pose(pose(4, now, now), lift_s=0.02, segment=0)
    assert results.snapshot().pose is None
    results.show_pose(pose(0, now, now), lift_s=0.02, segment=1)
    assert results.snapshot().pose is not None


def test_a_final_state_stays_and_the_first_error_counts() -> None:
    results = LatestResults()
    first = MixposeError("first")
    results.fail(first)
    results.fail(MixposeError("second"))
    results.enter(State.RUNNING)
    results.enter(State.STOPPED)
    assert results.snapshot().state is State.FAILED
    assert results.snapshot().error is first


def test_a_pause_does_not_count_as_slowness() -> None:
    results = LatestResults()
    now = time.perf_counter()
    results.enter(State.RUNNING)
    results.show_keypoints(
        frame(0, now - 1.8),
        keypoints(0, detected_at=now - 1.8),
        size="full",
        detect_s=0.0,
        dropped=0,
    )
    results.enter(State.LOST)
    results.enter(State.RUNNING)
    for index in (1, 2):
        detected_at = now + index / 10
        results.show_keypoints(
            frame(index, now),
            keypoints(index, detected_at=detected_at),
            size="full",
            detect_s=0.0,
            dropped=0,
        )
    assert results.snapshot().stats.fps == pytest.approx(10.0)


def test_time_since_the_loss_is_counted_from_the_last_frame() -> None:
    results = LatestResults()
    results.show_picture(frame(0, time.perf_counter() - 5.0), dropped=0)
    results.enter(State.RUNNING)
    assert results.snapshot().lost_for_s is None
    results.enter(State.LOST)
    assert results.snapshot().lost_for_s == pytest.approx(5.0, abs=0.5)
