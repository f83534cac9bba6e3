"""Several people on one floor: where they were filmed, or honestly side by side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.motion.data import MotionData
from app.motion.placement.together import together
from models.skeleton import JOINT, PELVIS
from tests.support.performed import performed

STEP = np.array([0.9, 0.0, -0.5])
"""How far the other stands from the one, in the room's axes."""


@pytest.fixture(scope="module")
def two() -> tuple[MotionData, MotionData]:
    """Who does the same, twice, before one camera."""
    one = performed(0, seconds=8)
    moved = np.broadcast_to(STEP, (len(one.world), 3))
    other = performed(0, seconds=8, camera=one.camera, moved=moved)
    said = [
        replace(each.data, provenance=replace(each.data.provenance, fov_deg=one.fov_deg))
        for each in (one, other)
    ]
    return said[0], said[1]


def apart(motions: tuple[MotionData, MotionData]) -> tuple[float, bool]:
    found = together(motions)
    step = np.median(found.joints[1][:, PELVIS] - found.joints[0][:, PELVIS], axis=0)
    return float(np.hypot(step[0], step[2])), found.trusted


def test_they_stand_as_far_apart_as_they_were(two: tuple[MotionData, MotionData]) -> None:
    distance, trusted = apart(two)
    assert trusted
    assert distance == pytest.approx(np.linalg.norm(STEP), abs=0.1)
    found = together(two)
    feet = np.minimum(
        *(found.joints[0][:, JOINT[f"{side}_ankle"], 1] for side in ("left", "right"))
    )
    assert np.median(feet) == pytest.approx(0.08, abs=0.03), "on the floor"
    middle = np.mean([np.median(each[:, PELVIS], axis=0) for each in found.joints], axis=0)
    np.testing.assert_allclose(middle[[0, 2]], 0, atol=1e-3)


def test_who_was_taken_for_larger_than_they_are_is_smaller_and_nearer(
    two: tuple[MotionData, MotionData],
) -> None:
    one, other = two
    giant = replace(other, xyz=other.xyz * np.float32(1.2), feet=None, feet_conf=None)
    distance, trusted = apart((one, giant))
    assert trusted
    # All of it by 1.2 to the power of a half larger, since nobody knows who was right.
    assert distance == pytest.approx(np.linalg.norm(STEP) * 1.2**0.5, abs=0.2)
    found = together((one, giant))
    thighs = [
        np.linalg.norm(each[:, JOINT["left_hip"]] - each[:, JOINT["left_knee"]], axis=-1)
        for each in found.joints
    ]
    assert np.median(thighs[1] / thighs[0]) == pytest.approx(1.0, abs=0.06)


def test_who_cannot_be_that_large_makes_all_stand_side_by_side(
    two: tuple[MotionData, MotionData],
) -> None:
    one, other = two
    on_a_table = replace(other, xyz=other.xyz * np.float32(3.5), feet=None, feet_conf=None)
    found = together((on_a_table, one))
    assert not found.trusted
    step = found.joints[1][:, PELVIS] - found.joints[0][:, PELVIS]
    right = np.median(one.xy[:, PELVIS, 0]) > np.median(other.xy[:, PELVIS, 0])
    np.testing.assert_allclose(step[:, 0], 1.0 if right else -1.0, atol=1e-4)
    np.testing.assert_allclose(step[:, 2], 0.0, atol=1e-4)


def test_of_whom_nothing_is_known_there_is_a_place_all_the_same(
    two: tuple[MotionData, MotionData],
) -> None:
    one, other = two
    nothing = np.zeros(len(other.time_s), bool)
    gone = replace(
        other,
        tracked=nothing,
        missing=np.ones_like(other.missing),
        filled=np.zeros_like(other.filled),
        xy=np.full_like(other.xy, np.nan),
    )
    found = together((one, gone))
    assert not found.trusted
    assert all(np.isfinite(each).all() for each in found.joints)
