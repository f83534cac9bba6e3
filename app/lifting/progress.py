"""How far the work on a clip is, and how it is called off."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


class Stage(enum.Enum):
    """The two passes over a clip, what is done to the poses, and writing them."""

    DETECTING = "detecting"
    LIFTING = "lifting"
    PROCESSING = "processing"
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


def reporting(
    stage: Stage, count: int, progress: ProgressCallback | None
) -> Callable[[float], None]:
    """``progress`` for what tells the share done of a stage of ``count`` frames."""

    def tell(share: float) -> None:
        if progress is not None:
            progress(Progress(stage, round(share * count), count))

    return tell


def part_of(progress: ProgressCallback | None, done: int, count: int) -> ProgressCallback:
    """Progress of one person of ``count``, after ``done`` others."""

    def report(one: Progress) -> None:
        if progress is not None and one.total is not None:
            progress(Progress(one.stage, done * one.total + one.frames, count * one.total))

    return report


class Overall:
    """One number, 0 to 1, of all the stages that are to come.

    Args:
        tell: called with it.
        slow: whether writing takes as long as all the rest.
        begins: the first stage; those before it are not wanted.
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
        """Tell how far the whole is."""
        start, length = self._part[progress.stage]
        self._tell(start + length * progress.share)


_EFFORT: Final = (0.85, 0.1, 0.02, 0.03)
"""Each stage's share of a clip's time, with the shipped weights on two cores."""
_EFFORT_SLOW: Final = (0.45, 0.05, 0.01, 0.49)


class Stopped(Exception):  # noqa: N818 - it is an outcome, not an error
    """The work was called off; nothing half-written is left behind."""


def never() -> bool:
    """The answer to "shall I stop?" of who never stops."""
    return False
