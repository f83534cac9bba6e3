"""What can be wanted of lifting, whoever wants it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from app.detection.models import FOR_VIDEOS, Size

if TYPE_CHECKING:
    from app.detection.person_tracker import Choice
    from models.level import Level

PITCH_RANGE_DEG: Final = (-89.0, 89.0)
"""How far a camera looks down; beyond, which way it is rolled means nothing."""
ROLL_RANGE_DEG: Final = (-180.0, 180.0)


@dataclass(frozen=True, slots=True)
class LiftOptions:
    """All that the poses of a clip depend on beside its pictures, and what they are made with.

    What comes after them is :class:`app.motion.processing_options.Processing`.
    """

    weights: str | None = None
    """A shipped name or a file's path; None for the default."""
    detector: Size = FOR_VIDEOS
    """Of the model that finds the joints in 2D."""
    device: str | None = None
    """auto, cpu, cuda or mps; None for auto."""
    height_m: float | None = None
    """The person's stature, which sets the scale; None for the network's own."""
    camera_pitch_deg: float | None = None
    """By how much the camera looks down, and ..."""
    camera_roll_deg: float | None = None
    """... is turned clockwise, as seen from behind.  Both are found out unless one is told."""
    several: bool = True
    """Whether people are told apart."""
    everybody: bool = False
    """Whether all people are tracked, rather than one of them."""
    with_others: bool = False
    """Whether everybody is tracked beside the one followed; with ``several`` only."""
    heights_m: tuple[float | None, ...] = ()
    """Of everybody the statures in the order of their numbers, as far as they are known."""
    choices: tuple[Choice, ...] = ()
    """Whom of several people to follow; the largest at first unless told."""
    seconds: float | None = None
    """How much of a clip is lifted; None for the whole of it."""
    rate: float | None = None
    """Frames a second at which a video was truly taken; None for those that it states."""
    jobs: int | None = None
    """Processes that detect side by side, None for one a core; no pose depends on it."""

    @property
    def level(self) -> Level | None:
        """Where up is, as far as it was told."""
        if self.camera_pitch_deg is None and self.camera_roll_deg is None:
            return None
        from models.level import Level

        return Level.from_angles(self.camera_pitch_deg or 0.0, self.camera_roll_deg or 0.0)
