"""Synthesis of postures that are too rare in motion capture of walking, sport and gestures.

Webcams show people who sit, squat and reach, from the front, where depth is hardest to estimate.
After training without these, a squatting person was lifted as standing upright on short legs: with
errors of 120 to 160 mm after alignment, while other poses of the same person had 30.  Angles stay
within the ranges of healthy adults (Norkin & White, Measurement of Joint Motion: hip flexion 120,
knee 150, shoulder flexion and abduction 180 degrees).
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor

from models.skeleton import JOINT
from models.training.bodies import ABOVE_PELVIS, rotation_matrices
from models.training.motion import derive_midpoints

_UP: Final = torch.tensor([0.0, 1.0, 0.0])
_ANKLES: Final = [JOINT["left_ankle"], JOINT["right_ankle"]]
_SIDES: Final = ("left", "right")
_BENT_KNEES_DEG: Final = (6.0, 24.0)
"""Range of the excess flexion of captured knees.  In walking the knee's median flexion is about 20
degrees, and it is nearly straight in every step (Winter, Biomechanics and Motor Control of Human
Movement); in ``cmu_actions120`` the median is 29, in two files with the database's own skeletons 36
and 37.  Half the clips of ``cmu120`` hardly contain a knee below 20 degrees, half of
``reactidle24`` hardly one below 3."""
_BENT_ELBOWS_DEG: Final = (1.0, 18.0)
"""Range of the excess flexion of captured elbows, measured as 36 against 22 degrees."""
_STRAIGHT_KNEE, _STRAIGHT_HIP = math.cos(math.radians(15.0)), math.cos(math.radians(25.0))
_NATURAL_STANCE: Final = 0.65
"""Fraction of windows of standing on straight legs that get a random stance.  In captured motion
the feet are below the hips while standing, and apart while squatting.  A network trained on that
bent the straight knees of a woman with her feet twice as far apart as her hips by 13 and 18
degrees, and by 5 and 8 after her feet were moved together in the picture."""


class _Draw:
    """Random numbers for one batch, of shape (B, 1)."""

    def __init__(self, count: int, generator: torch.Generator) -> None:
        self._count, self._generator = count, generator

    def uniform(self, low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(self._count, 1, generator=self._generator)

    def chance(self, p: float | Tensor) -> Tensor:
        """Draw (B, 1) zeros and ones; ``p`` is one probability, or (B,) one for each window."""
        limit = p[:, None] if isinstance(p, Tensor) else p
        return (self.uniform(0, 1) < limit).float()

    def normal(self, mean: float, std: float) -> Tensor:
        return mean + std * torch.randn(self._count, 1, generator=self._generator)


def crouch(windows: Tensor, generator: torch.Generator, sits: Tensor, squats: Tensor) -> Tensor:
    """Make windows (B, T, 17, 3), +Y up, sit or squat with (B,) probabilities, feet kept down."""
    count, frames = windows.shape[:2]
    draw = _Draw(count, generator)
    sits, squats = draw.chance(sits), draw.chance(squats)
    # Most sitting people sit for the whole window; squats are often in progress.
    seated = torch.where(draw.chance(0.7) > 0, torch.ones(1, frames), _course(draw, frames))
    amount = torch.where(sits > 0, seated, _course(draw, frames) * squats)

    def either(sitting: Tensor, squatting: Tensor) -> Tensor:
        return amount * torch.where(sits > 0, sitting, squatting)

    thigh = either(draw.normal(88, 10), draw.uniform(70, 115))
    shank = either(draw.normal(0, 12), draw.uniform(10, 40))
    lean = either(draw.normal(5, 12), draw.uniform(10, 55))
    arms = draw.chance(0.6) * either(draw.uniform(10, 60), draw.uniform(0, 100))

    sideways, _ = _axes(windows)
    result = windows.clone()
    for side in _SIDES:
        hip, knee, ankle, shoulder, elbow, wrist = (
            JOINT[f"{side}_{name}"]
            for name in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
        )
        _turn(result, hip, (knee, ankle), sideways, -thigh)
        # The shank was rotated with the thigh: rotate it back by as much, and a little further.
        _turn(result, knee, (ankle,), sideways, thigh + shank)
        _turn(result, shoulder, (elbow, wrist), sideways, -arms)
    _turn(result, JOINT["pelvis"], ABOVE_PELVIS, sideways, lean)
    lifted = result[:, :, _ANKLES, 1].amin(-1) - windows[:, :, _ANKLES, 1].amin(-1)
    result[..., 1] -= lifted[:, :, None]
    return derive_midpoints(result)


def reach(windows: Tensor, generator: torch.Generator, chance: Tensor) -> Tensor:
    """Make windows (B, T, 17, 3), +Y up, raise one arm or both, forwards, sideways or in between,
    with (B,) probabilities ``chance``."""
    count, frames = windows.shape[:2]
    draw = _Draw(count, generator)
    sideways, forward = _axes(windows)
    raising = draw.chance(chance)
    symmetric = draw.chance(0.5)
    both = _arm_angles(draw, frames)
    result = windows.clone()
    for side, outward in (("left", 1.0), ("right", -1.0)):
        shoulder, elbow, wrist = (JOINT[f"{side}_{n}"] for n in ("shoulder", "elbow", "wrist"))
        alone = _arm_angles(draw, frames) * draw.chance(0.6)
        flexion, abduction, bend = raising * torch.where(symmetric > 0, both, alone)
        _turn(result, elbow, (wrist,), sideways, -bend)
        _turn(result, shoulder, (elbow, wrist), forward, outward * abduction)
        _turn(result, shoulder, (elbow, wrist), sideways, -flexion)
    return derive_midpoints(result)


def unbend(windows: Tensor, generator: torch.Generator) -> Tensor:
    """Remove the excess flexion of captured knees and elbows from windows (B, T, 17, 3), any axes.

    A flexion of f degrees becomes f² / (f + d), with d drawn for each window.  Thigh and shank are
    both rotated, so that ankles move along the leg.  Arms likewise.
    """
    draw = _Draw(len(windows), generator)
    result = windows
    for chain, excess in (
        (("hip", "knee", "ankle"), draw.uniform(*_BENT_KNEES_DEG)),
        (("shoulder", "elbow", "wrist"), draw.uniform(*_BENT_ELBOWS_DEG)),
    ):
        for side in _SIDES:
            result = _unbent(result, [JOINT[f"{side}_{name}"] for name in chain], excess)
    return result


def _unbent(windows: Tensor, chain: list[int], excess: Tensor) -> Tensor:
    """Reduce the flexion of a limb ``chain`` (root, hinge, end) by (B, 1) degrees of excess."""
    root, hinge, end = chain
    upper, lower = windows[:, :, hinge] - windows[:, :, root], windows[:, :, end]
    lower = lower - windows[:, :, hinge]
    across = torch.linalg.cross(upper, lower)
    sine, cosine = across.norm(dim=-1), (upper * lower).sum(-1)
    bend = torch.rad2deg(torch.atan2(sine, cosine))
    less = bend * excess / (bend + excess)
    axis = torch.nn.functional.normalize(across, dim=-1)
    result = windows.clone()
    _turn(result, root, (hinge, end), axis, less / 2)
    _turn(result, hinge, (end,), axis, -less)
    return result


def straighten(windows: Tensor, chance: Tensor, generator: torch.Generator) -> Tensor:
    """Make windows (B, T, 17, 3), +Y up, stand on straight legs with an upright trunk, with (B,)
    probabilities ``chance``.

    Hip, knee and ankle become collinear, except for a few degrees as in relaxed standing; the lower
    foot keeps its height.  The distance of the feet along the heading is halved, and most windows
    get a stance drawn by :func:`_stance`.
    """
    count = len(windows)
    draw = _Draw(count, generator)
    chosen = draw.chance(chance)[..., None] > 0
    sideways, forward = _axes(windows)
    result = _straight_trunk(windows, sideways, forward)
    bend = draw.normal(3.0, 3.0).abs()
    new_stance = draw.chance(_NATURAL_STANCE)[..., None] > 0
    for side, outward in zip(_SIDES, _stance(draw), strict=True):
        hip, knee, ankle = (JOINT[f"{side}_{name}"] for name in ("hip", "knee", "ankle"))
        thigh, shank = windows[:, :, knee] - windows[:, :, hip], windows[:, :, ankle]
        shank = shank - windows[:, :, knee]
        down = torch.nn.functional.normalize(thigh + shank, dim=-1)
        down = down - 0.5 * (down * forward).sum(-1, keepdim=True) * forward
        down = torch.nn.functional.normalize(down - _UP, dim=-1)  # nearer to the vertical
        down = torch.where(new_stance, _aside(down, sideways, outward), down)
        flexion = (bend + draw.normal(0.0, 1.5)).clamp_min(0.0).expand(windows.shape[:2])
        for joint, start, length, angle in (
            (knee, hip, thigh.norm(dim=-1, keepdim=True), -flexion / 2),
            (ankle, knee, shank.norm(dim=-1, keepdim=True), flexion / 2),
        ):
            matrices = rotation_matrices(sideways * torch.deg2rad(angle)[..., None])
            along = torch.einsum("btij,btj->bti", matrices, down)
            result[:, :, joint] = result[:, :, start] + length * along
    lifted = result[:, :, _ANKLES, 1].amin(-1) - windows[:, :, _ANKLES, 1].amin(-1)
    result[..., 1] -= lifted[:, :, None]
    return torch.where(chosen[..., None], derive_midpoints(result), windows)


def _stance(draw: _Draw) -> tuple[Tensor, Tensor]:
    """Draw the abduction of the left and the right leg while standing, (B, 1) degrees to the
    person's left.

    Feet are together or up to shoulder width apart, which is five to ten degrees, occasionally as
    far as in a jumping jack; a common shift models weight on one leg.
    """
    apart = draw.uniform(-1.0, 13.0) + draw.chance(0.12) * draw.uniform(0.0, 17.0)
    shift = draw.normal(0.0, 2.5)
    return shift + apart, shift - apart


def _aside(down: Tensor, sideways: Tensor, degrees: Tensor) -> Tensor:
    """Set the lean of leg directions (B, T, 3) to the person's left to (B, 1) degrees, keeping that
    along the heading."""
    upright = down - (down * sideways).sum(-1, keepdim=True) * sideways
    aside = torch.tan(torch.deg2rad(degrees))[..., None] * sideways
    leaning: Tensor = torch.nn.functional.normalize(upright, dim=-1) + aside
    return torch.nn.functional.normalize(leaning, dim=-1)


def other_stance(windows: Tensor, generator: torch.Generator) -> Tensor:
    """Rotate the legs of windows (B, T, 17, 3), in any axes, about the hips, so that their mean
    abduction from the trunk's axis is that drawn by :func:`_stance`."""
    left, trunk = _body_axes(windows)
    forward = torch.linalg.cross(left, trunk)
    result = windows.clone()
    for side, target in zip(_SIDES, _stance(_Draw(len(windows), generator)), strict=True):
        hip, knee, ankle = (JOINT[f"{side}_{name}"] for name in ("hip", "knee", "ankle"))
        leg = windows[:, :, ankle] - windows[:, :, hip]
        aside = torch.atan2((leg * left).sum(-1), -(leg * trunk).sum(-1))
        angle = target - torch.rad2deg(aside).mean(dim=1, keepdim=True)
        _turn(result, hip, (knee, ankle), forward, angle.expand(windows.shape[:2]))
    return result


