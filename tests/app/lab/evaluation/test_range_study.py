"""Errors of ranges of motion are those of the ranges, and sides are compared by take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.lab.evaluation.drawn import drawn_people
from app.lab.evaluation.methods import Ours
from app.lab.evaluation.range_study import compared, range_study
from app.lab.evaluation.tables import range_table
from app.motion.angles import ANGLE, ANGLE_COUNT
from models.lifter import Lifter
from tests.support.datasets import observation, write_study


def pair(left_off: float, right_off: float) -> tuple[np.ndarray, np.ndarray]:
    """Knees and trunk that go through 80 degrees, found to go through more."""
    ramp = np.linspace(0.0, 1.0, 400)
    true, found = np.full((2, 400, ANGLE_COUNT), np.nan)
    for name, off in (
        ("left_knee_flexion", left_off), ("right_knee_flexion", right_off), ("trunk_flexion", 5.0),
    ):  # fmt: skip
        true[:, ANGLE[name]] = 80.0 * ramp
        found[:, ANGLE[name]] = (80.0 + off) * ramp
    return found, true


def test_ranges_and_sides_are_off_by_what_they_are_off_by() -> None:
    knee, trunk = sorted(
        compared("m", "x", [pair(20.0, 12.0)] * 10), key=lambda row: row.name == "trunk_flexion"
    )
    assert (knee.name, knee.takes) == ("knee_flexion", 20)
    # From the 1st to the 99th percentile it is 98 % of that.
    assert knee.width == pytest.approx(0.98 * 20, abs=0.01)
    assert knee.difference == pytest.approx(0.98 * 8, abs=0.01)
    assert knee.angle == pytest.approx(8.0, abs=0.01)
    assert trunk.width == pytest.approx(0.98 * 5, abs=0.01)
    assert np.isnan(trunk.difference)
    assert compared("m", "x", [pair(20.0, 12.0)] * 3) == [], "too few"


@pytest.mark.slow
def test_a_drawn_walk_is_measured_from_lifting_to_table(tmp_path: Path) -> None:
    takes = [observation(detector="heavy", index=index) for index in range(8)]
    (material,) = drawn_people(write_study(tmp_path / "s.npz", takes))
    rows = range_study(material, [Ours("ours", Lifter(None, "cpu"))])
    knee = next(row for row in rows if row.name == "knee_flexion")
    assert 0 < knee.width < 60
    assert "knee flexion" in range_table(rows)
    assert range_study(material, []) == []
