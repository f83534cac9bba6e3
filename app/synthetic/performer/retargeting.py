"""Retargeting of motion capture to the performer: captured directions, the performer's lengths.

The capture has 17 joints; what they leave open (axial rotation of straight limbs, orientation of
feet) is derived from nearby joints and the floor.  The joints of a :class:`Take` are exact for what
is drawn, because they are read from the drawn bones.

Of the feet no joint of the capture says how they stand.  In the air a foot is square to its shank.
Near the floor it turns about its toes or its heel so that it neither sinks in nor floats: an ankle
as low as it can be has its foot flat.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.synthetic.performer.motion import BONE, BONES, EAR_M, NOSE_M, SIDES, Pose
from app.synthetic.performer.rotations import Array, about_y
from app.synthetic.performer.variation import Proportions
from models.skeleton import JOINT, JOINT_COUNT

_NOSE_PITCH: Final = math.atan2(EAR_M[1] - NOSE_M[1], NOSE_M[2])
"""Downward angle of the line from the ears to the nose when the head is level."""
_STRAIGHT: Final = 0.3
"""Sine of the bend below which a limb's axial rotation comes from the trunk rather than from its
bend, since a bend of a few degrees is noise of the capture."""
_THIGH_AT_EASE: Final = (0.1, -0.8, 0.6)
_UPPER_ARM_AT_EASE: Final = (0.5, -0.6, 0.6)
"""Rest directions of the left limbs in the trunk's axes.  They are opposite to directions that no
limb can have, where the axial rotation of a straight limb is undefined."""


class Take:
    """A captured performance; has the interface of :class:`~.motion.Motion`.

    Args:
        body: the proportions of the performer.
        xyz: (N, 17, 3) metres, +Y up, the joints of ``models.skeleton``; N >= 1, finite.
        rate: frames per second of ``xyz``.
        turn: rotation of the whole take about the vertical in radians, positive to the left.

    The take is moved and scaled as a whole, never frame by frame: its mean pelvis is above the
    origin, and its lowest ankle at ``body.ankle`` above the floor.

    Raises:
        ValueError: ``xyz`` has another shape or is not finite, or the rate is not positive.
    """

    def __init__(
        self, body: Proportions, xyz: NDArray[np.floating], rate: float, turn: float = 0.0
    ) -> None:
        if xyz.ndim != 3 or xyz.shape[1:] != (JOINT_COUNT, 3) or not len(xyz):
            raise ValueError(f"a take is (frames, {JOINT_COUNT}, 3), not {xyz.shape}")
        if not np.isfinite(xyz).all() or not rate > 0:
            raise ValueError("a take needs finite joints and a positive rate")
        self.body = body
        self.duration_s = len(xyz) / rate
        self._rate = rate
        self._xyz = xyz.astype(np.float64) @ about_y(turn).T
        centre = self._xyz[:, JOINT["pelvis"]].mean(axis=0)
        self._xyz = (self._xyz - centre * (1.0, 0.0, 1.0)) * _leg_ratio(self._xyz, body)
        ankles = _retargeted(self._xyz, body)[2][:, [JOINT["left_ankle"], JOINT["right_ankle"]], 1]
        self._xyz += (0.0, body.ankle - float(ankles.min()), 0.0)
        # All at once, since most of the time for a single frame is NumPy's overhead.
        self._poses = _retargeted(self._xyz, body)

    def at(self, time_s: float) -> Pose:
        """Return the pose at a time; the motion loops, holding the last frame until then."""
        place = (time_s % self.duration_s) * self._rate
        last = len(self._xyz) - 1
        nearest = min(round(place), last)
        if abs(place - nearest) < 1e-6 or place > last:
            origins, axes, joints = (part[nearest] for part in self._poses)
            return Pose(origins, axes, joints)
        lower = int(place)
        frame = self._xyz[lower] + (place - lower) * (self._xyz[lower + 1] - self._xyz[lower])
        origins, axes, joints = (part[0] for part in _retargeted(frame[None], self.body))
        return Pose(origins, axes, joints)


def heading(xyz: NDArray[np.floating]) -> float:
    """Return the mean facing direction of (N, 17, 3) +Y-up joints: radians, 0 along +z, positive
    to the left as in :class:`~app.synthetic.performer.gait.Place`."""
    left = xyz[:, JOINT["left_hip"]] - xyz[:, JOINT["right_hip"]]
    left = left + xyz[:, JOINT["left_shoulder"]] - xyz[:, JOINT["right_shoulder"]]
    forward = np.cross(left, (0.0, 1.0, 0.0)).mean(axis=0)
    return math.atan2(float(forward[0]), float(forward[2]))


def _leg_ratio(xyz: Array, body: Proportions) -> float:
    """Return the ratio of the performer's leg length to the captured one.

    Steps and the drop of the hips must scale with it, or the feet would leave the floor.
    """
    length = 0.0
    for side, _ in SIDES:
        for upper, lower in (("hip", "knee"), ("knee", "ankle")):
            bone = xyz[:, JOINT[f"{side}_{upper}"]] - xyz[:, JOINT[f"{side}_{lower}"]]
            length += float(np.linalg.norm(bone, axis=-1).mean())
    return 2 * body.leg / length if length > 1e-6 else 1.0


def _retargeted(xyz: Array, body: Proportions) -> tuple[Array, Array, Array]:
    """Return (N, 15, 3) origins, (N, 15, 3, 3) axes and (N, 17, 3) joints of captured joints.

    ``xyz`` is (N, 17, 3).  The pelvis stays where it was captured.
    """
    origins, axes = np.zeros((len(xyz), len(BONES), 3)), np.zeros((len(xyz), len(BONES), 3, 3))
    joints = np.zeros((len(xyz), JOINT_COUNT, 3))
    across = _direction(xyz, "right_hip", "left_hip", (1.0, 0.0, 0.0))
    trunk = _direction(xyz, "pelvis", "thorax", (0.0, 1.0, 0.0))
    shoulders = _direction(xyz, "right_shoulder", "left_shoulder", across)
    pelvis = xyz[:, JOINT["pelvis"]]
    thorax = pelvis + (body.waist + body.chest) * trunk
    hips_axes = _frame(across, trunk, keep="x")
    chest_axes = _frame(_across(shoulders, trunk, hips_axes[..., 0]), trunk, keep="y")
    for name, origin, turned in (
        ("pelvis", pelvis, hips_axes),
        ("chest", pelvis + body.waist * trunk, chest_axes),
    ):
        origins[:, BONE[name]], axes[:, BONE[name]] = origin, turned
    for name, side in SIDES:
        _put_leg(name, side, xyz, pelvis + side * body.hip * across, hips_axes, body, origins, axes)
        root = thorax + side * body.shoulder * shoulders
        _put_arm(name, side, xyz, root, chest_axes, body, origins, axes)
    _put_head(xyz, thorax, chest_axes, body, origins, axes)
    axes[:, [BONE["left_foot"], BONE["right_foot"]]] = feet_axes(origins, axes, body)
    _read_joints(joints, origins, axes, body, thorax)
    return origins, axes, joints


def _put_leg(
    name: str,
    side: float,
    xyz: Array,
    hip: Array,
    trunk: Array,
    body: Proportions,
    origins: Array,
    axes: Array,
) -> None:
    down = -trunk[..., 1]
    thigh = _direction(xyz, f"{name}_hip", f"{name}_knee", down)
    shank = _direction(xyz, f"{name}_knee", f"{name}_ankle", thigh)
    ease = _at_ease(thigh, trunk, np.multiply(_THIGH_AT_EASE, (side, 1.0, 1.0)))
    bend = np.cross(thigh, shank)
    # A knee that bends the wrong way is an error of the capture: it must not flip the leg.
    wrong = np.minimum((bend * ease).sum(-1, keepdims=True), 0.0)
    hinge = _across(bend - 2 * wrong * ease + _STRAIGHT * ease, thigh, ease)
    knee = hip + body.thigh * thigh
    _set_bone(name, "thigh", hip, _frame(hinge, -thigh, keep="y"), origins, axes)
    _set_bone(name, "shank", knee, _follow(shank, thigh, hinge), origins, axes)
    # The foot's axes follow later, when the ankle's height above the floor is known.
    _set_bone(
        name,
        "foot",
        knee + body.shank * shank,
        np.broadcast_to(np.eye(3), (1, 3, 3)),
        origins,
        axes,
    )


def _put_arm(
    name: str,
    side: float,
    xyz: Array,
    shoulder: Array,
    trunk: Array,
    body: Proportions,
    origins: Array,
    axes: Array,
) -> None:
    upper = _direction(xyz, f"{name}_shoulder", f"{name}_elbow", -trunk[..., 1])
    fore = _direction(xyz, f"{name}_elbow", f"{name}_wrist", upper)
    ease = _at_ease(upper, trunk, np.multiply(_UPPER_ARM_AT_EASE, (side, 1.0, 1.0)))
    hinge = _across(np.cross(fore, upper) + _STRAIGHT * ease, upper, ease)
    elbow = shoulder + body.upper_arm * upper
    turned = _follow(fore, upper, hinge)
    _set_bone(name, "upper_arm", shoulder, _frame(hinge, -upper, keep="y"), origins, axes)
    _set_bone(name, "forearm", elbow, turned, origins, axes)
    _set_bone(name, "hand", elbow + body.forearm * fore, turned, origins, axes)


def _set_bone(
    name: str, bone: str, origin: Array, turned: Array, origins: Array, axes: Array
) -> None:
    origins[:, BONE[f"{name}_{bone}"]] = origin
    axes[:, BONE[f"{name}_{bone}"]] = turned


def _put_head(
    xyz: Array, thorax: Array, chest: Array, body: Proportions, origins: Array, axes: Array
) -> None:
    """Place the head: the ears' mid-point along the captured neck, the nose along the face."""
    neck = _direction(xyz, "thorax", "head", chest[..., 1])
    face = _direction(xyz, "head", "nose", chest[..., 2])
    left = _across(np.cross(neck, face), face, chest[..., 0])
    up = np.cross(face, left)
    c, s = math.cos(_NOSE_PITCH), math.sin(_NOSE_PITCH)
    turned = np.stack([left, c * up - s * face, c * face + s * up], axis=-1)
    ears = thorax + (body.neck + body.head * EAR_M[1]) * neck
    # The joint below lengthens the neck a little rather than rotate the line to the ears.
    origins[:, BONE["head"]] = ears - body.head * EAR_M[1] * turned[..., 1]
    axes[:, BONE["head"]] = turned


