"""Joint angles in degrees, computed from joint positions.

Segment axes follow the ISB: x forward, y up along the segment, z to the person's right (Wu et al.,
J. Biomech. 35, 2002, for the leg; 38, 2005, for the arm).  The landmarks that define those axes are
not among the 17 joints, so the axes are approximated:

- pelvis: z along the line of the hips, y the component of the trunk's direction orthogonal to it.
  Pelvic tilt relative to the trunk is not observable; ``hip_flexion`` is the angle of the thigh to
  the *trunk*;
- trunk: y from the pelvis to the mid-point of the shoulders, z the component of the shoulder line
  orthogonal to it;
- foot: x along the sole, from heel and toe (:data:`models.feet.FLAT_DEG`), y toward the ankle;
- thigh and upper arm: y along the bone.  Their axial rotation is observable only through the bend
  of the knee or elbow, so it is unknown while that joint bends less than :data:`LEAST_BEND`.

:data:`ANGLES` defines the zero and the positive direction of each angle.

Hip angles follow Grood and Suntay: flexion about the z axis of the pelvis, rotation about the y
axis of the thigh, adduction about their common normal.  Shoulder angles follow the y-x-y order of
the ISB, with elevation positive as is usual (it is negative in the ISB's convention).  Trunk and
shank tilt are measured from the vertical of the given axes, in the direction the hips face; trunk
rotation is that of the shoulders relative to the hips, about the trunk.

Signs are the same for left and right: a pose and its mirror image have the same angles with the
sides exchanged, and ``trunk_bending`` and ``trunk_rotation`` with the opposite sign.

Each angle is undefined in some poses; it is unknown (NaN) there.

Ankle angles exist only where the feet are known (:mod:`models.feet`): ``ankle_dorsiflexion`` is the
angle between shank and sole in space, since without malleoli the ankle's axis is not known.
``foot_progression`` is the direction of the foot seen from above, relative to where the hips face,
since a standing person has no direction of travel.  The errors of both are measured on synthetic
clothed people (``app/lab/evaluation/foot_study.py``, ``app/export/README.md``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.motion.rotations import across, unit
from models.feet import FLAT_DEG
from models.skeleton import (
    FOOT_JOINT_COUNT,
    FOOT_JOINT_NAMES,
    FOOT_MIRROR,
    JOINT,
    JOINT_COUNT,
    MIRROR,
)
from models.timing import LONGEST_GAP_S

Array = NDArray[np.float64]

LEAST_BEND: Final = 30.0
"""Degrees.  With less bend of knee or elbow the axial rotation of the bone above is unknown: an
error of 20 mm across a forearm of 250 mm is 5 degrees at a right angle and 9 degrees here."""
LEAST_ELEVATION: Final = 15.0
"""Degrees.  The plane of elevation of an arm nearer to hanging, or to straight up, is undefined."""
_LEAST_SINE: Final = math.sin(math.radians(LEAST_BEND))
_LEAST_ACROSS: Final = math.sin(math.radians(10.0))
"""A direction within 10 degrees of an axis has no measurable rotation about that axis."""
_FLAT: Final = math.radians(FLAT_DEG)
_UP: Final = np.array([0.0, 1.0, 0.0])


@dataclass(frozen=True, slots=True)
class Angle:
    """One of the columns of :func:`joint_angles`."""

    name: str
    side: str
    """``"left"``, ``"right"`` or ``"middle"``."""
    zero: str
    """The pose in which the angle is 0."""
    positive: str
    """The movement that makes the angle positive."""


_BENT: Final = ("straight", "bent; never negative")
_ON: Final = "goes on through head down to 360, upright again after a somersault"
_TRUNK: Final = {
    "trunk_flexion": ("upright", f"leaning forward; {_ON}"),
    "trunk_bending": ("upright", "leaning to the right"),
    "trunk_rotation": ("shoulders above the hips", "shoulders turned to the left"),
}
_LIMBS: Final = {
    "hip_flexion": ("thigh in line with the trunk", "thigh forward"),
    "hip_adduction": ("thigh across the line of the hips", "thigh to the other side"),
    "hip_rotation": ("the knee bends straight back", "thigh turned inward"),
    "knee_flexion": _BENT,
    "shank_tilt": ("upright", f"knee in front of the ankle; {_ON}"),
    "shoulder_elevation": ("upper arm hangs along the trunk", "raised; never negative"),
    "shoulder_plane": ("raised sideways; 90 is raised forward", "raised more to the front"),
    "shoulder_rotation": ("raised sideways, forearm forward", "upper arm turned inward"),
    "elbow_flexion": _BENT,
}
_FEET: Final = {
    "ankle_dorsiflexion": ("shank at a right angle to the sole", "toes toward the shank"),
    "foot_progression": ("foot points where the hips face", "toes turned outward"),
}
ANGLES: Final = (
    *(Angle(name, "middle", *words) for name, words in _TRUNK.items()),
    *(
        Angle(f"{side}_{name}", side, *words)
        for part in (_LIMBS, _FEET)
        for side in ("left", "right")
        for name, words in part.items()
    ),
)
ANGLE_COUNT: Final = len(ANGLES)
ANGLE: Final = {angle.name: index for index, angle in enumerate(ANGLES)}
_TILTS: Final = [ANGLE[name] for name in ("trunk_flexion", "left_shank_tilt", "right_shank_tilt")]


def joint_angles(
    xyz: NDArray[np.floating],
    missing: NDArray[np.bool_],
    feet: NDArray[np.floating] | None = None,
) -> Array:
    """Return the joint angles of N poses.

    Args:
        xyz: (N, 17, 3) metres, in the program's output axes: right-handed, y up.
        missing: (N, 17) joints that are not known.
        feet: (N, 4, 3) heels and toes in the axes and with the origin of ``xyz``, NaN where they
            are not known; None if feet were not estimated.

    Returns:
        (N, A) degrees in the order of :data:`ANGLES`, in [-180, 180], for each pose independently
        (:func:`continued` unwraps them); NaN where a joint needed is missing, or where the angle is
        undefined in the pose.
    """
    if xyz.shape[1:] != (JOINT_COUNT, 3) or missing.shape != xyz.shape[:2]:
        raise ValueError(f"xyz has shape {xyz.shape} and missing {missing.shape}")
    known = np.where(missing[..., None], np.nan, xyz.astype(np.float64))
    feet = np.full((len(xyz), FOOT_JOINT_COUNT, 3), np.nan) if feet is None else feet
    # A left limb is the right one of the mirror image.
    mirrored = known[:, MIRROR] * (-1.0, 1.0, 1.0), feet[:, FOOT_MIRROR] * (-1.0, 1.0, 1.0)
    body = _Body(*(np.concatenate(both) for both in zip((known, feet), mirrored, strict=True)))
    columns = {name: values[: len(xyz)] for name, values in body.trunk().items()}
    for name, values in (body.right_leg() | body.right_foot() | body.right_arm()).items():
        columns[f"right_{name}"], columns[f"left_{name}"] = np.split(values, 2)
    radians = np.stack([columns[angle.name] for angle in ANGLES], axis=-1)
    # + 0.0 turns negative zeros into zeros, so that no output file contains "-0".
    result: Array = np.rad2deg(radians) + 0.0
    return result


def continued(
    degrees: Array, time_s: NDArray[np.floating], person: NDArray[np.integer] | None = None
) -> Array:
    """Return the angles of a motion with the tilts unwrapped (without jumps of 360 degrees).

    The tilt of a person who turns over passes from 180 to -180 degrees; it is continued beyond 180
    instead.  It starts between -180 and 180 again after a gap, in which the rotation is unknown,
    and from one person to the next.

    Args:
        degrees: (N, A) as returned by :func:`joint_angles`.
        time_s: (N,) times of the poses in seconds.
        person: (N,) the person of each pose; None if all are of one person.
    """
    result: Array = degrees.copy()
    for column in _TILTS:
        rows = np.flatnonzero(np.isfinite(degrees[:, column]))
        values = degrees[rows, column]
        other = np.diff(time_s[rows]) > LONGEST_GAP_S
        if person is not None:
            other |= np.diff(person[rows]) != 0
        turns = np.where(other, 0.0, np.round(np.diff(values) / 360.0))
        counted = np.concatenate([[0.0], np.cumsum(turns)])[: len(rows)]
        starts = np.maximum.accumulate(np.where([True, *other], np.arange(len(other) + 1), 0))
        result[rows, column] = values - 360.0 * (counted - counted[starts[: len(rows)]])
    return result


class _Body:
    """Angles of N poses in radians, from (N, 3) unit vectors; NaN where unknown."""

    def __init__(self, xyz: Array, feet: Array) -> None:
        self._xyz, self._feet = xyz, feet
        self._hips = self._direction("left_hip", "right_hip")
        self._shoulders = self._direction("left_shoulder", "right_shoulder")
        self._trunk = self._direction("pelvis", "thorax")
        self._right = _across(self._hips, _UP)
        self._forward = np.cross(_UP, self._right)

    def trunk(self) -> dict[str, Array]:
        """Return the trunk's tilt from the vertical and the shoulders' rotation to the hips."""
        hips, shoulders = _across(self._hips, self._trunk), _across(self._shoulders, self._trunk)
        return {
            "trunk_flexion": self._tilt(self._trunk),
            "trunk_bending": _arcsin(_dot(self._trunk, self._right)),
            "trunk_rotation": _signed_angle(hips, shoulders, self._trunk),
        }

    def right_leg(self) -> dict[str, Array]:
        """Return the angles of hip, knee and shank."""
        thigh = self._direction("right_hip", "right_knee")
        shank = self._direction("right_knee", "right_ankle")
        z = self._hips
        y = _across(self._trunk, z)
        x = np.cross(y, z)
        # At zero rotation the knee's hinge axis is the hip line's component across the thigh.
        neutral, hinge = _across(z, thigh), _hinge(shank, thigh)
        return {
            "hip_flexion": _planar_angle(-_dot(thigh, y), _dot(thigh, x)),
            "hip_adduction": _arcsin(-_dot(thigh, z)),
            "hip_rotation": _signed_angle(neutral, hinge, -thigh),
            "knee_flexion": _between(thigh, shank),
            "shank_tilt": self._tilt(-shank),
        }

    def right_foot(self) -> dict[str, Array]:
        """Return ankle dorsiflexion and foot progression."""
        heel, toe = (
            self._feet[:, FOOT_JOINT_NAMES.index(f"right_{part}")] for part in ("heel", "toe")
        )
        ahead = unit(toe - heel)
        above = across(unit(self._xyz[:, JOINT["right_ankle"]] - heel), ahead, _LEAST_ACROSS)
        sole = math.cos(_FLAT) * ahead + math.sin(_FLAT) * above
        shank = self._direction("right_ankle", "right_knee")
        return {
            "ankle_dorsiflexion": _arcsin(_dot(shank, sole)),
            "foot_progression": _planar_angle(_dot(ahead, self._forward), _dot(ahead, self._right)),
        }

    def right_arm(self) -> dict[str, Array]:
        """Return the angles of shoulder and elbow."""
        upper = self._direction("right_shoulder", "right_elbow")
        lower = self._direction("right_elbow", "right_wrist")
        y = self._trunk
        z = _across(self._shoulders, y)
        raised = _between(upper, -y)
        least = np.deg2rad(LEAST_ELEVATION)
        in_a_plane = (raised > least) & (raised < np.pi - least)
        plane = _planar_angle(_dot(upper, z), _dot(upper, np.cross(y, z)))
        # At zero rotation the elbow's hinge axis lies in the plane of elevation.
        rotation = _signed_angle(_across(y, upper), _hinge(upper, lower), -upper)
        return {
            "shoulder_elevation": raised,
            "shoulder_plane": np.where(in_a_plane, plane, np.nan),
            "shoulder_rotation": np.where(in_a_plane, rotation, np.nan),
            "elbow_flexion": _between(upper, lower),
        }

    def _tilt(self, direction: Array) -> Array:
        """Return the tilt of a direction from the vertical toward where the hips face."""
        return _planar_angle(direction[:, 1], _dot(direction, self._forward))

    def _direction(self, start: str, end: str) -> Array:
        return unit(self._xyz[:, JOINT[end]] - self._xyz[:, JOINT[start]])


def _across(wanted: Array, along: Array) -> Array:
    """Return the unit component of ``wanted`` orthogonal to ``along``; NaN if nearly parallel."""
    return across(wanted, along, _LEAST_ACROSS)


def _hinge(first: Array, second: Array) -> Array:
    """Return the axis that rotates ``first`` into ``second``; NaN if they are nearly parallel."""
    return unit(np.cross(first, second), _LEAST_SINE)


def _between(first: Array, second: Array) -> Array:
    """Return the angle between unit vectors, well conditioned near 0 and 180 degrees."""
    across = np.cross(first, second)
    return np.asarray(np.arctan2(np.sqrt(_dot(across, across)), _dot(first, second)))


def _signed_angle(start: Array, end: Array, about: Array) -> Array:
    """Return the signed angle from ``start`` to ``end`` about ``about``, orthogonal to both."""
    return np.asarray(np.arctan2(_dot(np.cross(start, end), about), _dot(start, end)))


def _planar_angle(along: Array, across: Array) -> Array:
    """Return the angle of a direction from its two components; NaN where both are too small."""
    known = np.hypot(along, across) >= _LEAST_ACROSS
    return np.where(known, np.arctan2(across, along), np.nan)


def _arcsin(sine: Array) -> Array:
    return np.asarray(np.arcsin(np.clip(sine, -1.0, 1.0)))


def _dot(first: Array, second: Array) -> Array:
    result: Array = np.einsum("...i,...i->...", first, second)
    return result
