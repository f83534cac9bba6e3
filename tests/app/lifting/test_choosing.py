"""Whether the one asked for was found, told from whom was followed."""

from __future__ import annotations

import numpy as np
import pytest

from app.detection.person_tracker import Choice
from app.lifting.choosing import unmet

TIME_S = np.arange(60) / 30
BODY = np.random.default_rng(0).uniform(-60, 60, (17, 2)).astype(np.float32)


def followed(*places: tuple[slice, float]) -> np.ndarray:
    """A body 240 pixels below the picture's top, so far from its left; nobody between."""
    xy = np.full((60, 17, 2), np.nan, np.float32)
    for rows, left in places:
        xy[rows] = BODY + np.array([left, 240], np.float32)
    return xy


@pytest.mark.parametrize(
    ("choice", "met"),
    [
        (Choice(100, 240, 0.0), True),
        (Choice(400, 240, 0.0), False),
        (Choice(400, 240, 1.0), True),
        (Choice(400, 240, 0.4), True),  # after 0.6 s
        (Choice(100, 240, 1.2), False),
        (Choice(100, 20, 0.0), False),
        (Choice(400, 240, 1.9), True),
        (Choice(400, 240, 2.0), False),
    ],
)
def test_a_choice_is_met_by_who_is_followed_there_soon_after(choice: Choice, met: bool) -> None:
    xy = followed((slice(0, 30), 100.0), (slice(30, 60), 400.0))
    said = list(unmet([choice], TIME_S, xy, (640, 480)))
    assert len(said) == (0 if met else 1)
    if choice.time_s >= 2:
        assert said == [
            "A person was to be chosen at 2 s, but the last frame is at 2.0 s: nobody was chosen."
        ]
    elif not met:
        assert "The picture has 640 x 480 pixels" in said[0]


def test_where_nobody_was_followed_nobody_was_met() -> None:
    said = list(unmet([Choice(100, 240, 0.0)], TIME_S, followed(), (640, 480)))
    assert len(said) == 1
