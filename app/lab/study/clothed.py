"""Takes of clothed people (``app.synthetic.clothed``)."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from app.lab.study.motion import Motion, Source
from app.synthetic.clothed.takes import ClothedTake, Studio


class ClothedTakes:
    """A run of clothed people.

    Args:
        source: their motion.
        assets: the folder of clothes, hair and skin.
        seed: of everything random.

    Raises:
        ClothedError: a package or the folder is missing, or rendering is not possible here.
    """

    def __init__(self, source: Source, assets: Path, seed: int) -> None:
        # Mesa reads it at the first picture: more threads use more CPU for the same one.
        os.environ.setdefault("LP_NUM_THREADS", "1")
        self._source, self._seed = source, seed
        self._studio = Studio(assets)
        self.rate = source.rate

    def take(self, index: int) -> StudyTake:
        """See :class:`~.observe.TakeSource`."""
        random = np.random.default_rng([self._seed, index])
        motion = self._source.draw(random)
        seed = int(random.integers(1, 2**31))
        return StudyTake(self._studio, motion, seed, random)


class StudyTake(ClothedTake):
    """See :class:`~.observe.Take`."""

    people = "clothed"

    def __init__(
        self, studio: Studio, motion: Motion, seed: int, random: np.random.Generator
    ) -> None:
        super().__init__(studio, motion.xyz, motion.rate, seed, random)
        x, y, z = self.camera.up.tolist()
        self.size, self.focal, self.up = self.camera.size, self.camera.focal, (x, y, z)
        self.kind, self.clip, self.split = motion.kind, motion.clip, motion.split
        self.seed = seed
