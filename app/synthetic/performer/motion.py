"""The poses of the performer: every bone and joint at any time.

Arms hang, swing with the stride, and take part in gestures.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from app.synthetic.performer import gait
from app.synthetic.performer.choreography import Choreography, Gesture
from app.synthetic.performer.rotations import (
    Array,
    about_x,
    about_y,
    about_z,
    between,
    hinge_of,
    limb_axes,
    reach,
    unit,
)
from app.synthetic.performer.variation import Act, Proportions, Variation
from models.skeleton import JOINT, JOINT_COUNT

BONES: Final = (
    "pelvis", "chest", "head",
    "left_upper_arm", "left_forearm", "left_hand", "right_upper_arm", "right_forearm", "right_hand",
    "left_thigh", "left_shank", "left_foot", "right_thigh", "right_shank", "right_foot",
)  # fmt: skip
BONE: Final = {name: index for index, name in enumerate(BONES)}
SIDES: Final = (("left", 1.0), ("right", -1.0))

EAR_M: Final = (0.077, 0.094, 0.0)
"""From the joint of head and neck to the left ear, before scaling by the head's size."""
NOSE_M: Final = (0.0, 0.074, 0.127)
_SQUAT_DROP: Final = 0.46
"""Drop of the hips, as a fraction of the leg's length."""
_SQUAT_BACK_M: Final = 0.17
_STANDING: Final = 0.999
_STRIDING: Final = 0.992
"""Largest extension of a leg, as a fraction of its length."""
_STANDING_SOFT_M: Final = 0.002
_STRIDING_SOFT_M: Final = 0.015
"""How much lower the hips are than both legs allow, when both allow the same: knees are bent by 9
degrees standing, by some 17 under load in a stride."""
_STRIDE_M: Final = 0.1
_LIFT_M: Final = 0.02
"""Distance of the feet, or height of one foot, that counts as half of a stride."""
_BREATH_S: Final = 3.7


class Pose(NamedTuple):
    """The performer at one moment, in world axes (y up)."""

    origins: Array
    """(15, 3) root of each bone."""
    axes: Array
    """(15, 3, 3) rotated axes of each bone as columns; the identity standing
    straight, arms down."""
    joints: Array
    """(17, 3) the skeleton's joints."""


class _Stance(NamedTuple):
    """The pose of the lower body."""

    pelvis: Array
    heading: float
    stride: float
    """Distance of the right foot in front of the left one, metres."""
    ankles: tuple[Array, Array]
    feet: tuple[Array, Array]
    depth: float
    """Depth of a squat, 0 to 1."""


