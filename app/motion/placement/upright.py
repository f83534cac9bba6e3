"""Which way is up, in camera axes: from how people hold themselves, and from where feet stand."""

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
"""Shares of the body's mass drawn to the joints (after Winter, Biomechanics, 2009, table 4.1)."""
_FORWARD_M: Final = 0.04
"""The middle of what a foot stands on lies this far in front of the ankle."""
_BODY_RAD: Final = math.radians(3.5)
"""What the mean of a take's upright bodies is off: the lifter's own tilt, mostly."""
_TRUNK_RAD: Final = math.radians(8.0)
_CAMERA_RAD: Final = math.radians(12.0)
"""How far cameras are tilted; worth asking only where nothing but a trunk is seen."""
_CORE_RAD: Final = math.radians(2.0)
_ROW_ERROR: Final = 0.006
"""What the detector's ankles are off in slope, for as long as a foot stands."""
_FEWEST_FRAMES: Final = 10
_DISAGREE: Final = 2.0
"""Standard deviations by which the floor may contradict the body; beyond, what was taken for
standing feet was something else."""
_UNSURE: Final = 3.0
"""Standard deviations by which a known height of the camera may correct the pitch."""
_STEPS: Final = 301

Cue = Literal["told", "pictures", "legs", "trunk", "nothing"]


@dataclass(frozen=True, slots=True, eq=False)
class Upright:
    """A direction and how sure it is."""

    up: NDArray[np.float64]
    """(3,) unit vector in camera axes."""
    pitch_sd: float
    """Radians, about the picture's horizontal."""
    cue: Cue
    """What was looked at."""


def of_level(level: Level) -> Upright:
    """As the lifter found, or was told."""
    cue: Cue = "told" if level.told else "pictures"
    return Upright(level.up.astype(np.float64), math.radians(level.spread_deg), cue)


def upright(joints: NDArray[np.float64], seen: NDArray[np.bool_]) -> Upright:
    """From (N, 17, 3) poses in camera axes and (N, 17) what was seen of them.

    Somebody who does not fall has the middle of the body's mass over the feet, on average.  Of who
    shows no legs the trunk counts, half way to a camera that stands level.
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
    """How far a camera that sees this as up looks upwards, radians; negative looks down."""
    return math.asin(float(np.clip(up[2], -1.0, 1.0)))


def refined(
    guess: Upright, slopes: Sequence[NDArray[np.float64]], depths: Sequence[NDArray[np.float64]]
) -> Upright:
    """Correct the pitch by how the rows of standing feet rise in the picture with their depth.

    Args:
        guess: what the body said.
        slopes: for each of S times that a foot stood, (F, 2) where the ankle was seen.
        depths: for each (F,) how far away it was, metres.

    On a floor at distance h below the lens, ``1 / depth = (cos p * row - sin p) / h`` for pitch p
    and row the slope downwards: a straight line, fitted with the noisy depth as what is explained.
    It says much when somebody walked to and fro, and nothing of who stood at one spot.
    """
    if len(slopes) < 2:
        return guess
    down = -guess.up[:2] / np.linalg.norm(guess.up[:2])
    row, near = np.concatenate(slopes) @ down, 1 / np.concatenate(depths)
    spread = float(row.var())
    rise = float(((row - row.mean()) * (near - near.mean())).mean()) / max(spread, 1e-12)
    if rise <= 0 or spread <= _ROW_ERROR**2:
        return guess
    line = near.mean() / rise
    left = float((near - near.mean() - rise * (row - row.mean())).std())
    doubt = math.hypot(left / rise / math.sqrt(len(slopes) * spread), _ROW_ERROR**2 / spread)
    floor_sd = float(line) * doubt
    floor_pitch = math.atan(float(row.mean() - line))
    if abs(floor_pitch - pitch(guess.up)) > _DISAGREE * math.hypot(guess.pitch_sd, floor_sd):
        return guess
    share = guess.pitch_sd**2 / (guess.pitch_sd**2 + floor_sd**2)
    both = pitch(guess.up) + share * (floor_pitch - pitch(guess.up))
    return Upright(_pitched(guess.up, both), guess.pitch_sd * math.sqrt(1 - share), guess.cue)


def levelled(guess: Upright, ankles: NDArray[np.float64], below_m: float) -> Upright:
    """Correct the pitch, as far as it may be wrong, so that the floor is as far below the lens as
    is known.

    Args:
        guess: what body and floor said.
        ankles: (F, 3) metres from the lens, camera axes, of feet that stand.
        below_m: from the lens down to the height of ankles.
    """
    reach = _UNSURE * guess.pitch_sd
    angles = pitch(guess.up) + np.linspace(-reach, reach, _STEPS)
    ups = np.array([_pitched(guess.up, float(angle)) for angle in angles])
    off = np.abs(-np.median(ankles @ ups.T, axis=0) - below_m)
    return Upright(ups[off.argmin()], guess.pitch_sd, guess.cue)


def _balanced(joints: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 3) unit vectors from between the feet to the middle of the mass."""
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
    """(3,) geometric median of (N, 3) directions: who bends down now and then is still upright."""
    middle = _unit(directions.sum(axis=0))
    for _ in range(20):
        away = np.arccos((directions @ middle).clip(-1.0, 1.0))
        middle = _unit((directions / np.maximum(away, _CORE_RAD)[:, None]).sum(axis=0))
    return middle


def _pitched(up: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    """The same direction in the picture, but this far towards the line of sight."""
    flat = up[:2] / np.linalg.norm(up[:2])
    return np.array([*(math.cos(angle) * flat), math.sin(angle)])


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    result: NDArray[np.float64] = vectors / np.maximum(length, 1e-9)
    return result
