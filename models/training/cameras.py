"""Virtual cameras: on a desk pointing up, on a monitor, a tripod, a shelf or a wall, at different
distances and angles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from models.skeleton import PELVIS
from models.training.bodies import rotation_matrices

_BY_HEIGHT: Final = 0.4
"""Fraction of cameras at the height of a desk or a laptop; for the others the pitch is drawn."""
_PITCH_DEG: Final = (-25.0, 50.0)
"""Downward pitch of the others: 18 to 35 degrees for tripods and shelves, more for raised phones.
Uniform, because a pitch missing from training is lifted like one that was there."""
_ROLLED: Final = 0.12
"""Fraction of cameras with any roll, such as phones lying on their side."""
_NEAREST_M: Final = 0.25
"""Smallest depth of a joint: nearer to the lens projections are meaningless."""
_FITTING_SHARE: Final = 0.65
"""Fraction of people who step back until they are completely in the picture."""
_FITTING_EDGE: Final = 0.97


@dataclass(frozen=True)
class View:
    """B windows as seen by virtual cameras."""

    camera: Tensor
    """(B, T, 17, 3) metres in camera axes (x right, y down, z away)."""
    image: Tensor
    """(B, T, 17, 2) projections x / z and y / z."""
    frame: Tensor
    """(B, 2) half the picture's width and height in the unit of ``image``."""
    up: Tensor
    """(B, 3) unit vector against gravity in camera axes."""


def view(windows: Tensor, generator: torch.Generator) -> View:
    """View windows (B, T, 17, 3) of +Y-up metres, each with a random camera."""

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(len(windows), generator=generator)

    # Log-uniform distances: near cameras, with strong perspective, are as common as far ones.
    distance = torch.exp(uniform(0.35, 1.9))
    yaw = uniform(-torch.pi, torch.pi)
    target = windows[:, :, PELVIS].mean(dim=1)
    position = _positions(target, distance, yaw, generator)
    aim = target + 0.4 * (2 * torch.rand(len(windows), 3, generator=generator) - 1)
    axes = _look_at(position, aim, generator)
    camera = torch.einsum("bij,btkj->btki", axes, windows - position[:, None, None])
    camera = _pushed_back(camera)
    # Half of all cameras have a usual field of view, the others any from phones to wide angles.
    degrees = torch.where(uniform(0, 1) < 0.5, uniform(55.0, 75.0), uniform(45.0, 100.0))
    longer = torch.tan(torch.deg2rad(degrees) / 2)
    shorter = longer * torch.where(uniform(0, 1) < 0.6, 9 / 16, 3 / 4)
    portrait = uniform(0, 1) < 0.3
    frame = torch.stack(
        [torch.where(portrait, shorter, longer), torch.where(portrait, longer, shorter)], dim=1
    )
    fits = uniform(0, 1) < _FITTING_SHARE
    camera = _stepped_back(camera, frame, fits)
    return View(camera, camera[..., :2] / camera[..., 2:], frame, axes[:, :, 1])


def _positions(target: Tensor, distance: Tensor, yaw: Tensor, generator: torch.Generator) -> Tensor:
    """Draw (B, 3) lens positions at the given distances from the people."""
    count = len(target)
    # Most webcams are on a desk or a laptop, about as high as the hips of a standing person.
    desk = (1.05 + 0.45 * torch.randn(count, generator=generator)).clamp(0.2, 2.4)
    low, high = (math.radians(each) for each in _PITCH_DEG)
    pitch = low + (high - low) * torch.rand(count, generator=generator)
    at_desk = torch.rand(count, generator=generator) < _BY_HEIGHT
    # No camera is below the floor.
    height = (target[:, 1] + distance * pitch.sin()).clamp_min(0.1)
    height = torch.where(at_desk, desk, height)
    level = torch.where(at_desk, distance, distance * pitch.cos())
    return torch.stack(
        [level * yaw.sin() + target[:, 0], height, level * yaw.cos() + target[:, 2]], dim=1
    )


def _stepped_back(camera: Tensor, frame: Tensor, fits: Tensor) -> Tensor:
    """Move windows that ``fits`` selects away until all joints are in the picture."""
    slopes = frame[:, None, None] * _FITTING_EDGE
    # |x| <= slope * (z + shift) for every joint.
    lacking = (camera[..., :2].abs() / slopes - camera[..., 2:]).flatten(1).amax(dim=1)
    shift = torch.where(fits, lacking.clamp_min(0), torch.zeros_like(lacking))
    offset = torch.zeros(len(camera), 1, 1, 3)
    offset[:, 0, 0, 2] = shift
    return camera + offset


def _look_at(position: Tensor, aim: Tensor, generator: torch.Generator) -> Tensor:
    """Return (B, 3, 3) rotations from world to camera axes, for cameras roughly aimed at ``aim``.

    A third of them aim well past the person, like a webcam that was not adjusted.
    """
    forward = torch.nn.functional.normalize(aim - position, dim=1)
    down = torch.tensor([0.0, -1.0, 0.0]).expand_as(forward)
    right = torch.nn.functional.normalize(torch.linalg.cross(down, forward), dim=1)
    axes = torch.stack([right, torch.linalg.cross(forward, right), forward], dim=1)
    past = (torch.rand(len(position), 1, generator=generator) < 1 / 3).float()
    std = torch.tensor([0.15, 0.25, 0.06]) * torch.cat([past, past, torch.ones_like(past)], dim=1)
    error = std * torch.randn(len(position), 3, generator=generator)
    rolled = torch.rand(len(position), generator=generator) < _ROLLED
    any_roll = torch.pi * (2 * torch.rand(len(position), generator=generator) - 1)
    error[:, 2] = torch.where(rolled, any_roll, error[:, 2])
    return rotation_matrices(error) @ axes


def _pushed_back(camera: Tensor) -> Tensor:
    """Move windows that come too near to the lens away along the optical axis."""
    nearest = camera[..., 2].flatten(1).amin(dim=1)
    shift = (_NEAREST_M - nearest).clamp_min(0)
    offset = torch.zeros(len(camera), 1, 1, 3)
    offset[:, 0, 0, 2] = shift
    return camera + offset
