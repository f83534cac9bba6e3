"""Ranges of motion and how the two sides compare."""

from __future__ import annotations

import numpy as np
import pytest

from app.motion.angles import ANGLE, ANGLE_COUNT
from app.motion.measures.ranges import ranges, symmetries


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


def test_symmetry_is_the_difference_over_the_mean_and_only_of_what_moves() -> None:
    given, ramp = angles(), np.linspace(0, 1, 500)
    for name, width in (
        ("left_knee_flexion", 60.0), ("right_knee_flexion", 40.0), ("left_elbow_flexion", 3.0),
        ("right_elbow_flexion", 2.0), ("left_hip_flexion", 50.0),
    ):  # fmt: skip
        given[:, ANGLE[name]] = width * ramp
    (only,) = symmetries(ranges(given))
    assert only.name == "knee_flexion"
    assert only.index == pytest.approx(40.0)
