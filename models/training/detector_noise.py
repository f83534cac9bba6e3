"""What a 2D detector does to true keypoints: errors that wander, outliers, and joints not seen.

The figures are the first trial's; they were not fitted to a detector.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from models.skeleton import JOINT, JOINT_COUNT
from models.training.motion import derive_midpoints

_LEVEL: Final = (0.004, 0.018)
"""Standard deviation of the error over the person's size in the picture, drawn once a window."""
_WHITE, _WANDERING, _CONSTANT = 0.4, 0.7, 0.6
_PERSISTENCE: Final = 0.85
_OUTLIER_CHANCE, _OUTLIER_SPREAD = 0.01, 0.06

_JOINT_FACTOR: Final = torch.ones(JOINT_COUNT)
for _side in ("left", "right"):
    _JOINT_FACTOR[JOINT[f"{_side}_wrist"]] = 1.5
    _JOINT_FACTOR[JOINT[f"{_side}_elbow"]] = 1.5
    _JOINT_FACTOR[JOINT[f"{_side}_ankle"]] = 1.3


def add_errors(image: Tensor, generator: torch.Generator) -> Tensor:
    """Disturb (B, T, 17, 2) projections: constant, wandering and white errors, rare outliers."""
    batch, frames = image.shape[:2]
    spans = image.flatten(1, 2).amax(dim=1) - image.flatten(1, 2).amin(dim=1)
    size = spans.amax(dim=1)[:, None, None, None]
    low, high = _LEVEL
    level = low + (high - low) * torch.rand(batch, 1, 1, 1, generator=generator)

    def normal(length: int) -> Tensor:
        return torch.randn(batch, length, JOINT_COUNT, 2, generator=generator)

    wandering = normal(frames)
    for t in range(1, frames):
        wandering[:, t] = (
            _PERSISTENCE * wandering[:, t - 1] + (1 - _PERSISTENCE**2) ** 0.5 * wandering[:, t]
        )
    error = _WHITE * normal(frames) + _WANDERING * wandering + _CONSTANT * normal(1)
    error = error * level * _JOINT_FACTOR[:, None]
    outlier = torch.rand(batch, frames, JOINT_COUNT, 1, generator=generator) < _OUTLIER_CHANCE
    error = error + outlier * _OUTLIER_SPREAD * normal(frames)
    return derive_midpoints(image + size * error)


_ARMS = tuple(
    tuple(JOINT[f"{side}_{name}"] for name in ("elbow", "wrist")) for side in ("left", "right")
)
_LEGS = tuple(
    tuple(JOINT[f"{side}_{name}"] for name in ("knee", "ankle")) for side in ("left", "right")
)


def hide_joints(image: Tensor, frame: Tensor, generator: torch.Generator) -> Tensor:
    """Say which joints the detector sees: (B, T, 17) bool.

    Joints outside the picture are not seen; a fifth of the windows are cut below a random line (a
    desk, a crop); limbs and single joints drop out for parts of a window.
    """
    batch, frames = image.shape[:2]

    def chance(p: float) -> Tensor:
        return torch.rand(batch, generator=generator) < p

    # Half the windows see the whole body whatever the frame: most people step back until they fit.
    inside = (image.abs() < 1.02 * frame[:, None, None]).all(dim=-1) | chance(0.5)[:, None, None]
    low = image[..., 1].flatten(1).amin(dim=1)
    high = image[..., 1].flatten(1).amax(dim=1)
    line = low + (high - low) * (0.35 + 0.6 * torch.rand(batch, generator=generator))
    desk = chance(0.2)[:, None, None] & (image[..., 1] > line[:, None, None])
    seen = inside & ~desk
    for limb in (*_ARMS, *_LEGS):
        lost = chance(0.03)[:, None] & _stretches(batch, frames, 1, generator)[..., 0]
        seen[:, :, list(limb)] &= ~lost[:, :, None]
    dropped = torch.rand(batch, 1, JOINT_COUNT, generator=generator) < 0.03
    seen &= ~(dropped & _stretches(batch, frames, JOINT_COUNT, generator))
    return _with_midpoints(_never_nothing(seen))


def _stretches(batch: int, frames: int, count: int, generator: torch.Generator) -> Tensor:
    """(B, T, count) bool: random stretches of every window, of any length up to the whole."""
    ends = torch.rand(batch, 1, 2, count, generator=generator).mul(1.4).sub(0.2)
    position = ((torch.arange(frames) + 0.5) / frames)[:, None]
    return (position >= ends.amin(dim=2)) & (position <= ends.amax(dim=2))


def _never_nothing(seen: Tensor) -> Tensor:
    """Show both shoulders and the head of windows in which too little is left to make a pose of."""
    anchors = [JOINT["left_shoulder"], JOINT["right_shoulder"], JOINT["head"], JOINT["nose"]]
    poor = seen.float().mean(dim=(1, 2)) < 0.2
    seen[:, :, anchors] |= poor[:, None, None]
    return seen


def _with_midpoints(seen: Tensor) -> Tensor:
    """A midpoint is seen where all its sources are."""
    hips = seen[..., JOINT["left_hip"]] & seen[..., JOINT["right_hip"]]
    shoulders = seen[..., JOINT["left_shoulder"]] & seen[..., JOINT["right_shoulder"]]
    seen[..., JOINT["pelvis"]] = hips
    seen[..., JOINT["thorax"]] = shoulders
    seen[..., JOINT["spine"]] = hips & shoulders
    return seen
