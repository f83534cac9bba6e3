"""A posed skeleton in the coordinates of OpenSim's full-body models.

Names, axes and signs are those of Rajagopal et al. (IEEE Trans. Biomed. Eng. 63, 2016) and the
models derived from it.  A body's axes there are x forward, y up and z to the right, its zero pose
is standing with hanging arms; each joint rotates about z, then x, then y:

=================================== =============================================================
pelvis_tilt, _list, _rotation       the pelvis in the room
pelvis_tx, _ty, _tz                 position of the pelvis, metres
hip_flexion, _adduction, _rotation  thigh relative to pelvis; adduction, inward positive
knee_angle                          bent positive
lumbar_extension, _bending,         trunk against pelvis; backward, to the right, and turned to the
_rotation                           left positive
arm_flex, _add, _rot                upper arm against trunk, as the hip
elbow_flex                          bent positive
=================================== =============================================================

with ``_r`` or ``_l`` at the end where there are two sides.  Ankles, feet, forearms' rotation and
wrists are not known from 17 joints and left out: a model keeps them at their defaults.  Elbows and
knees are hinges there: where they are nearly straight, and the axial rotation of the bone above is
limited (:mod:`app.export.skeleton_pose`), wrist and ankle miss the joint by up to 5 cm.

The ground axes are those of our other files, x to the image's right and z toward the camera, so
that markers and motion agree.  Models face +x at rest: a person who faces the camera has a
pelvis_rotation of -90 and tilts by pelvis_list.  A heading of 90 in the room makes them face +x,
where pelvis_tilt and pelvis_list have their usual meaning.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from app.export.rig import BONE, Array, axes_in_room
from app.export.skeleton_pose import SkeletonMotion
from app.motion.rotations import transposed, zxy

_BODY: Final = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
"""Columns: a body's x, y and z in the axes of our bones, which face +z at rest."""
PELVIS: Final = np.array([0.0563, 0.0785, 0.0])
"""From the midpoint of the hips to the model's pelvis, in its axes, for :data:`MODEL_LEG`."""
MODEL_LEG: Final = 0.491 * 1.70
"""Thigh and shank of the model's person of 1.70 m, by the proportions of ``app.export.rig``."""


_HIP: Final = ("hip_flexion", "hip_adduction", "hip_rotation")
_SHOULDER: Final = ("arm_flex", "arm_add", "arm_rot")
_SIDES: Final = (("Right", "r", 1.0), ("Left", "l", -1.0))
"""Sides with the suffix of names, and the sign of mirrored angles."""


def coordinates(motion: SkeletonMotion) -> dict[str, Array]:
    """Name -> (N,) degrees, or metres for ``pelvis_tx``, ``_ty`` and ``_tz``; without jumps."""
    world = axes_in_room(motion.turns)
    pelvis, trunk = (world[BONE[bone]] @ _BODY for bone in ("Hips", "Chest"))
    found = _named("pelvis_{}", ("tilt", "list", "rotation"), _angles(pelvis))
    found |= _named("pelvis_{}", ("tx", "ty", "tz"), _place(motion, pelvis))
    for side, end, mirror in _SIDES:
        thigh, shank = (world[BONE[f"{side}{bone}"]] @ _BODY for bone in ("UpLeg", "Leg"))
        turns = _angles(transposed(pelvis) @ thigh) * (1.0, mirror, mirror)
        found |= _named(f"{{}}_{end}", _HIP, turns)
        found[f"knee_angle_{end}"] = -_hinge(thigh, shank)
    turns = _angles(transposed(pelvis) @ trunk)
    found |= _named("lumbar_{}", ("extension", "bending", "rotation"), turns)
    for side, end, mirror in _SIDES:
        axes = _arm(mirror)
        upper, lower = (world[BONE[f"{side}{bone}"]] @ axes for bone in ("Arm", "ForeArm"))
        turns = _angles(transposed(trunk) @ upper) * (1.0, mirror, mirror)
        found |= _named(f"{{}}_{end}", _SHOULDER, turns)
        found[f"elbow_flex_{end}"] = _hinge(upper, lower)
    return found


def ankle_angles(motion: SkeletonMotion) -> dict[str, Array]:
    """The same for the ankles, toes upward positive; 0 while feet are unknown."""
    world = axes_in_room(motion.turns)
    found = {}
    for side, end, _ in _SIDES:
        shank, foot = (world[BONE[f"{side}{bone}"]] @ _BODY for bone in ("Leg", "Foot"))
        found[f"ankle_angle_{end}"] = _hinge(shank, foot)
    return found


def _arm(mirror: float) -> Array:
    """Return the upper arm's axes in those of our bone, which at rest points to the side."""
    y, z = np.array([mirror, 0.0, 0.0]), np.array([0.0, mirror, 0.0])
    return np.stack([np.cross(y, z), y, z], axis=-1)


def _place(motion: SkeletonMotion, pelvis: Array) -> Array:
    """Return (N, 3) positions of the model's pelvis."""
    offsets = motion.rig.offsets
    leg = -float(offsets[BONE["LeftLeg"], 1] + offsets[BONE["LeftFoot"], 1])
    place: Array = motion.root + pelvis @ (PELVIS * leg / MODEL_LEG)
    return place


def _angles(turned: Array) -> Array:
    """Return (N, 3) degrees about z, then x, then y."""
    return np.degrees(zxy(turned))


def _hinge(upper: Array, lower: Array) -> Array:
    """Return (N,) degrees by which ``lower`` is rotated about the z of ``upper``."""
    turned = transposed(upper) @ lower
    return np.degrees(np.arctan2(turned[:, 1, 0], turned[:, 0, 0]))


def _named(pattern: str, names: tuple[str, ...], columns: Array) -> dict[str, Array]:
    return {pattern.format(name): columns[:, index] for index, name in enumerate(names)}
