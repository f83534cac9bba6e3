"""The person's box, the ray through it, and which way is up."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from models.geometry import (
    CHANNELS,
    MAX_UP_STD_DEG,
    UP_CHANNELS,
    network_input,
    person_box,
    ray_rotation,
    rotated,
    up_input,
    upright_rotation,
)
from models.skeleton import JOINT

SLOPES = st.floats(-2, 2)
ANGLES = st.floats(-math.pi, math.pi)
SEEDS = st.integers(0, 2**31)


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


def told(xy: Tensor, seen: Tensor, reach: float = 1.0) -> Tensor:
    world = torch.full((*xy.shape[:3], 3), torch.nan, dtype=xy.dtype)
    half_side = torch.full((len(xy),), reach, dtype=xy.dtype)
    up = torch.zeros(len(xy), 3, dtype=xy.dtype)
    return network_input(xy, seen.to(xy.dtype), world, person_box(xy, seen), half_side, up)


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
    place = told(corners, torch.ones(1, 1, 17, dtype=torch.bool), 0.5)[0, 0, 0, 5:8]
    assert place.tolist() == pytest.approx([0.5, 0.0, math.log(0.5)])


def test_every_channel_is_where_its_name_says() -> None:
    xy = torch.tensor([[0.1, 0.2], [0.5, 1.0]]).repeat(9, 1)[:17].view(1, 1, 17, 2)
    conf = torch.full((1, 1, 17), 0.75)
    world = torch.tensor([0.01, 0.02, 0.03]).expand(1, 1, 17, 3)
    up = torch.tensor([[0.3, -0.5, -0.1]])
    tokens = network_input(xy, conf, world, person_box(xy, conf > 0), torch.ones(1), up)
    said = dict(zip(CHANNELS, tokens[0, 0, 0].tolist(), strict=True))
    expected = {
        "x": -0.5, "y": -1.0, "confidence": 0.75, "depth": 0.03, "depth known": 1.0,
        "box x": 0.3, "box y": 0.6, "box size": math.log(0.4),
        "up x": 0.3, "up y": -0.5, "up z": -0.1, "world x": 0.01, "world y": 0.02,
    }  # fmt: skip
    assert said == pytest.approx(expected, abs=1e-6)
    assert tokens[0, 0, 0, UP_CHANNELS].tolist() == pytest.approx(up[0].tolist())


def test_the_detectors_3d_is_told_with_a_flag_whole_or_its_depth_alone_or_not_at_all() -> None:
    xy, seen = torch.rand(1, 2, 17, 2), torch.ones(1, 2, 17)
    world = torch.full((1, 2, 17, 3), torch.nan)
    world[0, 0, 4, 2] = 0.25
    world[0, 1, 5] = torch.tensor([0.1, -0.2, 0.3])
    box, up = person_box(xy, seen > 0), torch.zeros(1, 3)
    tokens = network_input(xy, seen, world, box, torch.ones(1), up)
    of_world = [CHANNELS.index(f"world {axis}") for axis in "xy"]
    assert tokens[0, 0, 4, 3:5].tolist() == [0.25, 1.0]
    assert (tokens[0, 0, 4, of_world] == 0).all()
    assert tokens[0, 1, 5, [*of_world, 3, 4]].tolist() == pytest.approx([0.1, -0.2, 0.3, 1.0])
    tokens[0, 0, 4, 3:5] = tokens[0, 1, 5, [*of_world, 3, 4]] = 0
    assert (tokens[..., [*of_world, 3, 4]] == 0).all()


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


@given(ANGLES, SEEDS, st.sampled_from([(5, 2), (5, 3), (3,)]))
def test_turning_back_undoes_a_turn(angle: float, seed: int, shape: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(seed)
    points = torch.randn(2, *shape, generator=generator, dtype=torch.float64)
    radians = torch.tensor([angle, -0.7 * angle], dtype=torch.float64)
    there = rotated(points, radians)
    assert torch.allclose(rotated(there, -radians), points, atol=1e-12)
    assert torch.allclose(there.norm(dim=-1), points.norm(dim=-1))
    assert torch.equal(there[..., 2:], points[..., 2:])


def test_a_quarter_turn_takes_right_down() -> None:
    right = torch.tensor([[[1.0, 0.0]]])
    assert rotated(right, torch.tensor([math.pi / 2]))[0, 0].tolist() == pytest.approx(
        [0, 1], abs=1e-6
    )


def body(lean: float, frames: int = 3) -> Tensor:
    """(1, T, 17, 2) somebody whose axis leans by that many degrees to the right, in pixels."""
    upright = torch.zeros(1, frames, 17, 2, dtype=torch.float64)
    heights = {"ankle": 0, "knee": 45, "hip": 90, "elbow": 110, "wrist": 90, "shoulder": 140}
    for side, sign in (("left", 1), ("right", -1)):
        for name, height in heights.items():
            upright[..., JOINT[f"{side}_{name}"], :] = torch.tensor([sign * 15.0, -height])
    middle = {"pelvis": 90, "spine": 115, "thorax": 140, "nose": 160, "head": 162}
    for name, height in middle.items():
        upright[..., JOINT[name], 1] = -height
    return rotated(upright, torch.tensor([math.radians(lean)], dtype=torch.float64)) + 7.0


def lean_deg(xy: Tensor) -> float:
    """Of legs to head and shoulders, on average over the frames."""
    upper = [JOINT[name] for name in ("nose", "head", "left_shoulder", "right_shoulder")]
    lower = [JOINT[f"{side}_{name}"] for side in ("left", "right") for name in ("knee", "ankle")]
    axis = (xy[0, :, upper].mean(1) - xy[0, :, lower].mean(1)).mean(0)
    return math.degrees(math.atan2(float(axis[0]), -float(axis[1])))


EVERYTHING = torch.ones(1, 3, 17, dtype=torch.bool)


@given(SEEDS)
def test_anybody_is_turned_to_within_25_degrees_of_upright(seed: int) -> None:
    xy = torch.randn(1, 3, 17, 2, generator=torch.Generator().manual_seed(seed))
    upper, lower = xy[0, :, [9, 10, 11, 14]].mean((0, 1)), xy[0, :, [2, 3, 5, 6]].mean((0, 1))
    assume((upper - lower).norm() > 0.05)
    before, turn = lean_deg(xy), upright_rotation(xy, EVERYTHING)
    after = lean_deg(rotated(xy, turn))
    assert abs(after) < 25.01
    if abs(before) < 25:
        assert turn == 0
    if abs(before) > 60:
        assert abs(after) < 0.01


@given(st.floats(-180, 180))
def test_a_little_more_lean_is_a_little_more_turn(lean: float) -> None:
    step = 0.01
    turns = [float(upright_rotation(body(each), EVERYTHING)) for each in (lean, lean + step)]
    jump = math.degrees(math.remainder(turns[1] - turns[0], math.tau))
    assert abs(jump) < 60 / 35 * step + 1e-9


@pytest.mark.parametrize("lean", [-170.0, -90, -61, 61, 110, 150, 179])
def test_who_lies_or_stands_on_their_head_is_put_upright(lean: float) -> None:
    turn = upright_rotation(body(lean), EVERYTHING)
    assert math.degrees(turn) == pytest.approx(-lean, abs=1e-4)


def test_the_axis_is_that_of_what_is_told() -> None:
    """Hips where there are no legs; nothing is turned by who shows too little."""
    xy, told = body(100.0), EVERYTHING.clone()
    legs = [JOINT[f"{side}_{name}"] for side in ("left", "right") for name in ("knee", "ankle")]
    told[..., legs], xy[..., legs, :] = False, torch.nan
    assert math.degrees(upright_rotation(xy, told)) == pytest.approx(-100, abs=1e-4)
    hips = [JOINT["left_hip"], JOINT["right_hip"]]
    told[..., hips], xy[..., hips, :] = False, torch.nan
    assert upright_rotation(xy, told) == 0
    assert upright_rotation(xy, torch.zeros_like(told)) == 0
    told[:] = True
    shoulders = [JOINT[name] for name in ("nose", "head", "left_shoulder", "right_shoulder")]
    told[..., shoulders] = False
    assert upright_rotation(body(100.0), told) == 0


def test_up_is_told_the_shorter_the_less_sure_one_is() -> None:
    up = torch.nn.functional.normalize(torch.randn(5, 3, dtype=torch.float64), dim=-1)
    spread = torch.tensor([0.0, 5.0, 10.0, MAX_UP_STD_DEG, 90.0], dtype=torch.float64)
    known = up_input(up, spread)
    assert known.norm(dim=-1).tolist() == pytest.approx([1.0, 0.75, 0.5, 0.0, 0.0])
    assert torch.linalg.cross(known, up).abs().max() < 1e-12
    assert ((known * up).sum(-1) >= 0).all()
