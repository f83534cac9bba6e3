"""Execute units of work in parallel processes of this machine.

``concurrent.futures`` would do but for three things: a clip whose decoder crashes would break the
whole pool without telling which clip it was, a process that hangs could not be ended, and progress
would need a second channel.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Final

from app.errors import LiftingError
from app.lifting.work_units import Done, Event, Moved, WorkUnit, done
from app.system.files import plain_reason
from app.system.processes import starting

log: Final = logging.getLogger(__name__)

ATTEMPTS: Final = 2
"""How often a unit is tried whose process died.  The system may have killed it because of the
memory of others; if it dies again, the unit is the cause."""
SILENT_S: Final = 120.0
"""A process without progress for this long is ended.  Loading the network from a slow disk takes
half a minute.  Only time spent listening to it counts: while the program was stopped by Ctrl-Z, so
were its processes."""
_LOOK_S: Final = 0.2
_TELL_S: Final = 0.2
_GOODBYE_S: Final = 5.0
"""How long a process may take to finish its current frame before it is killed."""


def cores() -> int:
    """The number of processor cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only; knows of containers' limits
    return len(affinity(0)) if affinity else os.cpu_count() or 1


@dataclass(slots=True)
class _Order:
    ticket: int
    unit: WorkUnit
    attempts: int = 0


class Pool:
    """Up to ``jobs`` processes, each started when there is work for it.

    Used by one thread; also a context manager, after which no process is left.
    """

    def __init__(self, jobs: int) -> None:
        self.width = max(1, jobs)
        self._orders: deque[_Order] = deque()
        self._tickets = 0
        self._workers: list[_Worker] = []

    @property
    def waiting(self) -> int:
        """Units that have not begun."""
        return len(self._orders)

    def submit(self, unit: WorkUnit, *, first: bool = False) -> int:
        """Queue ``unit``, ``first`` before all others; returns the ticket of its events."""
        self._tickets += 1
        order = _Order(self._tickets, unit)
        if first:
            self._orders.appendleft(order)
        else:
            self._orders.append(order)
        return order.ticket

    def drop(self, tickets: Iterable[int]) -> None:
        """Cancel these unless they have begun."""
        unwanted = set(tickets)
        self._orders = deque(each for each in self._orders if each.ticket not in unwanted)

    def poll(self) -> Iterator[Event]:
        """Start waiting units, and yield the processes' events; one ``Done`` per unit.

        Raises LiftingError if no process can be started.
        """
        self._hand_out()
        yield from self._listen(_LOOK_S)

    def finish(self) -> Iterator[Event]:
        """Cancel waiting units, and yield the events of those that have begun."""
        self._orders.clear()
        for worker in self._workers:
            worker.request_exit()
        while (patience_s := max((each.patience_s for each in self._workers), default=0.0)) > 0:
            yield from self._listen(min(_LOOK_S, patience_s))

    def close(self) -> None:
        """End all processes, killing busy ones after a few seconds."""
        self._orders.clear()
        for worker in self._workers:
            worker.request_exit()
        for worker in self._workers:
            worker.end(worker.patience_s)
        self._workers.clear()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _hand_out(self) -> None:
        """Assign waiting units to idle and to new processes."""
        for worker in [each for each in self._workers if each.order is None]:
            if self._orders:
                worker.begin(self._orders.popleft())
        while self._orders and len(self._workers) < self.width:
            try:
                self._workers.append(_Worker())
            except OSError as error:  # memory, or the number of processes or files, is limited
                self._do_with_fewer(error)
                return
            self._workers[-1].begin(self._orders.popleft())

    def _do_with_fewer(self, error: OSError) -> None:
        if not self._workers:
            raise LiftingError(
                f"No process can be started to detect people: {plain_reason(error)}. Close other "
                "programs, or raise the limits of this one."
            ) from error
        log.warning("%d of %d processes do the work: %s", len(self._workers), self.width, error)
        self.width = len(self._workers)

    def _listen(self, patience_s: float) -> Iterator[Event]:
        pipes = {worker.pipe: worker for worker in self._workers}
        if not pipes:
            return
        began = time.monotonic()
        ready = wait(list(pipes), patience_s)
        listened_s = min(time.monotonic() - began, patience_s)
        for worker in self._workers:
            worker.silent_s += listened_s
        for pipe in ready:
            worker = pipes[pipe]  # type: ignore[index]  # wait returns what it was given
            event = worker.receive()
            if event is None:
                yield from self._lost(worker, None)
            else:
                yield event
        for worker in self._workers[:]:
            if worker.order is not None and worker.silent_s > SILENT_S:
                yield from self._lost(worker, f"nothing was heard of it for {SILENT_S:g} seconds")

    def _lost(self, worker: _Worker, reason: str | None) -> Iterator[Event]:
        """Handle a process that has died, or end it for ``reason``; its unit is tried again."""
        order = worker.order
        self._workers.remove(worker)
        code = worker.end(0.0)
        if order is None or worker.dismissed:
            return
        label = order.unit.label
        log.warning("the process that worked on %s ended: %s", label, reason or f"code {code}")
        if reason is None and order.attempts < ATTEMPTS:
            self._orders.appendleft(order)
            yield Moved(order.ticket, 0.0)
        else:
            yield Done(
                order.ticket, error=LiftingError(f"{label} {_failure_in_words(reason, code)}")
            )


