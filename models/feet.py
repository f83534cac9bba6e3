"""Heels and toes: which way each foot points, from what the detector says of it and of the leg.

A foot is small in the picture and the detector's own 3D of it is poor.  Its place in 2D, the leg
that it hangs from, as the detector has it and as it was lifted, and where up is tell more together:
six small networks, fitted on drawn people (``models/training/fit_feet.py``), make of them where a
foot points and where its upper side is.  They answer with means, whose own mean is the shorter the
less sure they are and the less they agree: what is too short is not told, nor what contradicts the
picture.

Of 162 takes of clothed drawn people that they were not fitted on, in frames that hold the whole
body, 64 % of the feet are told by the heavy landmarks, off by 12.1 degrees in the median, the
ankle's dorsiflexion by 6.8 on average and 3.6 in the median; by the full ones 60 %, 13.3, 7.1 and
3.9.  One of five settings was chosen by these takes.  Of 47 others, looked at once: 76 %, 11.0, 8.4
and 4.1; 73 %, 12.4, 7.0 and 4.0.  The one network before, which knew nothing of the lifted leg, and
to which the angle itself was nothing, was off by 9.9 (heavy) and 9.6 degrees in the ankle on 220
takes on which these are by 7.0.  The angle is between two directions that are found together: with
the true shank instead of the lifted one it is off by more, not less.

Feet that point elsewhere than the body faces are not singled out: 3 % of those told (full 5 %) are
off by more than 40 degrees, mostly of people who lie or squat.  By the network before, not telling
those that point more than 50 degrees away from where the lifted hips face would have caught 11 % of
them and cost 0.5 % of the right ones, but one foot in five of a real person on one leg, whose other
foot rightly points back and down.

The foot itself is a triangle of ankle, heel and toe, as large as fits the leg.
"""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from models import ASSUMED_FOCAL
from models.foot_gaps import filled_in, shank_axes
from models.skeleton import (
    FOOT_JOINT_COUNT,
    FOOT_LANDMARKS,
    FOOT_MIRROR,
    JOINT,
    MIRROR,
    joints_from_landmarks,
)

Floats = NDArray[np.floating]
Array = NDArray[np.float64]

