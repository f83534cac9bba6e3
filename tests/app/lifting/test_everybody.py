"""Everybody in a drawn clip, by the real detector: who crosses whom, leaves and comes back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.lifting import segments
from app.lifting.clip import DetectedClip, Tracklet
from app.lifting.options import LiftOptions
from app.lifting.pool import Pool
from app.lifting.video_detection import detect_video
from app.lifting.work import detect
from app.sources import VideoFile
from tests.support.clips import write_clip
from tests.support.engines import Inline
from tests.support.several_people import Acted, Role, act

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
EVERYBODY = LiftOptions(detector="lite", everybody=True)
STAYS, COMES_BACK = 0, 1
SLOW = 7
"""Shown at half their speed, they are enough for two segments."""
_PATH = ((0.0, 1.6), (2.2, -3.8), (3.8, -3.8), (5.4, 1.6), (8.0, 1.6))
"""Moments, and where they are then: past the other, out of the picture, back past them again."""


@pytest.fixture(scope="module")
def acted() -> Acted:
    times, places = zip(*_PATH, strict=True)
    return act(
        [
            Role(3, lambda t: (-0.7 + 0.1 * t, 0.6), facing=20, steps=0.4),
            Role(5, lambda t: (float(np.interp(t, times, places)), -0.4), facing=-50),
        ],
        8.0,
    )


@pytest.fixture(scope="module")
def video(acted: Acted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("film") / "two.mp4", acted.pictures, SLOW)


@pytest.fixture(scope="module")
def one_by_one(video: Path) -> DetectedClip:
    """Without any other process."""
    with VideoFile(video) as source:
        plan = segments.plan(video, source, EVERYBODY)
    assert len(plan.segments) == 2
    engine = Inline()
    clip = detect_video(plan, engine, EVERYBODY)
    assert len(engine.units) == 2, "the video is gone through once"
    return clip


def whose(acted: Acted, person: Tracklet) -> list[int]:
    """Whose joints each frame of somebody holds; -1 for nobody's."""
    frames = np.round(person.track.time_s * SLOW).astype(int)
    errors = [acted.errors(xy, int(at)) for at, xy in zip(frames, person.track.xy, strict=True)]
    return [int(each.argmin()) if each.min() < 25 else -1 for each in errors]


def test_who_crosses_leaves_and_comes_back_is_one_person(
    acted: Acted, one_by_one: DetectedClip
) -> None:
    assert len(one_by_one.people) == 2
    by_number = [whose(acted, each) for each in one_by_one.people]
    stays = next(each for each in by_number if each[0] == STAYS)
    back = next(each for each in by_number if each[0] == COMES_BACK)
    assert np.mean(np.array(stays) == STAYS) == 1.0
    assert np.mean(np.array(back) == COMES_BACK) > 0.97, "a frame where one hides the other"
    assert len(stays) == len(acted.pictures)
    x = acted.joints[COMES_BACK, :, :, 0]
    in_view = int((((x > 0) & (x < 640)).mean(axis=1) > 0.9).sum())
    assert len(back) > 0.8 * in_view
    times = one_by_one.people[by_number.index(back)].track.time_s
    assert np.diff(times).max() > 3.0, "else nobody was away"


def test_the_same_bits_on_any_number_of_cores(video: Path, one_by_one: DetectedClip) -> None:
    with VideoFile(video) as source, Pool(2) as pool:
        clip = detect(source, video, replace(EVERYBODY, jobs=2), pool)
    assert len(clip.people) == len(one_by_one.people)
    for found, expected in zip(clip.people, one_by_one.people, strict=True):
        np.testing.assert_array_equal(found.clothes, expected.clothes)
        for name in type(found.track).__slots__:
            np.testing.assert_array_equal(
                getattr(found.track, name), getattr(expected.track, name), name
            )
