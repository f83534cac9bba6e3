"""What the shipped detector said of drawn people, as windows to train on.

The detector model (``detector_model``) knows the size and the course of the detector's errors, but
leaves to chance most of what they have to do with the pose.  Here the detector itself has looked:
``python -m app.study`` draws captured motion, bodies, views and framings at random, shows the
pictures to it, and keeps its answers beside the truth.

Drawn people are alike: their legs are 1.72 times their trunk, give or take 0.07.  Trained on them
as drawn, the network gave a woman whose legs are 1.37 times her trunk 1.66, and 1.59 without them.
Every window is therefore given a body of its own, as in the rest of training, and the detector's
errors move along with the joints they were made at.

Captured people who wave also crouch a little.  Trained on them as they are, the network lifted the
performer's knees, bent by 9 degrees, as bent by 21 below a raised hand and by 14 below hanging
arms.  Many windows are therefore given the arms of another, with what the detector said of those.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor

from models.errors import MixposeError
from models.geometry import ASSUMED_FOCAL
from models.lifter import prepare_track
from models.skeleton import MIRROR, PELVIS, depth_of_joints
from models.training import bodies, detector_noise
from models.training.samples import Batch, as_batch, hold_ends
from models.visibility import GUESSED

RATE: Final = 30.0
"""Frames a second of every study."""
_FOUND: Final = 0.8
"""A take in which the person is found in fewer of the frames teaches nothing."""
_NEEDED: Final = ("xy", "conf", "world", "tracked", "truth", "size", "focal")
_NEAREST_M: Final = 0.3
"""A body any joint of which would come closer to the lens is left as it was."""
_OTHER_ARMS: Final = 0.4
"""Share of the windows that are given the arms of another."""


class _Take(NamedTuple):
    """One take of T frames."""

    evidence: Tensor
    """(T, 17, 4) as in ``models.lifter.Track``, x and y as slopes at the focal length that is
    assumed in use."""
    camera: Tensor
    """(T, 17, 3) metres from the lens in camera axes."""
    zoom: Tensor
    """() the true focal length over the assumed one."""
    frame: Tensor
    """(2,) half the picture's width and height, in slopes."""


