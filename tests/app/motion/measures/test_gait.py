"""Gait of a walker who is drawn, exactly; captured ones: ``test_gait_study.py``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.motion.data import MotionData
from app.motion.measures.gait import find_gait
from models.skeleton import FOOT_PARENTS, JOINT
from tests.support.drawn_walker import RATE, STANCE, STRIDE_M, STRIDE_S, WIDTH_M, walker


def test_a_drawn_walker() -> None:
    gait = find_gait(walker())
    assert gait is not None
    assert gait.cadence == pytest.approx(120 / STRIDE_S, rel=0.01)
    assert gait.speed_m_s == pytest.approx(STRIDE_M / STRIDE_S, rel=0.02)
    assert len(gait.of("left")) == pytest.approx(len(gait.of("right")), abs=1)
    for stride in gait.strides:
        assert stride.length_m == pytest.approx(STRIDE_M, rel=0.03)
        assert stride.step_length_m == pytest.approx(STRIDE_M / 2, abs=0.1)
        assert stride.width_m == pytest.approx(WIDTH_M, rel=0.03)
        assert stride.stance == pytest.approx(STANCE, abs=0.05)
        assert stride.double_support == pytest.approx(2 * STANCE - 1, abs=0.08)


def test_on_the_spot_and_without_a_room_nobody_walks() -> None:
    assert find_gait(walker(speed=0.0)) is None
    assert find_gait(replace(walker(), root=None, contacts=None)) is None


def test_a_stride_with_a_gap_in_it_is_not_counted() -> None:
    whole = walker()
    assert whole.root is not None
    gone = whole.missing.copy()
    gone[100:125, JOINT["left_ankle"]] = True
    parted = find_gait(replace(whole, missing=gone, filled=whole.filled & ~gone))
    assert parted is not None
    hole = slice(100 / RATE, 124 / RATE)
    assert all(each.end_s <= hole.start or each.start_s >= hole.stop for each in parted.strides)


def with_feet(left_deg: float, right_deg: float) -> MotionData:
    """The walker's feet, turned outward; the right one is told in two frames of three."""
    data = walker()
    ankles = data.xyz[:, list(FOOT_PARENTS)].astype(np.float64)
    feet = ankles + (0.0, 0.06, 0.0)
    for foot, degrees in ((0, left_deg), (1, -right_deg)):  # +x is the walker's left
        out = np.radians(degrees)
        feet[:, 2 + foot] += 0.2 * np.array([np.sin(out), 0.0, -np.cos(out)])
    feet[::3, [1, 3]] = np.nan
    return replace(
        data, feet=feet.astype(np.float32), feet_conf=np.ones(feet.shape[:2], np.float32)
    )


def test_feet_point_outward_against_the_way() -> None:
    gait = find_gait(with_feet(12.0, 5.0))
    assert gait is not None
    for side, degrees in (("left", 12.0), ("right", 5.0)):
        found = [stride.progression_deg for stride in gait.of(side)]
        np.testing.assert_allclose(found, degrees, atol=0.5)


def test_feet_that_are_not_told_point_nowhere() -> None:
    data = with_feet(12.0, 5.0)
    assert data.feet is not None
    data.feet[:, [0, 2]] = np.nan
    gait = find_gait(data)
    assert gait is not None
    assert all(np.isnan(stride.progression_deg) for stride in gait.of("left"))
    assert all(np.isfinite(stride.progression_deg) for stride in gait.of("right"))
    without = find_gait(walker())
    assert without is not None
    assert all(np.isnan(stride.progression_deg) for stride in without.strides)
