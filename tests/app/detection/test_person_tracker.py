"""One of several performers is followed by the real detector, and nobody else ever."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from app.detection.detector import Detector
from app.detection.landmarker import Landmarker
from app.detection.person import Person
from app.detection.person_tracker import LOST_S, Choice, PersonTracker, TrackingResult
from app.packets import Frame, Keypoints2D
from tests.support.clips import performer_pictures
from tests.support.rectangles import BLUE, RED, TABLE, Colour, PaintedEyes, painted, person
from tests.support.several_people import (
    BEHIND,
    MEET_S,
    NEAR,
    RATE,
    Acted,
    Picture,
    crossing,
    frames,
)

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
    assert {keypoints.people_in_view.followed for keypoints in found} == {0}


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
    assert all(found[index].people_in_view.hidden for index in hidden)
    assert people[-5:] == [BEHIND] * 5
    assert [keypoints.people_in_view.followed for keypoints in found[chosen - 1 : chosen + 1]] == [
        0,
        1,
    ]
    assert all(keypoints.people_in_view.chosen for keypoints in found)


@pytest.mark.slow
def test_the_others_are_known_by_their_places(acted: Acted) -> None:
    found = detect(acted.pictures)
    apart = [k for k in found[8:] if abs(k.time_s - MEET_S) > 0.5]
    right = [
        len(k.people_in_view.others) == 1
        and holds(k.people_in_view.others[0], acted.joints[BEHIND, k.index])
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
            assert keypoints.people_in_view.followed == 1
        elif away_s > LOST_S + 0.4:
            assert acted.errors(keypoints.xy, before)[NEAR] < 20
            assert keypoints.people_in_view.followed == 2
            assert not keypoints.people_in_view.chosen


@pytest.mark.slow
def test_somebody_pointed_at_before_anyone_knew_of_them_is_found(acted: Acted) -> None:
    found = detect(acted.pictures[:10], (Choice(*place(acted, BEHIND, 0.0)),))
    assert whose(acted, found)[-4:] == [BEHIND] * 4


@pytest.mark.slow
def test_pointing_at_nobody_or_at_the_one_followed_changes_nothing(acted: Acted) -> None:
    nowhere, self_ = Choice(320.0, 10.0, 0.2), Choice(*place(acted, NEAR, 0.4), 0.4)
    found = detect(acted.pictures[:15], (nowhere, self_))
    assert whose(acted, found) == [NEAR] * 15
    assert found[-1].people_in_view.followed == 0


@pytest.mark.slow
def test_a_film_that_begins_again_follows_the_same_from_the_same_moment_on(acted: Acted) -> None:
    film, (choice,) = frames(acted.pictures[:12]), choose(acted, BEHIND)
    with Detector() as detector:
        for frame in film[:7]:
            detector.detect(frame)
        detector.choose(choice.x, choice.y, choice.time_s)
        detector.detect(film[7])
        for _ in range(2):
            detector.moved()
            people = whose(acted, [detector.detect(frame) for frame in film])
            assert people == [NEAR] * 6 + [BEHIND] * 6


@pytest.mark.slow
def test_a_place_chosen_for_a_moment_means_nothing_much_later(acted: Acted) -> None:
    """Whoever is there by then is not the one who was meant."""
    film, later_s = frames(acted.pictures), 2.4
    x, y = place(acted, BEHIND, later_s)
    with Detector() as detector:
        detector.detect(film[0])
        detector.choose(x, y, 1.0)
        detector.moved()
        found = [detector.detect(frame) for frame in film[round(later_s * RATE) :]]
    assert set(whose(acted, found)[1:]) == {NEAR}


@pytest.mark.slow
def test_one_person_alone_costs_little_and_is_found_where_they_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody else is about: the same numbers, for two looks a second: a fifteenth of the passes of
    a camera of 30 pictures a second."""
    film = performer_pictures(30)
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
    first_looks = 4
    assert passes[False] <= first_looks + 2 * len(film) / RATE / 0.7


GONE_S = LOST_S + 0.5


def empty(acted: Acted) -> Picture:
    """The room without anybody, who is at each place for less than half of the time."""
    picture: Picture = np.median(acted.alone[NEAR], axis=0).astype(np.uint8)
    return picture


