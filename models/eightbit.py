"""The network with 8-bit products on a CPU, exact where it matters.

Rounding activations to 8 bits alone moves joints by 10 mm and more.  But what a joint does from one
frame to the next is a small part of what the network knows of it: every activation is split into
its slow course over time, a few cosines that are multiplied exactly (8 rows for 243), and the rest,
which is rounded.  At the paper's size and 300 mm of spread that leaves 0.2 mm on a moving
person and 0.3 mm (at most 2.4 mm) on a filmed one.  The mean alone in place of the cosines leaves
0.6 mm and 1.0 mm (7.2 mm).

Tokens are laid out by joint, so that a joint's frames are one matrix that stays in the core's cache
for a whole layer.  With several threads, each takes frames (spatial blocks) or joints (temporal
blocks) of its own and runs every operation alone.  On two cores a window of 243 frames at the
paper's size takes half of what it takes in float32 (1.0 against 2.0 s).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.devices import cpu_threads
from models.mixste import Block, MixSTE

_LEVELS: Final = 127
_ZERO: Final = 128
"""oneDNN's fast 8-bit product takes unsigned activations, so zero is in the middle."""
_FRAMES_PER_COSINE: Final = 30
_MOST_FRAMES: Final = 122
"""Frames of all joints in one go: more rows a product are faster, 10 % from 41 to 122."""
_FRAMES_AT_ONCE: Final = 31
"""Frames of all joints in one go of attention, 3 MB at the paper's width."""


class _Rounded(NamedTuple):
    """(T, in) activations of one joint as ``course @ slow + steps * (levels - _ZERO)``."""

    levels: Tensor
    """(T, in) uint8."""
    steps: Tensor
    """(T, 1)"""
    slow: Tensor
    """(K, in) coefficients of the cosines."""


class _Linear:
    """A linear layer for inputs that change little from frame to frame."""

    def __init__(self, layer: nn.Linear) -> None:
        # Copies, so that a network that is later changed or trained on does not change this one.
        self._weight, self._bias = layer.weight.detach().clone(), layer.bias.detach().clone()
        self._steps = self._weight.abs().amax(1).clamp_min(1e-20) / _LEVELS
        rounded = (self._weight / self._steps[:, None]).round().to(torch.int8)
        self._packed = torch.ops.onednn.qlinear_prepack(rounded, None)
        self._zeros = torch.zeros(len(rounded), dtype=torch.int32)

    def __call__(self, inputs: list[_Rounded]) -> Iterable[Tensor]:
        """The (T, out) outputs, one by one; the exact part is computed for all at once."""
        frames = len(inputs[0].levels)
        exact = functional.linear(torch.stack([one.slow for one in inputs]), self._weight)
        exact[:, 0] += self._bias * math.sqrt(frames)
        cosines = _cosines(frames)
        for one, slow in zip(inputs, exact, strict=True):
            product: Tensor = _product(one.levels, self._packed, self._steps, self._zeros)
            yield product.mul_(one.steps).addmm_(cosines, slow)


def _product(levels: Tensor, packed: Tensor, steps: Tensor, zeros: Tensor) -> Any:
    """uint8 activations (N, in) around ``_ZERO`` times packed int8 weights -> float32 (N, out)."""
    return torch.ops.onednn.qlinear_pointwise(
        *(levels, 1.0, _ZERO, packed, steps, zeros, None),
        *(1.0, 0, torch.float32, "none", [], ""),
    )


