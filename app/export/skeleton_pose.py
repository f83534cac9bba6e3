"""Rotations of the bones of a :class:`~app.export.rig.Rig` from joint positions.

Directions of limbs and trunk follow from the joints, their axial rotation only in part:

- hips and chest follow the line of the hips and that of the shoulders; the spine is half-way
  between the two, as the neck is between chest and head;
- the head follows the nose;
- a bent elbow or knee is a hinge.  For a straight one the rotation is the trunk's, transported by
  the shortest rotation, and in between a mixture.  An arm's axial rotation changes by no more than
  two turns a second: an elbow that passes through straight would flip its arm in one frame;
- shoulders take the shortest rotation; hands are fixed to the forearms;
- feet point from the heel to the toes, and do not roll relative to the shank; without heels and
  toes, they are fixed to the shanks.

Raised shoulders raise their midpoint, which a rigid trunk cannot follow: neck and shoulders point
from the end of the trunk to the joints.

The hips are placed as the motion was in the room; without placement they stay as at rest.

A bone whose joints are missing is held: it keeps its last rotation relative to its parent; before
the first one it has that, and without any it stays as at rest.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.export.constant_rate import ConstantRateMotion
from app.export.joints import joints_at_constant_rate
from app.export.rig import BONE, BONES, JOINT_OF, NOSE_PITCH, SIDES, Array, Rig
from app.motion.data import MotionData
from app.motion.rotations import (
    across,
    axes,
    between,
    carried,
    cross,
    quaternions,
    transposed,
    unit,
    without_jumps,
)
from models.feet import FLAT_DEG
from models.skeleton import FOOT_JOINT_NAMES, JOINT
from models.timing import LONGEST_GAP_S

_NOISE: Final = 0.3
"""Sine of the flexion with a weight of one half: a few degrees are noise, and hardly count."""
_EASE: Final = 0.15
"""Weight of the trunk in a limb's rotation, relative to nearly 1 for flexion at right angles."""
_LAST: Final = 0.15
"""Weight of the previous frame's rotation; arms only."""
_FASTEST: Final = 4 * math.pi
"""Radians per second."""
_ARM_AT_EASE: Final = (0.6, -0.65, 0.45)
_LEG_AT_EASE: Final = (0.1, -0.8, 0.6)
"""Directions of the left limbs, in the trunk's axes, opposite to which no limb can point: there the
shortest rotation is undefined."""
_FLAT: Final = math.radians(FLAT_DEG)
_STEP_S: Final = 0.01
"""Duration of a jump at the end of a gap.  Times are stored with 32 bits, which after four hours
resolve 1 ms."""


