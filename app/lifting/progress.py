"""Progress of the work on a clip, and its cancellation."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


class Stage(enum.Enum):
    """The stages from a clip to a file."""

    DETECTING = "detecting"
    LIFTING = "lifting"
    PROCESSING = "processing"
    WRITING = "writing"


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a clip."""

    stage: Stage
    frames: int
    """Frames done in this stage."""
    total: int | None
    """Total number of frames; an estimate while detecting, None if unknown."""

    @property
    def share(self) -> float:
        """Fraction of the stage that is done, 0 to 1; 0 if unknown."""
        return min(1.0, self.frames / self.total) if self.total else 0.0


ProgressCallback = Callable[[Progress], None]
"""Called in the working thread; an exception, such as :class:`Stopped`, ends the work."""


def reporting(
    stage: Stage, count: int, progress: ProgressCallback | None
) -> Callable[[float], None]:
    """Adapt ``progress`` to a function that takes the fraction done of ``count`` frames."""

    def tell(share: float) -> None:
        if progress is not None:
            progress(Progress(stage, round(share * count), count))

    return tell


def part_of(progress: ProgressCallback | None, done: int, count: int) -> ProgressCallback:
    """Map the progress of one of ``count`` people, after ``done`` others, to that of all."""

    def report(one: Progress) -> None:
        if progress is not None and one.total is not None:
            progress(Progress(one.stage, done * one.total + one.frames, count * one.total))

    return report


class Overall:
    """Combines the progress of all stages into one number, 0 to 1.

    Args:
        tell: called with it.
        slow: whether writing takes as long as all the rest.
        begins: the first stage; earlier ones are left out.
    """

    def __init__(
        self, tell: Callable[[float], None], *, slow: bool, begins: Stage = Stage.DETECTING
    ) -> None:
        self._tell = tell
        stages = list(Stage)
        effort = dict(zip(stages, _EFFORT_SLOW if slow else _EFFORT, strict=True))
        wanted = stages[stages.index(begins) :]
        total = sum(effort[stage] for stage in wanted)
        self._part: dict[Stage, tuple[float, float]] = {}
        start = 0.0
        for stage in wanted:
            self._part[stage] = start / total, effort[stage] / total
            start += effort[stage]

    def __call__(self, progress: Progress) -> None:
        """Report the overall progress."""
        start, length = self._part[progress.stage]
        self._tell(start + length * progress.share)


_EFFORT: Final = (0.85, 0.1, 0.02, 0.03)
"""Each stage's fraction of a clip's time, with the shipped weights on two cores."""
_EFFORT_SLOW: Final = (0.45, 0.05, 0.01, 0.49)


class Stopped(Exception):  # noqa: N818 - it is an outcome, not an error
    """The work was cancelled; nothing half-written is left behind."""


def never() -> bool:
    """A ``stop`` callback that never stops."""
    return False
