"""The compared methods: our lifter, MediaPipe's world landmarks, and a baseline without depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from app.lab.evaluation.material import Footage, Material, certainty
from models.checkpoint import IMAGE
from models.geometry import CHANNELS
from models.level import Level
from models.lifter import Lifted, Lifter
from models.skeleton import JOINT_COUNT

Poses = NDArray[np.floating]

DETECTOR_NAME: Final = "MediaPipe world landmarks"


@dataclass(frozen=True, eq=False)
class Answer:
    """What a method makes of footage."""

    poses: Poses
    """(N, 17, 3) metres in camera axes, NaN where there is no pose."""
    level: Level | None = None
    """Where it takes up to be, if it says so."""


class Method(Protocol):
    """Turns footage into poses."""

    @property
    def name(self) -> str:
        """What the table calls it."""

    def answer(self, footage: Footage, material: Material) -> Answer | None:
        """The poses; None if it cannot."""


@dataclass(frozen=True)
class Ours:
    """A network with its weights, the whole clip at once."""

    name: str
    lifter: Lifter

    def answer(self, footage: Footage, material: Material) -> Answer | None:
        """As ``run_app.py lift`` does it; published weights on published data as published.

        A lifter told to do without the detector's depth is left out where there is none anyway.
        """
        if footage.world is None and not self.lifter.use_depth:
            return None
        if material.published and self.lifter.info.normalisation == IMAGE:
            return Answer(as_published(self.lifter, footage))
        lifted = self.lifted(footage)
        nobody = np.asarray(lifted.missing.all(axis=1))
        return Answer(np.where(nobody[:, None, None], np.nan, lifted.xyz), lifted.level)

    def lifted(self, footage: Footage) -> Lifted:
        """As the lifter answers; asked again of the same footage, it does not lift again."""
        return _lifted(self.lifter, footage)


@lru_cache(maxsize=64)
def _lifted(lifter: Lifter, footage: Footage) -> Lifted:
    return lifter.lift(
        *(footage.xy, footage.conf, footage.size, footage.time_s), world=footage.world_joints
    )


class DetectorWorld:
    """MediaPipe's world landmarks, as they are."""

    name = DETECTOR_NAME

    def answer(self, footage: Footage, material: Material) -> Answer | None:
        """Its 17 joints, pelvis at the origin."""
        return None if footage.world_joints is None else Answer(footage.world_joints)


class FlatGuess:
    """The 2D joints at depth zero, in the size that fits the truth best: what depth is worth."""

    name = "flat guess (2D, right size)"

    def answer(self, footage: Footage, material: Material) -> Answer:
        """Every frame's size is the best in least squares across the picture."""
        chosen, root = list(material.joints), list(material.root)
        flat = footage.xy - footage.xy[:, root].mean(axis=1, keepdims=True)
        true = (footage.true - footage.true[:, root].mean(axis=1, keepdims=True))[..., :2]
        fit = (flat[:, chosen] * true[:, chosen]).sum(axis=(1, 2))
        size = fit / np.maximum((flat[:, chosen] ** 2).sum(axis=(1, 2)), 1e-12)
        flat = flat * size[:, None, None]
        return Answer(np.concatenate([flat, np.zeros((*flat.shape[:2], 1))], axis=-1))


def as_published(lifter: Lifter, footage: Footage) -> Poses:
    """Lift as MixSTE's authors test: windows side by side, averaged with their mirror image.

    No repair of swaps, no resampling: every frame of the file is one of the network's.  The last
    window ends with the clip; the frames that it shares with the one before count once.
    """
    count, length = len(footage.xy), lifter.info.frames
    starts = [min(start, max(0, count - length)) for start in range(0, count, length)]
    told = certainty(footage.xy)[..., None]
    no_world = np.full((*footage.xy.shape[:2], 3), np.nan, np.float32)
    evidence = np.concatenate([np.nan_to_num(footage.xy), told, no_world], axis=-1)
    poses = np.empty((count, JOINT_COUNT, 3), np.float32)
    done = 0
    for start in starts:
        # Past the end of a clip shorter than a window its last frame is repeated.
        index = np.minimum(start + np.arange(length), count - 1)
        window = (
            lifter.windows(torch.from_numpy(evidence[index])[None], footage.size).xyz[0].numpy()
        )
        end = min(start + length, count)
        poses[done:end] = window[done - start : end - start]
        done = end
    return poses


def load_methods(weights: Sequence[str | None], device: str) -> list[Method]:
    """The rows of the table for some weights (None is the default); networks are loaded once.

    Raises:
        WeightsError, DeviceError: one cannot be loaded.
    """
    methods: list[Method] = []
    for each in weights:
        lifter = Lifter(each, device)
        methods.append(Ours(lifter.info.name, lifter))
        if lifter.info.channels > CHANNELS.index("depth"):
            untold = Lifter(each, device, use_depth=False)
            methods.append(Ours(f"{lifter.info.name}, without the detector's depth", untold))
    return [*methods, DetectorWorld(), FlatGuess()]
