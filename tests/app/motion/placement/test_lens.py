from __future__ import annotations

import math

import numpy as np
import pytest

from app.motion.placement.lens import Lens
from models import ASSUMED_FOCAL


def test_the_angle_is_that_of_the_longer_side() -> None:
    for size in ((640, 480), (480, 640)):
        lens = Lens.of(size, 90.0, 60.0)
        assert lens.focal == pytest.approx(320.0)
        assert lens.fov_deg == pytest.approx(90.0)
        assert lens.origin == "given"


def test_the_assumed_lens_is_the_one_that_networks_assume() -> None:
    lens = Lens.of((1280, 720), None, None)
    assert lens.origin == "assumed"
    assert lens.focal == ASSUMED_FOCAL * 1280
    assert lens.fov_deg == pytest.approx(2 * math.degrees(math.atan(0.5 / ASSUMED_FOCAL)))


def test_what_the_source_says_counts_where_nothing_was_given() -> None:
    lens = Lens.of((640, 480), None, 90.0)
    assert lens.focal == pytest.approx(320.0)
    assert lens.origin == "source"


@pytest.mark.parametrize("fov_deg", [0.0, 5.0, 179.0, math.nan])
def test_a_source_that_says_what_cannot_be_says_nothing(fov_deg: float) -> None:
    assert Lens.of((640, 480), None, fov_deg) == Lens.of((640, 480), None, None)


def test_slopes_are_taken_from_the_middle() -> None:
    slopes = Lens.of((640, 480), 90.0, None).slopes(np.array([[320.0, 240.0], [640.0, 400.0]]))
    assert slopes == pytest.approx(np.array([[0.0, 0.0], [1.0, 0.5]]))


@pytest.mark.parametrize("fov_deg", [0.0, 5.0, 179.0, math.nan])
def test_an_angle_of_no_lens_is_refused(fov_deg: float) -> None:
    with pytest.raises(ValueError, match="angle of view"):
        Lens.of((640, 480), fov_deg, None)
