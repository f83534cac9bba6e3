"""Arm motion: hanging, swinging with the stride, and gestures."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from app.synthetic.performer.choreography import Gesture
from app.synthetic.performer.rotations import Array, about_x, between, unit
from app.synthetic.performer.variation import Act

_WAVES_PER_S: Final = 1.6
_SWING: Final = 0.85
"""Radians of arm swing per metre of stride."""


class Arm(NamedTuple):
    """Unit directions from shoulder to elbow and from elbow to wrist, in the chest's axes."""

    upper: Array
    fore: Array


_RAISED: Final[dict[Act, tuple[tuple[float, float, float], tuple[float, float, float]]]] = {
    "stretch": ((0.34, 0.95, 0.05), (0.10, 1.0, 0.03)),
    "arms_out": ((1.0, -0.05, 0.10), (1.0, 0.02, 0.22)),
    "hands_on_hips": ((0.62, -0.80, -0.18), (-0.78, -0.52, 0.34)),
    "squat": ((0.12, -0.22, 1.0), (-0.10, 0.10, 1.0)),
}
"""Gestures of both arms: upper arm and forearm of the left one; the right one mirrors them."""


def arm_at(gestures: list[Gesture], time_s: float, side: float, stride: float, depth: float) -> Arm:
    """Return one arm's pose at a time.

    Args:
        gestures: all gestures of the performance.
        time_s: seconds.
        side: 1 for the left arm, -1 for the right.
        stride: distance of the other foot in front of this side's, metres.
        depth: depth of a squat, 0 to 1.
    """
    arm = _hanging(side, stride)
    for gesture in gestures:
        weight = gesture.weight(time_s) if gesture.act != "squat" else 0.0
        goal = _goal(gesture, time_s, side) if weight > 0 else None
        if goal is not None:
            arm = _blended(arm, goal, weight)
    if depth > 0:
        arm = _blended(arm, _mirrored(_RAISED["squat"], side), min(1.0, 1.15 * depth))
    return arm


def shrug(arm: Arm, side: float) -> Array:
    """Return the shoulder's offset due to a raised arm, in the chest's axes: up and inward."""
    raised = max(0.0, float(arm.upper[1]) + 0.4) / 1.4
    return np.array([-side * 0.032, 0.055, 0.0]) * raised


def _hanging(side: float, stride: float) -> Arm:
    swing = -_SWING * stride
    upper = about_x(swing) @ unit(np.array([side * 0.17, -1.0, 0.0]))
    bend = -0.28 + min(0.0, 0.55 * swing)
    fore = about_x(swing + bend) @ unit(np.array([side * 0.06, -1.0, 0.0]))
    return Arm(upper, fore)


def _goal(gesture: Gesture, time_s: float, side: float) -> Arm | None:
    waving = {"wave_left": 1.0, "wave_right": -1.0, "wave_both": side}.get(gesture.act)
    if waving is not None:
        return _waving(time_s - gesture.begin, side) if waving == side else None
    raised = _RAISED.get(gesture.act)
    return _mirrored(raised, side) if raised is not None else None


def _waving(seconds: float, side: float) -> Arm:
    swing = math.sin(2 * math.pi * _WAVES_PER_S * seconds)
    upper = unit(np.array([side * 0.86, 0.30 + 0.05 * swing, 0.32]))
    fore = unit(np.array([side * (0.10 + 0.42 * swing), 1.0, 0.22]))
    return Arm(upper, fore)


def _mirrored(
    left: tuple[tuple[float, float, float], tuple[float, float, float]], side: float
) -> Arm:
    upper, fore = (unit(np.array(direction) * (side, 1.0, 1.0)) for direction in left)
    return Arm(upper, fore)


def _blended(first: Arm, second: Arm, share: float) -> Arm:
    return Arm(between(first.upper, second.upper, share), between(first.fore, second.fore, share))
