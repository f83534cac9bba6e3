"""Geometry shared by training and use: the person's box, and the ray that it is seen along.

Keypoints enter the network relative to the person's box over the window, and poses leave in axes
whose z runs along the ray through the middle of that box; ``ray_rotation`` turns them into the
camera's axes.  Without that turn a person 15 degrees off the optical axis comes out turned by 15.
Where the box lies in the picture and how large it is, are inputs of their own: they tell how near
the person is, and so how much perspective bends the body, and from how far above it is seen.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

ASSUMED_FOCAL: Final = 0.85
"""Focal length over the longer side of the picture when nothing better is known: 61 degrees,
between a laptop's camera (about 65 to 75) and a phone's video (about 55 to 65)."""

CHANNELS: Final = (
    "x",
    "y",
    "confidence",
    "depth",
    "depth known",
    "box x",
    "box y",
    "box size",
)
"""What each joint's token is told.  ``x`` and ``y`` lie in [-1, 1] inside the person's box, with
the aspect kept; ``depth`` is the detector's own, metres behind the pelvis; the box's place and the
logarithm of its half side are relative to half the longer side of the picture.  A network of fewer
channels is given the first ones; published networks take two."""

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
    xy: Tensor, conf: Tensor, depth: Tensor, box: tuple[Tensor, Tensor], reach: Tensor
) -> Tensor:
    """Put together what the network is told, in the order of ``CHANNELS``.

    Args:
        xy: (B, T, J, 2), any unit, from the middle of the picture; finite where told.
        conf: (B, T, J) confidence in [0, 1]; 0 is a joint that the network is not told.
        depth: (B, T, J) metres behind the pelvis by the detector's own guess, or NaN.
        box: ``person_box`` of the joints told.
        reach: (B,) half the longer side of the picture, in the unit of ``xy``.

    Returns:
        (B, T, J, 8).
    """
    centre, half = box
    told = (conf > 0).unsqueeze(-1)
    relative = (xy - centre[:, None, None]) / half[:, None, None, None]
    relative = relative.masked_fill(~told, 0.0)
    guessed = depth.isfinite()
    evidence = torch.stack([conf, depth.masked_fill(~guessed, 0.0), guessed.to(xy.dtype)], dim=-1)
    place = torch.cat([centre / reach[:, None], (half / reach).log()[:, None]], dim=1)
    place = place[:, None, None].expand(*xy.shape[:3], 3)
    return torch.cat([relative, evidence, place], dim=-1)


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
