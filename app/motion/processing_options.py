"""Options of :mod:`app.motion.processing` and their ranges.

A module of its own, because a command line is parsed before NumPy is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

NAMED: Final[Mapping[str, tuple[str, str]]] = {
    "thigh": ("hip", "knee"),
    "shin": ("knee", "ankle"),
    "upper-arm": ("shoulder", "elbow"),
    "forearm": ("elbow", "wrist"),
}
"""Bones a person can measure on a body, by the joints at their ends on either side."""
BONE_RANGE_M: Final = (0.1, 0.7)
CUTOFF_RANGE_HZ: Final = (0.5, 60.0)
FOV_RANGE_DEG: Final = (20.0, 150.0)
HEIGHT_RANGE_M: Final = (0.5, 2.5)
"""Of a person: from a child who has just learnt to walk."""
CAMERA_HEIGHT_RANGE_M: Final = (0.05, 15.0)


@dataclass(frozen=True, slots=True)
class Processing:
    """Processing steps; by default none: raw poses, root-relative."""

    smooth_hz: float | None = None
    """Cut-off of the smoothing."""
    rigid_bones: bool = False
    """Whether bones keep one length over all frames."""
    bone: tuple[str, float] | None = None
    """A bone of :data:`NAMED` and its true length in metres, which sets the
    scale of everything."""
    room: bool = False
    """Whether the person is placed in the room."""
    fov_deg: float | None = None
    """How wide the camera sees along the picture's longer side; None for the usual angle."""
    camera_height_m: float | None = None
    """How far the lens is above the floor; None to find out."""
    heading_deg: float | None = None
    """Where the person faces at first: 0 along +z, 90 along +x; None leaves it as filmed."""
    angles: bool = False
    """Whether joint angles are computed."""
