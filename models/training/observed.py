"""What the shipped detector said of drawn people, as windows to train on.

The detector model (``detector_model``) knows the size and the course of the detector's errors, but
leaves to chance most of what they have to do with the pose.  Here the detector itself has looked:
``python -m app.lab.study`` draws captured motion, bodies, views and framings at random, shows the
pictures to it, and keeps its answers beside the truth.

The performer's bodies are alike: their legs are 1.72 times their trunk, give or take 0.07.  Trained
on them as drawn, the network gave a woman whose legs are 1.37 times her trunk 1.66; 1.59 without.
Many windows are therefore given a body of their own, as in the rest of training, and the detector's
errors in the picture move along with the joints they were made at.  Its own 3D stays as it was: it
takes everybody to be built alike (``detector_model.Look``).

Captured people who wave also crouch a little.  Trained on them as they are, the network lifted the
performer's knees, bent by 9 degrees, as bent by 21 below a raised hand and by 14 below hanging
arms.  Many windows are therefore given the arms of another, with what the detector said of those.

And captured people put their feet apart to squat, hardly ever to stand: of those whose ankles are
twice as far apart as their hips, one in nine has straight knees.  Many who stand on straight legs
are therefore given another stance (``postures.other_stance``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor

from models import ASSUMED_FOCAL
from models.errors import MixposeError
from models.geometry import ray_rotation
from models.lifter import prepare_track
from models.skeleton import MIRROR, PELVIS
from models.timing import regular_grid
from models.training import bodies, detector_noise, postures
from models.training.cameras import View
from models.training.samples import Batch, as_batch, few_places, hold_ends
from models.training.study import RATE, Study, study_files
from models.visibility import GUESSED

_FOUND: Final = 0.8
"""A take in which the person is found in fewer of the frames teaches nothing."""
_NEAREST_M: Final = 0.3
"""A body any joint of which would come closer to the lens is left as it was."""
_OTHER_BODIES: Final = 0.6
"""Share of the windows that are given a body of their own."""
_OTHER_ARMS: Final = 0.4
"""Share of the windows that are given the arms of another."""
_LESS_BENT: Final = 0.6
"""Share of the windows whose knees and elbows are less bent: captured ones are bent too much, and
not all of what was drawn was drawn without that (``postures.unbend``)."""
_OTHER_STANCE: Final = 0.6
"""Share of those who stand on straight legs who are given another stance."""


class _Take(NamedTuple):
    """One take of T frames."""

    evidence: Tensor
    """(T, 17, 6) as in ``models.lifter.Track``, x and y as slopes at the focal length that is
    assumed in use; at ``RATE``."""
    camera: Tensor
    """(T, 17, 3) metres from the lens in camera axes."""
    zoom: Tensor
    """() the true focal length over the assumed one."""
    frame: Tensor
    """(2,) half the picture's width and height, in slopes."""
    up: Tensor
    """(3,) against gravity in camera axes."""


