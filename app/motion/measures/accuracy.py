"""How far off ranges of motion are, and what two sides may differ by without differing.

Measured on clothed drawn people whose angles are known, lifted by the shipped weights from the
heavy landmarks: 134 takes of up to 1.6 s of people whom the weights had not met.  ``mixpose
evaluate --study`` measures it again (:mod:`app.lab.evaluation.range_study`).  Of both, nine in ten
were off by less than what stands here.  A wrong pitch of the camera bends both knees, so that a
difference of the legs is more certain than a range; of the arms it is less.
"""

from __future__ import annotations

from typing import Final

RANGE_OFF_DEG: Final = {
    "trunk_flexion": 10.9,
    "trunk_bending": 6.9,
    "trunk_rotation": 23.0,
    "hip_flexion": 32.7,
    "hip_adduction": 13.2,
    "hip_rotation": 22.2,
    "knee_flexion": 26.1,
    "shank_tilt": 36.9,
    "shoulder_elevation": 21.0,
    "shoulder_plane": 69.4,
    "shoulder_rotation": 102.1,
    "elbow_flexion": 31.3,
    "ankle_dorsiflexion": 18.7,
    "foot_progression": 13.1,
}
"""Degrees, by the movement: the angle's name without its side."""

DIFFERENCE_OFF_DEG: Final = {
    "hip_flexion": 18.6,
    "hip_adduction": 8.4,
    "hip_rotation": 37.9,
    "knee_flexion": 20.3,
    "shank_tilt": 21.3,
    "shoulder_elevation": 18.6,
    "shoulder_plane": 100.9,
    "shoulder_rotation": 117.4,
    "elbow_flexion": 39.1,
    "ankle_dorsiflexion": 17.1,
    "foot_progression": 10.4,
}
"""Degrees, of the range on the left against that on the right."""


def movement(angle: str) -> str:
    """The name of an angle without its side."""
    return angle.removeprefix("left_").removeprefix("right_")
