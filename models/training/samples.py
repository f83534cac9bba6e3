"""Batches: motion, bodies, camera, detector's faults; the network's input and its target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from models.geometry import (
    network_input,
    person_box,
    ray_rotation,
    told_up,
    turned,
    upright_turn,
)
from models.skeleton import PELVIS
from models.training import bodies, cameras, detector_model, detector_noise, kinds
from models.training.kinds import Repertoire
from models.visibility import SEEN

_OUR_DETECTOR: Final = 0.7
"""Share of modelled windows whose errors are those of the detector on drawn people; the others err
less and in any way, as the detector does on people who are seen well."""
_WITHOUT_WORLD, _DEPTH_ALONE = 0.15, 0.1
"""Shares of windows without the detector's own 3D, which can be switched off in use, and with
nothing of it but the depth, which is all that some callers have."""
_UP_UNKNOWN, _UP_EXACT = 0.4, 0.15
"""Shares of windows that are told nothing of where up is, and that are told it as if measured."""
_UP_SPREAD_DEG: Final = (1.0, 12.0)
"""How far off up is in the others."""

FEW_FRAMES: Final = 3
"""Single frames that share a box, and frames of a sparse window: few, so that a batch holds many
people and cameras."""


@dataclass(frozen=True)
class Batch:
    """``keypoints`` (B, T, 17, 13) as the network takes them; ``pose`` (B, T, 17, 3) as it is to
    answer: metres from the pelvis in the axes of the ray through the person's box, and in the
    pelvis's place the unit vector against gravity; ``seen`` (B, T, 17) bool; ``places`` (T,) which
    frames of the network's window they are, None where they are all of them."""

    keypoints: Tensor
    pose: Tensor
    seen: Tensor
    places: Tensor | None = None

    def with_more(self, other: Batch) -> Batch:
        """These windows, and then the others, of the same places."""
        pairs = zip(self.parts(), other.parts(), strict=True)
        keypoints, pose, seen = (torch.cat(pair) for pair in pairs)
        return Batch(keypoints, pose, seen, self.places)

    def apart(self) -> Batch:
        """Every frame as a window of its own."""
        return Batch(*(part.flatten(0, 1)[:, None] for part in self.parts()))

    def parts(self) -> tuple[Tensor, Tensor, Tensor]:
        """Keypoints, pose and seen."""
        return self.keypoints, self.pose, self.seen


class Sampler:
    """Draws batches without end; its state is that of one random generator."""

    def __init__(self, motion: Repertoire, rate: float, seed: int, *, augment: bool = True) -> None:
        self._motion, self._rate, self._augment = motion, rate, augment
        self.generator = torch.Generator().manual_seed(seed)

    def draw(self, count: int, frames: int) -> Batch:
        """A batch of ``count`` windows of ``frames`` frames."""
        batch = self._draw(count, torch.arange(frames))
        return hold_ends(batch, self.generator) if self._augment else batch

    def draw_single(self, count: int, span: int) -> Batch:
        """A batch of ``count`` single frames (T = 1), each in the box that its person takes up
        over up to ``span`` frames.

        A frame fills its own box, but not that of a window in which the person moves.  A network
        trained on frames in boxes of their own lifted them to 36 mm P-MPJPE, and the very same
        frames in the boxes of windows of 27 to 46: longer windows then had to unlearn first.
        """
        places = few_places(span, self.generator)
        spread = self._draw(-(-count // len(places)), places)
        return Batch(*(tensor[:count] for tensor in spread.apart().parts()))

    def draw_sparse(self, count: int, frames: int) -> Batch:
        """A batch of ``count`` windows of ``frames`` frames, of which a few are looked at."""
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
        conf = detector_noise.told(conf, image, seen_by.frame)
        image = detector_noise.exchange_sides(image, generator)
        answer = detector_noise.Answer(image, conf, answer.world)
        return as_batch(answer, seen_by, generator)

    def _answer(self, seen_by: cameras.View) -> detector_noise.Answer:
        """What a detector says: the one we ship in most windows, any one in the others."""
        size = torch.randint(
            len(detector_model.SIZES), (len(seen_by.camera),), generator=self.generator
        )
        view = detector_model.look(seen_by.camera, seen_by.image, seen_by.frame, size)
        any_one = detector_noise.answer(seen_by.image, view.usual, self.generator)
        ours = detector_model.fitted().answer(view, seen_by.image, self.generator)
        chosen = torch.rand(len(view.pose), 1, 1, generator=self.generator) < _OUR_DETECTOR
        return detector_noise.Answer(
            torch.where(chosen[..., None], ours.image, any_one.image),
            torch.where(chosen, ours.conf, any_one.conf),
            torch.where(chosen[..., None], ours.world, any_one.world),
        )


def few_places(frames: int, generator: torch.Generator) -> Tensor:
    """(t,) a few places, evenly spaced, somewhere in a window of ``frames`` frames."""
    count = min(FEW_FRAMES, frames)
    longest = max(1, (frames - 1) // max(1, count - 1))
    stride = int(torch.randint(1, longest + 1, (), generator=generator))
    first = int(torch.randint(frames - stride * (count - 1), (), generator=generator))
    return first + stride * torch.arange(count)


def as_batch(
    answer: detector_noise.Answer, seen_by: cameras.View, generator: torch.Generator
) -> Batch:
    """What the network is told of a detector's answer and of where up is, both now and then only in
    part, and what it is to say.

    The confidence of joints that are not told is 0.
    """
    told = answer.conf > 0
    turn = upright_turn(answer.image, told)
    image, world = turned(answer.image, turn), turned(answer.world, turn)
    box = person_box(image, told)
    to_ray = ray_rotation(box[0])
    pose = seen_by.camera - seen_by.camera[:, :, PELVIS : PELVIS + 1]
    pose = torch.einsum("bij,btkj->btki", to_ray, turned(pose, turn))
    up = torch.einsum("bij,bj->bi", to_ray, turned(seen_by.up, turn))
    pose[:, :, PELVIS] = up[:, None]
    known_up = _as_known(up, generator)
    share = torch.rand(len(told), 1, 1, generator=generator)
    world = world.masked_fill(((share < _WITHOUT_WORLD) | ~told)[..., None], torch.nan)
    depth_alone = (share >= _WITHOUT_WORLD) & (share < _WITHOUT_WORLD + _DEPTH_ALONE)
    world[..., :2] = world[..., :2].masked_fill(depth_alone[..., None], torch.nan)
    keypoints = network_input(image, answer.conf, world, box, seen_by.frame.amax(dim=1), known_up)
    return Batch(keypoints, pose, answer.conf >= SEEN)


def _as_known(up: Tensor, generator: torch.Generator) -> Tensor:
    """(B, 3) unit vectors as somebody who is more or less sure of them tells them."""
    count = len(up)
    low, high = _UP_SPREAD_DEG
    spread = low + (high - low) * torch.rand(count, generator=generator)
    share = torch.rand(count, generator=generator)
    spread = torch.where(share < _UP_EXACT, torch.full_like(spread, low), spread)
    off = torch.deg2rad(spread)[:, None] * torch.randn(count, 3, generator=generator)
    wrong = torch.einsum("bij,bj->bi", bodies.rotation_matrices(off), up)
    known = told_up(wrong, spread)
    return known.masked_fill((share > 1 - _UP_UNKNOWN)[:, None], 0.0)


def hold_ends(batch: Batch, generator: torch.Generator) -> Batch:
    """Let a sixth of the windows begin, and as many end, with one frame held still.

    That is what a window holds before a live view has filled it, and past the ends of a clip.
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
