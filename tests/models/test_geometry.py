"""The person's box and the ray through it."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.geometry import network_input, person_box, ray_rotation

SLOPES = st.floats(-2, 2)


@given(SLOPES, SLOPES)
def test_ray_comes_to_lie_on_the_axis(x: float, y: float) -> None:
    rotation = ray_rotation(torch.tensor([[x, y]], dtype=torch.float64))[0]
    ray = torch.tensor([x, y, 1.0], dtype=torch.float64)
    turned = rotation @ (ray / ray.norm())
    assert turned.tolist() == pytest.approx([0, 0, 1], abs=1e-12)
    assert (rotation @ rotation.T - torch.eye(3)).abs().max() < 1e-12
    assert torch.linalg.det(rotation) == pytest.approx(1)


def test_axis_itself_needs_no_turn() -> None:
    assert torch.equal(ray_rotation(torch.zeros(1, 2))[0], torch.eye(3))


def told(xy: torch.Tensor, seen: torch.Tensor, reach: float = 1.0) -> torch.Tensor:
    depth = torch.full(xy.shape[:3], torch.nan, dtype=xy.dtype)
    half_side = torch.full((len(xy),), reach, dtype=xy.dtype)
    return network_input(xy, seen.to(xy.dtype), depth, person_box(xy, seen), half_side)


@given(st.floats(-500, 500), st.floats(-500, 500), st.floats(0.01, 100))
def test_joints_do_not_depend_on_place_and_size_in_the_picture(
    dx: float, dy: float, scale: float
) -> None:
    generator = torch.Generator().manual_seed(1)
    xy = torch.rand(2, 5, 17, 2, generator=generator, dtype=torch.float64)
    seen = torch.rand(2, 5, 17, generator=generator) < 0.7
    there = told(xy * scale + torch.tensor([dx, dy]), seen)
    assert torch.allclose(there[..., :5], told(xy, seen)[..., :5], atol=1e-6)
    assert there[..., :2].abs().max() <= 1 + 1e-9


def test_place_and_size_do_not_depend_on_the_unit_of_the_picture() -> None:
    seen = torch.ones(2, 5, 17, dtype=torch.bool)
    xy = torch.rand(2, 5, 17, 2, dtype=torch.float64)
    metres, pixels = told(xy, seen, 0.5), told(640 * xy, seen, 320.0)
    assert torch.allclose(metres, pixels, atol=1e-9)
    # A box of half the picture's longer side, a quarter to its right: ln(1/2) and +1/2.
    corners = torch.tensor([[0.0, -0.25], [0.5, 0.25]]).repeat(9, 1)[:17].view(1, 1, 17, 2)
    place = told(corners, torch.ones(1, 1, 17, dtype=torch.bool), 0.5)[0, 0, 0, 5:]
    assert place.tolist() == pytest.approx([0.5, 0.0, math.log(0.5)])


def test_depth_is_told_with_a_flag_or_not_at_all() -> None:
    xy, seen = torch.rand(1, 2, 17, 2), torch.ones(1, 2, 17)
    depth = torch.full((1, 2, 17), torch.nan)
    depth[0, 0, 4] = 0.25
    box = person_box(xy, seen > 0)
    tokens = network_input(xy, seen, depth, box, torch.ones(1))
    assert tokens[0, 0, 4, 3:5].tolist() == [0.25, 1.0]
    tokens[0, 0, 4, 3:5] = 0
    assert (tokens[..., 3:5] == 0).all()


def test_unseen_joints_have_no_influence() -> None:
    xy = torch.rand(1, 3, 17, 2)
    seen = torch.ones(1, 3, 17, dtype=torch.bool)
    seen[:, :, 3] = False
    elsewhere = xy.clone()
    elsewhere[:, :, 3] = torch.nan
    assert torch.equal(told(xy, seen), told(elsewhere, seen))


def test_nothing_seen_is_finite() -> None:
    seen = torch.zeros(1, 3, 17, dtype=torch.bool)
    assert (told(torch.full((1, 3, 17, 2), torch.nan), seen) == 0).all()
