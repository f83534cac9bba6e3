"""How far off a level is: in pitch, in roll and in all, medians over takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.lab.evaluation.angles import level_error
from app.lab.evaluation.material import Footage, Material
from app.lab.evaluation.methods import Answer
from app.lab.evaluation.scoring import score_methods
from models.level import Level
from tests.support.evaluation import walking_footage


def found(pitch: float, roll: float, spread: float = 5.0) -> Level:
    return Level(Level.from_angles(pitch, roll).up, spread)


def test_pitch_and_roll_are_told_apart() -> None:
    true = Level.from_angles(10, 0).up
    tilted = level_error([(found(14, 0), true)])
    assert tilted is not None
    assert (tilted.pitch, tilted.total) == pytest.approx((4, 4), abs=1e-3)
    assert tilted.roll == pytest.approx(0, abs=1e-3)
    rolled = level_error([(found(10, -6), true)])
    assert rolled is not None
    assert rolled.roll == pytest.approx(6, abs=1e-3)
    assert rolled.pitch == pytest.approx(0, abs=1e-3)
    assert rolled.total == pytest.approx(6 * np.cos(np.radians(10)), abs=0.02)
    over = level_error([(found(0, 179), Level.from_angles(0, -178).up)])
    assert over is not None
    assert over.roll == pytest.approx(3, abs=1e-3)


def test_of_several_takes_it_is_the_median() -> None:
    takes = [(found(off, 0, spread=2 * off), Level.from_angles(0).up) for off in (1, 2, 40)]
    several = level_error([*takes, (None, takes[0][1]), (takes[0][0], None)])
    assert several is not None
    assert several.takes == 3
    assert (several.pitch, several.claimed) == pytest.approx((2, 4), abs=1e-3)
    assert level_error([]) is None
    assert level_error([(None, takes[0][1])]) is None


def test_every_group_has_its_own() -> None:
    walk = walking_footage(20)
    footage = tuple(
        replace(walk, group=group, up=Level.from_angles(pitch).up)
        for group, pitch in (("low", 0), ("low", 0), ("high", 30))
    )

    class Says20:
        name = "says 20 degrees"

        def answer(self, footage: Footage, material: Material) -> Answer:
            return Answer(footage.true - footage.true[:, :1], found(20, 0))

    (row,) = score_methods(Material("walks", footage, by_group=True), [Says20()])
    assert row.found.level is not None
    assert row.found.level.pitch == pytest.approx(20, abs=1e-3)
    assert row.found.level.takes == 3
    groups = dict(row.groups)
    high = groups["high"].level
    assert high is not None
    assert (high.pitch, high.takes) == (pytest.approx(10, abs=1e-3), 1)
    unknown = Material("walks", (walk,))
    assert score_methods(unknown, [Says20()])[0].found.level is None