def on_straight_legs(windows: Tensor) -> Tensor:
    """Return (B,) whether knees and hips of windows (B, T, 17, 3), in any axes, stay straight."""
    _, trunk = _body_axes(windows)
    bent = torch.zeros(windows.shape[:2], dtype=torch.bool)
    for side in _SIDES:
        hip, knee, ankle = (windows[:, :, JOINT[f"{side}_{n}"]] for n in ("hip", "knee", "ankle"))
        thigh, shank = (
            torch.nn.functional.normalize(b, dim=-1) for b in (knee - hip, ankle - knee)
        )
        bent |= (thigh * shank).sum(-1) < _STRAIGHT_KNEE
        bent |= -(thigh * trunk).sum(-1) < _STRAIGHT_HIP
    return ~bent.any(dim=1)


def _body_axes(windows: Tensor) -> tuple[Tensor, Tensor]:
    """Return orthogonal (B, T, 3) unit vectors to the person's left and along the trunk."""
    trunk = windows[:, :, JOINT["thorax"]] - windows[:, :, JOINT["pelvis"]]
    trunk = torch.nn.functional.normalize(trunk, dim=-1)
    left = windows[:, :, JOINT["left_hip"]] - windows[:, :, JOINT["right_hip"]]
    left = left - (left * trunk).sum(-1, keepdim=True) * trunk
    return torch.nn.functional.normalize(left, dim=-1), trunk


