"""Joint angles in degrees, from where the joints are.

Segments have the axes of the ISB: x forward, y up along the segment, z to the person's right (Wu et
al., J. Biomech. 35, 2002, for the leg; 38, 2005, for the arm).  The landmarks those axes are built
on are not among 17 joints, so they are built on what there is:

- pelvis: z along the line of the hips, y as near to the trunk's direction as that allows.  How the
  pelvis tips against the trunk is not seen; ``hip_flexion`` is the thigh's against the *trunk*;
- trunk: y from the pelvis to the middle of the shoulders, z as near to the shoulders' line as that
  allows;
- foot: x along the sole, by heel and toe (:data:`models.feet.FLAT_DEG`), y toward the ankle;
- thigh and upper arm: y along the bone.  How they turn about it only the bend of the knee or the
  elbow tells: rotations are unknown while that is straighter than :data:`LEAST_BEND`.

:data:`ANGLES` says of each angle where it is 0 and what is positive.

Hips are taken apart as Grood and Suntay do, flexion about the pelvis' z, rotation about the thigh's
y, adduction about what is across both.  Shoulders in the order y-x-y of the ISB, the elevation with
the sign people use (the ISB's is negative).  Trunk: against the vertical of the axes given, in the
direction the hips face, as the shank; its rotation is the shoulders' against the hips', about the
trunk.

Left and right mean the same for the body: a pose and its mirror image have the same angles with the
sides exchanged, and ``trunk_bending`` and ``trunk_rotation`` with the other sign.

Each of these has poses in which it means nothing, and there it is unknown.

Ankles are measured where the feet are told (:mod:`models.feet`), and empty elsewhere:
``ankle_dorsiflexion`` is the shank's angle to the sole, in space, since without malleoli the axis
between them is not known.  ``foot_progression`` is where the foot points, seen from above, against
where the hips face: whoever stands has no direction of travel.  How far off both are is measured on
clothed drawn people (``app/lab/evaluation/foot_study.py``, ``app/export/README.md``).
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
"""Degrees.  The bend of a straighter knee or elbow does not tell how the bone above it is turned:
an error of 20 mm across a forearm of 250 is 5 degrees at a right angle and 9 here."""
LEAST_ELEVATION: Final = 15.0
"""Degrees.  An arm nearer to hanging, or to straight up, is raised in no plane."""
_LEAST_SINE: Final = math.sin(math.radians(LEAST_BEND))
_LEAST_ACROSS: Final = math.sin(math.radians(10.0))
"""Nearer than 10 degrees to a line a direction does not turn about it measurably."""
_FLAT: Final = math.radians(FLAT_DEG)
_UP: Final = np.array([0.0, 1.0, 0.0])


@dataclass(frozen=True, slots=True)
class Angle:
    """One of the columns of :func:`joint_angles`."""

    name: str
    side: str
    """``"left"``, ``"right"`` or ``"middle"``."""
    zero: str
    """The pose in which it is 0."""
    positive: str
    """What makes it positive."""


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
    """The angles of N poses.

    Args:
        xyz: (N, 17, 3) metres, in the axes that leave the program: right-handed, y up.
        missing: (N, 17) joints that are not known.
        feet: (N, 4, 3) heels and toes in the axes and from the place of ``xyz``, NaN where they are
            not known; None if nobody looked for them.

    Returns:
        (N, A) degrees in the order of :data:`ANGLES`, in [-180, 180], each pose by itself (see
        :func:`continued`); NaN where a joint needed is missing, or where the pose leaves the angle
        undefined.
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
    # + 0.0: no readers of ours shall meet a negative zero.
    result: Array = np.rad2deg(radians) + 0.0
    return result


