"""The state that the views show, with one interface for live runs, recordings and videos."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from app.packets import Frame, Keypoints2D, Pose3D
from app.pipeline import PoseSink
from app.ui.notices import Notice
from app.ui.presenters.people import EMPTY_ROSTER, Roster, ShownPerson
from app.ui.words import Segment

SPEEDS: Final = (0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Tick:
    """A marked event on the timeline."""

    number: int
    share: float
    """Its position, as a fraction of the timeline."""
    label: str


@dataclass(frozen=True, slots=True)
class Position:
    """The playback position and the contents of the timeline."""

    time_s: float
    duration_s: float
    """Duration of the timeline; 0 if unknown."""
    playing: bool
    loop: bool
    begins_s: float = 0.0
    """Time at the timeline's left end; negative if the second take of a comparison begins first."""
    speed: float = 1.0
    gaps: tuple[tuple[float, float], ...] = ()
    """Intervals without a person, as fractions of the timeline."""
    holes: tuple[tuple[float, float], ...] = ()
    """Intervals without pictures, because the camera was lost, as fractions of the timeline."""
    ticks: tuple[Tick, ...] = ()
    part: tuple[float, float] | None = None
    """Start and end of the selection, as fractions of the timeline; None without one."""
    ready: float | None = None
    """Fraction of the timeline up to which there are poses, while more are computed; else None."""

    @property
    def share(self) -> float:
        if self.duration_s <= 0:
            return 0.0
        return min(1.0, max(0.0, (self.time_s - self.begins_s) / self.duration_s))

    @property
    def timeline_s(self) -> tuple[float, float]:
        """The times at the ends of the timeline."""
        return self.begins_s, self.begins_s + self.duration_s


@dataclass(frozen=True, slots=True, eq=False)
class ViewState:
    """Everything the window shows at one moment."""

    frame: Frame | None = None
    keypoints: Keypoints2D | None = None
    seen: NDArray[np.bool_] | None = None
    """(17,) joints of ``keypoints`` to be drawn."""
    pose: Pose3D | None = None
    opacity: NDArray[np.float32] | None = None
    """(17,) opacity of each joint of ``pose``, 0 to 1."""
    size: tuple[int, int] | None = None
    """(width, height) of the picture, known even if the pictures were not recorded."""
    greyed: bool = False
    notice: Notice | None = None
    hint: str = ""
    status: tuple[Segment, ...] = ()
    position: Position | None = None
    people: tuple[ShownPerson, ...] = ()
    """The people to be drawn if there are several, including the one of ``pose``."""
    roster: Roster = EMPTY_ROSTER


class SourcePresenter(Protocol):
    """A live run, or a recording or video that plays."""

    label: str
    sending: Callable[[], tuple[Segment, ...]]
    """Returns the status line's segments about the poses sent to other programs."""

    def view_state(self) -> ViewState: ...

    def send_to(self, *sinks: PoseSink) -> None: ...

    def close(self, timeout_s: float) -> bool:
        """End everything, and return whether all has ended in time.

        It may block, so it must not be called in the window's thread.
        """
