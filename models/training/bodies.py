"""Augmentation of bodies and poses from a small motion set.

All functions work on windows (B, T, 17, 3) in metres, +Y up, and keep bone lengths constant over a
window.  The parameters are those of the experiment in which they helped.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
from torch import Tensor

from models.skeleton import JOINT, MIRROR, PELVIS
from models.training.motion import derive_midpoints

REFERENCE_HEIGHT_M: Final = 1.70
"""Stature of the canonical body to which all motion is scaled, and so of every lifted pose."""

_SUM_OF_BONES_M: Final = 3.15
"""Sum of torso, thighs, shanks, upper arms and forearms of that body, 1.85 times its stature; in
upright frames of the captured (not retargeted) subjects of the CMU database it is 1.86 to 1.91."""

BONE_SPREAD: Final = 0.08
"""Relative standard deviation of each bone's length."""
LIMB_SPREAD: Final = 0.09
"""Relative standard deviation of the length of legs, and of arms, as a whole.  Sitting height is
0.52 +- 0.015 of the stature of adults, which is 6 % of the ratio of legs to trunk, and 0.56 at the
age of five, a ratio 15 % smaller (Bogin and Varela-Silva, Int J Environ Res Public Health 2010,
section 2).  A network trained without short legs takes them for bent ones."""

# Bone lengths over that from pelvis to thorax, as the detector places joints on people.  Those of
# retargeted motion capture differ: the CMU packs' shanks are 1.23 times their thighs and their
# shoulders half a trunk wide, and a network trained on those bent the shanks of every upright
# person.  Legs from trochanter to malleolus are 1.56 +- 0.13 times the trunk from acromion to
# trochanter (ANSUR II, 6,068 adults).  By the detector's joints they are shorter: 1.28, 1.42 and
# 1.45 in the picture for three people standing in real videos, 1.36 (triangulated) for a rendered
# woman; for synthetic people the detected ratio is 0.94 of the true one.  A network trained with a
# usual ratio of 1.61 bent straight knees by 15 to 18 degrees, one trained with these by 13 to 18.
# Thighs are as long as shanks in synthetic people, and 0.99 (heavy) to 1.04 (full) times as long by
# the detector's joints; in six people in real videos 0.96 to 1.15 times where the leg is straight,
# 1.07 on average, and in the rendered woman 1.05 (triangulated).
_SIDES: Final = ("left", "right")
_HIPS: Final = 0.40
_SHOULDERS: Final = 0.66
_HEAD: Final = 0.40
_LIMBS: Final = (
    ("hip", "knee", 0.77),
    ("knee", "ankle", 0.73),
    ("shoulder", "elbow", 0.53),
    ("elbow", "wrist", 0.475),
)
_BONES: Final = 3 + len(_LIMBS)
_LEGS, _ARMS = slice(3, 5), slice(5, 7)
"""Legs and arms among the bones with random lengths: hips, shoulders, head, and these."""
ABOVE_PELVIS: Final = tuple(
    index
    for name, index in JOINT.items()
    if name in ("thorax", "nose", "head") or name.endswith(("shoulder", "elbow", "wrist"))
)


def _below(side: str, *names: str) -> tuple[int, ...]:
    return tuple(JOINT[f"{side}_{name}"] for name in names)


_CHAINS: Final = (
    # (joint turned about, joints that follow, standard deviation in radians)
    (JOINT["pelvis"], ABOVE_PELVIS, 0.2),
    (JOINT["thorax"], (JOINT["nose"], JOINT["head"]), 0.2),
    *((JOINT[f"{side}_hip"], _below(side, "knee", "ankle"), 0.25) for side in ("left", "right")),
    *((JOINT[f"{side}_knee"], _below(side, "ankle"), 0.15) for side in ("left", "right")),
    *(
        (JOINT[f"{side}_shoulder"], _below(side, "elbow", "wrist"), 0.5)
        for side in ("left", "right")
    ),
    *((JOINT[f"{side}_elbow"], _below(side, "wrist"), 0.35) for side in ("left", "right")),
)
_CARRYING: Final = {
    PELVIS: 0.3,
    **{JOINT[f"{side}_{name}"]: 0.0 for side in _SIDES for name in ("hip", "knee")},
}
"""Factor of the rotation for the chains that keep a standing person upright, if steady."""
_CHAIN_CHANCE: Final = 0.5
_RECOMBINED_SHARE: Final = 0.2
_CONTROL_SPACING: Final = 20
"""Frames between the control points of a chain's rotation: 2/3 s at 30 frames/s."""


