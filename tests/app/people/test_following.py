"""One of several performers is followed by the real detector, and nobody else ever."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from app.detector import Detector
from app.landmarker import Landmarker
from app.packets import Keypoints2D
from app.people.following import LOST_S, Choice
from app.performer.source import PerformerSource
from tests.support.company import BEHIND, MEET_S, NEAR, RATE, Acted, Picture, crossing, frames

CHOSEN_S = 0.4


@pytest.fixture(scope="module")
def acted() -> Acted:
    return crossing()


def place(acted: Acted, person: int, time_s: float) -> tuple[float, float]:
    """The middle of somebody's trunk."""
    x, y = acted.joints[person, round(time_s * RATE), 7]
    return float(x), float(y)


def choose(acted: Acted, person: int) -> tuple[Choice, ...]:
    return (Choice(*place(acted, person, CHOSEN_S), CHOSEN_S),)


def detect(pictures: Sequence[Picture], choices: Sequence[Choice] = ()) -> list[Keypoints2D]:
    with Detector(choices=choices) as detector:
        return [detector.detect(frame) for frame in frames(pictures)]


def whose(acted: Acted, found: Sequence[Keypoints2D]) -> list[int | None]:
    """Whose joints each packet holds; None where nobody is tracked."""
    result: list[int | None] = []
    for keypoints in found:
        if not keypoints.tracked:
            result.append(None)
            continue
        errors = acted.errors(keypoints.xy, keypoints.index)
        assert errors.min() < 20, f"frame {keypoints.index} holds nobody's joints"
        result.append(int(errors.argmin()))
    return result


@pytest.mark.slow
def test_the_largest_is_followed_at_first_and_past_the_other(acted: Acted) -> None:
    found = detect(acted.pictures)
    assert whose(acted, found) == [NEAR] * len(found)
    assert {keypoints.company.followed for keypoints in found} == {0}


@pytest.mark.slow
def test_who_was_chosen_is_followed_through_a_crossing_and_nobody_else(acted: Acted) -> None:
    found = detect(acted.pictures, choose(acted, BEHIND))
    people = whose(acted, found)
    chosen = round(CHOSEN_S * RATE)
    assert people[:chosen] == [NEAR] * chosen
    assert NEAR not in people[chosen:], "it jumped to the one in front"
    hidden = [index for index, who in enumerate(people) if who is None]
    assert len(hidden) < 0.6 * RATE
    assert all(abs(index / RATE - MEET_S) < 0.7 for index in hidden)
    assert all(found[index].company.hidden for index in hidden)
    assert people[-5:] == [BEHIND] * 5
    assert [keypoints.company.followed for keypoints in found[chosen - 1 : chosen + 1]] == [0, 1]
    assert all(keypoints.company.chosen for keypoints in found)


@pytest.mark.slow
def test_the_others_are_known_by_their_places(acted: Acted) -> None:
    found = detect(acted.pictures)
    apart = [k for k in found[8:] if abs(k.time_s - MEET_S) > 0.5]
    right = [
        len(k.company.others) == 1 and holds(k.company.others[0], acted.joints[BEHIND, k.index])
        for k in apart
    ]
    assert np.mean(right) > 0.9


def holds(box: tuple[float, float, float, float], joints: np.ndarray) -> bool:
    inside = (joints > box[:2]).all(axis=1) & (joints < box[2:]).all(axis=1)
    return bool(inside.mean() > 0.8)


@pytest.mark.slow
def test_when_the_one_followed_is_gone_for_good_the_largest_is_taken_and_it_is_said(
    acted: Acted,
) -> None:
    before = round(1.0 * RATE)
    after = [acted.alone[NEAR][before]] * round((LOST_S + 1.0) * RATE)
    found = detect([*acted.pictures[:before], *after], choose(acted, BEHIND))
    gone = [k for k in found if k.time_s > before / RATE]
    for keypoints in gone:
        away_s = keypoints.time_s - before / RATE
        if away_s < LOST_S - 0.2:
            assert not keypoints.tracked
            assert keypoints.company.followed == 1
        elif away_s > LOST_S + 0.4:
            assert acted.errors(keypoints.xy, before)[NEAR] < 20
            assert keypoints.company.followed == 2
            assert not keypoints.company.chosen


@pytest.mark.slow
def test_somebody_pointed_at_before_anyone_knew_of_them_is_found(acted: Acted) -> None:
    found = detect(acted.pictures[:10], (Choice(*place(acted, BEHIND, 0.0)),))
    assert whose(acted, found)[-4:] == [BEHIND] * 4


@pytest.mark.slow
def test_pointing_at_nobody_or_at_the_one_followed_changes_nothing(acted: Acted) -> None:
    nowhere, self_ = Choice(320.0, 10.0, 0.2), Choice(*place(acted, NEAR, 0.4), 0.4)
    found = detect(acted.pictures[:15], (nowhere, self_))
    assert whose(acted, found) == [NEAR] * 15
    assert found[-1].company.followed == 0


def test_one_person_alone_costs_little_and_is_found_where_they_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody else is about: the same numbers, for a tenth as many passes again at most."""
    with PerformerSource(duration_s=2.0) as source:
        film = [frame.image for frame in iter(source.read, None)]
    passes = {True: 0, False: 0}
    run = Landmarker.run

    def counted(self: Landmarker, image: Picture, step_ms: int = 1) -> object:
        passes[self._follow] += 1
        return run(self, image, step_ms)

    monkeypatch.setattr(Landmarker, "run", counted)
    found = {}
    for several in (False, True):
        with Detector(several=several) as detector:
            found[several] = [
                detector.detect(frame).landmarks for frame in (f for f in frames(film))
            ]
    np.testing.assert_array_equal(found[True], found[False])
    assert passes[True] == 2 * len(film)
    first_look = 3
    assert passes[False] <= first_look + len(film) / RATE / 0.7
