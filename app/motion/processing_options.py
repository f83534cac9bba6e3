"""Options of :mod:`app.motion.processing` and their ranges.

A separate module, because the command line is parsed before NumPy is imported.
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
"""Bones that can be measured on a body, by the joints at their ends on either side."""
BONE_RANGE_M: Final = (0.1, 0.7)
CUTOFF_RANGE_HZ: Final = (0.5, 60.0)
FOV_RANGE_DEG: Final = (20.0, 150.0)
HEIGHT_RANGE_M: Final = (0.5, 2.5)
"""Heights of people; the smallest is a child who has just learnt to walk."""
CAMERA_HEIGHT_RANGE_M: Final = (0.05, 15.0)


@dataclass(frozen=True, slots=True)
class Processing:
    """Processing steps; by default none: raw poses, root-relative."""

    smooth_hz: float | None = None
    """Cut-off frequency of the smoothing."""
    rigid_bones: bool = False
    """Whether each bone has the same length in all frames."""
    bone: tuple[str, float] | None = None
    """A bone of :data:`NAMED` and its true length in metres, which sets the scale of the motion."""
    room: bool = False
    """Whether the person is placed in the room."""
    fov_deg: float | None = None
    """The camera's field of view along the picture's longer side; None for the usual angle."""
    camera_height_m: float | None = None
    """Height of the lens above the floor; None to estimate it."""
    heading_deg: float | None = None
    """Direction the person faces at first: 0 along +z, 90 along +x; None leaves it as filmed."""
    angles: bool = False
    """Whether joint angles are computed."""