class Observed:
    """Windows of studies.

    Args:
        files: what ``python -m app.study`` wrote.
        share: of these windows in every batch, above 0 and below 1.
        vary: whether windows are given bodies of their own, and many of them another's arms.

    Raises:
        MixposeError: a file is absent or no study, nobody is found in any, or the share is none.
    """

    def __init__(self, files: Sequence[Path], share: float, *, vary: bool = True) -> None:
        if not 0 < share < 1:
            raise MixposeError("The share of observed windows must be above 0 and below 1.")
        self.share, self._vary = share, vary
        self._takes = [take for path in files for take in _takes_in(path)]
        if not self._takes:
            raise MixposeError("The detector found nobody in the takes that were observed.")

    def draw(self, count: int, frames: int, span: int, generator: torch.Generator) -> Batch:
        """A batch of ``count`` windows of ``frames`` frames; of single frames (1) each in the box
        of a window of ``span``."""
        chosen = torch.randint(len(self._takes), (count,), generator=generator).tolist()
        batch = self._windows([self._takes[each] for each in chosen], max(frames, span), generator)
        if batch.seen.shape[1] == frames:
            return hold_ends(batch, generator)
        one = torch.randint(batch.seen.shape[1], (count, 1), generator=generator)
        rows = torch.arange(count)[:, None]
        return Batch(*(part[rows, one] for part in batch.parts()))

    def _windows(self, takes: list[_Take], frames: int, generator: torch.Generator) -> Batch:
        evidence, camera = self._cut(takes, frames, generator)
        zoom = torch.stack([take.zoom for take in takes])[:, None, None, None]
        said = _Said.of(evidence, camera, zoom)
        if self._vary:
            camera, said = _with_other_arms(camera, said, generator)
            camera = _with_other_bodies(camera, generator)
        answer = said.about(camera, zoom)
        conf = detector_noise.hide(answer.conf, generator)
        answer = replace(answer, conf=conf.masked_fill(conf < GUESSED, 0.0))
        camera = bodies.to_canonical_size(camera)
        return as_batch(answer, camera, torch.stack([take.frame for take in takes]), generator)

    def _cut(
        self, takes: list[_Take], frames: int, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """A window of each, half of them mirrored; past a take's end its last frame is held."""
        evidence, camera = [], []
        for take in takes:
            latest = max(0, len(take.camera) - frames)
            start = int(torch.randint(latest + 1, (), generator=generator))
            rows = (start + torch.arange(frames)).clamp(max=len(take.camera) - 1)
            cut = take.evidence[rows], take.camera[rows]
            if torch.rand((), generator=generator) < 0.5:
                cut = cut[0][:, list(MIRROR)] * _SIDEWAYS, cut[1][:, list(MIRROR)] * _SIDEWAYS[:3]
            evidence.append(cut[0])
            camera.append(cut[1])
        return torch.stack(evidence), torch.stack(camera)


_SIDEWAYS: Final = torch.tensor([-1.0, 1.0, 1.0, 1.0])
"""What x, y and the rest of a joint are multiplied by in a mirror."""


class _Said(NamedTuple):
    """What the detector said of windows, apart from where their joints truly are."""

    off: Tensor
    """(B, T, 17, 3) metres at the person's distance by which it was off: right, down, away."""
    conf: Tensor
    """(B, T, 17)"""

    @classmethod
    def of(cls, evidence: Tensor, camera: Tensor, zoom: Tensor) -> _Said:
        image = (evidence[..., :2] / zoom - _slopes(camera)) * _distance(camera)
        depth = evidence[..., 3] - _depths(camera)
        return cls(torch.cat([image, depth[..., None]], dim=-1), evidence[..., 2])

    def about(self, camera: Tensor, zoom: Tensor) -> detector_noise.Answer:
        """The same of joints that are elsewhere."""
        image = (_slopes(camera) + self.off[..., :2] / _distance(camera)) * zoom
        return detector_noise.Answer(image, self.conf, _depths(camera) + self.off[..., 2])


def _with_other_arms(
    camera: Tensor, said: _Said, generator: torch.Generator
) -> tuple[Tensor, _Said]:
    """Windows (B, T, 17, 3) in camera axes and what was said of them, many with another's arms."""
    order = torch.randperm(len(camera), generator=generator)
    chosen = torch.rand(len(camera), 1, 1, 1, generator=generator) < _OTHER_ARMS
    other, off, conf = camera.clone(), said.off.clone(), said.conf.clone()
    for arm in bodies.ARMS:
        joints = list(arm.joints)
        other[:, :, joints] = arm.put_on(camera, camera[order])
        off[:, :, joints] = said.off[order][:, :, joints]
        conf[:, :, joints] = said.conf[order][:, :, joints]
    chosen = chosen & ~_too_near(other)
    return torch.where(chosen, other, camera), _Said(
        torch.where(chosen, off, said.off), torch.where(chosen[..., 0], conf, said.conf)
    )


def _with_other_bodies(camera: Tensor, generator: torch.Generator) -> Tensor:
    """Windows (B, T, 17, 3) in camera axes with bodies of their own where there is room."""
    other = bodies.vary_proportions(camera, generator)
    return torch.where(_too_near(other), camera, other)


def _too_near(camera: Tensor) -> Tensor:
    """(B, 1, 1, 1) whether a joint comes too close to the lens."""
    return (camera[..., 2].amin((1, 2)) < _NEAREST_M)[:, None, None, None]


def _slopes(camera: Tensor) -> Tensor:
    slopes: Tensor = camera[..., :2] / camera[..., 2:]
    return slopes


def _distance(camera: Tensor) -> Tensor:
    """(B, T, 1, 1) metres from the lens to the pelvis."""
    return camera[:, :, PELVIS : PELVIS + 1, 2:]


def _depths(camera: Tensor) -> Tensor:
    depths: Tensor = camera[..., 2] - camera[..., PELVIS : PELVIS + 1, 2]
    return depths


def _takes_in(path: Path) -> Iterator[_Take]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = [file[name] for name in _NEEDED]
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise MixposeError(
            f"{path} is no study: {error}. Make one with python -m app.study."
        ) from error
    for xy, conf, world, tracked, truth, size, focal in zip(*arrays, strict=True):
        if tracked.mean() < _FOUND:
            continue
        width, height = (int(side) for side in size)
        time_s = np.arange(len(xy)) / RATE
        track = prepare_track(xy, conf, (width, height), time_s, depth_of_joints(world))
        evidence = torch.from_numpy(track.evidence)
        half = torch.tensor([width / 2, height / 2])
        slope = 1 / (ASSUMED_FOCAL * max(width, height))
        image = (evidence[..., :2] - half) * slope
        yield _Take(
            torch.cat([image, evidence[..., 2:]], dim=-1),
            torch.from_numpy(truth.astype(np.float32)),
            torch.tensor(float(focal) * slope),
            half * slope,
        )
