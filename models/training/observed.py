"""Training windows from the shipped detector's output on synthetic people.

The detector model (``detector_model``) reproduces the size and the temporal correlation of the
detector's errors, but treats most of their dependence on the pose as random.  Here the detector
itself is run: ``python -m app.lab.study`` renders captured motion with random bodies, views and
framings, and stores the detector's output on the pictures together with the ground truth.

The rendered performer's bodies vary little: their legs are 1.72 +- 0.07 times their trunk.  After
training on them unchanged, the network estimated 1.66 for a woman whose legs are 1.37 times her
trunk; 1.59 without.  Many windows therefore get random proportions, as in the rest of training, and
the detector's 2D errors are moved with their joints.  The world landmarks are not changed: the
detector assumes the same proportions for everyone (``detector_model.Look``).

Captured people who wave also crouch a little.  After training on them unchanged, the network
estimated the performer's knees, bent by 9 degrees, as bent by 21 with a raised hand and by 14 with
hanging arms.  Many windows therefore get the arms of another window, with their detections.

Captured people also move their feet apart to squat, but hardly ever to stand: of those whose ankles
are twice as far apart as their hips, one in nine has straight knees.  Many windows of people
standing on straight legs therefore get another stance (``postures.other_stance``).
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
"""Smallest fraction of the frames in which the person is detected; other takes are not used."""
_NEAREST_M: Final = 0.3
"""Smallest distance of a joint from the lens; a changed body that comes closer is rejected."""
_OTHER_BODIES: Final = 0.6
"""Fraction of the windows that get random proportions."""
_OTHER_ARMS: Final = 0.4
"""Fraction of the windows that get the arms of another window."""
_LESS_BENT: Final = 0.6
"""Fraction of the windows whose knees and elbows are straightened: captured ones are bent too much,
and not all studies were rendered with a correction of that (``postures.unbend``)."""
_OTHER_STANCE: Final = 0.6
"""Fraction of the windows of people standing on straight legs that get another stance."""


class _Take(NamedTuple):
    """One take of T frames."""

    evidence: Tensor
    """(T, 17, 6) as in ``models.lifter.Track``, but x and y as slopes at the focal length assumed
    when lifting; at ``RATE``."""
    camera: Tensor
    """(T, 17, 3) metres from the lens in camera axes."""
    zoom: Tensor
    """() the true focal length over the assumed one."""
    frame: Tensor
    """(2,) half the picture's width and height, in slopes."""
    up: Tensor
    """(3,) unit vector against gravity in camera axes."""


