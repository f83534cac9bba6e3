"""Takes of the performer (``app.performer``) wearing captured motion."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from app.performer.motion import BONE
from app.performer.puppet import Take, heading
from app.performer.scene import PerformerScene
from app.performer.stage import Performance, Pinhole
from app.performer.variation import Proportions, variation
from app.study import views
from models.skeleton import JOINT
from models.training import bodies
from models.training.kinds import NAMES, Repertoire, as_used
from models.training.motion import Pack

_HEEL_M: Final = -0.055
_TOE_M: Final = 0.155
"""From the ankle back and forward to where the detector marks heel and toes, on the sole."""


class PerformerStage:
    """A run of the performer doing what people do before webcams.

    Args:
        packs: the motion.
        split: of the clips.
        frames: of each take.
        rate: frames a second.
        seed: of everything random.
        framing: of every take; drawn for each unless told.

    Raises:
        MixposeError: nothing of that split.
    """

    def __init__(
        self,
        packs: Sequence[Pack],
        split: str,
        frames: int,
        rate: float,
        seed: int,
        framing: views.Framing | None = None,
    ) -> None:
        # Mesa reads it when the first window opens: more threads cost more for the same picture.
        os.environ.setdefault("LP_NUM_THREADS", "1")
        self._motion = Repertoire(packs, split)
        self._split, self._frames, self._seed = split, frames, seed
        self._framing = framing
        self.rate = rate

    def take(self, index: int) -> PerformerTake:
        """See :class:`~.observe.Stage`."""
        random = np.random.default_rng([self._seed, index])
        generator = torch.Generator().manual_seed(int(random.integers(2**62)))
        windows, kinds, clips = self._motion.named_windows(1, self._frames, self.rate, generator)
        windows = bodies.mirror_half(as_used(windows, kinds, generator), generator)
        motion = Worn(
            windows[0].numpy(),
            self.rate,
            NAMES[int(kinds[0])],
            self._motion.clips[int(clips[0])].name,
            self._split,
        )
        return PerformerTake(motion, random, self._framing)


class Worn(NamedTuple):
    """Motion for the performer to wear."""

    xyz: NDArray[np.floating]
    """(T, 17, 3) metres, +Y up."""
    rate: float
    kind: str
    clip: str
    split: str


class PerformerTake:
    """See :class:`~.observe.Take`."""

    people = "performer"

    def __init__(
        self, motion: Worn, random: np.random.Generator, framing: views.Framing | None = None
    ) -> None:
        self.kind, self.clip, self.split = motion.kind, motion.clip, motion.split
        self.seed = int(random.integers(1, 2**31))
        choice = views.choose(random, framing)
        turn = choice.azimuth + choice.yaw - heading(motion.xyz)
        self._body: Proportions = variation(self.seed).proportions
        self._take = Take(self._body, motion.xyz, motion.rate, turn)
        self._times = [frame / motion.rate for frame in range(len(motion.xyz))]
        self._poses = [self._take.at(time_s) for time_s in self._times]
        joints = np.array([pose.joints for pose in self._poses])
        self.camera: Pinhole = views.place(choice, joints, random)
        self.framing: str = choice.framing
        self.size, self.focal = self.camera.size, self.camera.focal
        x, y, z = self.camera.view.rotation()[:, 1].tolist()
        self.up = (x, y, z)

    def truth(self) -> NDArray[np.float32]:
        joints = np.array([pose.joints for pose in self._poses])
        return self.camera.to_camera(joints).astype(np.float32)

    def feet(self) -> NDArray[np.float32]:
        ends = []
        for along in (_HEEL_M, _TOE_M):
            sole = np.array([0.0, -self._body.ankle, along * self._body.head])
            for side in ("left", "right"):
                ends.append(
                    [
                        pose.joints[JOINT[f"{side}_ankle"]]
                        + pose.axes[BONE[f"{side}_foot"]] @ sole
                        for pose in self._poses
                    ]
                )
        return self.camera.to_camera(np.array(ends).swapaxes(0, 1)).astype(np.float32)

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
