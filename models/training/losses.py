"""What training minimises."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

JOINT_WEIGHTS: Final = torch.tensor(
    [1, 1, 2.5, 2.5, 1, 2.5, 2.5, 1, 1, 1, 1.5, 1.5, 4, 4, 1.5, 4, 4], dtype=torch.float32
)
"""MixSTE's weights of the joints (its published code): the far ends of limbs count most."""

_UNSEEN_WEIGHT: Final = 0.25
"""A joint nobody saw can only be guessed; it must not outweigh those that were."""
_SCALED, _VELOCITY = 0.5, 2.0


def training_loss(predicted: Tensor, target: Tensor, seen: Tensor) -> Tensor:
    """Weighted joint error, half of it again after the best scale, and twice the velocity error.

    Args:
        predicted, target: (B, T, 17, 3) metres.
        seen: (B, T, 17) bool.
    """
    weights = JOINT_WEIGHTS * torch.where(seen, 1.0, _UNSEEN_WEIGHT)
    scale = (predicted * target).sum((-1, -2), keepdim=True) / (
        predicted.square().sum((-1, -2), keepdim=True).clamp_min(1e-6)
    )
    loss = _mean_error(predicted - target, weights)
    loss = loss + _SCALED * _mean_error(scale * predicted - target, weights)
    if predicted.shape[1] > 1:
        change = (predicted - target).diff(dim=1)
        loss = loss + _VELOCITY * _mean_error(change, weights[:, 1:])
    return loss


def _mean_error(difference: Tensor, weights: Tensor) -> Tensor:
    # The square root's slope at 0 is infinite: a joint that is right must not poison the step.
    error = (difference.square().sum(-1) + 1e-12).sqrt()
    return (weights * error).mean()