def _read_joints(
    joints: Array, origins: Array, axes: Array, body: Proportions, thorax: Array
) -> None:
    ends = {"hip": "thigh", "knee": "shank", "ankle": "foot"}
    ends |= {"shoulder": "upper_arm", "elbow": "forearm", "wrist": "hand"}
    for side, _ in SIDES:
        for joint, bone in ends.items():
            joints[:, JOINT[f"{side}_{joint}"]] = origins[:, BONE[f"{side}_{bone}"]]
    pelvis, atlas, head = (
        origins[:, BONE["pelvis"]],
        origins[:, BONE["head"]],
        axes[:, BONE["head"]],
    )
    joints[:, JOINT["pelvis"]], joints[:, JOINT["thorax"]] = pelvis, thorax
    joints[:, JOINT["spine"]] = (pelvis + thorax) / 2
    joints[:, JOINT["nose"]] = atlas + head @ np.multiply(body.head, NOSE_M)
    joints[:, JOINT["head"]] = atlas + head @ np.multiply(body.head, (0.0, *EAR_M[1:]))


def _direction(xyz: Array, start: str, end: str, otherwise: Array | tuple[float, ...]) -> Array:
    """Return (N, 3) unit vectors between joints; ``otherwise`` where they coincide."""
    line = xyz[:, JOINT[end]] - xyz[:, JOINT[start]]
    length = np.linalg.norm(line, axis=-1, keepdims=True)
    result: Array = np.where(length > 1e-6, line / np.maximum(length, 1e-6), otherwise)
    return result


