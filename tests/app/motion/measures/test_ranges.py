"""Ranges of motion and how the two sides compare."""

from __future__ import annotations

import numpy as np
import pytest

from app.motion.angles import ANGLE, ANGLE_COUNT, ANGLES
from app.motion.measures.ranges import (
    DIFFERENCE_OFF_DEG,
    RANGE_OFF_DEG,
    Symmetry,
    movement,
    ranges,
    symmetries,
)


def angles(frames: int = 500) -> np.ndarray:
    return np.full((frames, ANGLE_COUNT), np.nan)


def test_a_range_is_from_the_lowest_to_the_highest_but_for_single_frames() -> None:
    given = angles()
    given[:, ANGLE["left_knee_flexion"]] = np.linspace(10, 110, 500)
    given[250, ANGLE["left_knee_flexion"]] = 179.0
    found = ranges(given)["left_knee_flexion"]
    assert (found.lowest, found.highest) == pytest.approx((11, 109.2), abs=0.3)
    assert found.width == pytest.approx(98, abs=0.5)
    assert found.mean == pytest.approx(60, abs=0.5)
    assert found.known == 1.0


def test_what_is_hardly_known_has_no_range() -> None:
    given = angles()
    given[:4, ANGLE["trunk_flexion"]] = 5.0
    given[:100, ANGLE["trunk_bending"]] = 5.0
    found = ranges(given)
    assert set(found) == {"trunk_bending"}
    assert found["trunk_bending"].known == pytest.approx(0.2)


def of(**widths: float) -> list[Symmetry]:
    given, ramp = angles(), np.linspace(0, 1, 500)
    for name, width in widths.items():
        given[:, ANGLE[name]] = width * ramp
    return symmetries(ranges(given))


def test_symmetry_is_the_difference_over_the_mean_and_only_of_what_moves() -> None:
    (only,) = of(
        left_knee_flexion=75.0, right_knee_flexion=50.0, left_hip_flexion=50.0,
        left_elbow_flexion=3.0, right_elbow_flexion=2.0,
    )  # fmt: skip
    assert only.name == "knee_flexion"
    assert only.index == pytest.approx(40.0)
    assert only.index_off == pytest.approx(100 * DIFFERENCE_OFF_DEG["knee_flexion"] / 61.25, 0.01)


@pytest.mark.parametrize(("left", "right"), [(4.0, 10.5), (60.0, 41.0), (41.0, 60.0)])
def test_sides_that_differ_by_no_more_than_the_error_are_not_told_apart(
    left: float, right: float
) -> None:
    (only,) = of(left_knee_flexion=left, right_knee_flexion=right)
    assert only.index is None


def test_of_every_angle_it_is_known_how_far_off_it_may_be() -> None:
    names = {movement(angle.name) for angle in ANGLES}
    assert set(RANGE_OFF_DEG) == names
    both = {movement(angle.name) for angle in ANGLES if angle.side != "middle"}
    assert set(DIFFERENCE_OFF_DEG) == both
