"""Resampling by real time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.timing import recent_grid, regular_grid


def line(times: np.ndarray) -> np.ndarray:
    """Two joints moving steadily, at 3 and -2 units a second."""
    return (times[:, None, None] * np.array([[3.0], [-2.0]])).astype(np.float32)


@given(st.lists(st.floats(0.005, 0.5), min_size=1, max_size=60), st.sampled_from([10, 30, 50]))
def test_steady_motion_survives_the_way_there_and_back(steps: list[float], rate: float) -> None:
    times = np.cumsum([0.0, *steps])
    grid = regular_grid(times, rate)
    xy, present = grid.sample(line(times), np.ones((len(times), 2), bool))
    assert present.all()
    inside = grid.grid_s <= times[-1]
    assert xy[inside] == pytest.approx(line(grid.grid_s)[inside], abs=1e-4)
    assert grid.back(line(grid.grid_s)) == pytest.approx(line(times), abs=1e-4)


@pytest.mark.parametrize("rate", [29.97, 30.0, 31.0])
def test_frames_at_nearly_the_rate_are_taken_as_they_are(rate: float) -> None:
    times = np.arange(50) / rate
    values = np.random.default_rng(0).normal(size=(50, 17, 2)).astype(np.float32)
    grid = regular_grid(times, 30)
    assert grid.sample(values, np.ones((50, 17), bool))[0] is values


def test_absent_joint_is_taken_from_the_nearer_frame_or_stays_absent() -> None:
    times = np.array([0.0, 0.1])
    present = np.array([[True, True], [False, True]])
    grid = regular_grid(times, 40)  # 0, 25, 50, 75, 100 ms
    xy, there = grid.sample(np.array([[[1.0], [1.0]], [[9.0], [2.0]]], np.float32), present)
    assert there[:, 0].tolist() == [True, True, False, False, False]
    assert there[:, 1].all()
    assert xy[1, 0, 0] == 1.0


def test_recent_grid_ends_at_the_newest_frame_and_repeats_the_oldest() -> None:
    times = np.array([5.0, 5.1])
    grid = recent_grid(times, 30, 9)
    assert grid.grid_s[-1] == 5.1
    assert len(grid.grid_s) == 9
    xy, _ = grid.sample(line(times), np.ones((2, 2), bool))
    assert xy[0] == pytest.approx(line(times)[0])
