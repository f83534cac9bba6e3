"""Takes of clothed people (``app.synthetic.clothed``)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from app.synthetic.clothed.takes import ClothedTake, Studio
from models.training import bodies
from models.training.kinds import NAMES, Repertoire, as_used
from models.training.motion import Pack


class ClothedStage:
    """A run of clothed people doing what people do before cameras.

    Args:
        packs: the motion.
        split: of the clips.
        assets: the folder of clothes, hair and skin.
        frames: of each take.
        rate: frames a second.
        seed: of everything random.

    Raises:
        MixposeError: nothing of that split.
        ClothedError: a package or the folder is missing, or nothing can be drawn here.
    """

    def __init__(
        self,
        packs: Sequence[Pack],
        split: str,
        assets: Path,
        frames: int,
        rate: float,
        seed: int,
    ) -> None:
        # Mesa reads it when the first picture is drawn: more threads cost more for the same one.
        os.environ.setdefault("LP_NUM_THREADS", "1")
        self._motion = Repertoire(packs, split)
        self._studio = Studio(assets)
        self._split, self._frames, self._seed = split, frames, seed
        self.rate = rate

    def take(self, index: int) -> _Staged:
        """See :class:`~.observe.Stage`."""
        random = np.random.default_rng([self._seed, index])
        generator = torch.Generator().manual_seed(int(random.integers(2**62)))
        windows, kinds, clips = self._motion.named_windows(1, self._frames, self.rate, generator)
        windows = bodies.mirror_half(as_used(windows, kinds, generator), generator)
        seed = int(random.integers(1, 2**31))
        take = ClothedTake(self._studio, windows[0].numpy(), self.rate, seed, random)
        clip = self._motion.clips[int(clips[0])]
        return _Staged(take, NAMES[int(kinds[0])], clip.name, self._split, seed)


class _Staged:
    """See :class:`~.observe.Take`."""

    people = "clothed"

    def __init__(self, take: ClothedTake, kind: str, clip: str, split: str, seed: int) -> None:
        camera = take.camera
        x, y, z = camera.up.tolist()
        self.size, self.focal, self.up = camera.size, camera.focal, (x, y, z)
        self.kind, self.framing, self.clip, self.split = kind, str(take.framing), clip, split
        self.seed = seed
        self._take = take

    def truth(self) -> NDArray[np.float32]:
        return self._take.truth()

    def feet(self) -> NDArray[np.float32]:
        return self._take.feet()

    def pictures(self) -> Iterator[NDArray[np.uint8]]:
        return self._take.pictures()
