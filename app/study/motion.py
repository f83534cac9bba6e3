"""Captured takes for the performer to wear: cut at random, and bent into webcam postures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.errors import MixposeError
from models.skeleton import JOINT
from models.training import bodies, postures
from models.training.motion import Clip, Pack

_SPEED: Final = (0.6, 1.6)
"""How fast takes are played, as in training."""
_LIMBS_CHANCE: Final = 0.3
"""Share of takes whose limbs are turned at random: poses nobody was captured in."""


class Repertoire(NamedTuple):
    """Clips and how much of what is drawn comes from each; shares sum to 1."""

    clips: tuple[Clip, ...]
    shares: NDArray[np.float64]


def repertoire(packs: Sequence[Pack], shares: Sequence[float], split: str) -> Repertoire:
    """The clips of one split; ``shares`` are the packs', within a pack longer clips count for more.

    Raises:
        MixposeError: nothing of that split, or another number of shares than of packs.
    """
    if len(shares) != len(packs):
        raise MixposeError(f"There are {len(packs)} motion packs but {len(shares)} shares of them.")
    clips: list[Clip] = []
    weights: list[float] = []
    for pack, share in zip(packs, shares, strict=True):
        chosen = [clip for clip in pack.clips if clip.split == split and len(clip.xyz) > 1]
        total = sum(len(clip.xyz) / clip.rate for clip in chosen)
        clips += chosen
        weights += [share * len(clip.xyz) / clip.rate / total for clip in chosen]
    if not sum(weights) > 0:
        raise MixposeError(f"The motion given holds no clip of the split {split!r}.")
    return Repertoire(tuple(clips), np.array(weights) / sum(weights))


def cut(
    source: Repertoire,
    frames: int,
    rate: float,
    random: np.random.Generator,
    *,
    bent: bool = True,
) -> tuple[Clip, NDArray[np.float32]]:
    """A random window: its clip, and (frames, 17, 3) metres, +Y up, at ``rate`` frames a second.

    If ``bent``, a quarter sits or squats, a quarter reaches out (``models.training.postures``) and
    some turn their limbs at random; half are mirrored, played at speeds of their own.  Otherwise
    they are as captured.  Windows longer than their clip hold its last frame.
    """
    clip = source.clips[int(random.choice(len(source.clips), p=source.shares))]
    step = clip.rate / rate * (random.uniform(*_SPEED) if bent else 1.0)
    last = len(clip.xyz) - 1
    begin = random.uniform(0.0, max(0.0, last - step * (frames - 1)))
    place = np.minimum(begin + step * np.arange(frames), last)
    lower = np.minimum(place.astype(int), last - 1)
    share = (place - lower)[:, None, None]
    xyz = (clip.xyz[lower] * (1 - share) + clip.xyz[lower + 1] * share).astype(np.float32)
    return clip, _bent(xyz, random) if bent else xyz


def _bent(xyz: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    window = torch.from_numpy(xyz)[None]
    generator = torch.Generator().manual_seed(int(random.integers(2**62)))
    quarter = torch.full((1,), 0.25)
    window = postures.reach(window, generator, quarter)
    window = postures.crouch(window, generator, quarter / 2, quarter / 2)
    if random.random() < _LIMBS_CHANCE:
        turned = bodies.turn_limbs(window, generator)
        # Turned legs would float: put the lower foot back to where it was.
        turned[..., 1] -= (_lower_ankle(turned) - _lower_ankle(window))[..., None]
        window = turned
    result: NDArray[np.float32] = bodies.mirror_half(window, generator)[0].numpy()
    return result


def _lower_ankle(window: Tensor) -> Tensor:
    """(B, T) height of the lower ankle of (B, T, 17, 3)."""
    ankles = [JOINT["left_ankle"], JOINT["right_ankle"]]
    lowest: Tensor = window[:, :, ankles, 1].amin(-1)
    return lowest
