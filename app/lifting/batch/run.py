"""Many films by one engine: what is free takes the next stretch, of whichever film that is."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from app.errors import MixposeError
from app.lifting import units
from app.lifting.batch.task import Event, Moved, Result, Task, Wanted
from app.lifting.batch.work import Asked, Finish, Look
from app.lifting.film import Film
from app.lifting.units import Done, Engine

_DETECTING = 0.85
"""Of a film's time, with the shipped weights on two cores."""
_DETECTING_SLOW = 0.45
"""The same where the export takes as long."""


def run(
    tasks: Sequence[Task],
    wanted: Wanted,
    engine: Engine,
    stop: Callable[[], bool],
    *,
    threads: int = 1,
) -> Iterator[Event]:
    """Lift ``tasks``; a result for each, in the order they are ready.

    No more films are begun with than keep the engine busy: each holds its keypoints in memory.
    Once ``stop`` says so, films that are not done are given up, without a result, and it ends.

    Args:
        tasks: films and the files they become.
        wanted: what holds for all of them.
        engine: who works; its owner closes it.
        stop: asked all the time.
        threads: passes of the network side by side for one film.  No pose depends on it.
    """
    waiting = deque(enumerate(tasks))
    begun: list[_Job] = []
    while (waiting or begun) and not stop():
        while waiting and (not begun or engine.waiting < engine.width):
            begun.append(_Job(*waiting.popleft(), wanted, engine, threads))
        for event in engine.hear():
            for job in begun:
                told = job.hear(event)
                if told is not None:
                    yield told
                    if isinstance(told, Result):
                        begun.remove(job)
                    break


@dataclass
class _Job:
    """The work on one film: looked at, detected, finished."""

    index: int
    task: Task
    wanted: Wanted
    engine: Engine
    threads: int

    def __post_init__(self) -> None:
        from app.export.registry import FORMATS

        slow = FORMATS[self.wanted.kind].slow
        self._detecting = _DETECTING_SLOW if slow else _DETECTING
        self._took_s = 0.0
        self._asked: Asked = {}
        self._film: Film | None = None
        self._ticket: int | None = self.engine.submit(Look(self.task, self.wanted))

    def hear(self, event: units.Event) -> Event | None:
        """What is to be told of this film after ``event``; None if that was about another."""
        mine = self._film is not None and self._film.hear(event)
        if isinstance(event, Done) and (mine or event.ticket == self._ticket):
            self._took_s += event.took_s
        if self._film is not None and mine:
            moved = Moved(self.index, self._detecting * self._film.progress.share)
            return self._finish(self._film) or moved if self._film.done else moved
        if event.ticket != self._ticket:
            return None
        if isinstance(event, units.Moved):
            share = 0.0 if self._film is None else event.amount
            return Moved(self.index, self._detecting + (1 - self._detecting) * share)
        if event.error is not None:
            return Result(self.index, took_s=self._took_s, error=event.error)
        return self._went_on(event)

    def _went_on(self, event: Done) -> Event:
        if self._film is not None:
            result: Result = event.value
            return replace(result, took_s=self._took_s)
        plan, self._asked = event.value
        self._ticket = None
        self._film = Film(plan, self.engine, self.wanted.lifting)
        return Moved(self.index, 0.0)

    def _finish(self, film: Film) -> Event | None:
        if self._ticket is not None:
            return None
        try:
            clip = film.clip()
        except MixposeError as error:
            return Result(self.index, took_s=self._took_s, error=error)
        unit = Finish(self.index, clip, self._asked, self.task, self.wanted, self.threads)
        self._ticket = self.engine.submit(unit, first=True)
        return None