class Motion:
    """The performance of a variation."""

    def __init__(self, variation: Variation) -> None:
        self.body: Proportions = variation.proportions
        self._camera_azimuth = variation.camera_azimuth
        self._choreography = Choreography(variation.acts, variation.tempo)
        self._feet = gait.plan(
            self._choreography.path, self._choreography.moving, self.body.hip + 0.012
        )
        self.duration_s = self._choreography.duration_s

    def at(self, time_s: float) -> Pose:
        """Return the pose at a time; the motion loops."""
        time_s %= self.duration_s
        stance = self._stance(time_s)
        pelvis = about_y(stance.heading + 0.16 * _stride_share(stance)) @ about_x(
            0.42 * stance.depth
        )
        chest = self._chest(stance, time_s)
        arms = tuple(
            arm_at(self._choreography.gestures, time_s, side, stance.stride * side, stance.depth)
            for _, side in SIDES
        )
        return self._assembled(stance, pelvis, chest, arms, time_s)

    def _stance(self, time_s: float) -> _Stance:
        body, place = self.body, self._choreography.path(time_s)
        squats = (g.depth(time_s) for g in self._choreography.gestures if g.act == "squat")
        depth = max(squats, default=0.0)
        one, other = (foot.at(time_s) for foot in self._feet)
        ankles = (_ankle(one, body), _ankle(other, body))
        feet = (_sole(one), _sole(other))
        forward, left = _facing(place.heading)
        sway = 0.35 * (other.lift - one.lift)
        sway += 0.008 * self._sway(time_s, 4.6)
        pelvis = np.array([place.x, 0.0, place.z]) + sway * left
        pelvis = pelvis - _SQUAT_BACK_M * depth * forward
        stride = float((ankles[1] - ankles[0]) @ forward)
        apart = math.hypot(stride / _STRIDE_M, one.lift / _LIFT_M, other.lift / _LIFT_M)
        striding = apart**2 / (1 + apart**2)
        pelvis[1] = _hip_height(pelvis, ankles, body, left, striding)
        pelvis[1] -= _SQUAT_DROP * body.leg * depth
        return _Stance(pelvis, place.heading, stride, ankles, feet, depth)

    def _chest(self, stance: _Stance, time_s: float) -> Array:
        breath = 0.008 * self._sway(time_s, _BREATH_S)
        lean = 0.03 + 0.06 * abs(_stride_share(stance)) + 0.72 * stance.depth + breath
        aside = sum(
            0.10 * gesture.weight(time_s) * (1 if gesture.act == "wave_left" else -1)
            for gesture in self._choreography.gestures
            if gesture.act in ("wave_left", "wave_right")
        )
        yaw = stance.heading - 0.22 * _stride_share(stance)
        return about_y(yaw) @ about_x(lean) @ about_z(aside)

    def _assembled(
        self, stance: _Stance, pelvis: Array, chest: Array, arms: tuple[Arm, ...], time_s: float
    ) -> Pose:
        body = self.body
        origins, axes = np.zeros((len(BONES), 3)), np.zeros((len(BONES), 3, 3))
        joints = np.zeros((JOINT_COUNT, 3))

        def put(bone: str, origin: Array, turned: Array) -> None:
            origins[BONE[bone]], axes[BONE[bone]] = origin, turned

        put("pelvis", stance.pelvis, pelvis)
        waist = stance.pelvis + pelvis @ (0.0, body.waist, 0.0)
        put("chest", waist, chest)
        atlas = waist + chest @ (0.0, body.chest + body.neck, 0.012)
        head = self._head(chest, stance, time_s)
        put("head", atlas, head)
        for (name, side), arm, ankle, foot in zip(
            SIDES, arms, stance.ankles, stance.feet, strict=True
        ):
            hip = stance.pelvis + pelvis @ (side * body.hip, 0.0, 0.0)
            for bone, (origin, turned) in _leg(hip, ankle, foot, pelvis, body).items():
                put(f"{name}_{bone}", origin, turned)
            shoulder = waist + chest @ (
                np.array([side * body.shoulder, body.chest, 0.0]) + shrug(arm, side)
            )
            for bone, (origin, turned) in _arm(shoulder, chest, arm, body).items():
                put(f"{name}_{bone}", origin, turned)
        _read_joints(joints, origins)
        joints[JOINT["nose"]] = atlas + head @ np.multiply(body.head, NOSE_M)
        joints[JOINT["head"]] = atlas + head @ np.multiply(body.head, (0.0, *EAR_M[1:]))
        return Pose(origins, axes, joints)

    def _head(self, chest: Array, stance: _Stance, time_s: float) -> Array:
        """Return the head's axes: upright, and turned toward the camera as far as comfortable."""
        away = math.remainder(self._camera_azimuth - stance.heading, math.tau)
        turn = 0.8 * away * math.exp(-((away / 1.25) ** 4))
        turn += 0.05 * self._sway(time_s, 6.1)
        # The head follows the trunk's lean a little.
        lean = math.acos(min(1.0, float(chest[1, 1])))
        nod = 0.03 * self._sway(time_s, 3.05) + 0.12 * stance.depth
        return about_y(stance.heading + turn) @ about_x(nod + 0.1 * lean)

    def _sway(self, time_s: float, about_s: float) -> float:
        """Return a slow oscillation, -1 to 1, of about this period, that fits the loop."""
        rounds = max(1, round(self.duration_s / about_s))
        return math.sin(2 * math.pi * rounds * time_s / self.duration_s)


def _stride_share(stance: _Stance) -> float:
    """Return -1 to 1: a long step with the left, or with the right foot in front."""
    return min(1.0, max(-1.0, stance.stride / 0.6))


