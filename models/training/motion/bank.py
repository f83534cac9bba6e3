"""All clips of many packs in one tensor, from which training windows are cut."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from models.errors import MixposeError
from models.training.motion.clips import Pack


class MotionBank:
    """All frames of many clips in one tensor, from which windows are cut at any rate."""

    def __init__(self, packs: Sequence[Pack], shares: Sequence[float], split: str) -> None:
        """``shares`` says how much of what is drawn comes from each pack; within a pack, longer
        clips are drawn more often."""
        clips, weights = [], []
        for pack, share in zip(packs, shares, strict=True):
            chosen = [clip for clip in pack.clips if clip.split == split and len(clip.xyz) > 1]
            seconds = sum(len(clip.xyz) / clip.rate for clip in chosen)
            clips += chosen
            weights += [share * len(clip.xyz) / clip.rate / seconds for clip in chosen]
        if not clips:
            raise MixposeError(f"The motion given holds no clip of the split {split!r}.")
        self.xyz = torch.from_numpy(np.concatenate([clip.xyz for clip in clips]))
        lengths = torch.tensor([len(clip.xyz) for clip in clips])
        self._lengths = lengths
        self._starts = lengths.cumsum(0) - lengths
        self._rates = torch.tensor([clip.rate for clip in clips])
        self._weights = torch.tensor(weights, dtype=torch.float64)

    def windows(self, count: int, frames: int, rate: float, generator: torch.Generator) -> Tensor:
        """Cut ``count`` random windows: (count, frames, 17, 3), played at 0.6 to 1.6 times speed.

        Windows that run over the end of their clip hold its last frame.
        """
        clip = torch.multinomial(self._weights, count, replacement=True, generator=generator)
        speed = 0.6 + 1.0 * torch.rand(count, generator=generator)
        step = self._rates[clip] / rate * speed
        last = (self._lengths[clip] - 1).float()
        room = (last - step * (frames - 1)).clamp_min(0)
        begin = torch.rand(count, generator=generator) * room
        position = begin[:, None] + step[:, None] * torch.arange(frames)
        position = position.clamp_max(last[:, None])
        lower = position.floor().long().clamp_max(self._lengths[clip][:, None] - 2)
        fraction = (position - lower)[..., None, None]
        flat = lower + self._starts[clip][:, None]
        return self.xyz[flat] * (1 - fraction) + self.xyz[flat + 1] * fraction
