"""Heels and toes: the orientation of each foot, from the detections of the foot and the leg.

A foot is small in the picture, and MediaPipe's world landmarks of it are poor.  Six small networks,
fitted on synthetic people (``models/training/fit_feet.py``), predict a foot's forward direction and
the direction of its upper side from its 2D landmarks, the detected and the lifted leg, and the
vertical.  Each predicts means of directions; the mean of the six is short if they are uncertain or
disagree.  Directions that are too short, or that contradict the picture, are rejected.

Results on 162 takes of synthetic clothed people that were not used for fitting, in frames that show
the whole body, with heavy landmarks: 64 % of the feet get a direction, with a median error of 12.1
degrees; the ankle's dorsiflexion is off by 6.8 degrees on average, 3.6 in the median.  With full
landmarks: 60 %, 13.3, 7.1 and 3.9.  One of five settings was chosen on these takes.  On 47 others,
evaluated once: 76 %, 11.0, 8.4 and 4.1 (heavy); 73 %, 12.4, 7.0 and 4.0 (full).  The previous
single network, without the lifted leg as input and the angle in its loss, had ankle errors of 9.9
(heavy) and 9.6 degrees (full) on 220 takes on which these have 7.0.  Foot and shank are estimated
together: with the true shank in place of the lifted one the ankle's error is larger, not smaller.

Feet that point elsewhere than the body faces are not rejected: of the feet with a direction 3 %
(full 5 %) are off by more than 40 degrees, mostly of people who lie or squat.  With the previous
network, rejecting feet that point more than 50 degrees away from where the lifted hips face would
have removed 11 % of these and 0.5 % of the correct ones, but also one foot in five of a real person
standing on one leg, whose other foot does point back and down.

The foot itself is a triangle of ankle, heel and toe, scaled to the leg.
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
from models.foot_gaps import fill_gaps, shank_axes
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
"""Values per heel or toe: x and y in pixels, confidence, and MediaPipe's world landmark, metres
from the pelvis."""
LENGTH: Final = 0.268
"""Length of the foot, heel to toe, over the length of the leg, hip to ankle."""
ANKLE_AHEAD, ANKLE_ABOVE = 0.039, 0.0756
"""Distance of the ankle from the heel along the line from heel to toe, and above that line, over
the length of the leg.  All three are medians of 440 synthetic people; nine in ten have a foot of
0.23 to 0.31."""
FLAT_DEG: Final = 7.2
"""Angle by which the line from heel to toe points down while the sole is flat: the heel's joint is
higher than the toe's.  Median of synthetic people standing."""
MIN_MEAN_LENGTH: Final = 0.8
"""Length of the mean prediction from which a direction is accepted."""
_SMOOTHING_S: Final = 0.1
"""Standard deviation of the Gaussian with which frames are averaged over time."""
_SMOOTHING_REACH_S: Final = 0.2
_MAX_TOE_ERROR: Final = 0.6
"""Distance between detected and predicted toe, over the foot's length, at which a prediction is
rejected as contradicting the picture."""
_SIDES: Final = ("left", "right")
_LEG: Final = ("hip", "knee", "ankle")
_OUTWARD: Final = np.array([[-1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
"""Factors that mirror the left foot to a right one: the networks know right feet only."""
_FOOT_M: Final = 0.2
_LEG_M: Final = 0.4
_CLIP: Final = 3.0
_SHORTEST: Final = 1e-9
_LEAST_WEIGHT: Final = 1e-3
_FEWEST_PX: Final = 1e-3
_PICTURE_UP: Final = np.array([0.0, -1.0, 0.0])


class Feet(NamedTuple):
    """Heels and toes in N frames."""

    xyz: NDArray[np.float32]
    """(N, 4, 3) in the order of :data:`models.skeleton.FOOT_JOINT_NAMES`, metres from the pelvis,
    camera axes; NaN where there is no reliable estimate."""
    conf: NDArray[np.float32]
    """(N, 4) the detector's confidence, left and right as in ``xyz``; NaN where a foot is
    interpolated or carried forward (:mod:`models.foot_gaps`)."""
    opacity: NDArray[np.float32]
    """(N, 4) opacity: 1 where a foot is estimated or interpolated, 0 elsewhere.  In live use it
    rises to 1 when a foot appears, and falls to 0 while a foot is carried forward."""


class DetectedPoses(NamedTuple):
    """The detector's output in N frames."""

    xy: Floats
    """(N, 17, 2) pixels, NaN where no person was found."""
    conf: Floats
    """(N, 17) in [0, 1]."""
    world: Floats
    """(N, 17, 3) MediaPipe's world landmarks, metres from the pelvis; NaN as above."""
    feet: Floats
    """(N, 4, 6) as returned by :func:`foot_evidence`."""

    @property
    def known(self) -> NDArray[np.bool_]:
        """(N,) frames in which all values are finite."""
        each = [np.isfinite(part).reshape(len(part), -1).all(axis=1) for part in self]
        return np.asarray(np.logical_and.reduce(each))

    def at(self, rows: NDArray[np.intp]) -> DetectedPoses:
        """Select frames by their indices."""
        return DetectedPoses(*(each[rows].astype(np.float64) for each in self))

    def repaired(self, swapped: NDArray[np.bool_]) -> DetectedPoses:
        """Exchange left and right in the (N,) frames that are ``swapped``."""

        def exchanged(values: Floats, mirror: tuple[int, ...]) -> Floats:
            mask = swapped.reshape(-1, *[1] * (values.ndim - 1))
            return np.where(mask, values[:, list(mirror)], values)

        xy, conf, world = (exchanged(each, MIRROR) for each in (self.xy, self.conf, self.world))
        return DetectedPoses(xy, conf, world, exchanged(self.feet, FOOT_MIRROR))


def unseen_feet(*count: int) -> NDArray[np.float32]:
    """Return (*count, 4, 6) evidence for frames without a person: NaN."""
    return np.full((*count, FOOT_JOINT_COUNT, EVIDENCE), np.nan, np.float32)


def foot_evidence(landmarks: Floats, visibility: Floats, world: Floats) -> NDArray[np.float32]:
    """Select the detections of heels and toes.

    Args:
        landmarks: (..., 33, 2 or more) x and y in pixels, NaN where no person was found.
        visibility: (..., 33) in [0, 1], calibrated (:func:`models.visibility.calibrated`).
        world: (..., 33, 3) metres.

    Returns:
        (..., 4, 6) in the order of :data:`models.skeleton.FOOT_JOINT_NAMES`.
    """
    feet = list(FOOT_LANDMARKS)
    pelvis = joints_from_landmarks(world)[..., :1, :]
    parts = [landmarks[..., feet, :2], visibility[..., feet, None], world[..., feet, :] - pelvis]
    return np.concatenate(parts, axis=-1).astype(np.float32)


def find_feet(
    detected: DetectedPoses,
    xyz: Floats,
    missing: NDArray[np.bool_],
    time_s: Floats,
    size: tuple[int, int],
    up: Floats | None = None,
    person: NDArray[np.integer] | None = None,
    *,
    hold: bool = False,
) -> Feet:
    """Estimate heels and toes in N frames.

    Args:
        detected: the detections, left and right repaired.
        xyz: (N, 17, 3) the lifted poses, metres from the pelvis, camera axes.
        missing: (N, 17) joints of the poses that are not known.
        time_s: (N,) strictly increasing seconds.
        size: (width, height) of the picture in pixels.
        up: (3,) unit vector against gravity, camera axes; the picture's upward unless given.
        person: (N,) identity of the person in each frame; one person unless given.
        hold: carry feet forward for a while after their last estimate, for live use, where the
            following frames are not known yet.
    """
    up = _PICTURE_UP if up is None else up
    identity = np.zeros(len(xyz), int) if person is None else person
    ends = [*(np.flatnonzero(np.diff(identity)) + 1).tolist(), len(xyz)]
    found = [
        _feet_of_one(
            DetectedPoses(*(part[frames] for part in detected)),
            *(xyz[frames], missing[frames], time_s[frames], size, up, hold),
        )
        for frames in (slice(*both) for both in itertools.pairwise([0, *ends]))
    ]
    return Feet(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _feet_of_one(
    detections: DetectedPoses,
    xyz: Floats,
    missing: NDArray[np.bool_],
    time_s: Floats,
    size: tuple[int, int],
    up: Floats,
    hold: bool,
) -> Feet:
    conf = np.nan_to_num(detections.feet[..., 2]).astype(np.float32)
    feet = np.full((len(xyz), FOOT_JOINT_COUNT, 3), np.nan, np.float32)
    rows = np.flatnonzero(detections.known)
    if not len(rows):
        return Feet(feet, conf, np.zeros_like(conf))
    directions, known = np.full((len(xyz), 2, 2, 3), np.nan), np.zeros((len(xyz), 2), bool)
    directions[rows], known[rows] = _predicted(
        detections.at(rows), xyz[rows], missing[rows], time_s[rows], size, up
    )
    shanks = shank_axes(xyz, missing, _SIDES)
    directions, opacity = fill_gaps(directions, known, shanks, time_s, hold=hold)
    leg_m = _leg_m(xyz, missing)
    for side, name in enumerate(_SIDES):
        ahead, above = directions[:, side].swapaxes(0, 1)
        ankle = JOINT[f"{name}_ankle"]
        both = _triangle(xyz[:, ankle], ahead, above, leg_m)
        feet[:, side::2] = np.where(missing[:, ankle, None, None], np.nan, both)
    estimated = np.isfinite(feet[..., 0])
    conf = np.where(estimated & ~np.tile(known, 2), np.float32(np.nan), conf)
    return Feet(feet, conf, np.where(estimated, np.tile(opacity, 2), np.float32(0)))


def _predicted(
    detections: DetectedPoses,
    xyz: Floats,
    missing: NDArray[np.bool_],
    time_s: Floats,
    size: tuple[int, int],
    up: Floats,
) -> tuple[Array, NDArray[np.bool_]]:
    """Predict foot directions in M frames with a person.

    Returns:
        (M, 2, 2, 3) forward and upward direction of the left and the right foot, camera axes; and
        (M, 2) whether they are reliable.
    """
    features, axes = foot_features(detections, lifted_joints(detections, xyz, missing), size, up)
    directions = _smoothed(to_camera_axes(_predict(features), axes), time_s)
    known = np.linalg.norm(directions[:, :, 0], axis=-1) >= MIN_MEAN_LENGTH
    for side, name in enumerate(_SIDES):
        known[:, side] &= ~missing[:, JOINT[f"{name}_ankle"]]
        ahead, _ = _unit(directions[:, side, 0])
        known[:, side] &= _toe_error(detections, side, ahead) < _MAX_TOE_ERROR
    return directions, known


def laid_flat(feet: Floats, ankles: Floats, up: Floats, share: Floats) -> NDArray[np.float32]:
    """Rotate feet about their ankles toward a flat sole; their heading, seen from above, is kept.

    Args:
        feet: (N, 4, 3) as returned by :func:`find_feet`.
        ankles: (N, 2, 3) of the left and the right foot.
        up: (3,) unit vector against gravity, in the axes of both.
        share: (N, 2) fraction of the rotation, 0 to 1.
    """
    result = feet.astype(np.float32)
    tip = np.radians(FLAT_DEG)
    for side in range(len(_SIDES)):
        heel, toe, ankle, part = feet[:, side], feet[:, 2 + side], ankles[:, side], share[:, side]
        ahead, length = _unit(toe - heel)
        above, _ = _unit(ankle - heel - _along(ankle - heel, ahead))
        level, _ = _unit(ahead - (ahead @ up)[:, None] * up)
        flat = np.cos(tip) * level - np.sin(tip) * up
        part = part[:, None]
        rotated = _triangle(
            ankle, ahead + part * (flat - ahead), above + part * (up - above), length / LENGTH
        )
        result[:, side::2] = np.where(part[..., None] > 0, rotated, feet[:, side::2])
    return result


def _triangle(ankle: Floats, ahead: Floats, above: Floats, leg_m: Floats | float) -> Array:
    """Return (N, 2, 3) heel and toe of feet that point ``ahead`` with their upper side ``above``,
    both (N, 3) of any length."""
    ahead, _ = _unit(ahead)
    above, _ = _unit(above - _along(above, ahead))
    heel = ankle - leg_m * (ANKLE_AHEAD * ahead + ANKLE_ABOVE * above)
    return np.stack([heel, heel + leg_m * LENGTH * ahead], axis=1)


def lifted_joints(detected: DetectedPoses, xyz: Floats, missing: NDArray[np.bool_]) -> Array:
    """Return (N, 17, 3) lifted joints, replaced by world landmarks where (N, 17) ``missing``."""
    return np.where(missing[..., None], detected.world, xyz.astype(np.float64))


def foot_features(
    detected: DetectedPoses, joints: Array, size: tuple[int, int], up: Floats
) -> tuple[Array, Array]:
    """Compute the networks' input for N frames with a person, and its axes.

    The axes are level and aligned with the lifted hips, so that the input depends neither on the
    camera's position nor on where the person faces.  A left foot is mirrored to a right one, in
    input and output.

    Args:
        detected: the detections, finite.
        joints: (N, 17, 3) as returned by :func:`lifted_joints`.
        size: (width, height) of the picture in pixels.
        up: (3,) unit vector against gravity, camera axes.

    Returns:
        (N, 2, F) features of the left and the right foot; (N, 3, 3) rotations from camera axes to
        hip axes.
    """
    axes = _hip_axes(joints, up)
    metre_px = _metre_px(detected)[:, None]
    middle = np.array(size) / 2
    features = []
    for side, name in enumerate(_SIDES):
        hip, knee, ankle = (JOINT[f"{name}_{joint}"] for joint in _LEG)
        _, other_knee, other = (JOINT[f"{_SIDES[1 - side]}_{joint}"] for joint in _LEG)
        xy, world, heel, toe = (
            detected.xy,
            detected.world,
            detected.feet[:, side],
            detected.feet[:, 2 + side],
        )

        def in_plane(pixels: Floats, length_m: float) -> Floats:
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
            in_plane(toe[:, :2] - xy[:, ankle], _FOOT_M),
            in_plane(heel[:, :2] - xy[:, ankle], _FOOT_M),
            in_plane(xy[:, ankle] - xy[:, knee], _LEG_M),
            np.pad(ray, ((0, 0), (0, 1)), constant_values=1.0),
            *(_unit(shank)[0], _unit(thigh)[0], _unit(joints[:, JOINT["thorax"]])[0]),
            apart,
            _unit(joints[:, other] - joints[:, other_knee])[0],
        ]
        rotated = np.einsum("nij,nvj->nvi", axes, np.stack(directions, axis=1)) * _OUTWARD[side]
        height = ((world[:, ankle] - world[:, other]) @ up / _LEG_M)[:, None]
        numbers = np.clip(
            np.concatenate([rotated.reshape(len(xy), -1), height], axis=1), -_CLIP, _CLIP
        )
        confidence = np.column_stack([detected.conf[:, [knee, ankle]], heel[:, 2], toe[:, 2]])
        features.append(np.concatenate([numbers, confidence], axis=1))
    return np.stack(features, axis=1), axes


def to_camera_axes(directions: Floats, axes: Array) -> Array:
    """Rotate (N, 2, 2, 3) directions as predicted by the network to camera axes."""
    rotated: Array = np.einsum("nji,nsvj->nsvi", axes, directions * _OUTWARD[:, None])
    return rotated


def to_hip_axes(directions: Floats, axes: Array) -> Array:
    """Rotate (N, 2, 2, 3) directions of the left and the right foot from camera axes to those that
    the network predicts in (:func:`foot_features`)."""
    rotated: Array = np.einsum("nij,nsvj->nsvi", axes, directions) * _OUTWARD[:, None]
    return rotated


def shank_directions(joints: Array, axes: Array) -> Array:
    """Return (N, 2, 3) unit vectors from ankle to knee of (N, 17, 3) ``joints``, left and right, in
    the axes of :func:`to_hip_axes`."""
    knees, ankles = (
        joints[:, [JOINT[f"{side}_{name}"] for side in _SIDES]] for name in ("knee", "ankle")
    )
    rotated: Array = np.einsum("nij,nsj->nsi", axes, _unit(knees - ankles)[0]) * _OUTWARD
    return rotated


@cache
def _weights() -> dict[str, NDArray[np.float64]]:
    return {name: value.astype(np.float64) for name, value in load_file(FITTED).items()}


def _predict(features: Array) -> Array:
    """Map (N, 2, F) features to (N, 2, 2, 3) forward and upward directions of the left and the
    right foot, averaged over the networks."""
    weights = _weights()
    hidden = (features.reshape(-1, features.shape[-1]) - weights["mean"]) / weights["spread"]
    for layer in range(3):
        if layer:
            hidden = hidden / (1.0 + np.exp(-hidden))
        hidden = hidden @ weights[f"{layer}.weight"] + weights[f"{layer}.bias"]
    return np.asarray(hidden.mean(axis=0).reshape(*features.shape[:2], 2, 3))


def _hip_axes(world: Floats, up: Floats) -> Array:
    """Return (N, 3, 3) axes in rows: the person's right, up, and their cross product."""
    line = world[:, JOINT["right_hip"]] - world[:, JOINT["left_hip"]]
    right, _ = _unit(line - (line @ up)[:, None] * up)
    level = np.broadcast_to(up, right.shape)
    return np.stack([right, level, np.cross(level, right)], axis=1)


def _metre_px(detections: DetectedPoses) -> Array:
    """Return (N,) pixels per metre of the world landmarks, a least-squares fit over all joints."""
    weight = np.maximum(detections.conf, _LEAST_WEIGHT)[..., None]

    def centred(points: Floats) -> Floats:
        middle = (weight * points).sum(1, keepdims=True) / weight.sum(1, keepdims=True)
        return np.asarray(points - middle)

    world, pixels = centred(detections.world[..., :2]), centred(detections.xy)
    covariance, variance = (weight * world * pixels).sum((1, 2)), (weight * world**2).sum((1, 2))
    return np.asarray(np.maximum(covariance / np.maximum(variance, _SHORTEST), _FEWEST_PX))


def _toe_error(detections: DetectedPoses, side: int, ahead: Array) -> Array:
    """Return the (N,) distance in the picture between the detected toe and that of a foot that
    points ``ahead`` (N, 3) from the detected heel, over the foot's length."""
    hip, knee, ankle = (detections.world[:, JOINT[f"{_SIDES[side]}_{name}"]] for name in _LEG)
    leg_m = np.linalg.norm(knee - hip, axis=1) + np.linalg.norm(ankle - knee, axis=1)
    detected = detections.feet[:, 2 + side, :2] - detections.feet[:, side, :2]
    length = np.maximum(LENGTH * leg_m * _metre_px(detections), _SHORTEST)
    return np.asarray(np.linalg.norm(detected / length[:, None] - ahead[:, :2], axis=1))


def _smoothed(directions: Array, time_s: Floats) -> Array:
    """Average (N, 2, 2, 3) directions over neighbouring frames, with Gaussian weights in time."""
    total, weight = directions.copy(), np.ones(len(directions))
    shift = 1
    while (
        shift < len(directions) and (time_s[shift:] - time_s[:-shift]).min() <= _SMOOTHING_REACH_S
    ):
        apart = (time_s[shift:] - time_s[:-shift]) / _SMOOTHING_S
        near = apart * _SMOOTHING_S <= _SMOOTHING_REACH_S
        factor = np.where(near, np.exp(-(apart**2) / 2), 0.0)
        for one, other in (
            (slice(shift, None), slice(-shift)),
            (slice(-shift), slice(shift, None)),
        ):
            total[one] += factor[:, None, None, None] * directions[other]
            weight[one] += factor
        shift += 1
    return np.asarray(total / weight[:, None, None, None])


def _leg_m(xyz: Floats, missing: NDArray[np.bool_]) -> float:
    """Return the median length of the legs, hip to ankle, in metres; NaN if none is known."""
    lengths = []
    for name in _SIDES:
        hip, knee, ankle = (JOINT[f"{name}_{joint}"] for joint in _LEG)
        known = ~missing[:, [hip, knee, ankle]].any(axis=1)
        bones = (xyz[known, knee] - xyz[known, hip], xyz[known, ankle] - xyz[known, knee])
        lengths.append(sum(np.linalg.norm(bone, axis=1) for bone in bones))
    both = np.concatenate(lengths)
    return float(np.median(both)) if len(both) else float("nan")


def _unit(vectors: Floats) -> tuple[Array, Array]:
    """Return (..., 3) unit vectors, and the lengths (..., 1)."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, _SHORTEST)), np.asarray(length)


def _along(vectors: Floats, direction: Array) -> Array:
    """Return the component of (..., 3) ``vectors`` along a unit ``direction``."""
    return np.asarray((vectors * direction).sum(axis=-1, keepdims=True) * direction)
