"""Who is who among everybody: across cuts, behind others, and after they were away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from app.errors import DetectorError
from app.lifting.clip import DetectedClip, Tracklet
from app.lifting.options import LiftOptions
from app.lifting.people import SHORTEST_S, identified, joined_at_cut, lift_everybody
from app.packets import PersonDetection
from models.feet import EVIDENCE
from models.lifter import Lifter
from models.skeleton import JOINT

RATE = 10
RED, BLUE = np.full((2, 3), (50.0, 60.0, 40.0)), np.full((2, 3), (40.0, 20.0, -60.0))
HIDDEN = np.full((2, 3), np.nan)
BODY = np.random.default_rng(0).uniform(-60, 60, (17, 2))
BODY[JOINT["pelvis"]], BODY[JOINT["thorax"]] = (0.0, 0.0), (0.0, -50.0)
for _side, _x in (("left", 12.0), ("right", -12.0)):
    BODY[JOINT[f"{_side}_hip"]], BODY[JOINT[f"{_side}_shoulder"]] = (_x, 0.0), (_x, -50.0)


def somebody(
    start_s: float,
    end_s: float,
    x: float,
    clothes: np.ndarray = RED,
    *,
    speed: float = 0.0,
    size: float = 1.0,
) -> Tracklet:
    """From one moment up to another, from ``x`` on at ``speed`` pixels a second."""
    times = np.arange(round(start_s * RATE), round(end_s * RATE)) / RATE
    return Tracklet.of(
        [
            (
                float(time_s),
                PersonDetection(
                    0,
                    (size * BODY + (x + speed * (time_s - start_s), 200.0)).astype(np.float32),
                    np.ones(17, np.float32),
                    np.zeros((17, 3), np.float32),
                    feet_at(x + speed * (time_s - start_s)),
                    clothes,
                ),
            )
            for time_s in times
        ]
    )


def feet_at(x: float) -> NDArray[np.float32]:
    """Heels and toes seen surely at ``x``."""
    feet = np.zeros((4, EVIDENCE), np.float32)
    feet[:, 0], feet[:, 2] = x, 1.0
    return feet


def spans(people: tuple[Tracklet, ...] | list[Tracklet]) -> list[tuple[float, float, int]]:
    return [
        (float(each.track.time_s[0]), float(each.track.time_s[-1]), len(each.track))
        for each in people
    ]


def test_who_comes_back_is_the_same_and_who_wears_other_clothes_is_another() -> None:
    left, stays = somebody(0, 3, 100, speed=-30), somebody(0, 10, 400, BLUE)
    back, another = somebody(6, 9, 20), somebody(6.5, 9, 250, BLUE)
    people = identified([left, stays, another, back])
    assert spans(people) == [(0.0, 8.9, 60), (0.0, 9.9, 100), (6.5, 8.9, 25)]
    assert spans(identified([left, replace(back, clothes=another.clothes[:1].repeat(30, 0))])) == [
        (0.0, 2.9, 30),
        (6.0, 8.9, 30),
    ]


def test_nobody_is_in_two_places_at_once() -> None:
    twins = identified([somebody(0, 4, 100), somebody(3, 8, 110), somebody(4.2, 8, 5000)])
    assert len(twins) == 3, "one is there meanwhile, the other is too far away"


def test_where_clothes_were_hidden_the_place_decides() -> None:
    front, behind = somebody(0, 8, 200, BLUE), somebody(0, 3, 100, HIDDEN, speed=30)
    near, far = somebody(3.4, 8, 200, HIDDEN), somebody(3.4, 8, 600, HIDDEN)
    assert len(identified([front, behind, near])) == 2
    assert len(identified([front, behind, far])) == 3


def test_the_first_to_appear_is_the_first_and_of_two_the_larger() -> None:
    small, large, late = somebody(0, 2, 100), somebody(0, 2, 400, size=2), somebody(1, 3, 700)
    found = identified([late, small, large])
    assert [float(each.track.xy[0, JOINT["pelvis"], 0]) for each in found] == [400, 100, 700]
    assert identified([]) == ()
    assert identified([somebody(0, 0.1, 100)]) == (), "found once and not again"


def test_tracks_on_both_sides_of_a_cut_are_one_without_a_step() -> None:
    cut_s = 8.0
    earlier = [somebody(0, cut_s, 100), somebody(0, 5, 300), somebody(2, cut_s, 500, BLUE)]
    later = [somebody(7, 16, 503, BLUE), somebody(7, 16, 103), somebody(9, 16, 300)]
    gone = somebody(7, 7.9, 700)
    parts = joined_at_cut([[each] for each in earlier], [*later, gone], cut_s, 0.5)
    joined = [Tracklet.joined(each) for each in parts]
    assert spans(joined) == [(0.0, 15.9, 160), (0.0, 4.9, 50), (2.0, 15.9, 140), (9.0, 15.9, 70)]
    x = joined[0].track.xy[:, JOINT["pelvis"], 0]
    assert (x[70], x[80]) == (100.0, 103.0)
    assert np.diff(x).max() < 0.8
    heel = joined[0].track.feet[:, 0, 0]
    assert (heel[70], heel[80]) == (100.0, 103.0)
    assert np.diff(heel).max() < 0.8
    assert earlier[0].track.xy[79, 0, 0] == earlier[0].track.xy[0, 0, 0], "what was given stays"


def clip_of(*people: Tracklet, seconds: float = 10.0) -> DetectedClip:
    track = somebody(0, seconds, 0.0).track
    nothing = replace(track, xy=np.full_like(track.xy, np.nan))
    return DetectedClip("a.mp4", (640, 480), RATE, "lite", nothing, people=people)


@pytest.fixture(scope="module")
def lifter() -> Lifter:
    return Lifter(device="cpu", workers=1)


@pytest.mark.slow
def test_each_is_lifted_to_all_frames_and_says_when_they_were_in_view(lifter: Lifter) -> None:
    clip = clip_of(somebody(0, 10, 100), somebody(2, 4, 300, BLUE), somebody(5, 5.8, 500))
    back = Tracklet.joined([clip.people[1], somebody(6.5, 9, 320, BLUE)])
    clip = replace(clip, people=(clip.people[0], back, clip.people[2]))
    told: list[float] = []
    everybody = lift_everybody(
        *(clip, lifter, LiftOptions(everybody=True, heights_m=(1.9,))),
        progress=lambda each: told.append(each.share),
    )
    assert told == sorted(told)
    assert told[-1] == 1.0
    first, second = everybody.motions
    assert everybody.left_out == 1
    words = f"2 people, 1 left out (less than {SHORTEST_S:g} s in view, or unsure)"
    assert everybody.in_words == words
    np.testing.assert_array_equal(first.time_s, second.time_s)
    np.testing.assert_array_equal(np.flatnonzero(second.tracked), [*range(20, 40), *range(65, 90)])
    assert second.missing[:20].all()
    assert second.feet_conf is not None
    np.testing.assert_array_equal(second.feet_conf[:, 0] == 1, second.tracked)
    assert second.provenance.person == {
        "number": 2,
        "of": 2,
        "in_view_s": [[2.0, 3.9], [6.5, 8.9]],
        "frames": 45,
        "size_pct_of_picture_height": pytest.approx(100 * np.ptp(BODY[:, 1]) / 480, abs=0.06),
    }
    assert (first.provenance.height_m, second.provenance.height_m) == (1.9, None)
    assert lifter.height_m is None, "whoever else uses it has their own scale"
    assert first.level is second.level, "one camera"


def test_who_is_hardly_ever_confirmed_to_be_a_person_is_left_out(lifter: Lifter) -> None:
    true, chair = somebody(0, 3, 100), somebody(0, 3, 300, BLUE)
    for checks, confirmed in ((true.checks, (9, 1)), (chair.checks, (5, 4))):
        checks[0] = confirmed
    everybody = lift_everybody(
        clip_of(true, chair, seconds=3.0), lifter, LiftOptions(everybody=True)
    )
    assert (len(everybody.motions), everybody.left_out) == (1, 1)


def test_nobody_for_long_enough_is_said(lifter: Lifter) -> None:
    for people in [(), (somebody(0, 0.8, 100),)]:
        with pytest.raises(DetectorError, match=r"Nobody was in view for 1 s in a\.mp4"):
            lift_everybody(clip_of(*people), lifter, LiftOptions(everybody=True))