def _across(wanted: Array, along: Array, otherwise: Array) -> Array:
    """Return the unit component of (N, 3) ``wanted`` orthogonal to the unit vectors ``along``.

    Where it vanishes, that of ``otherwise``, or else any.
    """
    result = np.zeros_like(wanted)
    left = np.ones(len(wanted), dtype=bool)
    for guess in (wanted, otherwise, np.roll(along, 1, axis=-1), np.eye(3)[[0]], np.eye(3)[[1]]):
        guess = np.broadcast_to(guess, wanted.shape)
        flat = guess - (guess * along).sum(-1, keepdims=True) * along
        length = np.linalg.norm(flat, axis=-1, keepdims=True)
        fits = left & (length[:, 0] > 1e-3)
        result[fits] = flat[fits] / length[fits]
        left &= ~fits
    return result


def _frame(x: Array, y: Array, keep: str) -> Array:
    """Return (N, 3, 3) axes as columns from left and up directions, one of them kept exactly."""
    if keep == "x":
        y = _across(y, x, np.broadcast_to((0.0, 1.0, 0.0), x.shape))
    else:
        x = _across(x, y, np.broadcast_to((1.0, 0.0, 0.0), x.shape))
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def _at_ease(limb: Array, trunk: Array, ease: Array) -> Array:
    """Return the (N, 3) x axis of a straight limb along ``limb``: the trunk's x axis, rotated by
    the shortest rotation by way of the direction ``ease`` in the trunk's axes."""
    ease = ease / np.linalg.norm(ease)
    start = _rotated(np.array([1.0, 0.0, 0.0]), np.array([0.0, -1.0, 0.0]), ease)
    result: Array = _rotated(trunk @ start, trunk @ ease, limb)
    return result


