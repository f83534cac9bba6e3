"""The options of lifting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from app.detection.models import FOR_VIDEOS, Size

if TYPE_CHECKING:
    from app.detection.person_tracker import Choice
    from models.level import Level

PITCH_RANGE_DEG: Final = (-89.0, 89.0)
"""Of a camera that looks down; beyond, roll is undefined."""
ROLL_RANGE_DEG: Final = (-180.0, 180.0)


@dataclass(frozen=True, slots=True)
class LiftOptions:
    """All options on which the poses of a clip depend.

    Processing of the poses has its own: :class:`app.motion.processing_options.Processing`.
    """

    weights: str | None = None
    """A shipped name or a file's path; None for the default."""
    detector: Size = FOR_VIDEOS
    """Size of the model that detects the joints in 2D."""
    device: str | None = None
    """auto, cpu, cuda or mps; None for auto."""
    height_m: float | None = None
    """The person's height, which sets the scale; None for the network's own."""
    camera_pitch_deg: float | None = None
    """Degrees by which the camera looks down, and ..."""
    camera_roll_deg: float | None = None
    """... is rotated clockwise, as seen from behind.  Both are estimated unless one is given."""
    several: bool = True
    """Whether people are told apart."""
    everybody: bool = False
    """Whether all people are tracked instead of one."""
    with_others: bool = False
    """Whether all people are tracked in addition to the followed one; requires ``several``."""
    heights_m: tuple[float | None, ...] = ()
    """Heights of all people by number, as far as known."""
    choices: tuple[Choice, ...] = ()
    """Which of several people to follow; by default the largest at first."""
    seconds: float | None = None
    """Length of the part to lift; None for the whole clip."""
    rate: float | None = None
    """True frames per second of a video; None if the stated rate is true."""
    jobs: int | None = None
    """Number of detecting processes, None for one per core; does not affect the poses."""

    @property
    def level(self) -> Level | None:
        """The camera's orientation, if given."""
        if self.camera_pitch_deg is None and self.camera_roll_deg is None:
            return None
        from models.level import Level

        return Level.from_angles(self.camera_pitch_deg or 0.0, self.camera_roll_deg or 0.0)
