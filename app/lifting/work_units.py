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
"""Called with the amount done and, optionally, a function that returns part of the result."""


class WorkUnit(Protocol):
    """An independent piece of work: it can be pickled, and restarted if its process is lost."""

    @property
    def label(self) -> str:
        """A file's name, for messages."""

    @property
    def needs_network(self) -> bool:
        """Whether it lifts, for which a machine may have a graphics card."""

    def run(self, tell: Tell, stop: Callable[[], bool]) -> Any:
        """Do the work; the result can be pickled too.

        Args:
            tell: to be called frequently with the amount done, in any unit; a process that does not
                for minutes is taken for dead.  Optionally with a function that returns the part of
                the result since the previous call.
            stop: to be polled; once True, return an incomplete result or raise ``Stopped``.

        Raises:
            MixposeError: the work failed.
        """


@dataclass(frozen=True, slots=True)
class Moved:
    """Progress of a unit."""

    ticket: int
    amount: float
    """As reported by the unit; less than before if it was restarted."""
    part: Any = None
    """The part of its result since the previous event; None unless requested."""


@dataclass(frozen=True, slots=True)
class Done:
    """End of a unit."""

    ticket: int
    value: Any = None
    error: MixposeError | None = None
    """The reason if there is no value."""
    took_s: float = 0.0


Event = Moved | Done


class Engine(Protocol):
    """Executes units of work: processes of this machine, or a cluster."""

    def submit(self, unit: WorkUnit, *, first: bool = False) -> int:
        """Queue it, ``first`` before all others; returns the ticket that its events carry."""

    def drop(self, tickets: Iterable[int]) -> None:
        """Cancel these unless they have begun; their events are to be ignored."""

    @property
    def waiting(self) -> int:
        """Units that have not begun."""

    @property
    def width(self) -> int:
        """Number of units processed in parallel."""

    def poll(self) -> Iterator[Event]:
        """Events of the next fraction of a second; one ``Done`` a unit."""

    def finish(self) -> Iterator[Event]:
        """Cancel everything, and yield the events of units that had begun."""

    def close(self) -> None:
        """Stop all work at once; further calls do nothing."""

    def __enter__(self) -> Engine:
        """Return itself."""

    def __exit__(self, *_: object) -> None:
        """Close it."""


def done(ticket: int, unit: WorkUnit, tell: Tell, stop: Callable[[], bool]) -> Done | None:
    """Run a unit; errors are in the result.  None if it was cancelled."""
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