class Observed:
    """Windows of studies, with augmentation.

    Args:
        files: files written by ``python -m app.lab.study``, or folders of them.
        share: fraction of these windows in every batch, above 0 and below 1.
        vary: whether to vary proportions, arms, flexion and stance.

    Raises:
        MixposeError: a file is absent or not a study, no person is detected in any, or the share is
            out of range.
    """

    def __init__(self, files: Sequence[Path], share: float, *, vary: bool = True) -> None:
        if not 0 < share < 1:
            raise MixposeError("The share of observed windows must be above 0 and below 1.")
        self.share, self._vary = share, vary
        self._takes = [take for path in study_files(files) for take in _takes_in(path)]
        if not self._takes:
            raise MixposeError("The detector found nobody in the takes that were observed.")

    def draw(self, count: int, frames: int, generator: torch.Generator) -> Batch:
        """Draw a batch of ``count`` windows of ``frames`` frames."""
        return hold_ends(self.draw_at(count, torch.arange(frames), generator), generator)

    def draw_single(self, count: int, span: int, generator: torch.Generator) -> Batch:
        """Draw a batch of ``count`` single frames, each in the box of a window of ``span``."""
        places = few_places(span, generator)
        batch = self.draw_at(-(-count // len(places)), places, generator)
        return Batch(*(part[:count] for part in batch.single_frames().parts()))

    def draw_at(self, count: int, places: Tensor, generator: torch.Generator) -> Batch:
        """Draw a batch of ``count`` windows of the frames at (t,) ``places`` only."""
        chosen = torch.randint(len(self._takes), (count,), generator=generator).tolist()
        rows = places - places[0]
        return self._windows([self._takes[each] for each in chosen], rows, generator)

    def _windows(self, takes: list[_Take], rows: Tensor, generator: torch.Generator) -> Batch:
        evidence, camera, up = self._cut(takes, rows, generator)
        zoom = torch.stack([take.zoom for take in takes])[:, None, None, None]
        errors = _Errors.of(evidence, camera, zoom)
        if self._vary:
            camera, errors = _with_other_arms(camera, errors, generator)
            camera = _less_bent(camera, generator)
            camera = _with_other_stance(camera, generator)
        world = errors.world_of(camera)
        if self._vary:
            camera = _with_other_bodies(camera, generator)
        answer = detector_noise.Detections(errors.image_of(camera, zoom), errors.conf, world)
        conf = detector_noise.hide(answer.conf, generator)
        answer = replace(answer, conf=conf.masked_fill(conf < GUESSED, 0.0))
        camera = bodies.to_canonical_size(camera)
        frame = torch.stack([take.frame for take in takes])
        return as_batch(answer, View(camera, answer.image, frame, up), generator)

    def _cut(
        self, takes: list[_Take], rows: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Cut the ``rows`` after a random frame out of each take, and mirror half of them.

        Past a take's end its last frame is repeated.
        """
        cuts: list[tuple[Tensor, Tensor, Tensor]] = []
        for take in takes:
            latest = max(0, len(take.camera) - 1 - int(rows[-1]))
            start = int(torch.randint(latest + 1, (), generator=generator))
            index = (start + rows).clamp(max=len(take.camera) - 1)
            cut = take.evidence[index], take.camera[index], take.up
            if torch.rand((), generator=generator) < 0.5:
                cut = _mirrored(*cut)
            cuts.append(cut)
        evidence, camera, up = (torch.stack(parts) for parts in zip(*cuts, strict=True))
        return evidence, camera, up


def _mirrored(evidence: Tensor, camera: Tensor, up: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    sides, mirror = list(MIRROR), torch.tensor([-1.0, 1.0, 1.0])
    evidence = evidence[:, sides] * torch.cat([mirror, mirror])
    return evidence, camera[:, sides] * mirror, up * mirror


class _Errors(NamedTuple):
    """The detector's errors in windows, independent of the joints' true positions."""

    image: Tensor
    """(B, T, 17, 2) errors in the picture, in metres at the person's distance."""
    conf: Tensor
    """(B, T, 17) confidence."""
    world: Tensor
    """(B, T, 17, 3) errors of the world landmarks, in metres."""

    @classmethod
    def of(cls, evidence: Tensor, camera: Tensor, zoom: Tensor) -> _Errors:
        image = (evidence[..., :2] / zoom - _slopes(camera)) * _distance(camera)
        return cls(image, evidence[..., 2], evidence[..., 3:] - _along_ray(camera))

    def image_of(self, camera: Tensor, zoom: Tensor) -> Tensor:
        """Return (B, T, 17, 2) detections of joints (B, T, 17, 3) with these errors."""
        return (_slopes(camera) + self.image / _distance(camera)) * zoom

    def world_of(self, camera: Tensor) -> Tensor:
        """Return (B, T, 17, 3) world landmarks of joints with these errors."""
        return _along_ray(camera) + self.world


def _with_other_arms(
    camera: Tensor, errors: _Errors, generator: torch.Generator
) -> tuple[Tensor, _Errors]:
    """Exchange the arms, and their detections, of many windows (B, T, 17, 3) in camera axes."""
    order = torch.randperm(len(camera), generator=generator)
    chosen = torch.rand(len(camera), 1, 1, 1, generator=generator) < _OTHER_ARMS
    other = camera.clone()
    other_errors = _Errors(*(part.clone() for part in errors))
    for arm in bodies.ARMS:
        joints = list(arm.joints)
        other[:, :, joints] = arm.put_on(camera, camera[order])
        for target, part in zip(other_errors, errors, strict=True):
            target[:, :, joints] = part[order][:, :, joints]
    chosen = chosen & ~_too_near(other)
    return torch.where(chosen, other, camera), _Errors(
        torch.where(chosen, other_errors.image, errors.image),
        torch.where(chosen[..., 0], other_errors.conf, errors.conf),
        torch.where(chosen, other_errors.world, errors.world),
    )


def _less_bent(camera: Tensor, generator: torch.Generator) -> Tensor:
    """Straighten knees and elbows of some windows (B, T, 17, 3) in camera axes."""
    other = postures.unbend(camera, generator)
    chosen = torch.rand(len(camera), 1, 1, 1, generator=generator) < _LESS_BENT
    return torch.where(chosen & ~_too_near(other), other, camera)


def _with_other_stance(camera: Tensor, generator: torch.Generator) -> Tensor:
    """Change the stance of many windows (B, T, 17, 3) of people standing on straight legs."""
    other = postures.other_stance(camera, generator)
    chosen = torch.rand(len(camera), 1, 1, 1, generator=generator) < _OTHER_STANCE
    chosen = chosen & postures.on_straight_legs(camera)[:, None, None, None]
    return torch.where(chosen & ~_too_near(other), other, camera)


def _with_other_bodies(camera: Tensor, generator: torch.Generator) -> Tensor:
    """Vary the proportions of many windows (B, T, 17, 3) in camera axes, if they stay in front of
    the lens."""
    other = bodies.vary_proportions(camera, generator)
    chosen = torch.rand(len(camera), 1, 1, 1, generator=generator) < _OTHER_BODIES
    return torch.where(chosen & ~_too_near(other), other, camera)


def _too_near(camera: Tensor) -> Tensor:
    """Return (B, 1, 1, 1) whether a joint comes too close to the lens."""
    return (camera[..., 2].amin((1, 2)) < _NEAREST_M)[:, None, None, None]


def _slopes(camera: Tensor) -> Tensor:
    slopes: Tensor = camera[..., :2] / camera[..., 2:]
    return slopes


def _distance(camera: Tensor) -> Tensor:
    """Return the (B, T, 1, 1) depth of the pelvis in metres."""
    return camera[:, :, PELVIS : PELVIS + 1, 2:]


def _along_ray(camera: Tensor) -> Tensor:
    """Rotate poses (B, T, 17, 3) to the axes of the ray to the pelvis.

    World landmarks are in these axes, since the landmark model gets a crop around the person.
    """
    pose = camera - camera[:, :, PELVIS : PELVIS + 1]
    to_ray = ray_rotation(_slopes(camera)[:, :, PELVIS].flatten(0, 1)).view(*pose.shape[:2], 3, 3)
    rotated: Tensor = torch.einsum("btij,btkj->btki", to_ray, pose)
    return rotated


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
