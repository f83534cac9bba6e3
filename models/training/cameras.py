"""Virtual webcams: on a desk looking up, above a monitor, on a tripod, a shelf or a wall; near, far
and tilted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from models.skeleton import PELVIS
from models.training.bodies import rotation_matrices

_BY_HEIGHT: Final = 0.4
"""Share of cameras that stand as high as a desk or a laptop; of the others the pitch is drawn."""
_PITCH_DEG: Final = (-25.0, 50.0)
"""By how much the others look down at the person: tripods and shelves by 18 to 35 degrees, phones
held high by more.  Drawn evenly, for a pitch that was never met is lifted as one that was."""
_ROLLED: Final = 0.12
"""Share of cameras turned any way about their axis, as of a phone that lies on its side."""
_NEAREST_M: Final = 0.25
"""No joint may come closer to the lens than this, or its projection means nothing."""
_FITTING_SHARE: Final = 0.65
"""Most people step back until the picture holds all of them."""
_FITTING_EDGE: Final = 0.97


@dataclass(frozen=True)
class View:
    """What virtual cameras see of B windows.

    ``camera`` is (B, T, 17, 3) metres in camera axes (x right, y down, z away); ``image`` is
    (B, T, 17, 2), x / z and y / z; ``frame`` is (B, 2), half the picture's width and height in the
    same unit; ``up`` is (B, 3), the unit vector against gravity in camera axes.
    """

    camera: Tensor
    image: Tensor
    frame: Tensor
    up: Tensor


def view(windows: Tensor, generator: torch.Generator) -> View:
    """Look at windows (B, T, 17, 3) of +Y-up metres, each from a random place."""

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(len(windows), generator=generator)

    # Distances are drawn evenly in their logarithm: near cameras, where perspective bends the
    # body, are as common as far ones.
    distance = torch.exp(uniform(0.35, 1.9))
    yaw = uniform(-torch.pi, torch.pi)
    target = windows[:, :, PELVIS].mean(dim=1)
    place = _places(target, distance, yaw, generator)
    aim = target + 0.4 * (2 * torch.rand(len(windows), 3, generator=generator) - 1)
    axes = _look_at(place, aim, generator)
    camera = torch.einsum("bij,btkj->btki", axes, windows - place[:, None, None])
    camera = _pushed_back(camera)
    # Half of all cameras have a usual angle, the others any between a telephone's and a wide one's.
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


def _places(target: Tensor, distance: Tensor, yaw: Tensor, generator: torch.Generator) -> Tensor:
    """(B, 3) places of the lenses, as far from the people as told."""
    count = len(target)
    # Most webcams stand on a desk or a laptop, about as high as the hips of who stands before them.
    desk = (1.05 + 0.45 * torch.randn(count, generator=generator)).clamp(0.2, 2.4)
    low, high = (math.radians(each) for each in _PITCH_DEG)
    pitch = low + (high - low) * torch.rand(count, generator=generator)
    at_desk = torch.rand(count, generator=generator) < _BY_HEIGHT
    # None stands under the floor.
    height = (target[:, 1] + distance * pitch.sin()).clamp_min(0.1)
    height = torch.where(at_desk, desk, height)
    level = torch.where(at_desk, distance, distance * pitch.cos())
    return torch.stack(
        [level * yaw.sin() + target[:, 0], height, level * yaw.cos() + target[:, 2]], dim=1
    )


def _stepped_back(camera: Tensor, frame: Tensor, fits: Tensor) -> Tensor:
    """Move the chosen windows away until the picture holds all of them, as people do."""
    slopes = frame[:, None, None] * _FITTING_EDGE
    # |x| <= slope * (z + shift) for every joint.
    lacking = (camera[..., :2].abs() / slopes - camera[..., 2:]).flatten(1).amax(dim=1)
    shift = torch.where(fits, lacking.clamp_min(0), torch.zeros_like(lacking))
    offset = torch.zeros(len(camera), 1, 1, 3)
    offset[:, 0, 0, 2] = shift
    return camera + offset


def _look_at(place: Tensor, aim: Tensor, generator: torch.Generator) -> Tensor:
    """(B, 3, 3) rotations from the world to cameras at ``place`` looking at ``aim``, off a little.

    A third of them aim well past the person, as a webcam does that nobody has turned towards them.
    """
    forward = torch.nn.functional.normalize(aim - place, dim=1)
    down = torch.tensor([0.0, -1.0, 0.0]).expand_as(forward)
    right = torch.nn.functional.normalize(torch.linalg.cross(down, forward), dim=1)
    axes = torch.stack([right, torch.linalg.cross(forward, right), forward], dim=1)
    past = (torch.rand(len(place), 1, generator=generator) < 1 / 3).float()
    spread = torch.tensor([0.15, 0.25, 0.06]) * torch.cat(
        [past, past, torch.ones_like(past)], dim=1
    )
    off = spread * torch.randn(len(place), 3, generator=generator)
    rolled = torch.rand(len(place), generator=generator) < _ROLLED
    any_way = torch.pi * (2 * torch.rand(len(place), generator=generator) - 1)
    off[:, 2] = torch.where(rolled, any_way, off[:, 2])
    return rotation_matrices(off) @ axes


def _pushed_back(camera: Tensor) -> Tensor:
    """Move windows that reach behind the lens away along the optical axis."""
    nearest = camera[..., 2].flatten(1).amin(dim=1)
    shift = (_NEAREST_M - nearest).clamp_min(0)
    offset = torch.zeros(len(camera), 1, 1, 3)
    offset[:, 0, 0, 2] = shift
    return camera + offset
