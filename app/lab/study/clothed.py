"""Takes of clothed people (``app.synthetic.clothed``)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.lab.study.motion import Motion, Source
from app.lab.study.observe import Take
from app.synthetic.clothed.takes import ClothedTake, Studio


class ClothedTakes:
    """A run of clothed people.

    Args:
        source: what they do.
        assets: the folder of clothes, hair and skin.
        seed: of everything random.

    Raises:
        ClothedError: a package or the folder is missing, or nothing can be drawn here.
    """

    def __init__(self, source: Source, assets: Path, seed: int) -> None:
        # Mesa reads it when the first picture is drawn: more threads cost more for the same one.
        os.environ.setdefault("LP_NUM_THREADS", "1")
        self._source, self._seed = source, seed
        self._studio = Studio(assets)
        self.rate = source.rate

    def take(self, index: int) -> Take:
        """See :class:`~.observe.TakeSource`."""
        random = np.random.default_rng([self._seed, index])
        motion = self._source.draw(random)
        seed = int(random.integers(1, 2**31))
        take = ClothedTake(self._studio, motion.xyz, motion.rate, seed, random)
        return _Staged(take, motion, seed)


class _Staged:
    """See :class:`~.observe.Take`."""

    people = "clothed"

    def __init__(self, take: ClothedTake, motion: Motion, seed: int) -> None:
        camera = take.camera
        x, y, z = camera.up.tolist()
        self.size, self.focal, self.up = camera.size, camera.focal, (x, y, z)
        self.kind, self.clip, self.split = motion.kind, motion.clip, motion.split
        self.framing: str = take.framing
        self.seed = seed
        self._take = take

    def truth(self) -> NDArray[np.float32]:
        return self._take.truth()

    def feet(self) -> NDArray[np.float32]:
        return self._take.feet()

    def pictures(self) -> Iterator[NDArray[np.uint8]]:
        return self._take.pictures()
