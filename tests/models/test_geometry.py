"""The person's box and the ray through it."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.geometry import box_input, person_box, ray_rotation

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


@given(st.floats(-500, 500), st.floats(-500, 500), st.floats(0.01, 100))
def test_input_does_not_depend_on_place_and_size_in_the_picture(
    dx: float, dy: float, scale: float
) -> None:
    generator = torch.Generator().manual_seed(1)
    xy = torch.rand(2, 5, 17, 2, generator=generator, dtype=torch.float64)
    seen = torch.rand(2, 5, 17, generator=generator) < 0.7
    moved = xy * scale + torch.tensor([dx, dy])
    there = box_input(moved, seen, *person_box(moved, seen))
    assert torch.allclose(there, box_input(xy, seen, *person_box(xy, seen)), atol=1e-6)
    assert there[..., :2].abs().max() <= 1 + 1e-9


def test_unseen_joints_have_no_influence() -> None:
    xy = torch.rand(1, 3, 17, 2)
    seen = torch.ones(1, 3, 17, dtype=torch.bool)
    seen[:, :, 3] = False
    elsewhere = xy.clone()
    elsewhere[:, :, 3] = torch.nan
    before = box_input(xy, seen, *person_box(xy, seen))
    assert torch.equal(before, box_input(elsewhere, seen, *person_box(elsewhere, seen)))


def test_nothing_seen_is_finite() -> None:
    seen = torch.zeros(1, 3, 17, dtype=torch.bool)
    xy = torch.full((1, 3, 17, 2), torch.nan)
    assert (box_input(xy, seen, *person_box(xy, seen)) == 0).all()