FITTED: Final = Path(__file__).with_name("feet.safetensors")
EVIDENCE: Final = 6
"""Numbers the detector says of a heel or a toe: x and y in pixels, confidence, and its own 3D,
metres from its pelvis."""
LENGTH: Final = 0.268
"""Of a leg from hip to ankle: from heel to toe."""
ANKLE_AHEAD, ANKLE_ABOVE = 0.039, 0.0756
"""Likewise: how far the ankle is ahead of the heel along that line, and above it.  All three are
medians of 440 drawn people; of nine in ten the foot is 0.23 to 0.31 long."""
FLAT_DEG: Final = 7.2
"""How far the line from heel to toe points down while the sole is flat: the joint in the heel lies
higher than that in the toe.  Median of drawn people who stand."""
LEAST_SURE: Final = 0.8
"""Length of the mean from which a direction is told."""
_CALM_S: Final = 0.1
"""Standard deviation of the weights, over time, by which frames are averaged."""
_REACH_S: Final = 0.2
_MOST_BESIDE: Final = 0.6
"""Of a foot's length: what is seen further from where it would be contradicts it."""
_SIDES: Final = ("left", "right")
_LEG: Final = ("hip", "knee", "ankle")
_OUTWARD: Final = np.array([[-1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
"""What makes both feet right ones."""
_FOOT_M: Final = 0.2
_LEG_M: Final = 0.4
_CLIP: Final = 3.0
_SHORTEST: Final = 1e-9
_LEAST_WEIGHT: Final = 1e-3
_FEWEST_PX: Final = 1e-3
_PICTURE_UP: Final = np.array([0.0, -1.0, 0.0])


class Feet(NamedTuple):
    """Of N frames."""

    xyz: NDArray[np.float32]
    """(N, 4, 3) as :data:`models.skeleton.FOOT_JOINT_NAMES`, metres from the pelvis, camera axes;
    NaN where they cannot be trusted."""
    conf: NDArray[np.float32]
    """(N, 4) the detector's confidence, left and right as in ``xyz``; NaN where they are bridged or
    held (:mod:`models.foot_gaps`)."""
    firm: NDArray[np.float32]
    """(N, 4) 1 where they are told or bridged, 0 elsewhere; live rising to 1 when they come, and
    sinking to 0 while they are held."""


class Sight(NamedTuple):
    """What the detector says of N frames."""

    xy: Floats
    """(N, 17, 2) pixels, NaN where nobody was found."""
    conf: Floats
    """(N, 17) in [0, 1]."""
    world: Floats
    """(N, 17, 3) its own 3D, metres from its pelvis; NaN as above."""
    feet: Floats
    """(N, 4, 6) as :func:`foot_evidence` has it."""

    @property
    def known(self) -> NDArray[np.bool_]:
        """(N,) frames in which all of it is known."""
        each = [np.isfinite(part).reshape(len(part), -1).all(axis=1) for part in self]
        return np.asarray(np.logical_and.reduce(each))

    def at(self, rows: NDArray[np.intp]) -> Sight:
        """Some of the frames."""
        return Sight(*(each[rows].astype(np.float64) for each in self))

    def repaired(self, swapped: NDArray[np.bool_]) -> Sight:
        """Left and right exchanged in the (N,) frames that are ``swapped``."""

        def exchanged(values: Floats, mirror: tuple[int, ...]) -> Floats:
            there = swapped.reshape(-1, *[1] * (values.ndim - 1))
            return np.where(there, values[:, list(mirror)], values)

        xy, conf, world = (exchanged(each, MIRROR) for each in (self.xy, self.conf, self.world))
        return Sight(xy, conf, world, exchanged(self.feet, FOOT_MIRROR))


def unseen_feet(*count: int) -> NDArray[np.float32]:
    """(*count, 4, 6) evidence where nobody was found."""
    return np.full((*count, FOOT_JOINT_COUNT, EVIDENCE), np.nan, np.float32)


def foot_evidence(landmarks: Floats, visibility: Floats, world: Floats) -> NDArray[np.float32]:
    """What the detector says of heels and toes.

    Args:
        landmarks: (..., 33, 2 or more) x and y in pixels, NaN where nobody was found.
        visibility: (..., 33) in [0, 1], of the same meaning whichever model said it.
        world: (..., 33, 3) metres.

    Returns:
        (..., 4, 6) in the order of :data:`models.skeleton.FOOT_JOINT_NAMES`.
    """
    of = list(FOOT_LANDMARKS)
    pelvis = joints_from_landmarks(world)[..., :1, :]
    parts = [landmarks[..., of, :2], visibility[..., of, None], world[..., of, :] - pelvis]
    return np.concatenate(parts, axis=-1).astype(np.float32)


def find_feet(
    sight: Sight,
    xyz: Floats,
    missing: NDArray[np.bool_],
    time_s: Floats,
    size: tuple[int, int],
    up: Floats | None = None,
    person: NDArray[np.integer] | None = None,
    *,
    hold: bool = False,
) -> Feet:
    """Heels and toes in N frames.

    Args:
        sight: what the detector says of them, left and right repaired.
        xyz: (N, 17, 3) the lifted poses, metres from the pelvis, camera axes.
        missing: (N, 17) joints of those that are not known.
        time_s: (N,) strictly increasing seconds.
        size: (width, height) of the picture in pixels.
        up: (3,) against gravity, camera axes; the picture's upward unless told.
        person: (N,) whom each frame is of; one person unless given.
        hold: keep feet for a while after they were told last, for whom the frames that follow are
            not there yet.
    """
    up = _PICTURE_UP if up is None else up
    whose = np.zeros(len(xyz), int) if person is None else person
    ends = [*(np.flatnonzero(np.diff(whose)) + 1).tolist(), len(xyz)]
    found = [
        _feet_of_one(
            Sight(*(part[each] for part in sight)),
            *(xyz[each], missing[each], time_s[each], size, up, hold),
        )
        for each in (slice(*both) for both in itertools.pairwise([0, *ends]))
    ]
    return Feet(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _feet_of_one(
    sight: Sight,
    xyz: Floats,
    missing: NDArray[np.bool_],
    time_s: Floats,
    size: tuple[int, int],
    up: Floats,
    hold: bool,
) -> Feet:
    conf = np.nan_to_num(sight.feet[..., 2]).astype(np.float32)
    feet = np.full((len(xyz), FOOT_JOINT_COUNT, 3), np.nan, np.float32)
    rows = np.flatnonzero(sight.known)
    if not len(rows):
        return Feet(feet, conf, np.zeros_like(conf))
    told, known = np.full((len(xyz), 2, 2, 3), np.nan), np.zeros((len(xyz), 2), bool)
    told[rows], known[rows] = _told(
        sight.at(rows), xyz[rows], missing[rows], time_s[rows], size, up
    )
    shanks = shank_axes(xyz, missing, _SIDES)
    told, firm = filled_in(told, known, shanks, time_s, hold=hold)
    leg_m = _leg_m(xyz, missing)
    for side, name in enumerate(_SIDES):
        ahead, above = told[:, side].swapaxes(0, 1)
        ankle = JOINT[f"{name}_ankle"]
        both = _triangle(xyz[:, ankle], ahead, above, leg_m)
        feet[:, side::2] = np.where(missing[:, ankle, None, None], np.nan, both)
    there = np.isfinite(feet[..., 0])
    conf = np.where(there & ~np.tile(known, 2), np.float32(np.nan), conf)
    return Feet(feet, conf, np.where(there, np.tile(firm, 2), np.float32(0)))


def _told(
    seen: Sight,
    xyz: Floats,
    missing: NDArray[np.bool_],
    time_s: Floats,
    size: tuple[int, int],
    up: Floats,
) -> tuple[Array, NDArray[np.bool_]]:
    """Of M frames in which somebody was found (M, 2, 2, 3) where the left and the right foot point,
    and their upper sides; and (M, 2) whether that is to be trusted."""
    features, axes = foot_features(seen, lifted_joints(seen, xyz, missing), size, up)
    told = _calmed(turned_back(_answer(features), axes), time_s)
    known = np.linalg.norm(told[:, :, 0], axis=-1) >= LEAST_SURE
    for side, name in enumerate(_SIDES):
        known[:, side] &= ~missing[:, JOINT[f"{name}_ankle"]]
        known[:, side] &= _beside(seen, side, _unit(told[:, side, 0])[0]) < _MOST_BESIDE
    return told, known


def laid_flat(feet: Floats, ankles: Floats, up: Floats, share: Floats) -> NDArray[np.float32]:
    """Turn feet about their ankles toward lying flat; where they point, seen from above, stays.

    Args:
        feet: (N, 4, 3) as :func:`find_feet` has them.
        ankles: (N, 2, 3) of the left and the right foot.
        up: (3,) unit vector against gravity, in the axes of both.
        share: (N, 2) of the way, 0 to 1.
    """
    result = feet.astype(np.float32)
    tip = np.radians(FLAT_DEG)
    for side in range(len(_SIDES)):
        heel, toe, ankle, way = feet[:, side], feet[:, 2 + side], ankles[:, side], share[:, side]
        ahead, length = _unit(toe - heel)
        above, _ = _unit(ankle - heel - _along(ankle - heel, ahead))
        level, _ = _unit(ahead - (ahead @ up)[:, None] * up)
        flat = np.cos(tip) * level - np.sin(tip) * up
        way = way[:, None]
        there = _triangle(
            ankle, ahead + way * (flat - ahead), above + way * (up - above), length / LENGTH
        )
        result[:, side::2] = np.where(way[..., None] > 0, there, feet[:, side::2])
    return result


def _triangle(ankle: Floats, ahead: Floats, above: Floats, leg_m: Floats | float) -> Array:
    """(N, 2, 3) heel and toe of feet that point ``ahead``, their upper side ``above``, both (N, 3)
    of any length."""
    ahead, _ = _unit(ahead)
    above, _ = _unit(above - _along(above, ahead))
    heel = ankle - leg_m * (ANKLE_AHEAD * ahead + ANKLE_ABOVE * above)
    return np.stack([heel, heel + leg_m * LENGTH * ahead], axis=1)


def lifted_joints(sight: Sight, xyz: Floats, missing: NDArray[np.bool_]) -> Array:
    """(N, 17, 3) joints as lifted, and where (N, 17) ``missing`` those of the detector's own 3D."""
    return np.where(missing[..., None], sight.world, xyz.astype(np.float64))


def foot_features(
    sight: Sight, joints: Array, size: tuple[int, int], up: Floats
) -> tuple[Array, Array]:
    """What the networks are told of N frames in which somebody was found, and in which axes.

    The axes are level and those of the lifted hips, so that neither where the camera stands nor
    where the person faces matters; a left foot is told, and answered, as the right one of the
    mirror image.

    Args:
        sight: what the detector says, finite.
        joints: (N, 17, 3) as :func:`lifted_joints` has them.
        size: (width, height) of the picture in pixels.
        up: (3,) unit vector against gravity, camera axes.

    Returns:
        (N, 2, F) of the left and the right foot; (N, 3, 3) rotations from camera axes.
    """
    axes = _hip_axes(joints, up)
    metre_px = _metre_px(sight)[:, None]
    middle = np.array(size) / 2
    features = []
    for side, name in enumerate(_SIDES):
        hip, knee, ankle = (JOINT[f"{name}_{joint}"] for joint in _LEG)
        _, other_knee, other = (JOINT[f"{_SIDES[1 - side]}_{joint}"] for joint in _LEG)
        xy, world, heel, toe = sight.xy, sight.world, sight.feet[:, side], sight.feet[:, 2 + side]

        def across(pixels: Floats, length_m: float) -> Floats:
            return np.pad(pixels / (metre_px * length_m), ((0, 0), (0, 1)))

        shank, thigh = joints[:, ankle] - joints[:, knee], joints[:, knee] - joints[:, hip]
        leg_m = np.linalg.norm(shank, axis=1) + np.linalg.norm(thigh, axis=1)
        apart = (joints[:, ankle] - joints[:, other]) / np.maximum(leg_m, _SHORTEST)[:, None]
        ray = (xy[:, ankle] - middle) / (ASSUMED_FOCAL * max(size))
        directions = [
            _unit(world[:, ankle] - world[:, knee])[0],
            _unit(world[:, knee] - world[:, hip])[0],
            _unit(world[:, JOINT["thorax"]])[0],
            (toe[:, 3:] - world[:, ankle]) / _FOOT_M,
            (heel[:, 3:] - world[:, ankle]) / _FOOT_M,
            across(toe[:, :2] - xy[:, ankle], _FOOT_M),
            across(heel[:, :2] - xy[:, ankle], _FOOT_M),
            across(xy[:, ankle] - xy[:, knee], _LEG_M),
            np.pad(ray, ((0, 0), (0, 1)), constant_values=1.0),
            *(_unit(shank)[0], _unit(thigh)[0], _unit(joints[:, JOINT["thorax"]])[0]),
            apart,
            _unit(joints[:, other] - joints[:, other_knee])[0],
        ]
        turned = np.einsum("nij,nvj->nvi", axes, np.stack(directions, axis=1)) * _OUTWARD[side]
        lifted = ((world[:, ankle] - world[:, other]) @ up / _LEG_M)[:, None]
        numbers = np.clip(
            np.concatenate([turned.reshape(len(xy), -1), lifted], axis=1), -_CLIP, _CLIP
        )
        sure = np.column_stack([sight.conf[:, [knee, ankle]], heel[:, 2], toe[:, 2]])
        features.append(np.concatenate([numbers, sure], axis=1))
    return np.stack(features, axis=1), axes


def turned_back(answers: Floats, axes: Array) -> Array:
    """(N, 2, 2, 3) directions as the network answers them, to camera axes."""
    turned: Array = np.einsum("nji,nsvj->nsvi", axes, answers * _OUTWARD[:, None])
    return turned


def turned_to(directions: Floats, axes: Array) -> Array:
    """(N, 2, 2, 3) directions of the left and the right foot, as the network is to answer them."""
    turned: Array = np.einsum("nij,nsvj->nsvi", axes, directions) * _OUTWARD[:, None]
    return turned


def shanks_in(joints: Array, axes: Array) -> Array:
    """(N, 2, 3) unit vectors up the left and the right shank of (N, 17, 3) ``joints``, as
    :func:`turned_to` has directions."""
    knees, ankles = (
        joints[:, [JOINT[f"{side}_{name}"] for side in _SIDES]] for name in ("knee", "ankle")
    )
    turned: Array = np.einsum("nij,nsj->nsi", axes, _unit(knees - ankles)[0]) * _OUTWARD
    return turned


@cache
def _weights() -> dict[str, NDArray[np.float64]]:
    return {name: value.astype(np.float64) for name, value in load_file(FITTED).items()}


def _answer(features: Array) -> Array:
    """(N, 2, F) -> (N, 2, 2, 3): ahead and above of the left and the right foot, at most of length
    1."""
    weights = _weights()
    hidden = (features.reshape(-1, features.shape[-1]) - weights["mean"]) / weights["spread"]
    for layer in range(3):
        if layer:
            hidden = hidden / (1.0 + np.exp(-hidden))
        hidden = hidden @ weights[f"{layer}.weight"] + weights[f"{layer}.bias"]
    return np.asarray(hidden.mean(axis=0).reshape(*features.shape[:2], 2, 3))


def _hip_axes(world: Floats, up: Floats) -> Array:
    """(N, 3, 3) rows: to the person's right, up, and across both."""
    line = world[:, JOINT["right_hip"]] - world[:, JOINT["left_hip"]]
    right, _ = _unit(line - (line @ up)[:, None] * up)
    level = np.broadcast_to(up, right.shape)
    return np.stack([right, level, np.cross(level, right)], axis=1)


def _metre_px(sight: Sight) -> Array:
    """(N,) pixels that a metre of the detector's own 3D spans, by all joints."""
    weight = np.maximum(sight.conf, _LEAST_WEIGHT)[..., None]

    def centred(points: Floats) -> Floats:
        middle = (weight * points).sum(1, keepdims=True) / weight.sum(1, keepdims=True)
        return np.asarray(points - middle)

    there, seen = centred(sight.world[..., :2]), centred(sight.xy)
    both, own = (weight * there * seen).sum((1, 2)), (weight * there**2).sum((1, 2))
    return np.asarray(np.maximum(both / np.maximum(own, _SHORTEST), _FEWEST_PX))


def _beside(sight: Sight, side: int, ahead: Array) -> Array:
    """(N,) how far from where it was seen a foot that points ``ahead`` (N, 3) would have its toe,
    beside its heel, as a share of the foot's length."""
    hip, knee, ankle = (sight.world[:, JOINT[f"{_SIDES[side]}_{name}"]] for name in _LEG)
    leg_m = np.linalg.norm(knee - hip, axis=1) + np.linalg.norm(ankle - knee, axis=1)
    seen = sight.feet[:, 2 + side, :2] - sight.feet[:, side, :2]
    length = np.maximum(LENGTH * leg_m * _metre_px(sight), _SHORTEST)
    return np.asarray(np.linalg.norm(seen / length[:, None] - ahead[:, :2], axis=1))


def _calmed(told: Array, time_s: Floats) -> Array:
    """(N, 2, 2, 3) averaged over neighbouring frames."""
    total, weight = told.copy(), np.ones(len(told))
    shift = 1
    while shift < len(told) and (time_s[shift:] - time_s[:-shift]).min() <= _REACH_S:
        apart = (time_s[shift:] - time_s[:-shift]) / _CALM_S
        share = np.where(apart * _CALM_S <= _REACH_S, np.exp(-(apart**2) / 2), 0.0)
        for one, other in (
            (slice(shift, None), slice(-shift)),
            (slice(-shift), slice(shift, None)),
        ):
            total[one] += share[:, None, None, None] * told[other]
            weight[one] += share
        shift += 1
    return np.asarray(total / weight[:, None, None, None])


def _leg_m(xyz: Floats, missing: NDArray[np.bool_]) -> float:
    """How long the legs typically are, from hip to ankle; NaN where none is known."""
    lengths = []
    for name in _SIDES:
        hip, knee, ankle = (JOINT[f"{name}_{joint}"] for joint in _LEG)
        known = ~missing[:, [hip, knee, ankle]].any(axis=1)
        bones = (xyz[known, knee] - xyz[known, hip], xyz[known, ankle] - xyz[known, knee])
        lengths.append(sum(np.linalg.norm(bone, axis=1) for bone in bones))
    both = np.concatenate(lengths)
    return float(np.median(both)) if len(both) else float("nan")


def _unit(vectors: Floats) -> tuple[Array, Array]:
    """(..., 3) of length 1, and their lengths (..., 1)."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, _SHORTEST)), np.asarray(length)


def _along(vectors: Floats, direction: Array) -> Array:
    """The part of (..., 3) ``vectors`` along a unit ``direction``."""
    return np.asarray((vectors * direction).sum(axis=-1, keepdims=True) * direction)
