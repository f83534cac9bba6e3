"""Geometry shared by training and lifting: the person's box, its viewing ray, and the vertical.

The network's keypoints are relative to the person's box over the window; its poses are in axes
whose z runs along the ray through the centre of that box, and ``ray_rotation`` transforms them to
camera axes.  Without it, the pose of a person 15 degrees off the optical axis is rotated by 15
degrees.  The box's position and size are separate inputs: they determine how near the person is
and from how far above they are seen, and so the perspective distortion.

A crouch seen from a level camera and an upright person seen from above look alike.  The vertical
distinguishes them: the network gets it as input as far as it is known, and predicts it in place of
the pelvis.  People who are not upright in the picture are rotated before lifting (see
``upright_rotation``).
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor

from models.level import MAX_UP_STD_DEG
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
"""Input channels of each joint's token.  ``x`` and ``y`` lie in [-1, 1] inside the person's box,
with the aspect ratio kept; ``world x``, ``world y`` and ``depth`` are MediaPipe's world landmarks,
metres from the pelvis; the box's centre and the logarithm of its half side are relative to half the
longer side of the picture.  ``up`` is the direction against gravity in the pose's axes, shorter if
less certain (``up_input``), 0 if unknown.  A network with fewer channels gets the first ones;
published networks have two."""
UP_CHANNELS: Final = slice(CHANNELS.index("up x"), CHANNELS.index("up z") + 1)
MIRRORED_CHANNELS: Final = tuple(
    index for index, name in enumerate(CHANNELS) if name.endswith("x") or name == "x"
)
"""Indices of the channels that change sign in the mirror image."""

_SMALLEST_BOX: Final = 1e-6


def person_box(xy: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    """Return the square around all seen joints of a window.

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
    """Assemble the network's input, in the order of ``CHANNELS``.

    Args:
        xy: (B, T, J, 2), any unit, from the centre of the picture; finite where ``conf`` > 0.
        conf: (B, T, J) confidence in [0, 1]; 0 for a joint that the network does not get.
        world: (B, T, J, 3) MediaPipe's world landmarks, metres from the pelvis, or NaN; x and y
            may be NaN without z.
        box: ``person_box`` of the given joints.
        reach: (B,) half the longer side of the picture, in the unit of ``xy``.
        up: (B, 3) result of ``up_input``, in the axes of the ray through the box.

    Returns:
        (B, T, J, 13).
    """
    centre, half = box
    given = (conf > 0).unsqueeze(-1)
    relative = (xy - centre[:, None, None]) / half[:, None, None, None]
    relative = relative.masked_fill(~given, 0.0)
    depth_known = world[..., 2].isfinite()
    world = world.nan_to_num(0.0)
    evidence = torch.stack([conf, world[..., 2], depth_known.to(xy.dtype)], dim=-1)
    common = torch.cat([centre / reach[:, None], (half / reach).log()[:, None], up], dim=1)
    common = common[:, None, None].expand(*xy.shape[:3], 6)
    return torch.cat([relative, evidence, common, world[..., :2]], dim=-1)


def up_input(up: Tensor, std_deg: Tensor) -> Tensor:
    """Scale unit vectors (..., 3) by the certainty of their direction, for the network's input.

    ``std_deg`` (...,) is their standard deviation in degrees; the resulting (..., 3) vectors
    have length 1 if it is 0, and length 0 from ``MAX_UP_STD_DEG``.
    """
    return up * (1 - std_deg / MAX_UP_STD_DEG).clamp(0.0, 1.0)[..., None]


def ray_rotation(slope: Tensor) -> Tensor:
    """Return the smallest rotation of the ray (slope_x, slope_y, 1) onto the z axis.

    Args:
        slope: (B, 2), offset from the optical axis over the focal length.

    Returns:
        (B, 3, 3); ``matrix @ camera_vector`` is in the ray's axes, the transpose is the inverse.
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
_UNROTATED, _FULLY_ROTATED = math.radians(25.0), math.radians(60.0)
"""A body that leans less than the first in the picture stays as it is; one that leans more than the
second is rotated upright.  In between the rotation grows linearly, so that poses do not jump when a
person lies down."""


def upright_rotation(xy: Tensor, given: Tensor) -> Tensor:
    """Return the rotation about the picture's centre that makes the person upright.

    The person's axis runs from the legs, or the hips if no leg is given, to shoulders and head,
    averaged over the window.

    Args:
        xy: (B, T, 17, 2), y down; finite where ``given``.
        given: (B, T, 17) bool, joints that the network gets.

    Returns:
        (B,) radians for ``rotated``; 0 if too few joints are given.
    """
    upper, has_upper = _middle(xy, given, _UPPER)
    legs, has_legs = _middle(xy, given, _LEGS)
    hips, has_hips = _middle(xy, given, _HIPS)
    lower = torch.where(has_legs[..., None], legs, hips)
    usable = has_upper & (has_legs | has_hips)
    axis = ((upper - lower) * usable[..., None]).sum(dim=1)
    lean = torch.atan2(axis[:, 0], -axis[:, 1])
    part = (lean.abs() - _UNROTATED) / (_FULLY_ROTATED - _UNROTATED)
    turn = -lean.sign() * torch.where(part < 1, part.clamp_min(0.0) * _FULLY_ROTATED, lean.abs())
    return torch.where(usable.any(dim=1), turn, torch.zeros_like(turn))


def _middle(xy: Tensor, given: Tensor, joints: list[int]) -> tuple[Tensor, Tensor]:
    """Return the (B, T, 2) mean of the given joints, and (B, T) whether there are any."""
    known = given[:, :, joints].unsqueeze(-1)
    total = xy[:, :, joints].masked_fill(~known, 0.0).sum(dim=2)
    count = known.sum(dim=2)
    return total / count.clamp_min(1), count[..., 0] > 0


def rotated(points: Tensor, radians: Tensor) -> Tensor:
    """Rotate (B, ..., 2 or 3) points about the optical axis, x towards y, by (B,) radians."""
    shape = (-1, *([1] * (points.ndim - 2)))
    cosine, sine = radians.cos().view(shape), radians.sin().view(shape)
    x, y = points[..., 0], points[..., 1]
    flat = [cosine * x - sine * y, sine * x + cosine * y]
    return torch.stack([*flat, *points[..., 2:].unbind(-1)], dim=-1)
