from __future__ import annotations

import numpy as np
import pytest

from app.motion.ground import ANKLE_M, Floor, find_floor
from app.motion.placement.contacts import feet_on_floor
from app.motion.placement.position import PositionEstimate

UP = np.array([0.0, -1.0, 0.0])
SEEN = np.ones((20, 2), bool)
FLOOR = Floor(1.2, "standing feet")


def _ankles(*heights: float) -> np.ndarray:
    """(20, 2, 3) ankles so high above a floor 1.2 m below the lens."""
    ankles = np.full((20, 2, 3), 3.0)
    ankles[..., 1] = 1.2 - np.resize(heights, (20, 2))
    return ankles


PELVIS = np.tile([0.0, 0.3, 3.0], (20, 1))


def test_the_floor_is_below_standing_feet() -> None:
    stands = SEEN.copy()
    stands[:, 1] = False
    floor = find_floor(UP, PELVIS, _ankles(ANKLE_M, 0.5), SEEN, stands, None)
    assert floor.origin == "standing feet"
    assert floor.below_m == pytest.approx(1.2)


def test_who_never_stands_still_has_a_floor_below_the_lowest_feet() -> None:
    ankles = _ankles(ANKLE_M)
    ankles[5:, :, 1] -= 0.4
    floor = find_floor(UP, PELVIS, ankles, SEEN, ~SEEN, None)
    assert floor.origin == "lowest feet"
    assert floor.below_m == pytest.approx(1.2)


@pytest.mark.parametrize(("height_m", "stature"), [(None, 1.7), (2.0, 2.0)])
def test_without_legs_the_body_height_has_to_do(height_m: float | None, stature: float) -> None:
    pelvis = PELVIS.copy()
    pelvis[7] = np.nan
    floor = find_floor(UP, pelvis, _ankles(0.0), ~SEEN, ~SEEN, height_m)
    assert floor.origin == "body height"
    assert floor.below_m == pytest.approx(0.3 + 0.53 * stature)


def _foot(place: np.ndarray, floor: Floor = FLOOR) -> tuple[PositionEstimate, np.ndarray]:
    ankle = np.tile([0.1, 0.8, 0.1], (3, 1))
    spot = place + ankle
    slopes = spot[:, :2] / spot[:, 2:]
    return feet_on_floor(floor, UP, slopes, ankle, np.array([True, True, False])), slopes


def test_a_standing_foot_tells_where_the_pelvis_is() -> None:
    place = np.tile([0.2, 1.2 - ANKLE_M - 0.8, 3.0], (3, 1))
    estimate, _ = _foot(place)
    assert estimate.known.tolist() == [True, True, False]
    assert estimate.place[:2] == pytest.approx(place[:2])


def test_it_is_surest_across_and_the_better_the_nearer() -> None:
    height = 1.2 - ANKLE_M - 0.8
    near, _ = _foot(np.tile([0.2, height, 2.0], (3, 1)))
    far, _ = _foot(np.tile([0.2, height, 6.0], (3, 1)))
    spreads = [np.linalg.inv(each.information[0]).diagonal() for each in (near, far)]
    assert spreads[0][0] < spreads[0][2]
    assert spreads[0][2] < spreads[1][2]


def test_nothing_is_said_of_a_foot_above_the_horizon_or_a_floor_above_the_lens() -> None:
    above, _ = _foot(np.tile([0.2, -1.5, 3.0], (3, 1)))
    assert not above.known.any()
    below = np.tile([0.2, 0.32, 3.0], (3, 1))
    assert not _foot(below, Floor(0.05, "given"))[0].known.any()
