"""Loss functions: ours, and the paper's as its published code computes it."""

from __future__ import annotations

from functools import cache
from typing import Final

import torch
from torch import Tensor

from models.skeleton import PELVIS

JOINT_WEIGHTS: Final = torch.tensor(
    [1, 1, 2.5, 2.5, 1, 2.5, 2.5, 1, 1, 1, 1.5, 1.5, 4, 4, 1.5, 4, 4], dtype=torch.float32
)
"""MixSTE's joint weights (from its published code): the ends of limbs have the largest."""
_UP_WEIGHT: Final = 1.0
"""Weight of the up vector's squared error: 15 degrees cost as much as 2 to 3 cm."""

_UNSEEN_WEIGHT: Final = 0.25
"""Weight of unseen joints: they can only be guessed, and must not outweigh the seen ones."""
_SCALED, _VELOCITY = 0.5, 2.0
_SMOOTH: Final = 0.5


def training_loss(predicted: Tensor, target: Tensor, seen: Tensor) -> Tensor:
    """Return the weighted joint error, plus half that error after optimal scaling, twice the
    velocity error, and the squared error of the up vector.

    With the squared error the network predicts the mean of the possible up vectors, which is
    shorter if the direction is less certain.

    Args:
        predicted, target: (B, T, 17, 3) metres, with the up vector in place of the pelvis.
        seen: (B, T, 17) bool.
    """
    up = (predicted[:, :, PELVIS] - target[:, :, PELVIS]).square().sum(-1).mean()
    predicted, target = without_pelvis(predicted), without_pelvis(target)
    weights = _joint_weights(predicted.device) * torch.where(seen, 1.0, _UNSEEN_WEIGHT)
    scale = (predicted * target).sum((-1, -2), keepdim=True) / (
        predicted.square().sum((-1, -2), keepdim=True).clamp_min(1e-6)
    )
    loss = (weights * _distance(predicted, target)).mean()
    loss = loss + _SCALED * (weights * _distance(scale * predicted, target)).mean()
    if predicted.shape[1] > 1:
        change = _distance(predicted.diff(dim=1), target.diff(dim=1))
        loss = loss + _VELOCITY * (weights[:, 1:] * change).mean()
    return loss + _UP_WEIGHT * up


def without_pelvis(answer: Tensor) -> Tensor:
    """Return the poses of a network's output (B, T, 17, 3): with the pelvis at the origin."""
    pose = answer.clone()
    pose[:, :, PELVIS] = 0.0
    return pose


def paper_loss(predicted: Tensor, target: Tensor, seen: Tensor) -> Tensor:
    """Return MixSTE's loss: WMPJPE + 0.5 TCLoss + 2 MPJVE (section 3.3; factors from its code).

    ``seen`` has no effect: the paper has no hidden joints.  The temporal consistency loss pulls the
    prediction's frames together regardless of the target, and is a mean over coordinates; the
    velocity error has no joint weights.

    Args:
        predicted, target: (B, T, 17, 3) metres.
        seen: (B, T, 17) bool, not used.
    """
    target = without_pelvis(target)
    weights = _joint_weights(predicted.device)
    loss = (weights * _distance(predicted, target)).mean()
    if predicted.shape[1] > 1:
        change = predicted.diff(dim=1)
        loss = loss + _SMOOTH * (weights[:, None] * change.square()).mean()
        loss = loss + _VELOCITY * _distance(change, target.diff(dim=1)).mean()
    return loss


@cache
def _joint_weights(device: torch.device) -> Tensor:
    # Cached on the device: a copy from pageable memory in every step would make the host wait for
    # all pending work of the GPU.
    return JOINT_WEIGHTS.to(device)


def _distance(predicted: Tensor, target: Tensor) -> Tensor:
    # The square root's gradient at 0 is infinite: a joint without error must not produce NaN.
    return ((predicted - target).square().sum(-1) + 1e-12).sqrt()
