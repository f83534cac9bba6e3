"""Windows of captured motion for synthetic people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from models.training import bodies
from models.training.kinds import NAMES, Repertoire, as_used
from models.training.motion import Pack


class Motion(NamedTuple):
    """Motion of a person in a take."""

    xyz: NDArray[np.float32]
    """(T, 17, 3) metres, +Y up."""
    rate: float
    """Frames per second."""
    kind: str
    """Kind of posture; see ``models.training.kinds``."""
    clip: str
    split: str


class Source:
    """Draws windows by kind of posture, half of them mirrored.

    Args:
        packs: the motion.
        split: of the clips.
        frames: of each window.
        rate: frames per second.
        as_captured: whether poses are left unchanged, instead of being adapted to what people
            do in front of cameras.

    Raises:
        MixposeError: there is no motion of that split.
    """

    def __init__(
        self,
        packs: Sequence[Pack],
        split: str,
        frames: int,
        rate: float,
        *,
        as_captured: bool = False,
    ) -> None:
        self.frames, self.rate = frames, rate
        self._repertoire = Repertoire(packs, split)
        self._split, self._as_captured = split, as_captured

    def draw(self, random: np.random.Generator) -> Motion:
        """Draw one window."""
        generator = torch.Generator().manual_seed(int(random.integers(2**62)))
        windows, kinds, clips = self._repertoire.named_windows(1, self.frames, self.rate, generator)
        if not self._as_captured:
            windows = as_used(windows, kinds, generator)
        windows = bodies.mirror_half(windows, generator)
        clip = self._repertoire.clips[int(clips[0])]
        kind = NAMES[int(kinds[0])]
        return Motion(windows[0].numpy(), self.rate, kind, clip.name, self._split)
