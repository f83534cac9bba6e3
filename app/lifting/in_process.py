"""Units of work executed in the calling process, where it may start no other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from app.lifting.work_units import Event, WorkUnit, done


class InProcess:
    """An engine that executes one unit per ``poll``, in the calling thread.

    For workers of ``multiprocessing.Pool``, which may not start processes.  Also a context manager.
    """

    width = 1

    def __init__(self) -> None:
        self._orders: deque[tuple[int, WorkUnit]] = deque()
        self._tickets = 0

    @property
    def waiting(self) -> int:
        """Units that have not begun."""
        return len(self._orders)

    def submit(self, unit: WorkUnit, *, first: bool = False) -> int:
        """Queue ``unit``, ``first`` before all others; returns the ticket of its event."""
        self._tickets += 1
        order = (self._tickets, unit)
        if first:
            self._orders.appendleft(order)
        else:
            self._orders.append(order)
        return self._tickets

    def drop(self, tickets: Iterable[int]) -> None:
        """Cancel these unless they have been executed."""
        unwanted = set(tickets)
        self._orders = deque(each for each in self._orders if each[0] not in unwanted)

    def poll(self) -> Iterator[Event]:
        """Execute the next unit, and yield its ``Done``."""
        if self._orders:
            ticket, unit = self._orders.popleft()
            event = done(ticket, unit, lambda _amount, _part=None: None, lambda: False)
            if event is not None:
                yield event

    def finish(self) -> Iterator[Event]:
        """Cancel everything."""
        self.close()
        return iter(())

    def close(self) -> None:
        """Cancel everything."""
        self._orders.clear()

    def __enter__(self) -> InProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
