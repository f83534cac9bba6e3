"""Heels and toes: the geometry, what is told and what is not, and how near it comes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.feet import (
    FLAT_DEG,
    LENGTH,
    DetectedPoses,
    find_feet,
    foot_evidence,
    laid_flat,
    unseen_feet,
)
from models.level import Level
from models.lifter import Lifter
from models.live import LiveLifter
from models.skeleton import FOOT_LANDMARKS, FOOT_MIRROR, FOOT_PARENTS, JOINT, MIRROR, world_joints
from tests.support.standing_feet import UP, Scene, directions, scene


@pytest.mark.parametrize("heading", [-60.0, 0.0, 45.0, 90.0, 150.0])
def test_feet_seen_exactly_point_where_they_do(heading: float) -> None:
    one = scene(heading)
    found = one.found()
    true = directions(one.detected.feet[..., 3:])
    off = np.degrees(np.arccos(np.clip((directions(found.xyz) * true).sum(-1), -1, 1)))
    told = np.isfinite(off)  # seen from the side, the far foot is not always
    assert told.any(axis=1).all()
    assert off[told].max() < 35
    assert off[told].mean() < 25
    lengths = np.linalg.norm(found.xyz[:, 2:] - found.xyz[:, :2], axis=-1)
    np.testing.assert_allclose(lengths[told], LENGTH * lengths_of_legs(one.xyz), rtol=1e-4)
    np.testing.assert_array_equal(found.conf, np.float32(0.95))


def lengths_of_legs(xyz: NDArray[np.float64]) -> float:
    hip, knee, ankle = (xyz[0, JOINT[f"left_{name}"]] for name in ("hip", "knee", "ankle"))
    return float(np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee))


def test_a_mirrored_person_has_mirrored_feet() -> None:
    one = scene(30.0)
    over = np.array([-1.0, 1.0, 1.0])
    xy = one.detected.xy.copy()
    xy[..., 0] = 640 - xy[..., 0]
    evidence = one.detected.feet.copy()
    evidence[..., 0] = 640 - evidence[..., 0]
    evidence[..., 3] *= -1
    detected = DetectedPoses(
        xy[:, MIRROR],
        one.detected.conf,
        one.detected.world[:, MIRROR] * over,
        evidence[:, FOOT_MIRROR],
    )
    other = Scene(detected, one.xyz[:, MIRROR] * over, one.time_s).found()
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
    nobody = DetectedPoses(*(np.full_like(each, np.nan) for each in one.detected))
    found = Scene(nobody, one.xyz, one.time_s).found()
    assert np.isnan(found.xyz).all()
    assert not found.conf.any()
    assert unseen_feet(3).shape == (3, 4, 6)


def test_a_foot_that_contradicts_itself_is_not_told() -> None:
    """The toe is seen above the heel by half a shank: no foot is as long."""
    one = scene()
    evidence = one.detected.feet.copy()
    knee, ankle = (one.detected.xy[:, JOINT[f"left_{name}"]] for name in ("knee", "ankle"))
    evidence[:, 2] -= np.pad(0.5 * (ankle - knee), ((0, 0), (0, 4)))
    found = Scene(one.detected._replace(feet=evidence), one.xyz, one.time_s).found().xyz
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
    one = scene().detected
    swapped = np.array([False, True, False, False, True])
    repaired = one.repaired(swapped)
    np.testing.assert_array_equal(repaired.feet[1], one.feet[1][list(FOOT_MIRROR)])
    np.testing.assert_array_equal(repaired.world[4], one.world[4][list(MIRROR)])
    np.testing.assert_array_equal(repaired.feet[0], one.feet[0])


def test_laid_flat_a_sole_is_level_and_points_the_same_way() -> None:
    rng = np.random.default_rng(1)
    one = scene(10.0, frames=40)
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


def test_the_live_lifter_has_the_feet_of_the_frame_it_shows() -> None:
    one = scene(10.0, frames=12)
    live = LiveLifter(Lifter(device="cpu"), delay=2, level=Level(UP.astype(np.float32), 1.0))
    pose = None
    for row, time_s in enumerate(one.time_s.tolist()):
        xy, conf, world, feet = (each[row] for each in one.detected)
        live.push(xy, conf, (640, 480), time_s, world=world, feet=feet)
        pose = live.lift()
    assert pose is not None
    assert pose.frames_back == 2
    true = directions(one.detected.feet[..., 3:])[0]
    off = np.degrees(np.arccos(np.clip((directions(pose.feet.xyz[None])[0] * true).sum(-1), -1, 1)))
    assert off.max() < 35
    ankles = pose.xyz[list(FOOT_PARENTS)]
    assert np.linalg.norm(pose.feet.xyz - ankles, axis=1).max() < 0.3


def test_another_person_s_frames_say_nothing() -> None:
    """Feet are averaged over neighbouring frames, but only of one person."""
    one, other = scene(0.0, frames=6), scene(150.0, frames=6)
    both = DetectedPoses(
        *(np.concatenate(each) for each in zip(one.detected, other.detected, strict=True))
    )
    xyz = np.concatenate([one.xyz, other.xyz])
    person = np.repeat([3, 4], 6)
    found = find_feet(
        *(both, xyz, np.zeros((12, 17), bool), np.arange(12) / 30, (640, 480)), up=UP, person=person
    )
    np.testing.assert_allclose(found.xyz[:6], one.found().xyz, atol=1e-6)
    np.testing.assert_allclose(found.xyz[6:], other.found().xyz, atol=1e-6)
