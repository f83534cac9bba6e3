"""Lift many videos by one engine: a free process takes the next segment of any video."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from app.errors import MixposeError
from app.lifting import work_units
from app.lifting.batch.task import BatchOptions, Event, Moved, Result, Task
from app.lifting.batch.work import Finish, Look, Request
from app.lifting.video_detection import VideoDetection
from app.lifting.work_units import Done, Engine

_DETECTING = 0.85
"""Fraction of a video's time, with the shipped weights on two cores."""
_DETECTING_SLOW = 0.45
"""The same if the export takes as long."""


def run(
    tasks: Sequence[Task],
    wanted: BatchOptions,
    engine: Engine,
    stop: Callable[[], bool],
    *,
    threads: int = 1,
) -> Iterator[Event]:
    """Lift ``tasks``; yields a result for each, in the order of completion.

    Only as many videos are started as keep the engine busy, since each holds its keypoints in
    memory.  Once ``stop`` returns True the unfinished videos are cancelled, without a result.

    Args:
        tasks: videos and their files.
        wanted: options of all of them.
        engine: executes the work; closed by its owner.
        stop: polled.
        threads: parallel passes of the network for one video.  Does not affect the poses.
    """
    waiting = deque(enumerate(tasks))
    begun: list[_Job] = []
    while (waiting or begun) and not stop():
        while waiting and (not begun or engine.waiting < engine.width):
            begun.append(_Job(*waiting.popleft(), wanted, engine, threads))
        for event in engine.poll():
            for job in begun:
                told = job.poll(event)
                if told is not None:
                    yield told
                    if isinstance(told, Result):
                        begun.remove(job)
                    break


@dataclass
class _Job:
    """The work on one video: planned, detected, finished."""

    index: int
    task: Task
    wanted: BatchOptions
    engine: Engine
    threads: int

    def __post_init__(self) -> None:
        from app.export.registry import FORMATS

        slow = FORMATS[self.wanted.kind].slow
        self._detecting = _DETECTING_SLOW if slow else _DETECTING
        self._took_s = 0.0
        self._asked: Request = {}
        self._video: VideoDetection | None = None
        self._ticket: int | None = self.engine.submit(Look(self.task, self.wanted))

    def poll(self, event: work_units.Event) -> Event | None:
        """The event of this video that follows from ``event``; None if that concerns another."""
        mine = self._video is not None and self._video.poll(event)
        if isinstance(event, Done) and (mine or event.ticket == self._ticket):
            self._took_s += event.took_s
        if self._video is not None and mine:
            moved = Moved(self.index, self._detecting * self._video.progress.share)
            return self._finish(self._video) or moved if self._video.done else moved
        if event.ticket != self._ticket:
            return None
        if isinstance(event, work_units.Moved):
            share = 0.0 if self._video is None else event.amount
            return Moved(self.index, self._detecting + (1 - self._detecting) * share)
        if event.error is not None:
            return Result(self.index, took_s=self._took_s, error=event.error)
        return self._next_step(event)

    def _next_step(self, event: Done) -> Event:
        if self._video is not None:
            result: Result = event.value
            return replace(result, took_s=self._took_s)
        plan, self._asked = event.value
        self._ticket = None
        self._video = VideoDetection(plan, self.engine, self.wanted.lifting)
        return Moved(self.index, 0.0)

    def _finish(self, video: VideoDetection) -> Event | None:
        if self._ticket is not None:
            return None
        try:
            clip = video.clip()
        except MixposeError as error:
            return Result(self.index, took_s=self._took_s, error=error)
        unit = Finish(self.index, clip, self._asked, self.task, self.wanted, self.threads)
        self._ticket = self.engine.submit(unit, first=True)
        return None
