"""Geometry shared by training and use: the person's box, and the ray that it is seen along.

A webcam's focal length and the person's place in the picture are unknown, so the network never
sees either.  Keypoints enter relative to the person's box over the window, and poses leave in axes
whose z runs along the ray through the middle of that box; ``ray_rotation`` turns them into the
camera's axes.  Without that turn a person 15 degrees off the optical axis comes out turned by 15.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

ASSUMED_FOCAL: Final = 0.85
"""Focal length over the longer side of the picture when nothing better is known: 61 degrees,
between a laptop's camera (about 65 to 75) and a phone's video (about 55 to 65)."""

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


def box_input(xy: Tensor, seen: Tensor, centre: Tensor, half: Tensor) -> Tensor:
    """The network's input: joints relative to the box, and which of them are seen.

    Returns:
        (B, T, J, 3): x and y in [-1, 1] with the aspect kept, 0 where not seen; seen as 1 or 0.
    """
    relative = (xy - centre[:, None, None]) / half[:, None, None, None]
    relative = relative.masked_fill(~seen.unsqueeze(-1), 0.0)
    return torch.cat([relative, seen.unsqueeze(-1).to(xy.dtype)], dim=-1)


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