@dataclass(frozen=True, slots=True, eq=False)
class SkeletonMotion:
    """N frames of a skeleton."""

    rig: Rig
    time_s: NDArray[np.float64]
    """(N,) seconds, strictly increasing."""
    root: Array
    """(N, 3) positions of the hips, metres, y up, floor at y 0."""
    turns: Array
    """(N, 19, 4) unit quaternions x, y, z, w of each bone relative to its parent, identity at rest,
    without sign changes from frame to frame."""
    held: NDArray[np.bool_]
    """(N, 19) bones that keep their rotation because joints are missing."""

    def at_rate(self, rate: float) -> SkeletonMotion:
        """Resample to a constant rate, for formats without times.

        Rotations are interpolated at constant speed; across gaps longer than ``LONGEST_GAP_S`` they
        are held.
        """
        if len(self.time_s) < 2:
            return self
        start, end = self.time_s[[0, -1]]
        wanted = start + np.arange(int((end - start) * rate + 1e-6) + 1) / rate
        left = np.clip(np.searchsorted(self.time_s, wanted, "right") - 1, 0, len(self.time_s) - 2)
        gap = self.time_s[left + 1] - self.time_s[left]
        share = np.clip((wanted - self.time_s[left]) / gap, 0.0, 1.0)
        # Times that are regular except for rounding must not be interpolated.
        share = np.where(np.abs(share - np.rint(share)) < 1e-3, np.rint(share), share)
        torn = (gap > LONGEST_GAP_S) & (share > 0) & (share < 1)
        share = np.where(torn, 0.0, share)
        first, second = (share < 1), (share > 0)
        turns = between(self.turns[left], self.turns[left + 1], share[:, None, None])
        held = self.held[left] & first[:, None] | self.held[left + 1] & second[:, None]
        return SkeletonMotion(
            rig=self.rig,
            time_s=wanted,
            root=self.root[left] + share[:, None] * (self.root[left + 1] - self.root[left]),
            turns=without_jumps(turns),
            held=held | torn[:, None],
        )

    def with_gaps(self) -> SkeletonMotion:
        """Return the same for formats whose readers interpolate: gaps longer than ``LONGEST_GAP_S``
        end with a copy of the frame that they begin with."""
        torn = np.flatnonzero(np.diff(self.time_s) > LONGEST_GAP_S)
        ends = self.time_s[torn + 1] - _STEP_S
        return SkeletonMotion(
            rig=self.rig,
            time_s=np.insert(self.time_s, torn + 1, ends),
            root=np.insert(self.root, torn + 1, self.root[torn], axis=0),
            turns=without_jumps(np.insert(self.turns, torn + 1, self.turns[torn], axis=0)),
            held=np.insert(self.held, torn + 1, np.ones(len(BONES), bool), axis=0),
        )


@dataclass(slots=True)
class Before:
    """State carried over between blocks of frames."""

    turns: dict[str, Array] = field(default_factory=dict)
    """Bone -> (3, 3) last rotation relative to its parent; without bones that were never known."""
    arms: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Side -> the angle of the elbow's hinge in radians, and its time."""


def pose_skeleton(data: MotionData) -> SkeletonMotion:
    """Fit a skeleton to a motion and compute its bones' rotations; N >= 1 frames."""
    xyz = data.relative()
    rig = Rig.fitted(xyz, data.seen, data.missing)
    feet = None if data.feet is None else data.relative_feet()
    pose = posed(rig, xyz, data.missing, data.time_s, Before(), feet)
    root = _root(data, pose.rig)
    return SkeletonMotion(pose.rig, data.time_s, root, without_jumps(pose.turns), pose.held)


def pose_at_constant_rate(
    data: MotionData, fps: float | None
) -> tuple[ConstantRateMotion, SkeletonMotion]:
    """Return joints and skeleton at a constant rate, ``fps`` if given.

    Raises ExportError if there are no frames, or their times jump too far.
    """
    even, motion = joints_at_constant_rate(data, fps), pose_skeleton(data)
    return even, motion.at_rate(even.rate) if even.resampled else motion


def posed(
    rig: Rig,
    xyz: Array,
    missing: NDArray[np.bool_],
    time_s: Array,
    before: Before,
    feet: Array | None = None,
) -> Posed:
    """Compute the rotations of the bones of ``rig`` from the joints.

    Args:
        rig: the bones.
        xyz: (N, 17, 3) joints from the pelvis, metres, x to the image's right, y up, z toward the
            camera; N >= 1.
        missing: (N, 17) joints that are unknown.
        time_s: (N,) seconds, increasing.
        before: state after the previous frames, which is updated.
        feet: (N, 4, 3) heels and toes as ``models.skeleton.FOOT_JOINT_NAMES``, in the axes of
            ``xyz``, NaN where unknown; None if they were not estimated.
    """
    pose = Posed(rig, xyz, missing, before)
    pose.put_trunk()
    pose.put_head()
    for side, sign in SIDES:
        pose.put_limb(side, sign, arm=True, time_s=time_s)
        shank = pose.put_limb(side, sign, arm=False, time_s=time_s)
        if feet is not None:
            heel, toe = (FOOT_JOINT_NAMES.index(f"{side.lower()}_{end}") for end in ("heel", "toe"))
            pose.put_foot(side, shank, unit(feet[:, toe] - feet[:, heel]))
    return pose