def _rotated(vector: Array, start: Array, end: Array) -> Array:
    """Return vectors rotated by the shortest rotation from unit ``start`` to unit ``end``."""
    cosine = (start * end).sum(-1, keepdims=True)
    axis = np.cross(start, end)
    share = (axis * vector).sum(-1, keepdims=True) / np.maximum(1 + cosine, 1e-6)
    result: Array = cosine * vector + np.cross(axis, vector) + share * axis
    return result


def _follow(lower: Array, upper: Array, hinge: Array) -> Array:
    """Return (N, 3, 3) axes of the lower bone: those of the upper one rotated about the hinge."""
    return _frame(_across(_rotated(hinge, upper, lower), lower, hinge), -lower, keep="y")


_TOE_M: Final = 0.125
_HEEL_M: Final = 0.055
"""From the ankle forward to the ball, and back to the heel, as in ``gait``."""
_NEAR_M: Final = 0.16
"""An ankle this much higher than in a flat stance is not influenced by the floor."""
_STANDS: Final = (0.35, 0.75)
"""Range of the shank's upward component: below it, as in kneeling, the foot follows the shank;
above it, the foot adapts to the floor."""
_POINTED: Final = np.radians(55.0)
"""Plantar flexion when the shank is horizontal."""


def feet_axes(origins: Array, axes: Array, body: Proportions) -> Array:
    """Return (N, 2, 3, 3) axes of both feet from the bones' origins (N, 15, 3) and axes."""
    both = []
    for name, _ in SIDES:
        shank, ankle = axes[:, BONE[f"{name}_shank"]], origins[:, BONE[f"{name}_foot"], 1]
        rise = shank[:, 1, 1]
        stands = _smooth((rise - _STANDS[0]) / (_STANDS[1] - _STANDS[0]))
        free = _pitched(shank, _POINTED * (1 - stands))
        above = np.maximum(ankle - body.ankle, 0.0)
        near = stands * (1 - _smooth(above / _NEAR_M))
        both.append(_mixed(free, _on_floor(shank, above, body), near))
    return np.stack(both, axis=1)


def _on_floor(shank: Array, above: Array, body: Proportions) -> Array:
    """Return (N, 3, 3) axes of an upright foot with the shank's heading, pitched as far as the
    floor allows."""
    left = shank[..., 0] * (1.0, 0.0, 1.0)
    length = np.linalg.norm(left, axis=-1, keepdims=True)
    left = np.where(length > 1e-3, left / np.maximum(length, 1e-3), (1.0, 0.0, 0.0))
    up = np.broadcast_to((0.0, 1.0, 0.0), left.shape)
    level = np.stack([left, up, np.cross(left, up)], axis=-1)
    wanted = np.arcsin(np.clip(-shank[:, 1, 2], -1.0, 1.0))
    toes = np.arcsin(np.clip(above / (_TOE_M * body.head), 0.0, 0.9))
    heel = np.arcsin(np.clip(above / (_HEEL_M * body.head), 0.0, 0.9))
    return _pitched(level, np.clip(wanted, -heel, toes))


def _pitched(axes: Array, angle: Array) -> Array:
    """Return (N, 3, 3) axes rotated about their own x by (N,) radians, positive is toes down."""
    c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
    up, forward = axes[..., 1], axes[..., 2]
    return np.stack([axes[..., 0], c * up + s * forward, c * forward - s * up], axis=-1)


def _mixed(first: Array, second: Array, share: Array) -> Array:
    """Return (N, 3, 3) axes interpolated by ``share`` (N,) from the first to the second."""
    w = share[:, None]
    x = (1 - w) * first[..., 0] + w * second[..., 0]
    y = (1 - w) * first[..., 1] + w * second[..., 1]
    lost = (np.linalg.norm(x, axis=-1) < 0.1) | (np.linalg.norm(np.cross(x, y), axis=-1) < 0.01)
    x[lost], y[lost] = first[lost, :, 0], first[lost, :, 1]
    x /= np.linalg.norm(x, axis=-1, keepdims=True)
    y -= (x * y).sum(-1, keepdims=True) * x
    y /= np.linalg.norm(y, axis=-1, keepdims=True)
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def _smooth(share: Array) -> Array:
    share = np.clip(share, 0.0, 1.0)
    result: Array = share * share * (3 - 2 * share)
    return result
