"""The joint angles as one chooses them for the plot: left and right together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

GROUPS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "knee_flexion": ("Knees", ("left_knee_flexion", "right_knee_flexion")),
    "shank_tilt": ("Shanks, forward and back", ("left_shank_tilt", "right_shank_tilt")),
    "hip_flexion": ("Hips, forward and back", ("left_hip_flexion", "right_hip_flexion")),
    "hip_adduction": ("Hips, inward and outward", ("left_hip_adduction", "right_hip_adduction")),
    "hip_rotation": ("Hips, rotation", ("left_hip_rotation", "right_hip_rotation")),
    "elbow_flexion": ("Elbows", ("left_elbow_flexion", "right_elbow_flexion")),
    "shoulder_elevation": (
        "Shoulders, raised",
        ("left_shoulder_elevation", "right_shoulder_elevation"),
    ),
    "shoulder_plane": (
        "Shoulders, direction",
        ("left_shoulder_plane", "right_shoulder_plane"),
    ),
    "shoulder_rotation": (
        "Shoulders, rotation",
        ("left_shoulder_rotation", "right_shoulder_rotation"),
    ),
    "trunk_flexion": ("Trunk, forward and back", ("trunk_flexion",)),
    "trunk_bending": ("Trunk, sideways", ("trunk_bending",)),
    "trunk_rotation": ("Trunk, rotation", ("trunk_rotation",)),
}
"""What can be chosen: key -> words, and the angles drawn together."""