def rotation_matrices(vectors: Tensor) -> Tensor:
    """Convert axis-angle vectors (..., 3) in radians to rotation matrices (..., 3, 3)."""
    angle = vectors.norm(dim=-1, keepdim=True).clamp_min(1e-8)
    x, y, z = (vectors / angle).unbind(-1)
    sine, cosine = torch.sin(angle[..., 0]), torch.cos(angle[..., 0])
    v = 1 - cosine
    rows = [
        *(cosine + x * x * v, x * y * v - z * sine, x * z * v + y * sine),
        *(x * y * v + z * sine, cosine + y * y * v, y * z * v - x * sine),
        *(x * z * v - y * sine, y * z * v + x * sine, cosine + z * z * v),
    ]
    return torch.stack(rows, dim=-1).view(*vectors.shape[:-1], 3, 3)


def vary_proportions(windows: Tensor, generator: torch.Generator) -> Tensor:
    """Give every window (B, T, 17, 3), in any axes, random proportions.

    Each bone's length varies by :data:`BONE_SPREAD`, and legs and arms as a whole additionally by
    :data:`LIMB_SPREAD`.  The body is symmetric, and lengths are constant over the window.
    """
    factors = 1 + BONE_SPREAD * torch.randn(_BONES, len(windows), generator=generator)
    limbs = 1 + LIMB_SPREAD * torch.randn(2, len(windows), generator=generator)
    factors[_LEGS] *= limbs[0]
    factors[_ARMS] *= limbs[1]
    return _proportioned(windows, factors)


def usual_proportions(windows: Tensor) -> Tensor:
    """Give every window (B, T, 17, 3), in any axes, the same body, of usual proportions."""
    return _proportioned(windows, torch.ones(_BONES, len(windows)))


def _proportioned(windows: Tensor, factors: Tensor) -> Tensor:
    """Set the bone lengths of windows to ``factors`` (7, B) times the usual ones, in the order of
    ``_HIPS``, ``_SHOULDERS``, ``_HEAD`` and ``_LIMBS``."""
    trunk = (windows[:, :, JOINT["thorax"]] - windows[:, :, JOINT["pelvis"]]).norm(dim=-1)
    trunk = trunk.mean(dim=1)[:, None, None]
    remaining = iter(factors[..., None, None])

    def joint(name: str) -> Tensor:
        return windows[:, :, JOINT[name]]

    def scaled_to(ratio: float, *bones: Tensor) -> Tensor:
        """Return the (B, 1, 1) factor that gives bones (B, T, 3) their new length."""
        length = torch.stack(bones).norm(dim=-1).mean(dim=(0, 2))[:, None, None]
        factor: Tensor = ratio * next(remaining) * trunk / length.clamp_min(1e-3)
        return factor

    result = windows.clone()
    thorax, pelvis = joint("thorax"), joint("pelvis")
    for name, ratio in (("hip", _HIPS / 2), ("shoulder", _SHOULDERS / 2)):
        middle = pelvis if name == "hip" else thorax
        sides = {side: joint(f"{side}_{name}") - middle for side in _SIDES}
        factor = scaled_to(ratio, *sides.values())
        for side, bone in sides.items():
            result[:, :, JOINT[f"{side}_{name}"]] = middle + factor * bone
    factor = scaled_to(_HEAD, joint("head") - thorax)
    for name in ("nose", "head"):
        result[:, :, JOINT[name]] = thorax + factor * (joint(name) - thorax)
    for upper, lower, ratio in _LIMBS:
        sides = {side: joint(f"{side}_{lower}") - joint(f"{side}_{upper}") for side in _SIDES}
        factor = scaled_to(ratio, *sides.values())
        for side, bone in sides.items():
            parent = result[:, :, JOINT[f"{side}_{upper}"]]
            result[:, :, JOINT[f"{side}_{lower}"]] = parent + factor * bone
    return derive_midpoints(result)


class Part(NamedTuple):
    """A part of a body that can be transplanted to another one."""

    root: int
    """The joint to which it is attached."""
    across: tuple[int, int]
    """The left and the right joint that define the body's heading there."""
    joints: tuple[int, ...]

    def put_on(self, windows: Tensor, others: Tensor) -> Tensor:
        """Attach the part of ``others`` (B, T, 17, 3) to the root of ``windows``, rotated about the
        second axis to their heading.

        Returns:
            (B, T, len(joints), 3) its joints.
        """
        left, right = self.across
        lines = [w[:, :, left] - w[:, :, right] for w in (windows, others)]
        here, there = (torch.atan2(-line[..., 2], line[..., 0]) for line in lines)
        turn = torch.zeros(*here.shape, 3)
        turn[..., 1] = here - there
        arms = others[:, :, list(self.joints)] - others[:, :, self.root, None]
        moved = torch.einsum("btij,btkj->btki", rotation_matrices(turn), arms)
        return windows[:, :, self.root, None] + moved


