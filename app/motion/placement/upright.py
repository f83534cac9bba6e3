"""The vertical in camera axes, from people's balance and from standing feet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from models.level import Level
from models.skeleton import JOINT, JOINT_COUNT, PELVIS

_LEVEL: Final = np.array([0.0, -1.0, 0.0])
_MASS: Final = {
    "head": 0.08, "thorax": 0.25, "pelvis": 0.25,
    "hip": 0.05, "knee": 0.075, "ankle": 0.035,
    "shoulder": 0.03, "elbow": 0.02, "wrist": 0.015,
}  # fmt: skip
"""Fractions of the body's mass at the joints (after Winter, Biomechanics, 2009, table 4.1)."""
_FORWARD_M: Final = 0.04
"""The centre of a foot's support lies this far in front of the ankle."""
_BODY_RAD: Final = math.radians(3.5)
"""Error of the mean of a take's upright bodies, mostly a tilt of the lifted poses."""
_TRUNK_RAD: Final = math.radians(8.0)
_CAMERA_RAD: Final = math.radians(12.0)
"""Standard deviation of cameras' tilt; it matters only where nothing but a trunk is seen."""
_CORE_RAD: Final = math.radians(2.0)
_ROW_ERROR: Final = 0.006
"""Error of the detected ankles in slope, constant while a foot stands."""
_FEWEST_FRAMES: Final = 10
_DISAGREE: Final = 2.0
"""Standard deviations by which the floor may contradict the body; beyond, the feet taken for
standing did not stand."""
_MAX_CORRECTION: Final = 3.0
"""Standard deviations by which a known height of the camera may correct the pitch."""
_STEPS: Final = 301

Cue = Literal["told", "pictures", "legs", "trunk", "nothing"]


@dataclass(frozen=True, slots=True, eq=False)
class Upright:
    """The up direction and its uncertainty."""

    up: NDArray[np.float64]
    """(3,) unit vector in camera axes."""
    pitch_sd: float
    """Standard deviation in radians of the pitch: about the picture's horizontal axis."""
    cue: Cue
    """What it was estimated from."""


def of_level(level: Level) -> Upright:
    """Return the vertical that the lifter estimated, or that was given."""
    cue: Cue = "told" if level.given else "pictures"
    return Upright(level.up.astype(np.float64), math.radians(level.std_deg), cue)


def upright(joints: NDArray[np.float64], seen: NDArray[np.bool_]) -> Upright:
    """Estimate the vertical from (N, 17, 3) poses in camera axes; ``seen`` (N, 17).

    A person who does not fall has the centre of mass above the feet, on average.  Where no legs are
    seen, the trunk's direction is used, combined with the prior of a level camera.
    """
    legs = seen[:, [JOINT["left_ankle"], JOINT["right_ankle"]]].all(axis=1)
    if legs.sum() >= _FEWEST_FRAMES:
        return Upright(_middle(_balanced(joints[legs])), _BODY_RAD, "legs")
    trunk = seen[:, [JOINT["left_shoulder"], JOINT["right_shoulder"]]].all(axis=1)
    if not trunk.any():
        return Upright(_LEVEL.copy(), _CAMERA_RAD, "nothing")
    up = _middle(_unit(joints[trunk, JOINT["thorax"]] - joints[trunk, PELVIS]))
    share = _CAMERA_RAD**2 / (_CAMERA_RAD**2 + _TRUNK_RAD**2)
    return Upright(_pitched(up, share * pitch(up)), _TRUNK_RAD * math.sqrt(share), "trunk")


def pitch(up: NDArray[np.float64]) -> float:
    """Return the pitch in radians of a camera with this up direction; negative looks down."""
    return math.asin(float(np.clip(up[2], -1.0, 1.0)))