def leaves_and_enters(acted: Acted, after: Sequence[Picture]) -> list[Keypoints2D]:
    """The one in front is seen for 12 frames, then nobody, then what ``after`` shows."""
    nobody = [empty(acted)] * round(GONE_S * RATE)
    return detect([*acted.alone[NEAR][:12], *nobody, *after])


@pytest.mark.slow
def test_another_person_who_enters_when_the_first_has_left_is_not_taken_for_them(
    acted: Acted,
) -> None:
    found = leaves_and_enters(acted, acted.alone[BEHIND][8:24])
    others = [keypoints for keypoints in found[12:] if keypoints.tracked]
    enters_s = (12 + round(GONE_S * RATE)) / RATE
    assert others[0].time_s - enters_s < 0.5
    assert {keypoints.people_in_view.followed for keypoints in others} == {1}
    assert not any(keypoints.people_in_view.chosen for keypoints in others)
    error = np.linalg.norm(acted.joints[BEHIND, 23] - others[-1].xy, axis=-1)
    assert np.median(error) < 20
    assert {keypoints.people_in_view.followed for keypoints in found[:12]} == {0}


@pytest.mark.slow
def test_the_same_person_who_comes_back_elsewhere_is_no_other(acted: Acted) -> None:
    found = leaves_and_enters(acted, acted.alone[NEAR][25:40])
    assert {keypoints.people_in_view.followed for keypoints in found} == {0}
    assert all(keypoints.tracked for keypoints in found[-13:])


@pytest.mark.slow
@pytest.mark.parametrize("who", [NEAR, BEHIND])
def test_after_a_pause_of_the_source_it_is_looked_who_is_there(acted: Acted, who: int) -> None:
    pictures = [*acted.alone[NEAR][:8], *acted.alone[who][25:35]]
    film = [
        Frame(index, index / RATE + (5.0 if index >= 8 else 0.0), picture, 0.0)
        for index, picture in enumerate(pictures)
    ]
    with Detector() as detector:
        found = [detector.detect(frame) for frame in film]
    other = who != NEAR
    assert {k.people_in_view.followed for k in found[8:] if k.tracked} == {int(other)}
    assert all(k.tracked for k in found[8 + 4 * other :])
    assert [k.tracked for k in found[8:10]] == [not other] * 2


def shown(*people: tuple[Person, Colour]) -> Picture:
    """One picture of these people."""
    return painted(*people)


def seen(following: PersonTracker, colour: Colour, x: float, time_s: float) -> TrackingResult:
    """One picture in which somebody in that colour is at ``x``."""
    return following.step(painted((person(x), colour)), time_s)


def at(sighting: TrackingResult) -> float | None:
    """Where the one followed is."""
    return None if sighting.person is None else float(sighting.person.centre[0])


@pytest.fixture
def following() -> PersonTracker:
    """Somebody in red has been at 100 for a second."""
    following = PersonTracker(PaintedEyes())
    for index in range(30):
        assert at(seen(following, RED, 100, index / 30)) == pytest.approx(100, abs=1)
    return following


def test_who_comes_back_in_strange_light_for_a_moment_is_no_other(following: PersonTracker) -> None:
    moments = [seen(following, BLUE, 400, 9.0 + index / 30) for index in range(4)]
    assert [each.person for each in moments] == [None] * 4, "it may be anybody"
    back = seen(following, RED, 400, 9.2)
    assert at(back) == pytest.approx(400, abs=1)
    assert back.followed == 0


def test_who_may_hide_the_one_followed_is_not_taken_for_a_while(following: PersonTracker) -> None:
    for index in range(1, 10 * round(LOST_S)):
        found = seen(following, BLUE, 180, 29 / 30 + index / 10)
        assert found.person is None
        assert found.followed == 0
        assert found.hidden, "whoever is there instead can be clicked"
    found = seen(following, BLUE, 180, 29 / 30 + LOST_S + 0.1)
    assert at(found) == pytest.approx(180, abs=1)
    assert (found.followed, found.chosen) == (1, False)


def test_who_comes_elsewhere_into_an_empty_picture_is_followed_at_once(
    following: PersonTracker,
) -> None:
    found = [seen(following, BLUE, 500, 1.5 + index / 30) for index in range(10)]
    assert [each.person is not None for each in found[:5]] == [False] * 5
    assert at(found[9]) == pytest.approx(500, abs=1)
    assert (found[9].followed, found[9].chosen) == (1, False)


