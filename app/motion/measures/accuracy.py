"""Errors of measured ranges of motion, and of differences between the two sides.

Measured on synthetic clothed people whose angles are known, lifted by the shipped weights from the
landmarks of the heavy model: 134 takes of up to 1.6 s of people not in the training data.
``mixpose evaluate --study`` repeats the measurement (:mod:`app.lab.evaluation.range_study`).
Values are 90th percentiles of the absolute error.  A wrong pitch of the camera bends both knees
alike, so for legs the difference of the sides is more accurate than a range; for arms it
is less accurate.
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
"""Error of a range in degrees, by movement: the angle's name without its side."""

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
"""Error in degrees of the difference between the left and the right range."""


def movement(angle: str) -> str:
    """Return the name of an angle without its side."""
    return angle.removeprefix("left_").removeprefix("right_")
