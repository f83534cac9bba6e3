"""Units done without other processes, and units that misbehave."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.lifting.in_process import InProcess
from app.lifting.progress import Stopped
from app.lifting.work_units import WorkUnit


class Inline(InProcess):
    """An engine in the calling thread that notes what was submitted."""

    def __init__(self) -> None:
        super().__init__()
        self.units: list[WorkUnit] = []
        """All that were submitted."""

    def submit(self, unit: WorkUnit, *, first: bool = False) -> int:
        self.units.append(unit)
        return super().submit(unit, first=first)


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