class Observed:
    """Windows of studies.

    Args:
        files: what ``python -m app.lab.study`` wrote, or folders of it.
        share: of these windows in every batch, above 0 and below 1.
        vary: whether windows are given bodies of their own, and many of them another's arms.

    Raises:
        MixposeError: a file is absent or no study, nobody is found in any, or the share is none.
    """

    def __init__(self, files: Sequence[Path], share: float, *, vary: bool = True) -> None:
        if not 0 < share < 1:
            raise MixposeError("The share of observed windows must be above 0 and below 1.")
        self.share, self._vary = share, vary
        self._takes = [take for path in study_files(files) for take in _takes_in(path)]
        if not self._takes:
            raise MixposeError("The detector found nobody in the takes that were observed.")

    def draw(self, count: int, frames: int, generator: torch.Generator) -> Batch:
        """A batch of ``count`` windows of ``frames`` frames."""
        return hold_ends(self.draw_at(count, torch.arange(frames), generator), generator)

    def draw_single(self, count: int, span: int, generator: torch.Generator) -> Batch:
        """A batch of ``count`` single frames, each in the box of a window of ``span``."""
        places = few_places(span, generator)
        batch = self.draw_at(-(-count // len(places)), places, generator)
        return Batch(*(part[:count] for part in batch.apart().parts()))

    def draw_at(self, count: int, places: Tensor, generator: torch.Generator) -> Batch:
        """A batch of ``count`` windows by the frames at ``places`` (t,) of theirs."""
        chosen = torch.randint(len(self._takes), (count,), generator=generator).tolist()
        rows = places - places[0]
        return self._windows([self._takes[each] for each in chosen], rows, generator)

    def _windows(self, takes: list[_Take], rows: Tensor, generator: torch.Generator) -> Batch:
        evidence, camera, up = self._cut(takes, rows, generator)
        zoom = torch.stack([take.zoom for take in takes])[:, None, None, None]
        said = _Said.of(evidence, camera, zoom)
        if self._vary:
            camera, said = _with_other_arms(camera, said, generator)
            camera = _less_bent(camera, generator)
            camera = _with_other_stance(camera, generator)
        world = said.world_of(camera)
        if self._vary:
            camera = _with_other_bodies(camera, generator)
        answer = detector_noise.Answer(said.image_of(camera, zoom), said.conf, world)
        conf = detector_noise.hide(answer.conf, generator)
        answer = replace(answer, conf=conf.masked_fill(conf < GUESSED, 0.0))
        camera = bodies.to_canonical_size(camera)
        frame = torch.stack([take.frame for take in takes])
        return as_batch(answer, View(camera, answer.image, frame, up), generator)

    def _cut(
        self, takes: list[_Take], rows: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Of each take the ``rows`` after a random frame, half of them mirrored; past a take's end
        its last frame is held."""
        cuts: list[tuple[Tensor, Tensor, Tensor]] = []
        for take in takes:
            latest = max(0, len(take.camera) - 1 - int(rows[-1]))
            start = int(torch.randint(latest + 1, (), generator=generator))
            place = (start + rows).clamp(max=len(take.camera) - 1)
            cut = take.evidence[place], take.camera[place], take.up
            if torch.rand((), generator=generator) < 0.5:
                cut = _mirrored(*cut)
            cuts.append(cut)
        evidence, camera, up = (torch.stack(parts) for parts in zip(*cuts, strict=True))
        return evidence, camera, up


def _mirrored(evidence: Tensor, camera: Tensor, up: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    sides, mirror = list(MIRROR), torch.tensor([-1.0, 1.0, 1.0])
    evidence = evidence[:, sides] * torch.cat([mirror, mirror])
    return evidence, camera[:, sides] * mirror, up * mirror


class _Said(NamedTuple):
    """What the detector said of windows, apart from where their joints truly are."""

    off: Tensor
    """(B, T, 17, 2) metres at the person's distance by which it was off in the picture."""
    conf: Tensor
    """(B, T, 17)"""
    astray: Tensor
    """(B, T, 17, 3) metres by which its own 3D was off."""

    @classmethod
    def of(cls, evidence: Tensor, camera: Tensor, zoom: Tensor) -> _Said:
        off = (evidence[..., :2] / zoom - _slopes(camera)) * _distance(camera)
        return cls(off, evidence[..., 2], evidence[..., 3:] - _along_ray(camera))

    def image_of(self, camera: Tensor, zoom: Tensor) -> Tensor:
        """(B, T, 17, 2) where it would see joints (B, T, 17, 3) that are elsewhere."""
        return (_slopes(camera) + self.off / _distance(camera)) * zoom

    def world_of(self, camera: Tensor) -> Tensor:
        """(B, T, 17, 3) its own 3D of joints that are elsewhere."""
        return _along_ray(camera) + self.astray


def _with_other_arms(
    camera: Tensor, said: _Said, generator: torch.Generator
) -> tuple[Tensor, _Said]:
    """Windows (B, T, 17, 3) in camera axes and what was said of them, many with another's arms."""
    order = torch.randperm(len(camera), generator=generator)
    chosen = torch.rand(len(camera), 1, 1, 1, generator=generator) < _OTHER_ARMS
    other = camera.clone()
    of_others = _Said(*(part.clone() for part in said))
    for arm in bodies.ARMS:
        joints = list(arm.joints)
        other[:, :, joints] = arm.put_on(camera, camera[order])
        for mine, part in zip(of_others, said, strict=True):
            mine[:, :, joints] = part[order][:, :, joints]
    chosen = chosen & ~_too_near(other)
    return torch.where(chosen, other, camera), _Said(
        torch.where(chosen, of_others.off, said.off),
        torch.where(chosen[..., 0], of_others.conf, said.conf),
        torch.where(chosen, of_others.astray, said.astray),
    )


def _less_bent(camera: Tensor, generator: torch.Generator) -> Tensor:
    """Windows (B, T, 17, 3) in camera axes, some of them with knees and elbows less bent."""
    other = postures.unbend(camera, generator)
    chosen = torch.rand(len(camera), 1, 1, 1, generator=generator) < _LESS_BENT
    return torch.where(chosen & ~_too_near(other), other, camera)


def _with_other_stance(camera: Tensor, generator: torch.Generator) -> Tensor:
    """Windows (B, T, 17, 3) in camera axes, many of who stands with feet together or apart."""
    other = postures.other_stance(camera, generator)
    chosen = torch.rand(len(camera), 1, 1, 1, generator=generator) < _OTHER_STANCE
    chosen = chosen & postures.on_straight_legs(camera)[:, None, None, None]
    return torch.where(chosen & ~_too_near(other), other, camera)


def _with_other_bodies(camera: Tensor, generator: torch.Generator) -> Tensor:
    """Windows (B, T, 17, 3) in camera axes, many with bodies of their own where there is room."""
    other = bodies.vary_proportions(camera, generator)
    chosen = torch.rand(len(camera), 1, 1, 1, generator=generator) < _OTHER_BODIES
    return torch.where(chosen & ~_too_near(other), other, camera)


def _too_near(camera: Tensor) -> Tensor:
    """(B, 1, 1, 1) whether a joint comes too close to the lens."""
    return (camera[..., 2].amin((1, 2)) < _NEAREST_M)[:, None, None, None]


def _slopes(camera: Tensor) -> Tensor:
    slopes: Tensor = camera[..., :2] / camera[..., 2:]
    return slopes


def _distance(camera: Tensor) -> Tensor:
    """(B, T, 1, 1) metres from the lens to the pelvis."""
    return camera[:, :, PELVIS : PELVIS + 1, 2:]


def _along_ray(camera: Tensor) -> Tensor:
    """Poses (B, T, 17, 3) in the axes of the ray to the pelvis: those of the detector's own 3D, to
    which a picture of the person alone is shown."""
    pose = camera - camera[:, :, PELVIS : PELVIS + 1]
    to_ray = ray_rotation(_slopes(camera)[:, :, PELVIS].flatten(0, 1)).view(*pose.shape[:2], 3, 3)
    turned: Tensor = torch.einsum("btij,btkj->btki", to_ray, pose)
    return turned


def _takes_in(path: Path) -> Iterator[_Take]:
    study = Study.read(path)
    for row in range(len(study.truth)):
        found = study.tracked[row]
        if found.mean() < _FOUND:
            continue
        width, height = (int(side) for side in study.size[row])
        time_s = np.arange(len(found)) / study.rate[row]
        track = prepare_track(
            study.xy[row], study.conf[row], (width, height), time_s, study.world[row]
        )
        grid = regular_grid(time_s, RATE)
        sampled, _ = grid.sample(track.evidence, track.evidence[..., 2] > 0)
        everywhere = np.ones(study.truth.shape[1:3], bool)
        truth, _ = grid.sample(study.truth[row], everywhere)
        evidence = torch.from_numpy(sampled)
        half = torch.tensor([width / 2, height / 2])
        slope = 1 / (ASSUMED_FOCAL * max(width, height))
        image = (evidence[..., :2] - half) * slope
        yield _Take(
            torch.cat([image, evidence[..., 2:]], dim=-1),
            torch.from_numpy(truth),
            torch.tensor(float(study.focal[row]) * slope),
            half * slope,
            torch.from_numpy(study.up[row]),
        )
