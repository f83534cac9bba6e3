"""Heels and toes: the geometry, what is told and what is not, and how near it comes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from models.feet import (
    FLAT_DEG,
    LENGTH,
    Feet,
    Sight,
    find_feet,
    foot_evidence,
    laid_flat,
    unseen_feet,
)
from models.skeleton import FOOT_LANDMARKS, FOOT_MIRROR, FOOT_PARENTS, JOINT, MIRROR, world_joints

SIZE = (640, 480)
UP = np.array([0.0, -1.0, 0.0])
STANDING = {
    "right_hip": (-0.1, 0.0, 0.0), "right_knee": (-0.1, 0.42, -0.03),
    "right_ankle": (-0.1, 0.83, 0.0), "left_hip": (0.1, 0.0, 0.0),
    "left_knee": (0.1, 0.42, -0.03), "left_ankle": (0.1, 0.83, 0.0),
    "spine": (0.0, -0.25, 0.0), "thorax": (0.0, -0.5, 0.0), "nose": (0.0, -0.68, -0.1),
    "head": (0.0, -0.68, 0.0), "left_shoulder": (0.18, -0.5, 0.0), "left_elbow": (0.22, -0.2, 0.0),
    "left_wrist": (0.24, 0.05, 0.0), "right_shoulder": (-0.18, -0.5, 0.0),
    "right_elbow": (-0.22, -0.2, 0.0), "right_wrist": (-0.24, 0.05, 0.0),
}  # fmt: skip
"""Somebody who faces the camera."""


class Scene(NamedTuple):
    sight: Sight
    xyz: NDArray[np.float64]
    time_s: NDArray[np.float64]

    def found(self, missing: NDArray[np.bool_] | None = None) -> Feet:
        none = np.zeros(self.xyz.shape[:2], bool)
        return find_feet(
            *(self.sight, self.xyz, none if missing is None else missing, self.time_s, SIZE), up=UP
        )


def scene(heading: float = 0.0, frames: int = 5, toe_out: float = 10.0) -> Scene:
    """A standing person, turned by degrees to their left, seen exactly."""
    pose = np.zeros((17, 3))
    for name, place in STANDING.items():
        pose[JOINT[name]] = place
    feet = np.zeros((4, 3))
    for index, (side, out) in enumerate((("left", 1.0), ("right", -1.0))):
        turn = np.radians(toe_out) * out
        ahead = np.array([np.sin(turn), 0.0, -np.cos(turn)])
        heel = pose[JOINT[f"{side}_ankle"]] + (0.0, 0.06, 0.0) - 0.04 * ahead
        feet[index], feet[2 + index] = heel, heel + 0.22 * ahead + (0.0, 0.03, 0.0)
    angle = np.radians(heading)
    about = np.array(
        [[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]]
    )
    pose, feet = pose @ about.T, feet @ about.T

    def seen(points: NDArray[np.float64]) -> NDArray[np.float64]:
        there = points + (0.0, -0.1, 3.0)
        return there[:, :2] / there[:, 2:] * 500 + np.array(SIZE) / 2

    evidence = np.column_stack([seen(feet), np.full(4, 0.95), feet])

    def frames_of(array: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.repeat(array[None], frames, axis=0)

    sight = Sight(*(frames_of(each) for each in (seen(pose), np.full(17, 0.95), pose, evidence)))
    return Scene(sight, frames_of(pose), np.arange(frames) / 30)


def directions(feet: NDArray[np.floating]) -> NDArray[np.floating]:
    ahead = feet[:, 2:] - feet[:, :2]
    return ahead / np.linalg.norm(ahead, axis=-1, keepdims=True)


@pytest.mark.parametrize("heading", [-60.0, 0.0, 45.0, 90.0, 150.0])
def test_feet_seen_exactly_point_where_they_do(heading: float) -> None:
    one = scene(heading)
    found = one.found()
    true = directions(one.sight.feet[..., 3:])
    off = np.degrees(np.arccos(np.clip((directions(found.xyz) * true).sum(-1), -1, 1)))
    assert off.max() < 35
    assert off.mean() < 25
    lengths = np.linalg.norm(found.xyz[:, 2:] - found.xyz[:, :2], axis=-1)
    np.testing.assert_allclose(lengths, LENGTH * lengths_of_legs(one.xyz), rtol=1e-4)
    np.testing.assert_array_equal(found.conf, np.float32(0.95))


def lengths_of_legs(xyz: NDArray[np.float64]) -> float:
    hip, knee, ankle = (xyz[0, JOINT[f"left_{name}"]] for name in ("hip", "knee", "ankle"))
    return float(np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee))


def test_a_mirrored_person_has_mirrored_feet() -> None:
    one = scene(30.0)
    over = np.array([-1.0, 1.0, 1.0])
    xy = one.sight.xy.copy()
    xy[..., 0] = SIZE[0] - xy[..., 0]
    evidence = one.sight.feet.copy()
    evidence[..., 0] = SIZE[0] - evidence[..., 0]
    evidence[..., 3] *= -1
    sight = Sight(
        xy[:, MIRROR], one.sight.conf, one.sight.world[:, MIRROR] * over, evidence[:, FOOT_MIRROR]
    )
    other = Scene(sight, one.xyz[:, MIRROR] * over, one.time_s).found()
    np.testing.assert_allclose(other.xyz, one.found().xyz[:, FOOT_MIRROR] * over, atol=1e-5)


def test_a_larger_person_has_larger_feet_that_point_alike() -> None:
    one = scene(30.0)
    larger = one._replace(xyz=1.3 * one.xyz).found().xyz
    np.testing.assert_allclose(larger, 1.3 * one.found().xyz, atol=1e-5)


def test_a_foot_without_its_ankle_is_not_told() -> None:
    one = scene()
    missing = np.zeros(one.xyz.shape[:2], bool)
    missing[2, JOINT["left_ankle"]] = True
    found = one.found(missing).xyz
    assert np.isnan(found[2, [0, 2]]).all()
    assert np.isfinite(np.delete(found, 2, axis=0)).all()
    assert np.isfinite(found[2, [1, 3]]).all()


def test_where_nobody_was_found_there_are_no_feet() -> None:
    one = scene()
    nobody = Sight(*(np.full_like(each, np.nan) for each in one.sight))
    found = Scene(nobody, one.xyz, one.time_s).found()
    assert np.isnan(found.xyz).all()
    assert not found.conf.any()
    assert unseen_feet(3).shape == (3, 4, 6)


def test_a_foot_that_contradicts_itself_is_not_told() -> None:
    """The toe is seen above the heel by half a shank: no foot is as long."""
    one = scene()
    evidence = one.sight.feet.copy()
    knee, ankle = (one.sight.xy[:, JOINT[f"left_{name}"]] for name in ("knee", "ankle"))
    evidence[:, 2] -= np.pad(0.5 * (ankle - knee), ((0, 0), (0, 4)))
    found = Scene(one.sight._replace(feet=evidence), one.xyz, one.time_s).found().xyz
    assert np.isnan(found[:, [0, 2]]).all()
    assert np.isfinite(found[:, [1, 3]]).all()


def test_evidence_is_taken_from_the_landmarks() -> None:
    rng = np.random.default_rng(0)
    landmarks, world = rng.normal(size=(7, 33, 5)), rng.normal(size=(7, 33, 3))
    visibility = rng.uniform(size=(7, 33))
    found = foot_evidence(landmarks, visibility, world)
    for index, landmark in enumerate(FOOT_LANDMARKS):
        np.testing.assert_allclose(found[:, index, :2], landmarks[:, landmark, :2], rtol=1e-6)
        np.testing.assert_allclose(found[:, index, 2], visibility[:, landmark], rtol=1e-6)
    ankle = JOINT["left_ankle"]
    own = found[:, 0, 3:] - world_joints(world)[:, ankle]
    np.testing.assert_allclose(own, world[:, FOOT_LANDMARKS[0]] - world[:, 27], atol=1e-5)


def test_repair_exchanges_everything_of_the_two_sides() -> None:
    one = scene().sight
    swapped = np.array([False, True, False, False, True])
    repaired = one.repaired(swapped)
    np.testing.assert_array_equal(repaired.feet[1], one.feet[1][list(FOOT_MIRROR)])
    np.testing.assert_array_equal(repaired.world[4], one.world[4][list(MIRROR)])
    np.testing.assert_array_equal(repaired.feet[0], one.feet[0])


def test_laid_flat_a_sole_is_level_and_points_the_same_way() -> None:
    rng = np.random.default_rng(1)
    one = scene(20.0, frames=40)
    feet = one.found().xyz
    ankles = one.xyz[:, list(FOOT_PARENTS[:2])]
    tipped = feet + rng.normal(scale=0.02, size=feet.shape).astype(np.float32)
    flat = laid_flat(tipped, ankles, UP, np.ones((40, 2)))
    sinks = np.degrees(np.arcsin(-(directions(flat) @ UP)))
    np.testing.assert_allclose(sinks, FLAT_DEG, atol=0.01)
    for before, after in zip(directions(tipped), directions(flat), strict=True):
        across = [
            each[..., [0, 2]] / np.linalg.norm(each[..., [0, 2]], axis=-1, keepdims=True)
            for each in (before, after)
        ]
        np.testing.assert_allclose(*across, atol=1e-4)
    np.testing.assert_array_equal(laid_flat(tipped, ankles, UP, np.zeros((40, 2))), tipped)