def test_when_the_one_followed_walks_out_whoever_stays_is_followed_at_once() -> None:
    following = PersonTracker(PaintedEyes())
    stays = (person(450, size=0.8), BLUE)
    for index in range(40):
        x = 200 - 6 * index
        people = [stays] if x < -20 else [stays, (person(x), RED)]
        found = following.step(shown(*people), index / 30)
        assert found.followed == 0
    late = [following.step(shown(stays), (40 + index) / 30) for index in range(15)]
    assert at(late[-1]) == pytest.approx(450, abs=1)
    assert (late[-1].followed, late[-1].chosen) == (1, False)


def test_who_disappears_in_the_middle_is_waited_for_beside_others() -> None:
    following = PersonTracker(PaintedEyes())
    stays = (person(450, size=0.8), BLUE)
    for index in range(40):
        following.step(shown(stays, (person(150), RED)), index / 30)
    for index in range(40, 100):
        assert following.step(shown(stays), index / 30).person is None
    assert at(following.step(shown(stays, (person(150), RED)), 101 / 30)) is not None


def test_who_leaps_while_somebody_stands_far_off_is_tracked_again_where_they_land() -> None:
    following = PersonTracker(PaintedEyes())
    stays = (person(560, size=0.8), BLUE)
    for index in range(40):
        following.step(shown(stays, (person(150), RED)), index / 30)
    for index in range(40, 46):
        following.step(shown(stays), index / 30)
    landed = [
        following.step(shown(stays, (person(250), RED)), index / 30) for index in range(46, 55)
    ]
    assert at(landed[-1]) == pytest.approx(250, abs=1)
    assert landed[-1].followed == 0


class StubbornEyes(PaintedEyes):
    """Finds somebody beside the picture too, as the detector does for half a second."""

    beside: Person | None = None

    def track(self, picture: np.ndarray) -> Person | None:
        return self.beside or super().track(picture)


@pytest.mark.parametrize("x", [-20.0, 660.0])
def test_who_has_left_the_picture_is_not_tracked_beside_it(x: float) -> None:
    eyes = StubbornEyes()
    following = PersonTracker(eyes)
    assert at(seen(following, RED, 300, 0.0)) == pytest.approx(300, abs=1)
    empty = np.full((240, 640, 3), 128, np.uint8)
    eyes.beside = person(x)
    assert following.step(empty, 0.1).person is None
    eyes.beside = person(min(max(x, 4), 636))  # half of the body is to be seen
    assert following.step(shown((eyes.beside, RED)), 0.2).person is not None


def test_who_stands_where_the_one_followed_was_can_be_clicked(following: PersonTracker) -> None:
    assert seen(following, BLUE, 100, 2.4).person is None
    following.choose(Choice(100.0, 120.0, 2.45))
    found = seen(following, BLUE, 100, 2.5)
    assert at(found) == pytest.approx(100, abs=1)
    assert (found.followed, found.chosen) == (1, True)


def test_furniture_is_nobody_and_whoever_comes_is_found_at_once() -> None:
    following = PersonTracker(PaintedEyes())
    for index in range(60):
        assert seen(following, TABLE, 300, index / 30).person is None
    table = (person(300), TABLE)
    entered = following.step(shown(table, (person(500), RED)), 2.0)
    assert at(entered) == pytest.approx(500, abs=1)


@pytest.mark.slow
def test_furniture_found_in_the_place_of_the_one_followed_is_nobody(
    following: PersonTracker,
) -> None:
    found = [seen(following, TABLE, 110, 1.0 + index / 30).person for index in range(60)]
    assert found[45:] == [None] * 15
    assert at(seen(following, RED, 140, 3.0)) == pytest.approx(140, abs=1)


@pytest.mark.slow
def test_furniture_found_elsewhere_is_nobody_from_the_first_picture_on(
    following: PersonTracker,
) -> None:
    assert all(seen(following, TABLE, 400, 1.0 + index / 30).person is None for index in range(60))


def test_without_others_to_look_out_for_furniture_is_nobody_either() -> None:
    following = PersonTracker(PaintedEyes())
    found = [following.step_alone(painted((person(300), TABLE)), i / 30).person for i in range(9)]
    assert found == [None] * 9
    assert following.step_alone(painted((person(300), RED)), 0.3).person is not None
