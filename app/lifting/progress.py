"""How far the work on a clip is, and how it is called off."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass


class Stage(enum.Enum):
    """The two passes over a clip, and writing what came out."""

    DETECTING = "detecting"
    LIFTING = "lifting"
    WRITING = "writing"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a clip is."""

    stage: Stage
    frames: int
    """Frames done in this stage."""
    total: int | None
    """Frames in all; an estimate while detecting, None for what has no known end."""

    @property
    def share(self) -> float:
        """How much of the stage is done, 0 to 1; 0 where that is not known."""
        return min(1.0, self.frames / self.total) if self.total else 0.0


ProgressCallback = Callable[[Progress], None]
"""Called in the thread that does the work; what it raises, such as :class:`Stopped`, ends that."""


class Stopped(Exception):  # noqa: N818 - it is an outcome, not an error
    """The work was called off; nothing half-written is left behind."""


def never() -> bool:
    """The answer to "shall I stop?" of who never stops."""
    return False