def _facing(heading: float) -> tuple[Array, Array]:
    """Return unit vectors forward and to the left."""
    s, c = math.sin(heading), math.cos(heading)
    return np.array([s, 0.0, c]), np.array([c, 0.0, -s])


def _ankle(footing: gait.Footing, body: Proportions) -> Array:
    offset = gait.ankle_offset(footing, body.ankle, body.head)
    spot = np.array([footing.place.x, 0.0, footing.place.z])
    return spot + about_y(footing.place.heading) @ offset


def _sole(footing: gait.Footing) -> Array:
    return about_y(footing.place.heading) @ about_x(footing.pitch)


def _hip_height(
    pelvis: Array, ankles: tuple[Array, ...], body: Proportions, left: Array, striding: float
) -> float:
    """Return the greatest height that both legs allow: nearly straight standing, less
    in a stride."""
    hips = (pelvis + body.hip * left, pelvis - body.hip * left)

    def allowed(span: float, soft_m: float) -> float:
        one, other = (
            _above(ankle, hip, span * body.leg) for ankle, hip in zip(ankles, hips, strict=True)
        )
        # A hard minimum would cause a jerk where the weight shifts from foot to foot.
        return (one + other) / 2 - math.hypot((one - other) / 2, soft_m)

    standing = allowed(_STANDING, _STANDING_SOFT_M)
    return standing + striding * (allowed(_STRIDING, _STRIDING_SOFT_M) - standing)


def _above(ankle: Array, hip: Array, length: float) -> float:
    """Return the height of the hip on a leg of ``length`` above ``ankle``, on the vertical line
    through ``hip``."""
    across = (ankle - hip)[[0, 2]]
    return float(ankle[1]) + math.sqrt(max(length**2 - float(across @ across), 0.01))


def _leg(
    hip: Array, ankle: Array, foot: Array, pelvis: Array, body: Proportions
) -> dict[str, tuple[Array, Array]]:
    """Return root and axes of thigh, shank and foot."""
    forward = unit(foot[:, 2] + pelvis[:, 2])
    knee = reach(hip, ankle, body.thigh, body.shank, forward)
    down, on = unit(knee - hip), unit(ankle - knee)
    hinge = hinge_of(down, forward)
    return {
        "thigh": (hip, limb_axes(down, hinge)),
        "shank": (knee, limb_axes(on, unit(hinge - (hinge @ on) * on))),
        "foot": (ankle, foot),
    }


def _arm(
    shoulder: Array, chest: Array, arm: Arm, body: Proportions
) -> dict[str, tuple[Array, Array]]:
    """Return root and axes of upper arm, forearm and hand."""
    upper, lower = chest @ arm.upper, chest @ arm.fore
    elbow = shoulder + body.upper_arm * upper
    hinge = hinge_of(upper, lower + 0.05 * chest[:, 2])
    turned = limb_axes(lower, unit(hinge - (hinge @ lower) * lower))
    return {
        "upper_arm": (shoulder, limb_axes(upper, hinge)),
        "forearm": (elbow, turned),
        "hand": (elbow + body.forearm * lower, turned),
    }


def _read_joints(joints: Array, origins: Array) -> None:
    """Set the limbs and the trunk of the 17 joints from the bones' roots."""
    ends = {"hip": "thigh", "knee": "shank", "ankle": "foot"}
    ends |= {"shoulder": "upper_arm", "elbow": "forearm", "wrist": "hand"}
    for side, _ in SIDES:
        for joint, bone in ends.items():
            joints[JOINT[f"{side}_{joint}"]] = origins[BONE[f"{side}_{bone}"]]
    pelvis = (joints[JOINT["left_hip"]] + joints[JOINT["right_hip"]]) / 2
    thorax = (joints[JOINT["left_shoulder"]] + joints[JOINT["right_shoulder"]]) / 2
    joints[JOINT["pelvis"]], joints[JOINT["thorax"]] = pelvis, thorax
    joints[JOINT["spine"]] = (pelvis + thorax) / 2


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
