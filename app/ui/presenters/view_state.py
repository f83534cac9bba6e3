"""What is shown: a live run or a recording, seen by the window through one small interface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from app.packets import Frame, Keypoints2D, Pose3D
from app.pipeline import PoseSink
from app.ui.notices import Notice
from app.ui.presenters.people import NOBODY_ELSE, Companion, Roster
from app.ui.words import Segment

SPEEDS: Final = (0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Tick:
    """A marked event on the timeline."""

    number: int
    share: float
    """Where, as a share of the whole."""
    label: str


@dataclass(frozen=True, slots=True)
class Position:
    """Where in a file or recording we are."""

    time_s: float
    duration_s: float
    """Of the whole; 0 when unknown."""
    playing: bool
    loop: bool
    begins_s: float = 0.0
    """The time at the line's left end; negative where a clip runs that began earlier."""
    speed: float = 1.0
    gaps: tuple[tuple[float, float], ...] = ()
    """Stretches in which nobody was seen, as shares of the whole."""
    holes: tuple[tuple[float, float], ...] = ()
    """Stretches without pictures, because the camera had been lost, as shares of the whole."""
    ticks: tuple[Tick, ...] = ()
    part: tuple[float, float] | None = None
    """Where the selection begins and ends, as shares of the whole; None without one."""
    ready: float | None = None
    """Up to which share of the whole there are poses, while more are computed."""

    @property
    def share(self) -> float:
        if self.duration_s <= 0:
            return 0.0
        return min(1.0, max(0.0, (self.time_s - self.begins_s) / self.duration_s))

    @property
    def line_s(self) -> tuple[float, float]:
        """The times at the ends of the line."""
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
    """(17,) how firmly each joint of ``pose`` is drawn, 0 to 1."""
    size: tuple[int, int] | None = None
    """(width, height) of the picture, known even when the pictures themselves were not kept."""
    greyed: bool = False
    notice: Notice | None = None
    hint: str = ""
    status: tuple[Segment, ...] = ()
    position: Position | None = None
    people: tuple[Companion, ...] = ()
    """Whoever is to be drawn, where there are several people, the one of ``pose`` too."""
    roster: Roster = NOBODY_ELSE


class SourcePresenter(Protocol):
    """A live run, or a recording or video that plays."""

    label: str
    sending: Callable[[], tuple[Segment, ...]]
    """What the status line says of the poses sent on."""

    def view_state(self) -> ViewState: ...

    def send_to(self, *sinks: PoseSink) -> None: ...

    def close(self, timeout_s: float) -> bool:
        """End everything; may wait, so not in the window's thread.  Whether all has ended."""