def _root(data: MotionData, rig: Rig) -> Array:
    """Return (N, 3) positions of the hips; where unknown, the last one, or that at rest."""
    at_rest = np.tile((0.0, rig.hips_height, 0.0), (len(data.frame), 1))
    if data.root is None:
        return at_rest
    known: NDArray[np.bool_] = np.all(np.isfinite(data.root), axis=1)
    if not known.any():
        return at_rest
    last = np.maximum.accumulate(np.where(known, np.arange(len(known)), np.argmax(known)))
    return data.root[last]


class Posed:
    """Bones that are rotated one after another, parents first; made by :func:`posed`.

    ``turns`` (N, 19, 4) and ``held`` (N, 19) as in :class:`SkeletonMotion`, except for sign
    changes.
    """

    def __init__(self, rig: Rig, xyz: Array, missing: NDArray[np.bool_], before: Before) -> None:
        self.rig = rig
        self._before = before
        self._xyz = np.where(missing[..., None], np.nan, xyz)
        self.turns = np.tile((0.0, 0.0, 0.0, 1.0), (len(xyz), len(BONES), 1))
        self.held = np.zeros((len(xyz), len(BONES)), bool)
        self._world = np.broadcast_to(np.eye(3), (len(xyz), 3, 3))

    def put_trunk(self) -> None:
        """Rotate hips, spine and chest."""
        hips = self._direction("right_hip", "left_hip")
        up = across(self._direction("pelvis", "thorax"), hips)
        self._hips = self._put("Hips", self._world, axes(hips, up))
        spine = self._at("pelvis") + self._hips @ self.rig.offsets[BONE["Spine"]]
        up = unit(self._at("thorax") - spine)
        shoulders = self._direction("right_shoulder", "left_shoulder")
        middle = across(self._hips[..., 0] + shoulders, up)
        spine_axes = self._put("Spine", self._hips, axes(middle, up))
        self._chest = self._put("Chest", spine_axes, axes(across(shoulders, up), up))
        spine += spine_axes @ self.rig.offsets[BONE["Chest"]]
        spine += self._chest @ self.rig.offsets[BONE["Neck"]]
        away = self.held[:, : BONE["Chest"] + 1].any(axis=1, keepdims=True)
        self._neck = np.where(away, self._at("thorax"), spine)

    def put_head(self) -> None:
        """Rotate neck and head; the head's axes are those of the face, corrected for a level
        face."""
        up = unit(self._at("head") - self._neck)
        face = self._direction("head", "nose")
        left = unit(cross(up, face))
        chest = self._chest[..., 0]
        middle = across(np.where(np.isfinite(left), chest + left, chest), up)
        neck = self._put("Neck", self._chest, axes(middle, up))
        c, s = math.cos(NOSE_PITCH), math.sin(NOSE_PITCH)
        self._put("Head", neck, axes(left, c * cross(face, left) - s * face))

    def put_limb(self, side: str, sign: float, *, arm: bool, time_s: Array) -> Array:
        """Rotate shoulder, upper arm and forearm, or thigh and shank; return the axes of the
        last."""
        names = ("Arm", "ForeArm", "Hand") if arm else ("UpLeg", "Leg", "Foot")
        start, middle, end = (JOINT_OF[f"{side}{name}"] for name in names)
        upper, lower = self._direction(start, middle), self._direction(middle, end)
        rest = np.array([sign, 0.0, 0.0] if arm else [0.0, -1.0, 0.0])
        # Elbows bend forwards and knees backwards.
        hinge = np.cross(rest, (0.0, 0.0, 1.0 if arm else -1.0))
        trunk = self._chest if arm else self._hips
        ease = unit(np.multiply(_ARM_AT_EASE if arm else _LEG_AT_EASE, (sign, 1.0, 1.0)))
        eased = across(carried(trunk @ carried(hinge, rest, ease), trunk @ ease, upper), upper)
        bend = cross(upper, np.where(np.isfinite(lower), lower, upper))
        bends = (bend * eased).sum(-1) + 1j * (bend * cross(upper, eased)).sum(-1)
        bends *= np.abs(bends) / (np.abs(bends) + _NOISE)
        angle = (self._arm_turns(side, bends, time_s) if arm else _leg_turns(bends))[:, None]
        hinges = np.cos(angle) * eased + np.sin(angle) * cross(upper, eased)
        parent = self._put_shoulder(side, rest) if arm else self._hips
        back = axes(rest, hinge).T
        placed = self._put(f"{side}{names[0]}", parent, axes(upper, hinges) @ back)
        # The lower bone only flexes relative to the upper one.
        hinges = across(carried(hinges, upper, lower), lower)
        return self._put(f"{side}{names[1]}", placed, axes(lower, hinges) @ back)

    def put_foot(self, side: str, shank: Array, forward: Array) -> None:
        """Rotate a foot whose toe is ``forward`` of its heel, (N, 3) unit, on a shank with these
        axes.

        The heel joint is higher than the toe joint: the sole is inclined relative to their line.
        """
        left = across(shank[..., 0], forward)
        c, s = math.cos(_FLAT), math.sin(_FLAT)
        self._put(f"{side}Foot", shank, axes(left, c * cross(forward, left) - s * forward))

    def _put_shoulder(self, side: str, rest: Array) -> Array:
        start = self._chest @ rest
        end = unit(self._at(JOINT_OF[f"{side}Arm"]) - self._neck)
        x, y = (carried(self._chest[..., axis], start, end) for axis in (0, 1))
        return self._put(f"{side}Shoulder", self._chest, axes(x, y))

    def _put(self, bone: str, parent: Array, wanted: Array) -> Array:
        """Rotate a bone to the axes (N, 3, 3) ``wanted``; return its axes, held or not.

        ``parent`` are the axes of its parent.
        """
        known: NDArray[np.bool_] = np.all(np.isfinite(wanted), axis=(1, 2))
        self.held[:, BONE[bone]] = ~known
        local = transposed(parent) @ wanted
        if not known[0] and bone in self._before.turns:
            local[0], known[0] = self._before.turns[bone], True
        if not known.any():
            return parent
        last = np.maximum.accumulate(np.where(known, np.arange(len(known)), np.argmax(known)))
        local = local[last]
        self._before.turns[bone] = local[-1]
        self.turns[:, BONE[bone]] = quaternions(local)
        return parent @ local

    def _arm_turns(self, side: str, bends: NDArray[np.complex128], time_s: Array) -> Array:
        """Return (N,) angles of an elbow's hinge from its neutral position, limited in speed."""
        result = np.zeros(len(bends))
        angle, then = self._before.arms.get(side, (None, 0.0))
        for index, (bend, now) in enumerate(zip(bends.tolist(), time_s.tolist(), strict=True)):
            if cmath.isfinite(bend):
                if angle is None:
                    angle = cmath.phase(bend + _EASE)
                else:
                    wanted = cmath.phase(bend + _EASE + cmath.rect(_LAST, angle))
                    most = _FASTEST * (now - then)
                    angle += min(max(math.remainder(wanted - angle, math.tau), -most), most)
                then = now
            result[index] = angle or 0.0
        if angle is not None:
            self._before.arms[side] = angle, then
        return result

    def _at(self, joint: str) -> Array:
        return self._xyz[:, JOINT[joint]]

    def _direction(self, start: str, end: str) -> Array:
        return unit(self._at(end) - self._at(start))


def _leg_turns(bends: NDArray[np.complex128]) -> Array:
    """Return (N,) angles of the knees' hinges from their neutral position.

    ``bends`` are weighted by flexion, the real part about the neutral hinge.  A knee that bends
    the wrong way is an error of the joints: it must not rotate the leg.
    """
    return np.asarray(np.arctan2(bends.imag, np.abs(bends.real) + _EASE))
