"""What any 2D detector may do to true keypoints: errors that wander, outliers, hidden joints.

The figures are a first trial's and belong to no detector; ``detector_model`` is fitted to one.
Training draws from both, so that the network does not learn one drawn body's faults by heart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from models.skeleton import JOINT, JOINT_COUNT, MIRROR, PELVIS, SIDES
from models.training.bodies import rotation_matrices, turn_limbs
from models.training.motion import derive_midpoints
from models.visibility import GUESSED, SEEN


@dataclass(frozen=True)
class Answer:
    """What a detector says of B windows: ``image`` (B, T, 17, 2) in the unit of the projections,
    ``conf`` (B, T, 17) in [0, 1], ``world`` (B, T, 17, 3) its own 3D, metres from the pelvis."""

    image: Tensor
    conf: Tensor
    world: Tensor


_LEVEL: Final = (0.004, 0.018)
"""Standard deviation of the error over the person's size in the picture, drawn once a window."""
_WHITE, _WANDERING, _CONSTANT = 0.4, 0.7, 0.6
_PERSISTENCE: Final = 0.85
_OUTLIER_CHANCE, _OUTLIER_SPREAD = 0.01, 0.06

_JOINT_FACTOR: Final = torch.ones(JOINT_COUNT)
for _side in ("left", "right"):
    _JOINT_FACTOR[JOINT[f"{_side}_wrist"]] = 1.5
    _JOINT_FACTOR[JOINT[f"{_side}_elbow"]] = 1.5
    _JOINT_FACTOR[JOINT[f"{_side}_ankle"]] = 1.3


_PAIRED: Final = torch.tensor([side != "middle" for side in SIDES])
_IN_LEGS: Final = torch.tensor([n.endswith(("hip", "knee", "ankle")) for n in JOINT])
_EXCHANGED: Final = (_PAIRED, _PAIRED & _IN_LEGS, _PAIRED & ~_IN_LEGS)


def answer(image: Tensor, pose: Tensor, generator: torch.Generator) -> Answer:
    """Draw what a detector might say of projections (B, T, 17, 2) of poses (B, T, 17, 3) in the
    axes of the ray to the person; every joint is in sight."""
    batch = len(image)
    # Most confidences are close to 1; what varies is mostly a joint's own over the whole window.
    doubt = torch.rand(batch, 1, JOINT_COUNT, generator=generator).pow(4)
    conf = (1 - 0.5 * doubt).expand(image.shape[:3])
    return Answer(add_errors(image, generator), conf, guess_world(pose, generator))


def add_errors(image: Tensor, generator: torch.Generator) -> Tensor:
    """Disturb (B, T, 17, 2) projections: constant, wandering and white errors, rare outliers."""
    batch, frames = image.shape[:2]
    spans = image.flatten(1, 2).amax(dim=1) - image.flatten(1, 2).amin(dim=1)
    size = spans.amax(dim=1)[:, None, None, None]
    low, high = _LEVEL
    level = low + (high - low) * torch.rand(batch, 1, 1, 1, generator=generator)

    def normal(length: int) -> Tensor:
        return torch.randn(batch, length, JOINT_COUNT, 2, generator=generator)

    wandering = normal(frames)
    for t in range(1, frames):
        wandering[:, t] = (
            _PERSISTENCE * wandering[:, t - 1] + (1 - _PERSISTENCE**2) ** 0.5 * wandering[:, t]
        )
    error = _WHITE * normal(frames) + _WANDERING * wandering + _CONSTANT * normal(1)
    error = error * level * _JOINT_FACTOR[:, None]
    outlier = torch.rand(batch, frames, JOINT_COUNT, 1, generator=generator) < _OUTLIER_CHANCE
    error = error + outlier * _OUTLIER_SPREAD * normal(frames)
    return derive_midpoints(image + size * error)


_ARMS = tuple(
    tuple(JOINT[f"{side}_{name}"] for name in ("elbow", "wrist")) for side in ("left", "right")
)
_LEGS = tuple(
    tuple(JOINT[f"{side}_{name}"] for name in ("knee", "ankle")) for side in ("left", "right")
)
_DESK_CHANCE, _LIMB_CHANCE, _JOINT_CHANCE = 0.15, 0.1, 0.04
_ASTRAY: Final = 0.7
"""How much limbs stray in what the detector takes for the pose, of what postures are varied by."""
_GUESS_CHANCE: Final = 0.5
_GUESS_SPREAD: Final = 0.05
_EXCHANGE_CHANCE: Final = 0.04


def above_desk(image: Tensor, generator: torch.Generator) -> Tensor:
    """(B, T, 17) bool: in some windows nothing is seen below a random line, as behind a desk."""
    batch = len(image)
    low = image[..., 1].flatten(1).amin(dim=1)
    high = image[..., 1].flatten(1).amax(dim=1)
    line = low + (high - low) * (0.35 + 0.6 * torch.rand(batch, generator=generator))
    desk = _chance(batch, _DESK_CHANCE, generator)[:, None, None]
    return ~(desk & (image[..., 1] > line[:, None, None]))


