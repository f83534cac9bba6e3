"""Units of work for processes and machines, and the events they send."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

from app.errors import LiftingError, MixposeError
from app.lifting.progress import Stopped
from app.system import paths

log: Final = logging.getLogger(__name__)


Tell = Callable[..., None]
"""Called with an amount, and perhaps with what gives a part of the result."""


class WorkUnit(Protocol):
    """A piece of work that stands for itself: it can be pickled, and begun again when lost."""

    @property
    def label(self) -> str:
        """Of what it is a part, for messages: a file's name."""

    @property
    def needs_network(self) -> bool:
        """Whether it lifts, for which a machine may have a graphics card."""

    def run(self, tell: Tell, stop: Callable[[], bool]) -> Any:
        """Do it; what it returns can be pickled too.

        Args:
            tell: to be called all the time with how far it is, in a measure of its own; who is
                silent for minutes is taken for dead.  With what gives the part of the result that
                has come since, where somebody waits for that.
            stop: asked all the time; once True, return what there is, or raise ``Stopped``.

        Raises:
            MixposeError: it cannot be done.
        """


@dataclass(frozen=True, slots=True)
class Moved:
    """A unit has got further."""

    ticket: int
    amount: float
    """As the unit tells it; less than before when it had to begin again."""
    part: Any = None
    """Of its result, what has come since the one before; None if nobody waits for it."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a unit ended."""

    ticket: int
    value: Any = None
    error: MixposeError | None = None
    """Why there is no value."""
    took_s: float = 0.0


Event = Moved | Done


class Engine(Protocol):
    """Executes units of work: processes of this machine, or a cluster."""

    def submit(self, unit: WorkUnit, *, first: bool = False) -> int:
        """Queue it, ``first`` before all that wait; returns the ticket that its events carry."""

    def drop(self, tickets: Iterable[int]) -> None:
        """Cancel these unless they have begun; their events are to be ignored."""

    @property
    def waiting(self) -> int:
        """Units that nobody has begun with."""

    @property
    def width(self) -> int:
        """How many units are done side by side."""

    def poll(self) -> Iterator[Event]:
        """Events of the next fraction of a second; one ``Done`` a unit."""

    def finish(self) -> Iterator[Event]:
        """Cancel everything, and yield the events of units that had begun."""

    def close(self) -> None:
        """Give up everything at once; more calls do nothing."""


def done(ticket: int, unit: WorkUnit, tell: Tell, stop: Callable[[], bool]) -> Done | None:
    """Do a unit; what is wrong with it is in the answer.  None if it was called off."""
    began = time.perf_counter()
    value: Any = None
    error: MixposeError | None = None
    try:
        value = unit.run(tell, stop)
    except MixposeError as expected:
        error = expected
    except Stopped:
        return None
    except Exception as unforeseen:  # one clip must not end the others
        log.exception("unforeseen error with %s", unit.label)
        error = _fault(unforeseen)
    return Done(ticket, value, error, time.perf_counter() - began)


def _fault(error: Exception) -> LiftingError:
    return LiftingError(
        f"A fault in the program ended it: {type(error).__name__}: {error}. "
        f"The details are in {paths.log_file()}"
    )