def bow(windows: Tensor, chance: Tensor, generator: torch.Generator) -> Tensor:
    """Make windows (B, T, 17, 3), +Y up, bend at the hips, forwards or to one side, with (B,)
    probabilities ``chance``; knees are unchanged."""
    frames = windows.shape[1]
    draw = _Draw(len(windows), generator)
    course = draw.chance(chance) * _course(draw, frames)
    forwards = draw.chance(0.7)
    lean = course * forwards * draw.uniform(10, 90)
    aside = course * (1 - forwards) * draw.uniform(-35, 35)
    sideways, forward = _axes(windows)
    result = windows.clone()
    for root, followers, fraction in (
        (JOINT["pelvis"], ABOVE_PELVIS, 1.0),
        # The hips move back, for balance.
        *((JOINT[f"{s}_hip"], (JOINT[f"{s}_knee"], JOINT[f"{s}_ankle"]), -0.1) for s in _SIDES),
    ):
        _turn(result, root, followers, sideways, fraction * lean)
    _turn(result, JOINT["pelvis"], ABOVE_PELVIS, forward, aside)
    return derive_midpoints(result)


def raise_face(windows: Tensor, degrees: Tensor, generator: torch.Generator) -> Tensor:
    """Raise faces of windows (B, T, 17, 3), +Y up, by (B,) degrees on average, with a standard
    deviation of ten."""
    draw = _Draw(len(windows), generator)
    sideways, _ = _axes(windows)
    raised = (degrees[:, None] + draw.normal(0.0, 10.0)).expand(windows.shape[:2])
    result = windows.clone()
    _turn(result, JOINT["head"], (JOINT["nose"],), sideways, -raised)
    return result


