"""Choices that some formats leave open: the rate, the skeleton's names, the pose at rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from app.export.skeleton_names import MOTIONBUILDER

Rest = Literal["t", "a"]
RESTS: Final[tuple[Rest, ...]] = get_args(Rest)
FPS_RANGE: Final = (1.0, 1000.0)


@dataclass(frozen=True, slots=True)
class FileOptions:
    """What is chosen; by default what each format does by itself."""

    fps: float | None = None
    """Frames a second of a file of constant rate; None for what suits the source."""
    skeleton: str = MOTIONBUILDER
    """Whose names bones have, a key of ``app.export.skeleton_names.SKELETONS``."""
    rest: Rest | None = None
    """The pose at rest, arms level or lowered; None for the skeleton's own."""
    light: bool = False
    """Whether a film's 3D view is light."""
    blender: str | None = None
    """The Blender that writes FBX; None for that of this computer's path."""


AS_USUAL: Final = FileOptions()
