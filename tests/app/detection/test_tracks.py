"""Who is who, from places, walks and clothes; people are drawn as plain rectangles of colour."""

from __future__ import annotations

import numpy as np
import pytest

from app.detection.clothes import clothes, difference
from app.detection.person import Person, only, same, without
from app.detection.tracks import Track, assign
from tests.support.rectangles import BLUE, RED, painted, person


def track(x: float, colour: tuple[int, int, int], speed: float = 0.0) -> Track:
    """Somebody who has walked for half a second, until second 0."""
    steps = np.linspace(-0.5, 0.0, 16)
    first = person(x + speed * steps[0])
    result = Track(first, clothes(painted((first, colour)), first), float(steps[0]))
    for time_s in steps[1:]:
        here = person(x + speed * time_s)
        result.see(here, clothes(painted((here, colour)), here), float(time_s))
    return result


def test_clothes_tell_people_apart_and_light_does_not() -> None:
    one, other = person(100), person(400)
    seen = painted((one, RED), (other, BLUE))
    darker = (seen * 0.85).astype(np.uint8)
    red, blue = clothes(seen, one), clothes(seen, other)
    assert difference(red, blue) == 1.0
    shade = difference(red, clothes(darker, one))
    assert shade is not None
    assert shade < 0.4
    assert difference(red, clothes(seen, person(3000))) is None


def test_who_walks_on_is_expected_further_on() -> None:
    walker = track(200, RED, speed=150)
    assert walker.expected(0.2)[0] == pytest.approx(230, abs=1)
    assert walker.expected(5.0)[0] == pytest.approx(320, abs=1), "nobody walks on for ever"


def test_clothes_decide_where_two_have_met() -> None:
    """They turn round behind each other: by their walk each would be the other."""
    left, right = track(300, RED, speed=150), track(340, BLUE, speed=-150)
    back, forth = person(310), person(330)
    alone = painted((back, RED)), painted((forth, BLUE))
    found = [(forth, clothes(alone[1], forth)), (back, clothes(alone[0], back))]
    assert assign([left, right], found, 0.3) == {0: 1, 1: 0}


def test_the_walk_decides_between_people_in_the_same_clothes() -> None:
    left, right = track(300, RED, speed=150), track(340, RED, speed=-150)
    onward, other = person(345), person(295)
    found = [(each, clothes(painted((each, RED)), each)) for each in (onward, other)]
    assert assign([left, right], found, 0.3) == {0: 0, 1: 1}


def test_a_stranger_is_nobody_known() -> None:
    known, stranger = track(200, RED), person(330)
    seen = painted((stranger, BLUE))
    assert assign([known], [(stranger, clothes(seen, stranger))], 0.1) == {}


def test_who_was_away_may_come_back_elsewhere() -> None:
    known, recheck = track(60, RED), person(580)
    seen = painted((recheck, RED))
    found = [(recheck, clothes(seen, recheck))]
    assert assign([known], found, 0.1) == {}
    assert assign([known], found, 1.0) == {0: 0}


def test_painting_over_hides_one_and_leaves_the_other() -> None:
    one, other = person(100), person(400)
    seen = painted((one, RED), (other, BLUE))
    x, y = (int(value) for value in one.centre)
    u, v = (int(value) for value in other.centre)
    gone = without(seen, [one])
    assert tuple(gone[y, x]) != RED
    assert tuple(gone[v, u]) == BLUE
    left = only(seen, one)
    assert tuple(left[y, x]) == RED
    assert tuple(left[v, u]) != BLUE
    assert tuple(seen[y, x]) == RED, "the picture itself was painted on"


def test_two_findings_of_one_body_are_the_same() -> None:
    assert same(person(100), person(108))
    assert not same(person(100), person(140))


def test_chairs_have_no_arms() -> None:
    chair = person(100)
    chair.landmarks[13:17, 3] = 0.2
    assert person(100).convincing()
    assert not Person(chair.landmarks, chair.world).convincing()
