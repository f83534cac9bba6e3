"""The curriculum over window lengths: single frames first, then ever longer windows.

With one frame the temporal blocks have nothing to attend to, so they are left out: 256 different
poses fit in a step that sixteen windows of 27 frames would fill.  Growing a network starts every
temporal block as the identity (its output projections are zero), so that nothing learned is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.mixste import Block, MixSTE


@dataclass(frozen=True)
class Stage:
    """One leg of training; the learning rate warms up, then falls along a cosine to a twentieth."""

    frames: int
    windows: int
    steps: int
    rate: float


SMALL: Final[Sequence[Stage]] = (
    Stage(frames=1, windows=256, steps=14000, rate=1e-3),
    Stage(frames=9, windows=48, steps=2000, rate=3e-4),
    Stage(frames=9, windows=48, steps=2500, rate=4e-4),
    Stage(frames=27, windows=16, steps=1500, rate=2e-4),
    Stage(frames=27, windows=16, steps=1400, rate=3e-4),
)
"""Close to two hours on one core of a shared server for a network of width 128 and depth 4."""


def initialise(network: MixSTE) -> None:
    """Random weights for a first stage.

    Position embeddings must not start at zero: without them every joint looks alike to the
    attention, and nothing is learned.
    """
    for module in network.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
    nn.init.normal_(network.Spatial_pos_embed, std=0.5)
    _silence_temporal_blocks(network)


def _temporal_blocks(network: MixSTE) -> Iterator[Block]:
    return (block for block in network.TTEblocks if isinstance(block, Block))


def _silence_temporal_blocks(network: MixSTE) -> None:
    for block in _temporal_blocks(network):
        for layer in (block.attn.proj, block.mlp.fc2):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)


def forward(network: MixSTE, keypoints: Tensor) -> Tensor:
    """``network(keypoints)``, without the temporal blocks where there is only one frame."""
    if network.frames > 1:
        result: Tensor = network(keypoints)
        return result
    x = network.Spatial_patch_to_embedding(keypoints[:, 0]) + network.Spatial_pos_embed
    for block in network.STEblocks:
        x = network.Temporal_norm(network.Spatial_norm(block(x)))
    pose: Tensor = network.head(x)
    return pose.unsqueeze(1)


def grow(small: dict[str, Tensor], network: MixSTE) -> None:
    """Load the weights of a shorter window into a network of a longer one."""
    state = dict(small)
    old = state["Temporal_pos_embed"]
    if old.shape[1] > 1:
        state["Temporal_pos_embed"] = functional.interpolate(
            old.transpose(1, 2), size=network.frames, mode="linear", align_corners=True
        ).transpose(1, 2)
        network.load_state_dict(state)
        return
    state["Temporal_pos_embed"] = 0.1 * torch.randn(1, network.frames, old.shape[2])
    network.load_state_dict(state)
    for block in _temporal_blocks(network):
        for layer in (block.attn.qkv, block.mlp.fc1):
            nn.init.xavier_uniform_(layer.weight)
    _silence_temporal_blocks(network)
