"""Lengths of the bones of windows of poses."""

from __future__ import annotations

import torch
from torch import Tensor

from models.skeleton import JOINT

_BONES = [("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist")]


def bone_lengths(windows: Tensor) -> Tensor:
    """(B, T, 17, 3) -> (B, T, 8), right then left of each limb."""
    return torch.stack(
        [
            (
                windows[:, :, JOINT[f"{side}_{upper}"]] - windows[:, :, JOINT[f"{side}_{lower}"]]
            ).norm(dim=-1)
            for upper, lower in _BONES
            for side in ("right", "left")
        ],
        dim=-1,
    )