def _failure_in_words(reason: str | None, code: int | None) -> str:
    if reason is not None:
        return f"was given up: {reason}. The file may be damaged."
    if sys.platform != "win32" and code == -signal.SIGKILL:
        return (
            "was given up: its process was killed, perhaps for want of memory. Try again with "
            "fewer --jobs."
        )
    return "was given up: its process crashed twice. The file may be damaged."


class _Worker:
    """One process and the pipe to it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        # No daemon: some formats start a renderer process.
        self._process = context.Process(target=serve, args=(theirs,), name="mixpose-lift")
        with starting():
            self._process.start()
        theirs.close()
        self.order: _Order | None = None
        self._leaves_by: float | None = None
        self.silent_s = 0.0
        """How long it was listened to since the last event of its unit."""

    @property
    def dismissed(self) -> bool:
        """Whether it was asked to exit."""
        return self._leaves_by is not None

    @property
    def patience_s(self) -> float:
        """How long it may still take to exit."""
        return max(0.0, (self._leaves_by or 0.0) - time.monotonic())

    def begin(self, order: _Order) -> None:
        self.order = order
        order.attempts += 1
        self.silent_s = 0.0
        with contextlib.suppress(OSError):  # it has died: receive will notice
            self.pipe.send((order.ticket, order.unit))

    def receive(self) -> Event | None:
        """Its next event; None if it has died."""
        try:
            event: Event = self.pipe.recv()
        except (EOFError, OSError):
            return None
        self.silent_s = 0.0
        if isinstance(event, Done):
            self.order = None
        return event

    def request_exit(self) -> None:
        if not self.dismissed:
            self._leaves_by = time.monotonic() + _GOODBYE_S
            with contextlib.suppress(OSError):
                self.pipe.send(None)

    def end(self, patience_s: float) -> int | None:
        """Wait for its end, then kill it; return its exit code."""
        self._process.join(patience_s)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self.pipe.close()
        code = self._process.exitcode
        self._process.close()
        return code


def serve(pipe: Connection) -> None:
    """Entry point of a process: run the units received through ``pipe`` until None or its end."""
    from app.detection import no_telemetry
    from app.system import logs, signals

    no_telemetry.reserve()
    signals.ignore_terminal()
    # A service manager sends it to all processes; here, too, the parent decides.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    logs.start_logging()
    logs.divert_native_stderr()
    # The pipe breaks if the parent process dies.
    with contextlib.suppress(EOFError, OSError):
        while (given := pipe.recv()) is not None:
            ticket, unit = given
            # During a unit the only message received is the request to exit.
            answer = done(ticket, unit, _Throttled(pipe, ticket), pipe.poll)
            if answer is None:
                return
            pipe.send(answer)


class _Throttled:
    """Reports the progress of a unit, at limited rate."""

    def __init__(self, pipe: Connection, ticket: int) -> None:
        self._pipe, self._ticket = pipe, ticket
        self._told_at = 0.0

    def __call__(self, amount: float, part: Callable[[], Any] | None = None) -> None:
        now = time.monotonic()
        if now - self._told_at >= _TELL_S:
            self._told_at = now
            with contextlib.suppress(OSError):  # the parent has died: poll notices next
                self._pipe.send(Moved(self._ticket, amount, part and part()))
