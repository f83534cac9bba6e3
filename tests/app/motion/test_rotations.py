"""Rotations of many frames, against matrices multiplied one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.motion.rotations import (
    Array,
    axes,
    between,
    carried,
    matrices,
    quaternions,
    unit,
    without_jumps,
    zxy,
)
from models.training.motion.kinematics import rotation_about
from tests.support.skeletons import rigid_matrix


def random_turns(count: int, seed: int = 0) -> Array:
    return unit(np.random.default_rng(seed).normal(size=(count, 4)))


def euler(angles: Array) -> Array:
    z, x, y = np.moveaxis(angles, -1, 0)
    return rotation_about(2, z) @ rotation_about(0, x) @ rotation_about(1, y)


def test_quaternions_and_matrices_are_the_same_turns() -> None:
    wanted = random_turns(500)
    for quaternion, matrix in zip(wanted, matrices(wanted), strict=True):
        np.testing.assert_allclose(matrix, rigid_matrix(0, quaternion)[:3, :3], atol=1e-12)
    dots = (quaternions(matrices(wanted)) * wanted).sum(-1)
    np.testing.assert_allclose(np.abs(dots), 1, atol=1e-12)


@pytest.mark.parametrize("axis", range(3))
def test_half_turns_have_quaternions(axis: int) -> None:
    half = rotation_about(axis, np.array([np.pi, -np.pi, np.pi - 1e-9]))
    np.testing.assert_allclose(matrices(quaternions(half)), half, atol=1e-8)


@settings(max_examples=200, deadline=None)
@given(
    st.tuples(*[st.sampled_from([-180, -90, 0, 30, 89.9999, 90, 180]) | st.floats(-180, 180)] * 3)
)
def test_angles_make_the_turn_again(degrees: tuple[float, float, float]) -> None:
    turn = euler(np.radians([degrees]))
    np.testing.assert_allclose(euler(zxy(turn)), turn, atol=1e-6)


def test_angles_have_no_steps_where_the_turn_has_none() -> None:
    """A thigh lifted beyond the horizontal, turned slowly about the vertical for three rounds."""
    share = np.linspace(0, 1, 900)
    wanted = np.radians(np.stack([20 * share, 150 * np.sin(6 * share), 1080 * share], axis=-1))
    found = zxy(euler(wanted))
    assert np.abs(np.diff(found, axis=0)).max() < np.radians(3)
    np.testing.assert_allclose(euler(found), euler(wanted), atol=1e-9)


def test_signs_follow_the_frame_before() -> None:
    smooth = matrices(unit(np.cumsum(random_turns(300) * 0.05, axis=0) + 1))
    broken = quaternions(smooth) * np.random.default_rng(1).choice([-1, 1], (300, 1))
    found = without_jumps(broken)
    assert ((found[1:] * found[:-1]).sum(-1) > 0.9).all()
    np.testing.assert_allclose(matrices(found), smooth, atol=1e-12)
    assert without_jumps(broken[:1]).shape == (1, 4)


@pytest.mark.parametrize("sign", [1, -1])
def test_between_is_at_even_speed_the_short_way(sign: float) -> None:
    first, second = (
        quaternions(rotation_about(1, np.radians([degrees]))) for degrees in (10.0, 70.0)
    )
    found = between(first, sign * second, np.array([[0.25]]))
    np.testing.assert_allclose(matrices(found)[0], rotation_about(1, np.radians(25.0)), atol=1e-12)
    np.testing.assert_allclose(between(first, first, np.array([[0.5]])), first, atol=1e-12)


def test_carried_along_the_shortest_way() -> None:
    start, end = (unit(np.random.default_rng(seed).normal(size=(50, 3))) for seed in (1, 2))
    np.testing.assert_allclose(carried(start, start, end), end, atol=1e-9)
    axis = unit(np.cross(start, end))
    np.testing.assert_allclose(carried(axis, start, end), axis, atol=1e-9)


def test_what_is_not_known_stays_in_its_frame() -> None:
    x = np.array([[1.0, 0, 0], [np.nan] * 3, [0, 0, 0], [0, 2, 0]])
    known = np.isfinite(axes(unit(x), np.tile((0.0, 0.0, 1.0), (4, 1)))).all(axis=(1, 2))
    assert known.tolist() == [True, False, False, True]
