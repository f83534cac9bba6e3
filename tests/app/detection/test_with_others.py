"""One is followed as ever, and everybody else is tracked beside them in the same pass."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from app.detection.detector import Detector, DetectorWithOthers
from app.packets import Keypoints2D
from tests.support.several_people import BEHIND, MEET_S, NEAR, RATE, crossing, frames

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def seen() -> list[Keypoints2D]:
    with DetectorWithOthers("lite") as detector:
        return [detector.detect(frame) for frame in frames(crossing().pictures)]


def test_who_is_followed_is_the_same_to_the_last_digit(seen: list[Keypoints2D]) -> None:
    with Detector("lite") as detector:
        alone = [detector.detect(frame) for frame in frames(crossing().pictures)]
    for one, other in zip(seen, alone, strict=True):
        np.testing.assert_array_equal(one.xy, other.xy)
        np.testing.assert_array_equal(one.landmarks, other.landmarks)
        assert asdict(one.people_in_view) == asdict(other.people_in_view)


def test_everybody_is_tracked_through_the_crossing(seen: list[Keypoints2D]) -> None:
    whose: dict[int, set[int]] = {}
    for keypoints in seen:
        for each in keypoints.everybody:
            away = crossing().errors(each.xy, keypoints.index)
            whose.setdefault(each.number, set()).add(int(away.argmin()))
            assert away.min() < 15
    assert sorted(map(tuple, whose.values())) == [(NEAR,), (BEHIND,)], "nobody becomes another"
    assert all(
        len(keypoints.everybody) == 2
        for keypoints in seen
        if abs(keypoints.index / RATE - MEET_S) > 0.6
    )


def test_the_one_who_is_followed_is_not_looked_for_twice(seen: list[Keypoints2D]) -> None:
    for keypoints in seen:
        if keypoints.tracked:
            assert any(np.array_equal(each.xy, keypoints.xy) for each in keypoints.everybody)
