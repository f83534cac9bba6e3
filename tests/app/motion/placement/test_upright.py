from __future__ import annotations

import math

import numpy as np
import pytest

from app.motion.placement.upright import Upright, pitch, refined, upright
from models.skeleton import JOINT, JOINT_COUNT
from tests.support.performed import Performed, performed

LEGS = [JOINT[f"{side}_{name}"] for side in ("left", "right") for name in ("knee", "ankle")]


def _apart_deg(first: np.ndarray, second: np.ndarray) -> float:
    return math.degrees(math.acos(min(1.0, float(first @ second))))


def _everything(scene: Performed) -> np.ndarray:
    return np.ones((len(scene.world), JOINT_COUNT), bool)


@pytest.mark.parametrize("seed", [0, 3, 11, 12])
def test_up_is_found_from_how_somebody_stands_and_moves(seed: int) -> None:
    scene = performed(seed, seconds=15)
    found = upright(scene.data.xyz.astype(float), _everything(scene))
    assert found.cue == "legs"
    assert _apart_deg(found.up, scene.up) < 2.5
    assert np.linalg.norm(found.up) == pytest.approx(1)


def test_a_trunk_will_do_but_is_trusted_less() -> None:
    scene = performed(11, seconds=10)  # the camera looks down by 17 degrees
    seen = _everything(scene)
    with_legs = upright(scene.data.xyz.astype(float), seen)
    seen[:, LEGS] = False
    found = upright(scene.data.xyz.astype(float), seen)
    assert found.cue == "trunk"
    assert found.pitch_sd > with_legs.pitch_sd
    assert pitch(scene.up) < pitch(found.up) < 0
    assert _apart_deg(found.up, scene.up) < 8


def test_of_who_shows_nothing_the_camera_is_level() -> None:
    scene = performed(11, seconds=1)
    found = upright(scene.data.xyz.astype(float), ~_everything(scene))
    assert found.cue == "nothing"
    assert found.up == pytest.approx([0, -1, 0])


def _standing(tilt_deg: float, depths: list[float], height: float = 1.2) -> list[np.ndarray]:
    """Slopes of feet that stand at some depths before a camera tilted upwards by ``tilt_deg``."""
    tilt = math.radians(tilt_deg)
    # sin(tilt) z - cos(tilt) y = -height for a floor below the lens
    rows = [(height / depth + math.sin(tilt)) / math.cos(tilt) for depth in depths]
    return [np.tile([0.05, row], (15, 1)) for row in rows]


def test_feet_near_and_far_correct_the_tilt() -> None:
    depths = [2.0, 2.5, 3.0, 3.5, 4.0, 4.5]
    guess = Upright(np.array([0.0, -1.0, 0.0]), math.radians(3.5), "legs")
    found = refined(guess, _standing(-6, depths), [np.full(15, depth) for depth in depths])
    assert math.degrees(pitch(found.up)) == pytest.approx(-6, abs=0.5)
    assert found.pitch_sd < guess.pitch_sd


def test_feet_at_one_spot_say_nothing() -> None:
    guess = Upright(np.array([0.0, -1.0, 0.0]), math.radians(3.5), "legs")
    depths = [3.0, 3.02, 2.99]
    found = refined(guess, _standing(-6, depths), [np.full(15, depth) for depth in depths])
    assert math.degrees(pitch(found.up)) == pytest.approx(0, abs=1.0)
    assert refined(guess, [], []) is guess


def test_a_floor_that_contradicts_the_body_is_none() -> None:
    depths = [2.0, 3.0, 4.0]
    guess = Upright(np.array([0.0, -1.0, 0.0]), math.radians(3.5), "legs")
    assert refined(guess, _standing(-30, depths), [np.full(15, d) for d in depths]) is guess
    rising = [depths[2], depths[1], depths[0]]  # nearer feet higher up in the picture
    assert refined(guess, _standing(0, depths), [np.full(15, d) for d in rising]) is guess
