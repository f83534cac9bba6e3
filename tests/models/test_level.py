"""Where up is: angles there and back, the mean of what is said, and a live view's patience."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize
from scipy.spatial.transform import Rotation
from scipy.stats import vonmises_fisher

from models.geometry import MAX_UP_STD_DEG, up_input
from models.level import Level, LevelTracker, estimate_level, standing_direction
from models.skeleton import JOINT, JOINT_COUNT

Vectors = NDArray[np.float64]
LEVEL = np.array([0.0, -1.0, 0.0])
"""Up for a camera that stands straight."""


def apart_deg(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    cross, dot = np.linalg.norm(np.cross(one, other)), np.dot(one, other)
    return math.degrees(math.atan2(float(cross), float(dot)))


@given(st.floats(-85, 85), st.floats(-179, 179))
def test_angles_come_back_and_are_those_of_the_turned_camera(pitch: float, roll: float) -> None:
    level = Level.from_angles(pitch, roll)
    assert level.given
    assert np.linalg.norm(level.up) == pytest.approx(1, abs=1e-6)
    assert level.pitch_deg == pytest.approx(pitch, abs=1e-3)
    assert level.roll_deg == pytest.approx(roll, abs=1e-3)
    # The camera turns about its own x until its z points down, then clockwise about its own z.
    camera = Rotation.from_euler("XZ", [-pitch, roll], degrees=True)
    np.testing.assert_allclose(level.up, camera.inv().apply(LEVEL), atol=1e-6)


def test_a_level_is_told_the_network_as_in_training() -> None:
    for spread in (0.0, 1.0, 7.5, MAX_UP_STD_DEG, 50.0):
        level = Level(np.array([0.6, -0.8, 0.0], np.float32), spread)
        expected = up_input(torch.from_numpy(level.up), torch.tensor(spread))
        np.testing.assert_allclose(level.vector, expected, atol=1e-6)


def said(random: np.random.Generator, count: int, off_deg: float = 25.0) -> Vectors:
    """(N, 3) what a network might say of a camera: more or less sure, each in its own way off."""
    off = Rotation.from_rotvec(np.radians(off_deg) * random.normal(size=(count, 3)))
    return np.asarray(off.apply(LEVEL) * random.uniform(0.3, 0.97, (count, 1)))


def concentration(length: float) -> float:
    """Of the von Mises-Fisher distribution whose mean is that long."""
    return float(brentq(lambda k: 1 / math.tanh(k) - 1 / k - length, 1e-3, 300))


@pytest.mark.parametrize("seed", range(5))
def test_the_estimate_is_where_all_that_was_said_is_likeliest(seed: int) -> None:
    random = np.random.default_rng(seed)
    each, weight = said(random, 40), random.uniform(0, 1, 40)
    lengths = np.linalg.norm(each, axis=1)
    beliefs = [
        vonmises_fisher(one / length, concentration(length))
        for one, length in zip(each, lengths, strict=True)
    ]

    def unlikely(angles: Vectors) -> float:
        up = Rotation.from_euler("xz", angles).apply(LEVEL)
        return -sum(w * belief.logpdf(up) for w, belief in zip(weight, beliefs, strict=True))

    best = minimize(unlikely, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-6})
    level = estimate_level(each, weight)
    assert level is not None
    assert apart_deg(level.up, Rotation.from_euler("xz", best.x).apply(LEVEL)) < 0.5


def test_who_agrees_is_as_sure_as_they_say_and_who_disagrees_is_vague() -> None:
    one = 0.97 * LEVEL
    alike = estimate_level(np.tile(one, (50, 1)), np.ones(50))
    assert alike is not None
    # Of a narrow distribution on the sphere, 1 less its mean's length is the variance.
    assert alike.std_deg == pytest.approx(math.degrees(math.sqrt(0.03)), abs=0.01)
    assert not alike.given
    other = Rotation.from_euler("x", 60, degrees=True).apply(one)
    torn = estimate_level(np.stack([one, other] * 25), np.ones(50))
    assert torn is not None
    assert apart_deg(torn.up, Rotation.from_euler("x", 30, degrees=True).apply(LEVEL)) < 0.1
    assert torn.std_deg > 2 * alike.std_deg
    assert np.linalg.norm(torn.vector) < 0.2 < 0.4 < np.linalg.norm(alike.vector)
    unsure = estimate_level(np.tile(0.5 * LEVEL, (50, 1)), np.ones(50))
    assert unsure is not None
    assert unsure.std_deg > MAX_UP_STD_DEG
    many = estimate_level(np.tile(one, (5000, 1)), np.ones(5000))
    assert many is not None
    assert many.std_deg == pytest.approx(alike.std_deg), "one posture tells no more for long"


def test_the_sure_and_the_seen_count_most() -> None:
    aside = Rotation.from_euler("z", 40, degrees=True).apply(LEVEL)
    sure = estimate_level(np.stack([0.95 * LEVEL, 0.3 * aside]), np.ones(2))
    unseen = estimate_level(np.stack([0.5 * LEVEL, 0.95 * aside]), np.array([1.0, 0.0]))
    assert sure is not None
    assert unseen is not None
    assert apart_deg(sure.up, LEVEL) < 3
    assert apart_deg(unseen.up, LEVEL) < 0.1


@pytest.mark.parametrize(
    ("each", "weight"),
    [
        (np.zeros((0, 3)), np.zeros(0)),
        (np.zeros((4, 3)), np.ones(4)),
        (np.tile(LEVEL, (4, 1)), np.zeros(4)),
        (np.array([[0.0, 0.5, 0.0], [0.0, -0.5, 0.0]]), np.ones(2)),
    ],
    ids=["no frame", "nothing said", "nobody seen", "opposites"],
)
def test_where_nothing_is_said_there_is_no_level(each: Vectors, weight: Vectors) -> None:
    assert estimate_level(each, weight) is None


EVERY_S = 0.4


def followed(
    up: Callable[[float], Vectors], seconds: float, noise_deg: float
) -> list[tuple[float, Level]]:
    """What is known at every frame of a live view, who asks two or three times a second."""
    random, tracker, known = np.random.default_rng(3), LevelTracker(), []
    asked_s = -math.inf
    assert tracker.level(0.0) is None
    for frame in range(round(seconds * 30)):
        time_s = frame / 30
        if time_s - asked_s >= EVERY_S:
            asked_s = time_s
            off = Rotation.from_rotvec(np.radians(noise_deg) * random.normal(size=3))
            tracker.add(0.95 * off.apply(up(time_s)), time_s)
        level = tracker.level(time_s)
        assert level is not None
        known.append((time_s, level))
    return known


def test_what_the_network_is_told_live_never_jumps() -> None:
    """Not even at the start, when a second opinion is half of all there are."""
    known = followed(lambda _: LEVEL, 20, noise_deg=5)
    told = np.array([level.vector for _, level in known])
    assert np.linalg.norm(told[0]) < 1e-6, "at first, nothing is known"
    steps_deg = np.degrees(np.linalg.norm(np.diff(told, axis=0), axis=1))
    assert steps_deg.max() < 1.0
    late = [level for time_s, level in known if time_s > 2]
    directions = [apart_deg(one.up, other.up) for one, other in pairwise(late)]
    assert max(directions) < 1.5
    assert apart_deg(known[-1][1].up, LEVEL) < 3
    assert known[-1][1].std_deg < 15


@pytest.mark.slow
def test_a_camera_that_was_moved_is_noticed_and_where_it_was_forgotten() -> None:
    moved = np.asarray(Rotation.from_euler("x", 30, degrees=True).apply(LEVEL))
    known = followed(lambda time_s: LEVEL if time_s < 60 else moved, 310, noise_deg=3)
    at = {second: known[second * 30][1] for second in (59, 90, 180, 309)}
    assert apart_deg(at[59].up, LEVEL) < 2
    assert at[90].std_deg > at[59].std_deg + 2, "it is not sure meanwhile"
    assert apart_deg(at[180].up, moved) < 6
    assert apart_deg(at[309].up, moved) < 2
    assert at[309].std_deg == pytest.approx(at[59].std_deg, abs=1)


def upright_body(knee_deg: float = 0.0) -> Vectors:
    """(17, 3) somebody before a level camera, camera axes, who bends the knees."""
    bend = math.radians(knee_deg)
    joints = np.zeros((JOINT_COUNT, 3))
    joints[JOINT["thorax"]] = 0.5 * LEVEL
    for side, across in (("left", 0.1), ("right", -0.1)):
        hip = np.array([across, 0.0, 0.0])
        knee = hip - 0.4 * LEVEL
        joints[JOINT[f"{side}_hip"]], joints[JOINT[f"{side}_knee"]] = hip, knee
        shank = Rotation.from_euler("x", bend).apply(-0.4 * LEVEL)
        joints[JOINT[f"{side}_ankle"]] = knee + shank
    return joints


def test_who_stands_points_up_and_who_squats_or_is_cut_off_does_not() -> None:
    turn = Rotation.from_euler("xz", [25.0, 10.0], degrees=True)
    bodies = np.stack([turn.apply(upright_body(bend)) for bend in (0.0, 20.0, 60.0, 0.0)])
    missing = np.zeros((4, JOINT_COUNT), bool)
    missing[3, JOINT["left_ankle"]] = True
    stood = standing_direction(bodies, missing)
    assert apart_deg(stood[0], turn.apply(LEVEL)) < 0.01
    assert apart_deg(stood[1], turn.apply(LEVEL)) < 10
    assert (stood[2:] == 0).all()


def test_the_level_lies_between_what_is_said_and_where_people_stand() -> None:
    said = np.tile(0.95 * Rotation.from_euler("x", 8, degrees=True).apply(LEVEL), (40, 1))
    weight, stood = np.ones(40), np.zeros((40, 3))

    def off_deg(frames: int, lean_deg: float = 0.0) -> float:
        stood[:], stood[:frames] = (
            0.0,
            Rotation.from_euler("z", lean_deg, degrees=True).apply(LEVEL),
        )
        level = estimate_level(said, weight, stood)
        assert level is not None
        return apart_deg(level.up, LEVEL)

    assert off_deg(0) == pytest.approx(8.0, abs=0.01)
    assert off_deg(40) == off_deg(20) == pytest.approx(4.0, abs=0.01)
    assert 4.5 < off_deg(4) < 7.5, "who seldom stands tells less"
    assert off_deg(40, 90.0) == pytest.approx(8.0, abs=0.01), "who lies tells nothing"