def hide(conf: Tensor, generator: torch.Generator) -> Tensor:
    """Hide limbs and single joints (B, T, 17) for parts of a window.

    In half of the windows the detector still makes a guess at them, with less than 0.5; in the
    others their confidence is 0.
    """
    batch, frames = conf.shape[:2]
    hidden = torch.zeros_like(conf, dtype=torch.bool)
    for limb in (*_ARMS, *_LEGS):
        lost = _chance(batch, _LIMB_CHANCE, generator)[:, None, None]
        hidden[:, :, list(limb)] |= lost & _stretches(batch, frames, 1, generator)
    dropped = torch.rand(batch, 1, JOINT_COUNT, generator=generator) < _JOINT_CHANCE
    hidden |= dropped & _stretches(batch, frames, JOINT_COUNT, generator)
    guess = 0.1 + 0.4 * torch.rand(batch, 1, JOINT_COUNT, generator=generator)
    guess = guess * _chance(batch, _GUESS_CHANCE, generator)[:, None, None]
    return torch.where(hidden, torch.minimum(conf, guess), conf)


def told(conf: Tensor, image: Tensor, frame: Tensor) -> Tensor:
    """Confidences (B, T, 17) as the network is told them: 0 where ``models.visibility`` takes the
    detector to have invented the joint.  Never none at all."""
    inside = (image.abs() < frame[:, None, None]).all(dim=-1)
    known = (conf >= SEEN) | (inside & (conf >= GUESSED))
    return midpoint_confidences(_never_nothing(conf * known))


def spoil_guesses(image: Tensor, conf: Tensor, generator: torch.Generator) -> Tensor:
    """Move joints (B, T, 17, 2) that the detector only guesses at further from their places."""
    batch, frames = conf.shape[:2]
    spans = image.flatten(1, 2).amax(dim=1) - image.flatten(1, 2).amin(dim=1)
    size = spans.amax(dim=1)[:, None, None, None]
    shift = torch.randn(batch, 1, JOINT_COUNT, 2, generator=generator)
    shift = shift + 0.3 * torch.randn(batch, frames, JOINT_COUNT, 2, generator=generator)
    doubt = ((0.5 - conf) / 0.4).clamp(0, 1)[..., None]
    return derive_midpoints(image + size * _GUESS_SPREAD * doubt * shift)


def exchange_sides(image: Tensor, generator: torch.Generator) -> Tensor:
    """Take left for right over a stretch of some windows: of the whole body, its arms or legs."""
    batch, frames = image.shape[:2]
    if frames == 1:
        return image
    kind = torch.randint(len(_EXCHANGED), (batch,), generator=generator)
    joints = torch.stack(_EXCHANGED)[kind][:, None]
    where = _stretches(batch, frames, 1, generator) & (
        torch.rand(batch, 1, 1, generator=generator) < _EXCHANGE_CHANCE
    )
    return torch.where((joints & where)[..., None], image[:, :, list(MIRROR)], image)


def guess_world(pose: Tensor, generator: torch.Generator) -> Tensor:
    """The detector's own 3D of joints (B, T, 17, 3), metres, all from the pelvis.

    Its errors are mostly a tilt of the whole body, limbs that point elsewhere, too much or too
    little depth, and a constant shift of each joint.
    """
    batch, frames = pose.shape[:2]

    def normal(*shape: int) -> Tensor:
        return torch.randn(batch, *shape, generator=generator)

    strayed = turn_limbs(pose, generator, spread=_ASTRAY)
    tilt = rotation_matrices(torch.tensor([0.15, 0.1, 0.05]) * normal(3))
    strayed = torch.einsum("bij,btkj->btki", tilt, strayed)
    gain = 1 + torch.tensor([0.07, 0.07, 0.2]) * normal(1, 1, 3)
    world = (
        gain * strayed + 0.03 * normal(1, JOINT_COUNT, 3) + 0.01 * normal(frames, JOINT_COUNT, 3)
    )
    return world - world[:, :, PELVIS : PELVIS + 1]


def midpoint_confidences(conf: Tensor) -> Tensor:
    """Set a midpoint's confidence (..., 17) to the lowest of its sources, as in use."""
    result = conf.clone()
    hips = conf[..., [JOINT["left_hip"], JOINT["right_hip"]]].amin(dim=-1)
    shoulders = conf[..., [JOINT["left_shoulder"], JOINT["right_shoulder"]]].amin(dim=-1)
    result[..., PELVIS], result[..., JOINT["thorax"]] = hips, shoulders
    result[..., JOINT["spine"]] = torch.minimum(hips, shoulders)
    return result


def _chance(batch: int, p: float, generator: torch.Generator) -> Tensor:
    return torch.rand(batch, generator=generator) < p


def _stretches(batch: int, frames: int, count: int, generator: torch.Generator) -> Tensor:
    """(B, T, count) bool: random stretches of every window, of any length up to the whole."""
    ends = torch.rand(batch, 1, 2, count, generator=generator).mul(1.4).sub(0.2)
    position = ((torch.arange(frames) + 0.5) / frames)[:, None]
    return (position >= ends.amin(dim=2)) & (position <= ends.amax(dim=2))


def _never_nothing(conf: Tensor) -> Tensor:
    """Show both shoulders and the head of windows in which too little is left to make a pose of."""
    anchors = [JOINT["left_shoulder"], JOINT["right_shoulder"], JOINT["head"], JOINT["nose"]]
    poor = (conf > 0).float().mean(dim=(1, 2)) < 0.2
    shown = conf[:, :, anchors].clamp_min(0.9)
    conf[:, :, anchors] = torch.where(poor[:, None, None], shown, conf[:, :, anchors])
    return conf
