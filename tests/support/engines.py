"""Units done without other processes, and units that misbehave."""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.lifting.progress import Stopped
from app.lifting.work_units import Event, WorkUnit, done


class Inline:
    """An engine that does one unit a look, in the calling thread."""

    width = 1

    def __init__(self) -> None:
        self._orders: deque[tuple[int, WorkUnit]] = deque()
        self.units: list[WorkUnit] = []
        """All that were submitted."""

    @property
    def waiting(self) -> int:
        return len(self._orders)

    def submit(self, unit: WorkUnit, *, first: bool = False) -> int:
        self.units.append(unit)
        order = (len(self.units), unit)
        if first:
            self._orders.appendleft(order)
        else:
            self._orders.append(order)
        return order[0]

    def drop(self, tickets: Iterable[int]) -> None:
        unwanted = set(tickets)
        self._orders = deque(each for each in self._orders if each[0] not in unwanted)

    def poll(self) -> Iterator[Event]:
        if self._orders:
            ticket, unit = self._orders.popleft()
            answer = done(ticket, unit, lambda _amount, _part=None: None, lambda: False)
            assert answer is not None
            yield answer

    def finish(self) -> Iterator[Event]:
        self._orders.clear()
        return iter(())

    def close(self) -> None:
        self._orders.clear()

    def __enter__(self) -> Inline:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True)
class Worker:
    """A unit that counts to ``count``, and does what ``then`` says on the way.

    ``then``: "crash" ends its process, "hang" stops it, "fail" raises; with ``once`` only if that
    file is not there yet.
    """

    count: int = 3
    then: str = ""
    once: Path | None = None
    step_s: float = 0.01
    label: str = "a.mp4"
    needs_network: bool = False

    def run(self, tell: Callable[[float], None], stop: Callable[[], bool]) -> tuple[int, int]:
        """The number counted to, and the process it was counted in."""
        first = self.once is None or not self.once.exists()
        if self.once is not None:
            self.once.touch()
        for number in range(self.count):
            tell(number)
            if stop():
                raise Stopped
            if first and number == 1:
                self._misbehave()
            time.sleep(self.step_s)
        return self.count, os.getpid()

    def _misbehave(self) -> None:
        if self.then == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        elif self.then == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.then == "hang":
            os.kill(os.getpid(), signal.SIGSTOP)
        elif self.then == "fail":
            raise ZeroDivisionError("on purpose")
