"""Joint angles grouped as they are chosen for the plot: left and right together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.motion.angles import ANGLES

_WORDS: Final = {
    "knee_flexion": "Knees",
    "shank_tilt": "Shanks, forward and back",
    "ankle_dorsiflexion": "Ankles",
    "foot_progression": "Feet, turned outward",
    "hip_flexion": "Hips, forward and back",
    "hip_adduction": "Hips, inward and outward",
    "hip_rotation": "Hips, rotation",
    "elbow_flexion": "Elbows",
    "shoulder_elevation": "Shoulders, raised",
    "shoulder_plane": "Shoulders, direction",
    "shoulder_rotation": "Shoulders, rotation",
    "trunk_flexion": "Trunk, forward and back",
    "trunk_bending": "Trunk, sideways",
    "trunk_rotation": "Trunk, rotation",
}
"""Labels, in the order in which the groups are offered; an angle that is missing here comes last,
labelled by its own name."""


_BODY_PARTS: Final = {
    **dict.fromkeys(("knee", "shank", "hip"), "legs are"),
    **dict.fromkeys(("elbow", "shoulder"), "arms are"),
    **dict.fromkeys(("ankle", "foot"), "feet are"),
    "trunk": "trunk is",
}


def unseen(key: str) -> str:
    """Return a sentence that says why a group has no values."""
    return f"The {_BODY_PARTS[key.partition('_')[0]]} not seen well enough here to be measured"


def _groups() -> Mapping[str, tuple[str, tuple[str, ...]]]:
    found: dict[str, tuple[str, ...]] = dict.fromkeys(_WORDS, ())
    for angle in ANGLES:
        key = angle.name.removeprefix(f"{angle.side}_")
        found[key] = (*found.get(key, ()), angle.name)
    named = {key: key.replace("_", " ").capitalize() for key in found} | _WORDS
    return {key: (named[key], names) for key, names in found.items()}


GROUPS: Final = _groups()
"""The groups that can be chosen: key -> (label, names of the angles drawn together)."""

JOINTS: Final = {
    "knee_flexion": "knee",
    "hip_flexion": "hip",
    "elbow_flexion": "elbow",
    "shoulder_elevation": "shoulder",
    "trunk_flexion": "spine",
    "ankle_dorsiflexion": "ankle",
}
"""Angles that can be written at a joint: key in ``GROUPS`` -> joint name without its side."""