_UPPER_BODY: Final = Part(PELVIS, (JOINT["left_hip"], JOINT["right_hip"]), ABOVE_PELVIS)
ARMS: Final = tuple(
    Part(
        JOINT[f"{side}_shoulder"],
        (JOINT["left_shoulder"], JOINT["right_shoulder"]),
        _below(side, "elbow", "wrist"),
    )
    for side in _SIDES
)


def recombine(windows: Tensor, generator: torch.Generator) -> Tensor:
    """Give a fifth of the windows (B, T, 17, 3) the upper body of another one, rotated to the
    heading of their hips, and a fifth each arm of another, rotated to that of their shoulders."""
    count = len(windows)
    result = windows.clone()
    for part in (_UPPER_BODY, *ARMS):
        placed = part.put_on(result, windows[torch.randperm(count, generator=generator)])
        chosen = torch.rand(count, 1, 1, 1, generator=generator) < _RECOMBINED_SHARE
        joints = list(part.joints)
        result[:, :, joints] = torch.where(chosen, placed, result[:, :, joints])
    return derive_midpoints(result)


def turn_limbs(
    windows: Tensor,
    generator: torch.Generator,
    steady: Tensor | None = None,
    *,
    spread: float = 1.0,
) -> Tensor:
    """Rotate chains of joints about their root by smooth random rotations.

    Each chain is rotated with probability 1/2, ``spread`` times as far as usual.  In windows that
    are (B,) ``steady`` hips and knees are not rotated, and the trunk only a little.
    """
    batch, frames = windows.shape[:2]
    rotated = windows.clone()
    for root, followers, angle in _CHAINS:
        vectors = spread * angle * _smooth_noise(batch, frames, generator)
        if steady is not None and root in _CARRYING:
            kept = torch.where(steady, _CARRYING[root], 1.0)
            vectors = vectors * kept[:, None, None]
        used = torch.rand(batch, 1, 1, generator=generator) < _CHAIN_CHANCE
        matrices = rotation_matrices(vectors * used)
        origin = rotated[:, :, root, None]
        arms = rotated[:, :, list(followers)] - origin
        rotated[:, :, list(followers)] = origin + torch.einsum("btij,btkj->btki", matrices, arms)
    return derive_midpoints(rotated)


def _smooth_noise(batch: int, frames: int, generator: torch.Generator) -> Tensor:
    """Draw (batch, frames, 3) noise of unit variance at control points, blended by cosines."""
    knots = (frames - 1) // _CONTROL_SPACING + 2
    values = torch.randn(batch, knots, 3, generator=generator)
    # Neighbouring control points are correlated, for natural motion.
    for knot in range(1, knots):
        values[:, knot] = 0.8 * values[:, knot - 1] + 0.6 * values[:, knot]
    position = torch.arange(frames) / _CONTROL_SPACING
    lower = position.floor().long()
    blend = (0.5 - 0.5 * torch.cos(torch.pi * (position - lower)))[None, :, None]
    blended: Tensor = values[:, lower] * (1 - blend) + values[:, lower + 1] * blend
    return blended


def to_canonical_size(windows: Tensor) -> Tensor:
    """Scale every window about the origin to the canonical sum of bone lengths."""
    return windows * canonical_factor(windows)[:, None, None, None]


def canonical_factor(windows: Tensor) -> Tensor:
    """Return the (B,) factors that scale windows (B, T, 17, 3) to the canonical body size."""
    length = (windows[:, :, JOINT["thorax"]] - windows[:, :, JOINT["pelvis"]]).norm(dim=-1)
    for side in _SIDES:
        for upper, lower, _ in _LIMBS:
            bone = windows[:, :, JOINT[f"{side}_{upper}"]] - windows[:, :, JOINT[f"{side}_{lower}"]]
            length = length + bone.norm(dim=-1)
    factor: Tensor = _SUM_OF_BONES_M / length.mean(dim=1)
    return factor


def mirror_half(windows: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror each window left to right with probability 1/2."""
    mirrored = windows[:, :, list(MIRROR)] * torch.tensor([-1.0, 1.0, 1.0])
    chosen = torch.rand(len(windows), 1, 1, 1, generator=generator) < 0.5
    return torch.where(chosen, mirrored, windows)
