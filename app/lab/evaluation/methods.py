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
    """Output of a method."""

    poses: Poses
    """(N, 17, 3) metres in camera axes, NaN where there is no pose."""
    level: Level | None = None
    """Estimated camera orientation, if any."""


class Method(Protocol):
    """Estimates poses from footage."""

    @property
    def name(self) -> str:
        """Name in the table."""

    def answer(self, footage: Footage, material: Material) -> Answer | None:
        """Return the poses; None if that is not possible."""


@dataclass(frozen=True)
class Ours:
    """A network with its weights, applied to the whole clip."""

    name: str
    lifter: Lifter

    def answer(self, footage: Footage, material: Material) -> Answer | None:
        """Lift as ``mixpose lift`` does; published weights on published data as published.

        A lifter that ignores MediaPipe's depth is left out where there is none anyway.
        """
        if footage.world is None and not self.lifter.use_depth:
            return None
        if material.published and self.lifter.info.normalisation == IMAGE:
            return Answer(as_published(self.lifter, footage))
        lifted = self.lifted(footage)
        nobody = np.asarray(lifted.missing.all(axis=1))
        return Answer(np.where(nobody[:, None, None], np.nan, lifted.xyz), lifted.level)

    def lifted(self, footage: Footage) -> Lifted:
        """Return the lifter's result, cached for the last footage."""
        return _lifted(self.lifter, footage)


@lru_cache(maxsize=64)
def _lifted(lifter: Lifter, footage: Footage) -> Lifted:
    return lifter.lift(
        *(footage.xy, footage.conf, footage.size, footage.time_s), world=footage.world_joints
    )


class DetectorWorld:
    """MediaPipe's world landmarks, unchanged."""

    name = DETECTOR_NAME

    def answer(self, footage: Footage, material: Material) -> Answer | None:
        """Return its 17 joints, pelvis at the origin."""
        return None if footage.world_joints is None else Answer(footage.world_joints)


class FlatGuess:
    """The 2D joints at depth zero, at the scale that fits the truth best: the value of depth."""

    name = "flat guess (2D, right size)"

    def answer(self, footage: Footage, material: Material) -> Answer:
        """Each frame's scale is optimal in least squares in the picture plane."""
        chosen, root = list(material.joints), list(material.root)
        flat = footage.xy - footage.xy[:, root].mean(axis=1, keepdims=True)
        true = (footage.true - footage.true[:, root].mean(axis=1, keepdims=True))[..., :2]
        fit = (flat[:, chosen] * true[:, chosen]).sum(axis=(1, 2))
        size = fit / np.maximum((flat[:, chosen] ** 2).sum(axis=(1, 2)), 1e-12)
        flat = flat * size[:, None, None]
        return Answer(np.concatenate([flat, np.zeros((*flat.shape[:2], 1))], axis=-1))


def as_published(lifter: Lifter, footage: Footage) -> Poses:
    """Lift as in the tests of MixSTE's authors: adjacent windows, averaged with their mirror image.

    No repair of swaps, no resampling: every frame of the file is one of the network's.  The last
    window ends with the clip; frames that it shares with the previous window count once.
    """
    count, length = len(footage.xy), lifter.info.frames
    starts = [min(start, max(0, count - length)) for start in range(0, count, length)]
    told = certainty(footage.xy)[..., None]
    no_world = np.full((*footage.xy.shape[:2], 3), np.nan, np.float32)
    evidence = np.concatenate([np.nan_to_num(footage.xy), told, no_world], axis=-1)
    poses = np.empty((count, JOINT_COUNT, 3), np.float32)
    done = 0
    for start in starts:
        # If the clip is shorter than a window its last frame is repeated.
        index = np.minimum(start + np.arange(length), count - 1)
        window = (
            lifter.windows(torch.from_numpy(evidence[index])[None], footage.size).xyz[0].numpy()
        )
        end = min(start + length, count)
        poses[done:end] = window[done - start : end - start]
        done = end
    return poses


def load_methods(weights: Sequence[str | None], device: str) -> list[Method]:
    """Return the methods for some weights (None is the default); networks are loaded once.

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
