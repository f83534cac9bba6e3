"""Geometry shared by training and use: the person's box, the ray it lies on, and which way is up.

Keypoints enter the network relative to the person's box over the window, and poses leave in axes
whose z runs along the ray through the middle of that box; ``ray_rotation`` turns them into the
camera's axes.  Without that turn a person 15 degrees off the optical axis comes out turned by 15.
Where the box lies in the picture and how large it is, are inputs of their own: they tell how near
the person is, and so how much perspective bends the body, and from how far above it is seen.

A crouch seen level and an upright person seen from above look alike; what tells them apart is where
up is, which the network is told as far as it is known, and says itself (``MixSTE``'s pelvis).
Somebody who is not upright in the picture is turned upright before lifting (``upright_turn``).
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor

from models.level import VAGUEST_UP_DEG
from models.skeleton import JOINT

CHANNELS: Final = (
    "x",
    "y",
    "confidence",
    "depth",
    "depth known",
    "box x",
    "box y",
    "box size",
    "up x",
    "up y",
    "up z",
    "world x",
    "world y",
)
"""What each joint's token is told.  ``x`` and ``y`` lie in [-1, 1] inside the person's box, with
the aspect kept; ``world x``, ``world y`` and ``depth`` are the detector's own 3D, metres from the
pelvis; the box's place and the logarithm of its half side are relative to half the longer side of
the picture.  ``up`` is the direction against gravity in the pose's axes, the shorter the less sure
(``told_up``), 0 where nothing is known.  A network of fewer channels is given the first ones;
published networks take two."""
UP_CHANNELS: Final = slice(CHANNELS.index("up x"), CHANNELS.index("up z") + 1)
MIRRORED_CHANNELS: Final = tuple(
    index for index, name in enumerate(CHANNELS) if name.endswith("x") or name == "x"
)
"""Those that change their sign in a mirror."""

_SMALLEST_BOX: Final = 1e-6


def person_box(xy: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    """The square around all seen joints of a window.

    Args:
        xy: (B, T, J, 2), any unit; finite where seen.
        seen: (B, T, J) bool.

    Returns:
        centre (B, 2) and half side (B,), in the unit of ``xy``; (0, 0) and 1 if nothing is seen.
    """
    inside = seen.unsqueeze(-1)
    low = xy.masked_fill(~inside, torch.inf).flatten(1, 2).amin(dim=1)
    high = xy.masked_fill(~inside, -torch.inf).flatten(1, 2).amax(dim=1)
    anything = seen.flatten(1).any(dim=1)
    centre = torch.where(anything[:, None], (low + high) / 2, torch.zeros_like(low))
    half = torch.where(anything, (high - low).amax(dim=1) / 2, torch.ones_like(low[:, 0]))
    return centre, half.clamp_min(_SMALLEST_BOX)


def network_input(
    xy: Tensor,
    conf: Tensor,
    world: Tensor,
    box: tuple[Tensor, Tensor],
    reach: Tensor,
    up: Tensor,
) -> Tensor:
    """Put together what the network is told, in the order of ``CHANNELS``.

    Args:
        xy: (B, T, J, 2), any unit, from the middle of the picture; finite where told.
        conf: (B, T, J) confidence in [0, 1]; 0 is a joint that the network is not told.
        world: (B, T, J, 3) metres from the pelvis by the detector's own guess, or NaN; x and y may
            be NaN alone.
        box: ``person_box`` of the joints told.
        reach: (B,) half the longer side of the picture, in the unit of ``xy``.
        up: (B, 3) in the axes of the ray through the box, as ``told_up`` has it.

    Returns:
        (B, T, J, 13).
    """
    centre, half = box
    told = (conf > 0).unsqueeze(-1)
    relative = (xy - centre[:, None, None]) / half[:, None, None, None]
    relative = relative.masked_fill(~told, 0.0)
    guessed = world[..., 2].isfinite()
    world = world.nan_to_num(0.0)
    evidence = torch.stack([conf, world[..., 2], guessed.to(xy.dtype)], dim=-1)
    place = torch.cat([centre / reach[:, None], (half / reach).log()[:, None], up], dim=1)
    place = place[:, None, None].expand(*xy.shape[:3], 6)
    return torch.cat([relative, evidence, place, world[..., :2]], dim=-1)


def told_up(up: Tensor, spread_deg: Tensor) -> Tensor:
    """Unit vectors (..., 3) and the standard deviation (...,) of their direction in degrees ->
    (..., 3) as the network is told them: of length 1 where exact, 0 where nothing is known."""
    return up * (1 - spread_deg / VAGUEST_UP_DEG).clamp(0.0, 1.0)[..., None]


def ray_rotation(slope: Tensor) -> Tensor:
    """The smallest rotation that brings the ray (slope_x, slope_y, 1) onto the z axis.

    Args:
        slope: (B, 2), offset from the optical axis over the focal length.

    Returns:
        (B, 3, 3); ``matrix @ camera_vector`` is in the ray's axes, the transpose undoes it.
    """
    ray = torch.nn.functional.normalize(
        torch.cat([slope, torch.ones_like(slope[:, :1])], dim=1), dim=1
    )
    x, y, z = ray.unbind(dim=1)
    # Rodrigues' formula about the axis ray x z; z > 0, as the ray points away from the camera.
    k = 1.0 / (1.0 + z)
    rows = [1 - x * x * k, -x * y * k, -x, -x * y * k, 1 - y * y * k, -y, x, y, z]
    return torch.stack(rows, dim=1).view(-1, 3, 3)


_UPPER: Final = [JOINT[name] for name in ("nose", "head", "left_shoulder", "right_shoulder")]
_HIPS: Final = [JOINT[f"{side}_hip"] for side in ("left", "right")]
_LEGS: Final = [JOINT[f"{side}_{name}"] for side in ("left", "right") for name in ("knee", "ankle")]
_LEFT_ALONE, _TURNED_WHOLLY = math.radians(25.0), math.radians(60.0)
"""A body that leans less in the picture is left as it is, one that leans more is put upright; in
between the turn grows steadily, so that nothing jumps when somebody lies down."""


def upright_turn(xy: Tensor, told: Tensor) -> Tensor:
    """By how much windows are turned about the middle of the picture, to put the person upright.

    The person's axis runs from the legs, or the hips where no leg is told, to shoulders and head,
    on average over the window.

    Args:
        xy: (B, T, 17, 2), y down; finite where told.
        told: (B, T, 17) bool.

    Returns:
        (B,) radians for ``turned``; 0 where too little is told.
    """
    upper, has_upper = _middle(xy, told, _UPPER)
    legs, has_legs = _middle(xy, told, _LEGS)
    hips, has_hips = _middle(xy, told, _HIPS)
    lower = torch.where(has_legs[..., None], legs, hips)
    usable = has_upper & (has_legs | has_hips)
    axis = ((upper - lower) * usable[..., None]).sum(dim=1)
    lean = torch.atan2(axis[:, 0], -axis[:, 1])
    share = (lean.abs() - _LEFT_ALONE) / (_TURNED_WHOLLY - _LEFT_ALONE)
    turn = -lean.sign() * torch.where(share < 1, share.clamp_min(0.0) * _TURNED_WHOLLY, lean.abs())
    return torch.where(usable.any(dim=1), turn, torch.zeros_like(turn))


def _middle(xy: Tensor, told: Tensor, joints: list[int]) -> tuple[Tensor, Tensor]:
    """(B, T, 2) mean of the joints told, and (B, T) whether there is any."""
    known = told[:, :, joints].unsqueeze(-1)
    total = xy[:, :, joints].masked_fill(~known, 0.0).sum(dim=2)
    count = known.sum(dim=2)
    return total / count.clamp_min(1), count[..., 0] > 0


def turned(points: Tensor, radians: Tensor) -> Tensor:
    """Turn (B, ..., 2 or 3) points about the optical axis, x towards y, by (B,) radians."""
    shape = (-1, *([1] * (points.ndim - 2)))
    cosine, sine = radians.cos().view(shape), radians.sin().view(shape)
    x, y = points[..., 0], points[..., 1]
    flat = [cosine * x - sine * y, sine * x + cosine * y]
    return torch.stack([*flat, *points[..., 2:].unbind(-1)], dim=-1)