def _straight_trunk(windows: Tensor, sideways: Tensor, forward: Tensor) -> Tensor:
    """Reduce the trunk's lean in windows (B, T, 17, 3) by two thirds."""
    trunk = windows[:, :, JOINT["thorax"]] - windows[:, :, JOINT["pelvis"]]
    lean = torch.atan2((trunk * forward).sum(-1), trunk[..., 1])
    aside = torch.atan2((trunk * sideways).sum(-1), trunk[..., 1])
    result = windows.clone()
    _turn(result, JOINT["pelvis"], ABOVE_PELVIS, sideways, -torch.rad2deg(lean) * 2 / 3)
    _turn(result, JOINT["pelvis"], ABOVE_PELVIS, forward, torch.rad2deg(aside) * 2 / 3)
    return result


def tumble(windows: Tensor, chance: Tensor, generator: torch.Generator) -> Tensor:
    """Rotate whole bodies (B, T, 17, 3), +Y up, with (B,) probabilities ``chance``.

    Half of them are rotated to lying, the others by a random angle, as in hanging or handstands.
    """
    count, frames = windows.shape[:2]
    draw = _Draw(count, generator)
    chosen = draw.chance(chance)
    sideways, forward = _axes(windows)
    flat = 90.0 + draw.normal(0.0, 15.0)
    any_way = draw.uniform(-180.0, 180.0)
    degrees = torch.where(draw.chance(0.5) > 0, flat * (2 * draw.chance(0.5) - 1), any_way)
    axis = torch.where(draw.chance(0.6)[..., None] > 0, sideways[:, :1], forward[:, :1])
    result = windows.clone()
    everything = tuple(range(windows.shape[2]))
    _turn(
        result,
        JOINT["pelvis"],
        everything,
        axis.expand(count, frames, 3),
        (degrees * chosen).expand(count, frames),
    )
    # Place the lowest joint a little above the floor.
    lowest = result[..., 1].amin((1, 2)) - 0.08
    lowest = torch.where(chosen[:, 0] > 0, lowest, torch.zeros_like(lowest))
    result[..., 1] -= lowest[:, None, None]
    return result


def _arm_angles(draw: _Draw, frames: int) -> Tensor:
    """Draw (3, B, T) degrees of flexion, abduction and elbow flexion of a raised arm."""
    course = _course(draw, frames)
    return torch.stack(
        [
            course * draw.uniform(0, 170) * draw.chance(0.6),
            course * draw.uniform(0, 100) * draw.chance(0.5),
            course * draw.uniform(0, 90) * draw.chance(0.5),
        ]
    )


def _course(draw: _Draw, frames: int) -> Tensor:
    """Draw (B, T) progress into a posture in [0, 1], changing over about a second or constant."""
    seconds = torch.arange(frames) / 30
    start = draw.uniform(0, 1.3)
    speed = draw.normal(0, 0.7) * draw.chance(0.6)
    return (start + speed * seconds).clamp(0, 1)


def _axes(windows: Tensor) -> tuple[Tensor, Tensor]:
    """Return (B, T, 3) horizontal unit vectors to the person's left and along the heading."""
    left = windows[:, :, JOINT["left_hip"]] - windows[:, :, JOINT["right_hip"]]
    left = torch.nn.functional.normalize(left * torch.tensor([1.0, 0.0, 1.0]), dim=-1)
    return left, torch.linalg.cross(left, _UP.expand_as(left))


def _turn(
    windows: Tensor, root: int, followers: tuple[int, ...], axis: Tensor, degrees: Tensor
) -> None:
    """Rotate ``followers`` about ``root`` by (B, T) degrees around (B, T, 3) axes, in place."""
    matrices = rotation_matrices(axis * torch.deg2rad(degrees)[..., None])
    origin = windows[:, :, root, None]
    arms = windows[:, :, list(followers)] - origin
    windows[:, :, list(followers)] = origin + torch.einsum("btij,btkj->btki", matrices, arms)
