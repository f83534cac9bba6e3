"""What training minimises: our loss, and the paper's as its published code computes it."""

from __future__ import annotations

from functools import cache
from typing import Final

import torch
from torch import Tensor

from models.skeleton import PELVIS

JOINT_WEIGHTS: Final = torch.tensor(
    [1, 1, 2.5, 2.5, 1, 2.5, 2.5, 1, 1, 1, 1.5, 1.5, 4, 4, 1.5, 4, 4], dtype=torch.float32
)
"""MixSTE's weights of the joints (its published code): the far ends of limbs count most."""
_UP_WEIGHT: Final = 1.0
"""Of the squared error of where up is: 15 degrees off cost as much as 2 to 3 cm."""

_UNSEEN_WEIGHT: Final = 0.25
"""A joint nobody saw can only be guessed; it must not outweigh those that were."""
_SCALED, _VELOCITY = 0.5, 2.0
_SMOOTH: Final = 0.5


def training_loss(predicted: Tensor, target: Tensor, seen: Tensor) -> Tensor:
    """Weighted joint error, half of it again after the best scale, twice the velocity error, and
    the squared error of where up is.

    The square makes of what is said a mean over all that may be, which is the shorter the less is
    known.

    Args:
        predicted, target: (B, T, 17, 3) metres, and in the pelvis's place where up is.
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
    """Poses of what the network says (B, T, 17, 3): the pelvis at the origin."""
    pose = answer.clone()
    pose[:, :, PELVIS] = 0.0
    return pose


def paper_loss(predicted: Tensor, target: Tensor, seen: Tensor) -> Tensor:
    """MixSTE's loss: WMPJPE + 0.5 TCLoss + 2 MPJVE (section 3.3; the factors are its code's).

    Every joint counts alike whether it was ``seen`` or not: the paper knows no hidden joints.  The
    temporal consistency loss draws the prediction's frames together whatever the target does, and
    is a mean over coordinates; the velocity error carries no joint weights.

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
    # Kept where it is used: a copy from pageable memory at every step would make the host wait for
    # everything the GPU still has to do.
    return JOINT_WEIGHTS.to(device)


def _distance(predicted: Tensor, target: Tensor) -> Tensor:
    # The square root's slope at 0 is infinite: a joint that is right must not poison the step.
    return ((predicted - target).square().sum(-1) + 1e-12).sqrt()
