"""Batches: motion, bodies, cameras and detector errors; the network's input and target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from models.geometry import (
    network_input,
    person_box,
    ray_rotation,
    rotated,
    up_input,
    upright_rotation,
)
from models.skeleton import PELVIS
from models.training import bodies, cameras, detector_model, detector_noise, kinds
from models.training.kinds import Repertoire
from models.visibility import SEEN

_OUR_DETECTOR: Final = 0.7
"""Fraction of modelled windows with the errors of the shipped detector on synthetic people; the
others have generic, smaller errors, like the detector's on clearly visible people."""
_WITHOUT_WORLD, _DEPTH_ONLY = 0.15, 0.1
"""Fractions of windows without world landmarks, which users can switch off, and with only their
depth, which is all that some callers have."""
_UP_UNKNOWN, _UP_EXACT = 0.4, 0.15
"""Fractions of windows without the vertical as input, and with the accuracy of a measured one."""
_UP_STD_DEG: Final = (1.0, 12.0)
"""Range of the standard deviation of the vertical's error in the other windows."""

FEW_FRAMES: Final = 3
"""Single frames that share a box, and frames of a sparse window: few, so that a batch contains many
people and cameras."""


@dataclass(frozen=True)
class Batch:
    """B training windows of T frames."""

    keypoints: Tensor
    """(B, T, 17, 13) the network's input."""
    pose: Tensor
    """(B, T, 17, 3) the target: metres from the pelvis in the axes of the ray through the person's
    box, and in place of the pelvis the unit vector against gravity."""
    seen: Tensor
    """(B, T, 17) bool."""
    places: Tensor | None = None
    """(T,) indices of the frames in the network's window; None if they are all of them."""

    def with_more(self, other: Batch) -> Batch:
        """Concatenate two batches with the same places."""
        pairs = zip(self.parts(), other.parts(), strict=True)
        keypoints, pose, seen = (torch.cat(pair) for pair in pairs)
        return Batch(keypoints, pose, seen, self.places)

    def single_frames(self) -> Batch:
        """Return every frame as a separate window."""
        return Batch(*(part.flatten(0, 1)[:, None] for part in self.parts()))

    def parts(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return keypoints, pose and seen."""
        return self.keypoints, self.pose, self.seen


class Sampler:
    """Draws any number of batches; its only state is that of a random generator."""

    def __init__(self, motion: Repertoire, rate: float, seed: int, *, augment: bool = True) -> None:
        self._motion, self._rate, self._augment = motion, rate, augment
        self.generator = torch.Generator().manual_seed(seed)

    def draw(self, count: int, frames: int) -> Batch:
        """Draw a batch of ``count`` windows of ``frames`` frames."""
        batch = self._draw(count, torch.arange(frames))
        return hold_ends(batch, self.generator) if self._augment else batch

    def draw_single(self, count: int, span: int) -> Batch:
        """Draw a batch of ``count`` single frames (T = 1), each in the person's box over up to
        ``span`` frames.

        A frame fills its own box, but not that of a window in which the person moves.  A network
        trained on frames in their own boxes had a P-MPJPE of 36 mm on such frames, but 46 mm on the
        same frames in the boxes of windows of 27, so that training on longer windows first had to
        correct that.
        """
        places = few_places(span, self.generator)
        spread = self._draw(-(-count // len(places)), places)
        return Batch(*(tensor[:count] for tensor in spread.single_frames().parts()))

    def draw_sparse(self, count: int, frames: int) -> Batch:
        """Draw a batch of ``count`` windows of ``frames`` frames, a few of which are used."""
        places = few_places(frames, self.generator)
        return replace(self._draw(count, places), places=places)

    def _draw(self, count: int, places: Tensor) -> Batch:
        generator = self.generator
        rate = self._rate / int(places[1] - places[0]) if len(places) > 1 else self._rate
        windows, kind = self._motion.windows(count, len(places), rate, generator)
        if self._augment:
            windows = bodies.recombine(windows, generator)
            windows = bodies.vary_proportions(windows, generator)
        else:
            windows = bodies.usual_proportions(windows)
        windows = kinds.as_used(windows, kind, generator)
        if self._augment:
            windows = bodies.turn_limbs(windows, generator, kinds.steady(kind))
        windows = bodies.to_canonical_size(windows)
        windows = bodies.mirror_half(windows, generator)
        seen_by = cameras.view(windows, generator)
        answer = self._answer(seen_by)
        image, conf = answer.image, detector_noise.hide(answer.conf, generator)
        conf = conf * detector_noise.above_desk(image, generator)
        image = detector_noise.spoil_guesses(image, conf, generator)
        conf = detector_noise.input_confidence(conf, image, seen_by.frame)
        image = detector_noise.exchange_sides(image, generator)
        answer = detector_noise.Detections(image, conf, answer.world)
        return as_batch(answer, seen_by, generator)

    def _answer(self, seen_by: cameras.View) -> detector_noise.Detections:
        """Simulate a detector: the shipped one in most windows, a generic one in the others."""
        size = torch.randint(
            len(detector_model.SIZES), (len(seen_by.camera),), generator=self.generator
        )
        view = detector_model.look(seen_by.camera, seen_by.image, seen_by.frame, size)
        generic = detector_noise.simulate(seen_by.image, view.usual, self.generator)
        ours = detector_model.fitted().answer(view, seen_by.image, self.generator)
        chosen = torch.rand(len(view.pose), 1, 1, generator=self.generator) < _OUR_DETECTOR
        return detector_noise.Detections(
            torch.where(chosen[..., None], ours.image, generic.image),
            torch.where(chosen, ours.conf, generic.conf),
            torch.where(chosen[..., None], ours.world, generic.world),
        )


def few_places(frames: int, generator: torch.Generator) -> Tensor:
    """Draw (t,) indices of a few evenly spaced frames in a window of ``frames`` frames."""
    count = min(FEW_FRAMES, frames)
    longest = max(1, (frames - 1) // max(1, count - 1))
    stride = int(torch.randint(1, longest + 1, (), generator=generator))
    first = int(torch.randint(frames - stride * (count - 1), (), generator=generator))
    return first + stride * torch.arange(count)


def as_batch(
    answer: detector_noise.Detections, seen_by: cameras.View, generator: torch.Generator
) -> Batch:
    """Compute the network's input and target from a detector's output and the true view.

    World landmarks and the vertical are randomly dropped in part.  A joint whose confidence is 0 is
    not given to the network.
    """
    given = answer.conf > 0
    turn = upright_rotation(answer.image, given)
    image, world = rotated(answer.image, turn), rotated(answer.world, turn)
    box = person_box(image, given)
    to_ray = ray_rotation(box[0])
    pose = seen_by.camera - seen_by.camera[:, :, PELVIS : PELVIS + 1]
    pose = torch.einsum("bij,btkj->btki", to_ray, rotated(pose, turn))
    up = torch.einsum("bij,bj->bi", to_ray, rotated(seen_by.up, turn))
    pose[:, :, PELVIS] = up[:, None]
    known_up = _uncertain_up(up, generator)
    number = torch.rand(len(given), 1, 1, generator=generator)
    world = world.masked_fill(((number < _WITHOUT_WORLD) | ~given)[..., None], torch.nan)
    depth_only = (number >= _WITHOUT_WORLD) & (number < _WITHOUT_WORLD + _DEPTH_ONLY)
    world[..., :2] = world[..., :2].masked_fill(depth_only[..., None], torch.nan)
    keypoints = network_input(image, answer.conf, world, box, seen_by.frame.amax(dim=1), known_up)
    return Batch(keypoints, pose, answer.conf >= SEEN)


def _uncertain_up(up: Tensor, generator: torch.Generator) -> Tensor:
    """Disturb (B, 3) up vectors by errors of random size, and drop some, for the input."""
    count = len(up)
    low, high = _UP_STD_DEG
    std_deg = low + (high - low) * torch.rand(count, generator=generator)
    number = torch.rand(count, generator=generator)
    std_deg = torch.where(number < _UP_EXACT, torch.full_like(std_deg, low), std_deg)
    error = torch.deg2rad(std_deg)[:, None] * torch.randn(count, 3, generator=generator)
    disturbed = torch.einsum("bij,bj->bi", bodies.rotation_matrices(error), up)
    given = up_input(disturbed, std_deg)
    return given.masked_fill((number > 1 - _UP_UNKNOWN)[:, None], 0.0)


def hold_ends(batch: Batch, generator: torch.Generator) -> Batch:
    """Let a sixth of the windows begin, and another sixth end, with a repeated frame.

    Windows are padded like this before a live view has filled them, and past the ends of a clip.
    """
    count, frames = batch.seen.shape[:2]
    chance, where = torch.rand(2, 2, count, 1, generator=generator)
    first = torch.where(chance[0] < 1 / 6, where[0] * (frames - 1), 0.0).long()
    last = torch.where(chance[1] < 1 / 6, where[1] * (frames - 1), frames - 1.0).long()
    index = (
        torch.arange(frames).expand(count, frames).clamp(max=last.maximum(first)).clamp(min=first)
    )
    window = torch.arange(count)[:, None]
    return Batch(
        batch.keypoints[window, index], batch.pose[window, index], batch.seen[window, index]
    )
