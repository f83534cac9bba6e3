"""The network with 8-bit products on a CPU, exact where it matters.

Rounding activations to 8 bits alone moves joints by 10 mm and more.  But what a joint does within a
second is a small part of what the network knows of it: every activation is split into its mean over
time, which is multiplied exactly (one row for hundreds), and the rest, which is rounded.  At the
paper's size and 300 mm of spread that leaves 0.6 mm on moving people.  Input that jumps at random
from frame to frame gains little from it (4 mm).

A block is computed on a few hundred tokens at a time, so that they stay in the core's cache.
"""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.mixste import Block, MixSTE

_LEVELS: Final = 127
_ZERO: Final = 128
"""oneDNN's fast 8-bit product takes unsigned activations, so zero is in the middle."""
_TOKENS: Final = 972
"""Tokens in one go, 2 MB at the paper's width: enough rows for the exact part to cost little."""


class _Linear:
    """A linear layer for inputs that differ little along one axis."""

    def __init__(self, layer: nn.Linear) -> None:
        # Copies, so that a network that is later changed or trained on does not change this one.
        self._weight, self._bias = layer.weight.detach().clone(), layer.bias.detach().clone()
        self._steps = self._weight.abs().amax(1).clamp_min(1e-20) / _LEVELS
        rounded = (self._weight / self._steps[:, None]).round().to(torch.int8)
        self._packed = torch.ops.onednn.qlinear_prepack(rounded, None)
        self._zeros = torch.zeros(len(rounded), dtype=torch.int32)

    def __call__(self, x: Tensor, along: int) -> Tensor:
        """(A, B, in) -> (A, B, out); ``along`` is the axis of time, 0 or 1."""
        mean = x.mean(along, keepdim=True)
        rest = x - mean
        largest = rest.abs().amax(-1, keepdim=True).clamp_min_(1e-20)
        # PyTorch converts to int8 eight times as fast as to uint8; the top bit makes up for it.
        signed = rest.mul_(_LEVELS / largest).round_().to(torch.int8)
        rounded = signed.view(torch.uint8).bitwise_xor_(_ZERO)
        product: Tensor = _product(rounded.flatten(0, 1), self._packed, self._steps, self._zeros)
        product = product.view(*x.shape[:2], -1)
        exact = functional.linear(mean, self._weight, self._bias)
        return product.mul_(largest / _LEVELS).add_(exact)


def _product(rounded: Tensor, packed: Tensor, steps: Tensor, zeros: Tensor) -> Any:
    """uint8 activations (N, in) around ``_ZERO`` times packed int8 weights -> float32 (N, out)."""
    return torch.ops.onednn.qlinear_pointwise(
        *(rounded, 1.0, _ZERO, packed, steps, zeros, None),
        *(1.0, 0, torch.float32, "none", [], ""),
    )


class _FastBlock:
    """A block and the shared norm after it."""

    def __init__(self, block: Block, norm: nn.LayerNorm) -> None:
        self._block, self._norm = block, norm
        self._heads = block.attn.heads
        self._qkv, self._proj = _Linear(block.attn.qkv), _Linear(block.attn.proj)
        self._fc1, self._fc2 = _Linear(block.mlp.fc1), _Linear(block.mlp.fc2)

    def __call__(self, x: Tensor, along: int) -> Tensor:
        """(sequences, tokens, width) -> same shape."""
        x = self._proj(self._attention(self._block.norm1(x), along), along).add_(x)
        hidden = functional.gelu(self._fc1(self._block.norm2(x), along))
        mixed: Tensor = self._norm(self._fc2(hidden, along).add_(x))
        return mixed

    def _attention(self, x: Tensor, along: int) -> Tensor:
        sequences, tokens, width = x.shape
        packed = self._qkv(x, along).view(sequences, tokens, 3, self._heads, width // self._heads)
        query, key, value = packed.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        return mixed.transpose(1, 2).flatten(2)


class EightBitMixSTE:
    """A ``MixSTE`` on the CPU whose blocks multiply in 8 bits; norms and sums stay float32."""

    def __init__(self, network: MixSTE) -> None:
        """``network`` must be on the CPU and in evaluation mode."""
        self._network = network
        with torch.inference_mode():
            self._spatial = [_FastBlock(b, network.Spatial_norm) for b in _blocks(network, "STE")]
            self._temporal = [_FastBlock(b, network.Temporal_norm) for b in _blocks(network, "TTE")]

    @torch.inference_mode()
    def __call__(self, keypoints: Tensor) -> Tensor:
        """As ``MixSTE.forward``: (B, T, J, channels) -> (B, T, J, 3) in float32."""
        self._network.require(keypoints)
        return torch.stack([self._lift(window) for window in keypoints])

    def _lift(self, keypoints: Tensor) -> Tensor:
        """(T, J, channels) -> (T, J, 3); tokens stay in this order all the way."""
        network = self._network
        frames, joints = keypoints.shape[:2]
        x = network.Spatial_patch_to_embedding(keypoints) + network.Spatial_pos_embed
        at_once = max(1, _TOKENS // joints), max(1, _TOKENS // frames)
        for index, (spatial, temporal) in enumerate(
            zip(self._spatial, self._temporal, strict=True)
        ):
            for part in x.split(at_once[0]):
                part.copy_(spatial(part, 0))
            if index == 0:
                x += network.Temporal_pos_embed.transpose(0, 1)
            for part in x.split(at_once[1], dim=1):
                part.copy_(temporal(part.transpose(0, 1), 1).transpose(0, 1))
        pose: Tensor = network.head(x)
        return pose


def _blocks(network: MixSTE, kind: str) -> list[Block]:
    blocks = network.STEblocks if kind == "STE" else network.TTEblocks
    return [block for block in blocks if isinstance(block, Block)]
