"""Repetitions are counted and timed; what is no repetition is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.motion.angles import ANGLE, ANGLE_COUNT
from app.motion.measures.repetitions import count_repetitions, find_repetitions

RATE = 30.0


def squats(count: int, period_s: float = 2.0, depth: float = 90.0) -> tuple[np.ndarray, np.ndarray]:
    """Rests of half a period between squats, knees at 10 degrees in them."""
    time_s = np.arange(round((1.5 * count + 0.5) * period_s * RATE)) / RATE
    phase = (time_s - 0.5 * period_s) / period_s
    inside = (phase >= 0) & (phase % 1.5 < 1.0)
    bend = np.where(inside, 0.5 - 0.5 * np.cos(2 * np.pi * (phase % 1.5)), 0.0)
    return 10.0 + depth * bend, time_s


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 8), st.floats(1.0, 4.0), st.floats(45.0, 120.0), st.integers(0, 1000))
def test_each_is_counted_and_timed_whatever_the_tremble(
    count: int, period_s: float, depth: float, seed: int
) -> None:
    degrees, time_s = squats(count, period_s, depth)
    degrees = degrees + np.random.default_rng(seed).normal(0, 1.0, len(degrees))
    found = count_repetitions("left_knee_flexion", degrees, time_s)
    assert len(found.each) == count
    for number, each in enumerate(found.each):
        middle = 0.5 * period_s + (1.5 * number + 0.5) * period_s
        assert each.turn_s == pytest.approx(middle, abs=0.15 * period_s)
        assert each.duration_s == pytest.approx(0.8 * period_s, rel=0.35)
        assert each.range_deg == pytest.approx(depth, abs=8.0)


def test_who_rests_bent_is_counted_by_the_stretches() -> None:
    degrees, time_s = squats(3)
    found = count_repetitions("left_elbow_flexion", 150.0 - degrees, time_s)
    assert len(found.each) == 3
    assert found.each[0].rest_deg == pytest.approx(140, abs=1)
    assert found.each[0].turn_deg == pytest.approx(50, abs=1)


def test_a_repetition_ends_before_the_next_also_where_one_stands_straighter_at_last() -> None:
    time_s = np.arange(0, 8, 1 / RATE)
    # The first is the deepest, and only after the second the knee is quite straight.
    degrees = np.interp(time_s, [0, 0.5, 1.5, 2.5, 3.5, 4.5, 5], [25, 25, 110, 30, 105, 25, 3])
    first, second = count_repetitions("left_knee_flexion", degrees, time_s).each
    assert first.end_s == pytest.approx(2.5, abs=0.15)
    assert second.start_s == pytest.approx(2.5, abs=0.15)
    assert second.end_s > 4.0


def test_hesitating_half_way_down_is_still_one() -> None:
    time_s = np.arange(0, 4, 1 / RATE)
    degrees = np.interp(time_s, [0, 0.5, 1.2, 1.5, 2.2, 3.2, 4], [10, 10, 60, 50, 100, 10, 10])
    assert len(count_repetitions("left_knee_flexion", degrees, time_s).each) == 1


def test_nothing_goes_on_over_a_gap() -> None:
    degrees, time_s = squats(2)
    degrees[45:75] = np.nan  # the first squat's way up, and the second's way down
    time_s = time_s + np.where(np.arange(len(time_s)) >= 75, 5.0, 0.0)
    assert len(count_repetitions("left_knee_flexion", degrees, time_s).each) <= 2


def test_a_squat_is_counted_by_the_knees_once() -> None:
    degrees, time_s = squats(3)
    angles = np.full((len(time_s), ANGLE_COUNT), np.nan)
    for name, share in (
        ("left_knee_flexion", 1.0), ("right_knee_flexion", 0.98), ("left_hip_flexion", 1.1),
        ("trunk_flexion", 0.3),
    ):  # fmt: skip
        angles[:, ANGLE[name]] = share * degrees
    (only,) = find_repetitions(angles, time_s)
    assert only.name == "left_knee_flexion"
    assert only.per_minute == pytest.approx(60 / 1.6, rel=0.15)


def test_what_is_done_once_or_trembles_is_not_repeated() -> None:
    degrees, time_s = squats(1)
    angles = np.full((len(time_s), ANGLE_COUNT), np.nan)
    angles[:, ANGLE["left_knee_flexion"]] = degrees
    angles[:, ANGLE["left_elbow_flexion"]] = 5 * np.sin(8 * time_s)
    assert find_repetitions(angles, time_s) == []
