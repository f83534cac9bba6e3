"""MixSTE: the mixed spatio-temporal transformer that lifts 2D joints to 3D.

Zhang et al., "MixSTE: Seq2seq Mixed Spatio-Temporal Encoder for 3D Human Pose Estimation in Video",
CVPR 2022, section 3.  Spatial blocks attend over the joints of one frame, temporal blocks over the
frames of one joint; they alternate, and every frame of the window gets a pose.

Parameter names and shapes are those of the published checkpoints, so that their state dicts load
unchanged.  Those weights rely on two facts that the paper does not state: the two norms between
blocks are one shared LayerNorm each, applied to the residual stream after *every* block; and block
norms use eps 1e-6, while the head's uses 1e-5.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_BLOCK_EPS = 1e-6


class Attention(nn.Module):
    """Multi-head self-attention over the second-last axis, with packed query, key and value."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"width {width} is not a multiple of heads {heads}")
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, tokens, width) -> same shape."""
        batch, tokens, width = x.shape
        packed = self.qkv(x).view(batch, tokens, 3, self.heads, width // self.heads)
        query, key, value = packed.permute(2, 0, 3, 1, 4).unbind(0)
        if x.is_cuda or not torch.is_grad_enabled():
            mixed = functional.scaled_dot_product_attention(query, key, value)
        else:
            # In training on a CPU the fused kernel is slower than two plain products for such small
            # heads: 660 against 1,600 frames/s at width 128, 81 frames, bfloat16.  Without
            # gradients, in float32, it is faster: 18.7 against 22.0 ms for a window of 27 frames.
            scores = (query * (width // self.heads) ** -0.5) @ key.transpose(-2, -1)
            mixed = scores.softmax(dim=-1) @ value
        joined: Tensor = self.proj(mixed.transpose(1, 2).reshape(batch, tokens, width))
        return joined


class Mlp(nn.Module):
    """Two linear layers with an exact (erf) GELU between them."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.fc2(functional.gelu(self.fc1(x)))
        return result


class Block(nn.Module):
    """Pre-norm transformer block with stochastic depth (Huang et al., 2016) on both branches."""

    def __init__(self, width: int, heads: int, drop_path: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=_BLOCK_EPS)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=_BLOCK_EPS)
        self.mlp = Mlp(width, 2 * width)
        self.drop_path = drop_path

    def forward(self, x: Tensor) -> Tensor:
        """(batch, tokens, width) -> same shape."""
        x = x + self._kept(self.attn(self.norm1(x)))
        return x + self._kept(self.mlp(self.norm2(x)))

    def _kept(self, branch: Tensor) -> Tensor:
        if not self.training or self.drop_path == 0.0:
            return branch
        keep = 1.0 - self.drop_path
        mask = branch.new_empty(branch.shape[0], 1, 1).bernoulli_(keep)
        return branch * mask / keep


class MixSTE(nn.Module):
    """The network of the paper; the defaults are its Human3.6M configuration.

    Args:
        frames: window length T; the paper's is 243.
        joints: joints per pose J.
        width: channels C of every token.
        depth: number of spatial blocks, and of temporal blocks.
        heads: attention heads; cannot be inferred from a state dict.
        channels: input values per joint: x and y; our own weights use models.geometry.CHANNELS.
        drop_path: stochastic depth of the last block in training; increases linearly from 0.
    """

    def __init__(
        self,
        frames: int,
        joints: int = 17,
        width: int = 512,
        depth: int = 8,
        heads: int = 8,
        channels: int = 2,
        drop_path: float = 0.1,
    ) -> None:
        super().__init__()
        if min(frames, joints, width, depth, heads, channels) < 1:
            raise ValueError("every size of the network must be at least 1")
        self.frames, self.joints, self.channels = frames, joints, channels
        self.Spatial_patch_to_embedding = nn.Linear(channels, width)
        self.Spatial_pos_embed = nn.Parameter(torch.zeros(1, joints, width))
        self.Temporal_pos_embed = nn.Parameter(torch.zeros(1, frames, width))
        rates = [drop_path * index / max(1, depth - 1) for index in range(depth)]
        self.STEblocks = nn.ModuleList(Block(width, heads, rate) for rate in rates)
        self.TTEblocks = nn.ModuleList(Block(width, heads, rate) for rate in rates)
        self.Spatial_norm = nn.LayerNorm(width, eps=_BLOCK_EPS)
        self.Temporal_norm = nn.LayerNorm(width, eps=_BLOCK_EPS)
        self.head = nn.Sequential(nn.LayerNorm(width, eps=1e-5), nn.Linear(width, 3))

    def forward(self, keypoints: Tensor, places: Tensor | None = None) -> Tensor:
        """Lift a batch of windows.

        Args:
            keypoints: (B, T, J, channels), normalised as the weights expect.
            places: (t,) increasing indices of the window's frames that ``keypoints`` contain, if
                they are (B, t, J, channels) of a subset of the T frames.  Training uses sparse
                windows, as vision transformers are trained on a part of their patches (He et al.,
                "Masked Autoencoders", CVPR 2022, section 3).

        Returns:
            (B, T, J, 3) poses in metres, one for every input frame.
        """
        if places is None:
            self.require(keypoints)
        position = self.Temporal_pos_embed if places is None else self.Temporal_pos_embed[:, places]
        batch, frames, joints, channels = keypoints.shape
        x = self.Spatial_patch_to_embedding(keypoints.reshape(batch * frames, joints, channels))
        x = x + self.Spatial_pos_embed
        for index, (spatial, temporal) in enumerate(
            zip(self.STEblocks, self.TTEblocks, strict=True)
        ):
            x = self.Spatial_norm(spatial(x))
            x = self._by_joint(x, batch)
            if index == 0:
                x = x + position
            x = self.Temporal_norm(temporal(x))
            x = self._by_frame(x, batch)
        pose: Tensor = self.head(x)
        return pose.view(batch, frames, joints, 3)

    def require(self, keypoints: Tensor) -> None:
        """Raise ``ValueError`` unless ``keypoints`` are (B, T, J, channels) of this network."""
        _, frames, joints, channels = keypoints.shape
        if (frames, joints, channels) != (self.frames, self.joints, self.channels):
            raise ValueError(
                f"expected windows of {self.frames} frames x {self.joints} joints x "
                f"{self.channels} channels, got {frames} x {joints} x {channels}"
            )

    def _by_joint(self, x: Tensor, batch: int) -> Tensor:
        """(B*T, J, C) -> (B*J, T, C)."""
        x = x.view(batch, -1, *x.shape[1:]).transpose(1, 2)
        return x.reshape(batch * self.joints, -1, x.shape[-1])

    def _by_frame(self, x: Tensor, batch: int) -> Tensor:
        """(B*J, T, C) -> (B*T, J, C)."""
        x = x.view(batch, self.joints, *x.shape[1:]).transpose(1, 2)
        return x.reshape(-1, self.joints, x.shape[-1])
