"""The joint angles as one chooses them for the plot: left and right together."""

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
"""In the order in which they are offered; what is not here comes last, under its name."""


_BODY_PARTS: Final = {
    **dict.fromkeys(("knee", "shank", "hip"), "legs are"),
    **dict.fromkeys(("elbow", "shoulder"), "arms are"),
    **dict.fromkeys(("ankle", "foot"), "feet are"),
    "trunk": "trunk is",
}


def unseen(key: str) -> str:
    """Why there is nothing to be seen of a group, in words."""
    return f"The {_BODY_PARTS[key.partition('_')[0]]} not seen well enough here to be measured"


def _groups() -> Mapping[str, tuple[str, tuple[str, ...]]]:
    found: dict[str, tuple[str, ...]] = dict.fromkeys(_WORDS, ())
    for angle in ANGLES:
        key = angle.name.removeprefix(f"{angle.side}_")
        found[key] = (*found.get(key, ()), angle.name)
    named = {key: key.replace("_", " ").capitalize() for key in found} | _WORDS
    return {key: (named[key], names) for key, names in found.items()}


GROUPS: Final = _groups()
"""What can be chosen: key -> words, and the angles drawn together."""

JOINTS: Final = {
    "knee_flexion": "knee",
    "hip_flexion": "hip",
    "elbow_flexion": "elbow",
    "shoulder_elevation": "shoulder",
    "trunk_flexion": "spine",
    "ankle_dorsiflexion": "ankle",
}
"""Which angles can be written, by their key in ``GROUPS``, and beside which joint."""
