"""Feet that stand lie flat and have no gaps; others stay as they were told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from app.motion.data import ANKLES, MotionData
from app.motion.placement.soles import with_soles_down
from models.feet import FLAT_DEG
from tests.support.performed import performed

UP = np.array([0.0, -1.0, 0.0])
COUNT = 90
LEFT = [0, 2]


@pytest.fixture
def motion() -> MotionData:
    """Feet that point down to the camera by 20 degrees, the left one turning inward by 30."""
    data = performed(0, seconds=COUNT / 30).data
    turn, tip = np.radians(np.linspace(0, 30, COUNT)), np.radians(20)
    feet = np.zeros((COUNT, 4, 3))
    for side, way in ((0, turn), (1, 0 * turn)):
        level = np.stack([np.sin(way), 0 * way, -np.cos(way)], axis=1)
        ahead = np.cos(tip) * level - np.sin(tip) * UP
        feet[:, side] = data.xyz[:, ANKLES[side]] - 0.03 * ahead - 0.06 * UP
        feet[:, 2 + side] = feet[:, side] + 0.22 * ahead
    return replace(
        data, feet=feet.astype(np.float32), feet_conf=np.full((COUNT, 4), 0.9, np.float32)
    )


def without(data: MotionData, begin: int, end: int) -> MotionData:
    """The left foot is not told in these frames."""
    assert data.feet is not None
    assert data.feet_conf is not None
    feet, conf = data.feet.copy(), data.feet_conf.copy()
    feet[begin:end, LEFT], conf[begin:end, LEFT] = np.nan, 0.0
    return replace(data, feet=feet, feet_conf=conf)


def standing(*stretches: tuple[int, int]) -> NDArray[np.bool_]:
    stands = np.zeros((COUNT, 2), bool)
    for begin, end in stretches:
        stands[begin:end, 0] = True
    return stands


def tips_deg(data: MotionData) -> NDArray[np.float64]:
    """(N,) how far the left foot points down."""
    assert data.feet is not None
    ahead = data.feet[:, 2] - data.feet[:, 0]
    return np.asarray(np.degrees(np.arcsin(-(ahead @ UP) / np.linalg.norm(ahead, axis=1))))


def test_a_foot_that_stands_is_there_though_it_is_not_told_for_long(motion: MotionData) -> None:
    whole = with_soles_down(motion, standing((0, COUNT)), UP)
    found = with_soles_down(without(motion, 20, 70), standing((0, COUNT)), UP)
    assert found.feet is not None
    assert whole.feet is not None
    assert found.feet_conf is not None
    assert_allclose(tips_deg(found), FLAT_DEG, atol=0.1)
    assert_allclose(found.feet[:, LEFT], whole.feet[:, LEFT], atol=0.01)
    assert np.isnan(found.feet_conf[20:70, LEFT]).all(), "marked as bridged"
    assert_array_equal(found.feet_conf[:20], motion.feet_conf[:20])
    assert_array_equal(found.feet[:, [1, 3]], motion.feet[:, [1, 3]])


@pytest.mark.parametrize(
    "stretches", [[], [(0, 40), (50, COUNT)], [(30, 60)], [(30, COUNT)], [(0, 60)]]
)
def test_nothing_is_made_up_of_a_foot_that_left_its_place(
    motion: MotionData, stretches: list[tuple[int, int]]
) -> None:
    found = with_soles_down(without(motion, 20, 70), standing(*stretches), UP)
    assert found.feet is not None
    assert np.isnan(found.feet[20:70, LEFT]).all()


def test_nothing_goes_on_from_one_person_to_the_next(motion: MotionData) -> None:
    two = replace(without(motion, 20, 70), person=np.repeat([1, 2], COUNT // 2))
    found = with_soles_down(two, standing((0, COUNT)), UP)
    assert found.feet is not None
    assert np.isnan(found.feet[20:70, LEFT]).all()
    later = replace(without(motion, 50, 70), person=np.repeat([1, 2], COUNT // 2))
    found = with_soles_down(later, standing((0, COUNT)), UP)
    assert found.feet is not None
    assert np.isfinite(found.feet).all()
