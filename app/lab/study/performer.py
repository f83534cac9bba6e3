"""Takes of the performer (``app.synthetic.performer``) wearing captured motion."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.lab.study import cameras
from app.lab.study.motion import Motion, Source
from app.synthetic.performer.camera import Performance, Pinhole
from app.synthetic.performer.motion import BONE
from app.synthetic.performer.retargeting import Take, heading
from app.synthetic.performer.scene import PerformerScene
from app.synthetic.performer.variation import Proportions, variation
from models.skeleton import JOINT

_HEEL_M: Final = -0.055
_TOE_M: Final = 0.155
"""Distances from the ankle back to the heel and forward to the toes, as marked by the detector."""


class PerformerTakes:
    """A run of the performer.

    Args:
        source: their motion.
        seed: of everything random.
        framing: of every take; random for each if None.
    """

    def __init__(self, source: Source, seed: int, framing: cameras.Framing | None = None) -> None:
        # Mesa reads it when the first window opens: more threads use more CPU for the same picture.
        os.environ.setdefault("LP_NUM_THREADS", "1")
        self._source, self._seed, self._framing = source, seed, framing
        self.rate = source.rate

    def take(self, index: int) -> PerformerTake:
        """See :class:`~.observe.TakeSource`."""
        random = np.random.default_rng([self._seed, index])
        return PerformerTake(self._source.draw(random), random, self._framing)


class PerformerTake:
    """See :class:`~.observe.Take`."""

    people = "performer"

    def __init__(
        self, motion: Motion, random: np.random.Generator, framing: cameras.Framing | None = None
    ) -> None:
        self.kind, self.clip, self.split = motion.kind, motion.clip, motion.split
        self.seed = int(random.integers(1, 2**31))
        choice = cameras.choose(random, framing)
        turn = choice.azimuth + choice.yaw - heading(motion.xyz)
        self._body: Proportions = variation(self.seed).proportions
        self._take = Take(self._body, motion.xyz, motion.rate, turn)
        self._times = [frame / motion.rate for frame in range(len(motion.xyz))]
        self._poses = [self._take.at(time_s) for time_s in self._times]
        joints = np.array([pose.joints for pose in self._poses])
        self.camera: Pinhole = cameras.place(choice, joints, random)
        self.framing = choice.framing
        self.size, self.focal = self.camera.size, self.camera.focal
        x, y, z = self.camera.view.rotation()[:, 1].tolist()
        self.up = (x, y, z)

    def truth(self) -> NDArray[np.float32]:
        joints = np.array([pose.joints for pose in self._poses])
        return self.camera.to_camera(joints).astype(np.float32)

    def feet(self) -> NDArray[np.float32]:
        soles = [
            np.array([0.0, -self._body.ankle, along * self._body.head])
            for along in (_HEEL_M, _TOE_M)
        ]
        ends = [
            [
                pose.joints[JOINT[f"{side}_ankle"]] + pose.axes[BONE[f"{side}_foot"]] @ sole
                for sole in soles
                for side in ("left", "right")
            ]
            for pose in self._poses
        ]
        return self.camera.to_camera(np.array(ends)).astype(np.float32)

    def pictures(self) -> Iterator[NDArray[np.uint8]]:
        width, height = self.size
        scene = PerformerScene(Performance(variation(self.seed), self.camera.view, self._take))
        picture = np.zeros((height, width, 3), dtype=np.uint8)
        try:
            for time_s in self._times:
                scene.draw(time_s, picture)
                yield picture
        finally:
            scene.close()