@cache
def _cosines(frames: int) -> Tensor:
    """(T, K) orthonormal slow courses, the first of them constant (the DCT's first rows)."""
    with torch.inference_mode():
        phase = math.pi * (torch.arange(frames) + 0.5) / frames
        course = torch.cos(phase[:, None] * torch.arange(max(1, frames // _FRAMES_PER_COSINE)))
        return functional.normalize(course, dim=0)


def _rounded(x: Tensor) -> _Rounded:
    """Split and round the (T, in) activations of one joint."""
    cosines = _cosines(len(x))
    slow = cosines.T @ x
    rest = torch.addmm(x, cosines, slow, alpha=-1)
    steps = rest.abs().amax(-1, keepdim=True).clamp_min_(1e-20) / _LEVELS
    # PyTorch converts to int8 eight times as fast as to uint8; the top bit makes up for it.
    signed = rest.mul_(1 / steps).round_().to(torch.int8)
    return _Rounded(signed.view(torch.uint8).bitwise_xor_(_ZERO), steps, slow)


def works() -> bool:
    """Whether this build of PyTorch has the product, no public interface, and it is right."""
    try:
        with torch.inference_mode():
            layer = nn.Linear(16, 4)
            layer.weight.copy_(torch.linspace(-1, 1, 64).view(4, 16))
            x = torch.linspace(-1, 1, 32).view(2, 16)
            (product,) = _Linear(layer)([_rounded(x)])
            return torch.allclose(product, layer(x), atol=0.1)
    except (AttributeError, RuntimeError, TypeError, NotImplementedError):
        return False


class _FastBlock:
    """A block and the shared norm after it, on the frames of several joints."""

    def __init__(self, block: Block, norm: nn.LayerNorm) -> None:
        self._block, self._norm = block, norm
        self._heads = block.attn.heads
        self._qkv, self._proj = _Linear(block.attn.qkv), _Linear(block.attn.proj)
        self._fc1, self._fc2 = _Linear(block.mlp.fc1), _Linear(block.mlp.fc2)

    def __call__(self, x: Tensor, *, over_time: bool) -> None:
        """Replace (joints, frames, width) by what becomes of it; attend over frames or joints."""
        packed = self._qkv([_rounded(self._block.norm1(joint)) for joint in x])
        attend = self._over_time if over_time else self._over_joints
        inputs = []
        for joint, mixed in zip(x, self._proj(attend(packed)), strict=True):
            joint.add_(mixed)
            inputs.append(_rounded(self._block.norm2(joint)))
        hidden = [_rounded(functional.gelu(one)) for one in self._fc1(inputs)]
        for joint, mixed in zip(x, self._fc2(hidden), strict=True):
            joint.copy_(self._norm(mixed.add_(joint)))

    def _over_time(self, packed: Iterable[Tensor]) -> list[_Rounded]:
        return [_rounded(self._attention(joint[None])[0]) for joint in packed]

    def _over_joints(self, packed: Iterable[Tensor]) -> list[_Rounded]:
        parts = zip(*(torch.split(joint, _FRAMES_AT_ONCE) for joint in packed), strict=True)
        mixed = torch.cat([self._attention(torch.stack(part, 1)) for part in parts])
        return [_rounded(joint) for joint in mixed.unbind(1)]

    def _attention(self, packed: Tensor) -> Tensor:
        """(sequences, tokens, 3 width) -> (sequences, tokens, width)"""
        heads = packed.view(*packed.shape[:2], 3, self._heads, -1)
        query, key, value = heads.permute(2, 0, 3, 1, 4).unbind(0)
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
        """As ``MixSTE.forward``: (B, T, J, channels) -> (B, T, J, 3) in float32.

        As many threads work as PyTorch may use in this one: just this one if that is 1.
        """
        self._network.require(keypoints)
        threads = torch.get_num_threads()
        with cpu_threads(1):
            return torch.stack([self._lift(window, threads) for window in keypoints])

    def _lift(self, keypoints: Tensor, threads: int) -> Tensor:
        """(T, J, channels) -> (T, J, 3)"""
        network = self._network
        frames, joints = keypoints.shape[:2]
        x = network.Spatial_patch_to_embedding(keypoints) + network.Spatial_pos_embed
        x = x.transpose(0, 1).contiguous()
        # Few frames make slow products and rough cosines, many need more than the cache.
        most = max(1, frames // _FRAMES_PER_COSINE)
        by_frame = x.tensor_split(max(min(threads, most), math.ceil(frames / _MOST_FRAMES)), dim=1)
        by_joint = x.tensor_split(min(threads, joints))
        for spatial, temporal in zip(self._spatial, self._temporal, strict=True):
            _side_by_side(partial(spatial, over_time=False), by_frame, threads)
            if temporal is self._temporal[0]:
                x += network.Temporal_pos_embed
            _side_by_side(partial(temporal, over_time=True), by_joint, threads)
        pose: Tensor = network.head(x)
        return pose.transpose(0, 1)


def _side_by_side(work: Callable[[Tensor], None], parts: tuple[Tensor, ...], threads: int) -> None:
    """Do ``work`` on every part, in ``threads`` threads of which each computes alone."""

    def in_thread(part: Tensor) -> None:
        with torch.inference_mode():  # which is each thread's own
            work(part)

    if threads == 1 or len(parts) == 1:
        for part in parts:
            work(part)
    else:
        for _ in _pool(threads).map(in_thread, parts):
            pass


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    # Kept: starting threads for every block would cost more than they save on short windows.
    return ThreadPoolExecutor(threads, "mixpose-network", torch.set_num_threads, (1,))


def _blocks(network: MixSTE, kind: str) -> list[Block]:
    blocks = network.STEblocks if kind == "STE" else network.TTEblocks
    return [block for block in blocks if isinstance(block, Block)]