def continued(
    degrees: Array, time_s: NDArray[np.floating], person: NDArray[np.integer] | None = None
) -> Array:
    """The angles of a motion without the leaps of a whole turn.

    Whoever turns over passes from 180 to -180 degrees against the vertical; such a tilt goes on
    counting instead.  Not over a gap in which it cannot be told how far somebody turned, nor from
    one person to the next: there it begins between -180 and 180 again.

    Args:
        degrees: (N, A) as :func:`joint_angles` gives them.
        time_s: (N,) of the poses.
        person: (N,) whom each is of; None if all are of one.
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
    """Angles in radians of N poses by their directions, (N, 3) of unit length, NaN if unknown."""

    def __init__(self, xyz: Array, feet: Array) -> None:
        self._xyz, self._feet = xyz, feet
        self._hips = self._direction("left_hip", "right_hip")
        self._shoulders = self._direction("left_shoulder", "right_shoulder")
        self._trunk = self._direction("pelvis", "thorax")
        self._right = _across(self._hips, _UP)
        self._forward = np.cross(_UP, self._right)

    def trunk(self) -> dict[str, Array]:
        """The trunk against the vertical, and the shoulders against the hips."""
        hips, shoulders = _across(self._hips, self._trunk), _across(self._shoulders, self._trunk)
        return {
            "trunk_flexion": self._tilt(self._trunk),
            "trunk_bending": _arcsin(_dot(self._trunk, self._right)),
            "trunk_rotation": _turned(hips, shoulders, self._trunk),
        }

    def right_leg(self) -> dict[str, Array]:
        """Hip, knee and shank."""
        thigh = self._direction("right_hip", "right_knee")
        shank = self._direction("right_knee", "right_ankle")
        z = self._hips
        y = _across(self._trunk, z)
        x = np.cross(y, z)
        # Without rotation the knee's hinge lies along the hips as far as the thigh allows.
        still, hinge = _across(z, thigh), _hinge(shank, thigh)
        return {
            "hip_flexion": _turn(-_dot(thigh, y), _dot(thigh, x)),
            "hip_adduction": _arcsin(-_dot(thigh, z)),
            "hip_rotation": _turned(still, hinge, -thigh),
            "knee_flexion": _between(thigh, shank),
            "shank_tilt": self._tilt(-shank),
        }

    def right_foot(self) -> dict[str, Array]:
        """Ankle, and where the foot points."""
        heel, toe = (
            self._feet[:, FOOT_JOINT_NAMES.index(f"right_{part}")] for part in ("heel", "toe")
        )
        ahead = unit(toe - heel)
        above = across(unit(self._xyz[:, JOINT["right_ankle"]] - heel), ahead, _LEAST_ACROSS)
        sole = math.cos(_FLAT) * ahead + math.sin(_FLAT) * above
        shank = self._direction("right_ankle", "right_knee")
        return {
            "ankle_dorsiflexion": _arcsin(_dot(shank, sole)),
            "foot_progression": _turn(_dot(ahead, self._forward), _dot(ahead, self._right)),
        }

    def right_arm(self) -> dict[str, Array]:
        """Shoulder and elbow."""
        upper = self._direction("right_shoulder", "right_elbow")
        lower = self._direction("right_elbow", "right_wrist")
        y = self._trunk
        z = _across(self._shoulders, y)
        raised = _between(upper, -y)
        least = np.deg2rad(LEAST_ELEVATION)
        in_a_plane = (raised > least) & (raised < np.pi - least)
        plane = _turn(_dot(upper, z), _dot(upper, np.cross(y, z)))
        # Without rotation the elbow's hinge lies in the plane of elevation.
        rotation = _turned(_across(y, upper), _hinge(upper, lower), -upper)
        return {
            "shoulder_elevation": raised,
            "shoulder_plane": np.where(in_a_plane, plane, np.nan),
            "shoulder_rotation": np.where(in_a_plane, rotation, np.nan),
            "elbow_flexion": _between(upper, lower),
        }

    def _tilt(self, direction: Array) -> Array:
        """How far a direction leans to where the hips face, seen from the side."""
        return _turn(direction[:, 1], _dot(direction, self._forward))

    def _direction(self, start: str, end: str) -> Array:
        return unit(self._xyz[:, JOINT[end]] - self._xyz[:, JOINT[start]])


def _across(wanted: Array, along: Array) -> Array:
    """The direction of the part of unit ``wanted`` that is across unit ``along``, if it tells."""
    return across(wanted, along, _LEAST_ACROSS)


def _hinge(first: Array, second: Array) -> Array:
    """The axis about which ``first`` is turned into ``second``, if it is turned far enough."""
    return unit(np.cross(first, second), _LEAST_SINE)


def _between(first: Array, second: Array) -> Array:
    """The angle between unit vectors; well-behaved near none and near half a turn."""
    across = np.cross(first, second)
    return np.asarray(np.arctan2(np.sqrt(_dot(across, across)), _dot(first, second)))


def _turned(start: Array, end: Array, about: Array) -> Array:
    """By how much ``start`` is turned into ``end`` about ``about``, all across each other."""
    return np.asarray(np.arctan2(_dot(np.cross(start, end), about), _dot(start, end)))


def _turn(along: Array, across: Array) -> Array:
    """The angle of a direction by its two parts; NaN where both are too small to tell."""
    known = np.hypot(along, across) >= _LEAST_ACROSS
    return np.where(known, np.arctan2(across, along), np.nan)


def _arcsin(sine: Array) -> Array:
    return np.asarray(np.arcsin(np.clip(sine, -1.0, 1.0)))


def _dot(first: Array, second: Array) -> Array:
    result: Array = np.einsum("...i,...i->...", first, second)
    return result