def refined(
    guess: Upright, slopes: Sequence[NDArray[np.float64]], depths: Sequence[NDArray[np.float64]]
) -> Upright:
    """Correct the pitch by the relation of picture row and depth of standing feet.

    Args:
        guess: the estimate from the body.
        slopes: for each of S contacts, (F, 2) the ankle as detected.
        depths: for each contact, (F,) the ankle's depth, metres.

    On a floor at distance h below the lens, ``1 / depth = (cos p * row - sin p) / h`` for pitch p
    and row the slope downwards: a straight line, fitted with the noisy depth as the dependent
    variable.  It is informative if the person walked to and fro, and not for one who stood still.
    """
    if len(slopes) < 2:
        return guess
    down = -guess.up[:2] / np.linalg.norm(guess.up[:2])
    row, near = np.concatenate(slopes) @ down, 1 / np.concatenate(depths)
    variance = float(row.var())
    rise = float(((row - row.mean()) * (near - near.mean())).mean()) / max(variance, 1e-12)
    if rise <= 0 or variance <= _ROW_ERROR**2:
        return guess
    line = near.mean() / rise
    residual = float((near - near.mean() - rise * (row - row.mean())).std())
    doubt = math.hypot(
        residual / rise / math.sqrt(len(slopes) * variance), _ROW_ERROR**2 / variance
    )
    floor_sd = float(line) * doubt
    floor_pitch = math.atan(float(row.mean() - line))
    if abs(floor_pitch - pitch(guess.up)) > _DISAGREE * math.hypot(guess.pitch_sd, floor_sd):
        return guess
    share = guess.pitch_sd**2 / (guess.pitch_sd**2 + floor_sd**2)
    both = pitch(guess.up) + share * (floor_pitch - pitch(guess.up))
    return Upright(_pitched(guess.up, both), guess.pitch_sd * math.sqrt(1 - share), guess.cue)


def levelled(guess: Upright, ankles: NDArray[np.float64], below_m: float) -> Upright:
    """Correct the pitch, within its uncertainty, to match the known height of the lens.

    Args:
        guess: the estimate from body and floor.
        ankles: (F, 3) metres from the lens, camera axes, of standing feet.
        below_m: from the lens down to the height of ankles.
    """
    reach = _MAX_CORRECTION * guess.pitch_sd
    angles = pitch(guess.up) + np.linspace(-reach, reach, _STEPS)
    ups = np.array([_pitched(guess.up, float(angle)) for angle in angles])
    off = np.abs(-np.median(ankles @ ups.T, axis=0) - below_m)
    return Upright(ups[off.argmin()], guess.pitch_sd, guess.cue)


def _balanced(joints: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N, 3) unit vectors from the mid-point of the feet to the centre of mass."""
    mass = np.zeros(JOINT_COUNT)
    for name, index in JOINT.items():
        mass[index] = _MASS.get(name.rpartition("_")[2], 0.0)
    centre = np.einsum("j,njk->nk", mass / mass.sum(), joints)
    feet = joints[:, [JOINT["left_ankle"], JOINT["right_ankle"]]].mean(axis=1)
    left = joints[:, JOINT["left_hip"]] - joints[:, JOINT["right_hip"]]
    left = left + joints[:, JOINT["left_shoulder"]] - joints[:, JOINT["right_shoulder"]]
    forward = _unit(np.cross(left, centre - feet))
    return _unit(centre - feet - _FORWARD_M * forward)


def _middle(directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (3,) geometric median of (N, 3) directions, robust against bending down."""
    middle = _unit(directions.sum(axis=0))
    for _ in range(20):
        away = np.arccos((directions @ middle).clip(-1.0, 1.0))
        middle = _unit((directions / np.maximum(away, _CORE_RAD)[:, None]).sum(axis=0))
    return middle


def _pitched(up: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    """Return ``up`` with the same direction in the picture and the pitch ``angle``."""
    flat = up[:2] / np.linalg.norm(up[:2])
    return np.array([*(math.cos(angle) * flat), math.sin(angle)])


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    result: NDArray[np.float64] = vectors / np.maximum(length, 1e-9)
    return result
