"""Everybody is tracked, each under one number, and nobody is invented; people are rectangles here.

Drawn people before the real detector are in ``tests/app/lifting/test_everybody.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from app.detection.people_tracker import PeopleTracker
from app.packets import PersonDetection
from models.skeleton import JOINT
from tests.support.rectangles import BLUE, RED, TABLE, Colour, FollowingEyes, painted, person

RATE = 15
Scene = Callable[[float], Sequence[tuple[float, Colour]]]


def tracked(scene: Scene, seconds: float) -> list[tuple[float, tuple[PersonDetection, ...]]]:
    tracker = PeopleTracker(FollowingEyes(), FollowingEyes)
    return [
        (time_s, tracker.step(painted(*((person(x), each) for x, each in scene(time_s))), time_s))
        for time_s in np.arange(round(seconds * RATE)) / RATE
    ]


def at(sighting: PersonDetection) -> float:
    return float(sighting.xy[JOINT["pelvis"], 0])


def test_who_walk_past_each_other_keep_their_numbers() -> None:
    found = tracked(lambda t: [(520 - 110 * t, BLUE), (120 + 100 * t, RED)], 4.0)
    (_, first), (end_s, last) = found[8], found[-1]
    assert {each.number for _, people in found for each in people} == {0, 1}
    red = min(first, key=at).number
    assert {each.number: at(each) for each in last} == {
        red: pytest.approx(120 + 100 * end_s, abs=15),
        1 - red: pytest.approx(520 - 110 * end_s, abs=15),
    }
    assert sum(len(people) == 2 for _, people in found) > 0.7 * len(found)


@pytest.mark.parametrize(("away_s", "numbers"), [(1.5, {0}), (4.0, {0, 1})])
def test_who_is_away_for_long_has_another_number_for_now(away_s: float, numbers: set[int]) -> None:
    def scene(t: float) -> list[tuple[float, Colour]]:
        return [] if 2.0 <= t < 2.0 + away_s else [(300, RED)]

    found = tracked(scene, 4.0 + away_s)
    assert {each.number for _, people in found for each in people} == numbers
    assert all(len(people) == bool(scene(time_s)) for time_s, people in found[:30])
    assert len(found[-1][1]) == 1
    assert [people for time_s, people in found if not scene(time_s) and people] == []


def test_however_many_there_are_all_are_found_at_once() -> None:
    class Eyes(FollowingEyes):
        people = tuple((40 * number, 30, 90) for number in range(6))

    tracker = PeopleTracker(Eyes(), Eyes)
    scene = [(person(60 + 104 * number), each) for number, each in enumerate(Eyes.people)]
    assert len(tracker.step(painted(*scene), 0.0)) == 6


def test_furniture_is_nobody_and_whoever_comes_is_found() -> None:
    found = tracked(lambda t: [(100, TABLE), *([(400, RED)] if t >= 1.0 else [])], 3.0)
    assert [people for time_s, people in found if time_s < 1.0 and people] == []
    seen = [time_s for time_s, people in found if people]
    assert seen[0] < 1.6
    assert {round(at(each)) for _, people in found for each in people} == {400}


@pytest.mark.slow
def test_clothes_are_not_told_where_others_may_hide_them() -> None:
    def scene(t: float) -> list[tuple[float, Colour]]:
        return [(300, BLUE), (float(np.interp(t, (0, 1, 2, 3), (560, 340, 340, 560))), RED)]

    found = tracked(scene, 4.0)
    close = [each for time_s, people in found if 1.1 < time_s < 1.9 for each in people]
    apart = [each for time_s, people in found if time_s > 3.0 for each in people]
    assert len({each.number for each in close}) == 2
    assert all(np.isnan(each.clothes).all() for each in close)
    assert all(np.isfinite(each.clothes).all() for each in apart)
    assert {each.number for each in apart} == {each.number for each in close}
