"""Clips lifted side by side in processes of this machine.

``concurrent.futures`` would do but for three things: one clip whose decoder crashes would break its
whole pool and not say which clip it was, a process that hangs could not be ended, and how far each
clip is would need a second road.
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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from typing import Final

from app.batch.task import Event, Moved, Options, Result, Task
from app.errors import BatchError

log: Final = logging.getLogger(__name__)

ATTEMPTS: Final = 2
"""How often a clip is tried whose process ended by itself.  The system may have ended it for the
memory of others; if it ends again, it is the clip."""
SILENT_S: Final = 120.0
"""A process that has not got on with its clip for this long is ended.  Loading the network from a
slow disk takes half a minute."""
_LOOK_S: Final = 0.2
_TELL_S: Final = 0.2
_GOODBYE_S: Final = 5.0
"""How long a process may finish the frames it is at before it is killed."""


def cores() -> int:
    """Processor cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only; knows of containers' limits
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def run(
    tasks: Sequence[Task], options: Options, jobs: int, stop: Callable[[], bool]
) -> Iterator[Event]:
    """Lift ``tasks`` in up to ``jobs`` processes; a result for each, in the order they are ready.

    Once ``stop`` says so, clips that are not done are given up, without a result, and it ends.
    """
    jobs = max(1, min(jobs, len(tasks)))
    if options.threads is None:
        options = replace(options, threads=max(1, cores() // jobs))
    with contextlib.ExitStack() as stack:
        crew = _Crew(tasks, options)
        stack.callback(crew.dismiss)
        for _ in range(jobs):
            crew.hire()
        while crew.working and not stop():
            yield from crew.hear()


class _Crew:
    """The processes, and which of the tasks each one has."""

    def __init__(self, tasks: Sequence[Task], options: Options) -> None:
        self._tasks, self._options = tasks, options
        self._waiting = deque(range(len(tasks)))
        self._attempts = [0] * len(tasks)
        self._workers: list[_Worker] = []

    @property
    def working(self) -> bool:
        return bool(self._workers)

    def hire(self) -> None:
        """Start a process, if there is something left for it to do."""
        if self._waiting:
            worker = _Worker(self._options)
            self._workers.append(worker)
            self._hand_out(worker)

    def hear(self) -> Iterator[Event]:
        """What the processes say until the next look."""
        pipes = {worker.pipe: worker for worker in self._workers}
        for pipe in wait(list(pipes), _LOOK_S):
            worker = pipes[pipe]  # type: ignore[index]  # wait returns what it was given
            event = worker.receive()
            if event is None:
                yield from self._lost(worker, None)
                continue
            yield event
            if isinstance(event, Result):
                self._hand_out(worker)
        for worker in self._workers[:]:
            if worker.silent_s > SILENT_S:
                yield from self._lost(worker, f"nothing was heard of it for {SILENT_S:g} seconds")

    def dismiss(self) -> None:
        """End all processes, whatever they are doing."""
        for worker in self._workers:
            worker.say_goodbye()
        deadline = time.monotonic() + _GOODBYE_S
        for worker in self._workers:
            worker.end(deadline - time.monotonic())
        self._workers.clear()

    def _hand_out(self, worker: _Worker) -> None:
        if not self._waiting:
            self._workers.remove(worker)
            worker.say_goodbye()
            worker.end(_GOODBYE_S)
            return
        index = self._waiting.popleft()
        self._attempts[index] += 1
        worker.begin(index, self._tasks[index])

    def _lost(self, worker: _Worker, reason: str | None) -> Iterator[Event]:
        """Replace a process that has ended, or is ended now for ``reason``."""
        index = worker.index
        self._workers.remove(worker)
        code = worker.end(0.0)
        source = self._tasks[index].source
        log.warning("the process that lifted %s ended: %s", source, reason or f"code {code}")
        if reason is None and self._attempts[index] < ATTEMPTS:
            self._waiting.appendleft(index)
            yield Moved(index, 0.0)
        else:
            yield Result(index, error=BatchError(f"{source.name} {_told(reason, code)}"))
        self.hire()


def _told(reason: str | None, code: int | None) -> str:
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

    def __init__(self, options: Options) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        # No daemon: some formats draw in a process of their own.
        self._process = context.Process(target=serve, args=(theirs, options), name="mixpose-lift")
        with _ctrl_c_held_back():
            self._process.start()
        theirs.close()
        self.index = -1
        self._heard_at = time.monotonic()

    @property
    def silent_s(self) -> float:
        return time.monotonic() - self._heard_at

    def begin(self, index: int, task: Task) -> None:
        self.index = index
        self._heard_at = time.monotonic()
        with contextlib.suppress(OSError):  # it has ended: that is heard of next
            self.pipe.send((index, task))

    def receive(self) -> Event | None:
        """What it says; None if it has ended."""
        try:
            event: Event = self.pipe.recv()
        except (EOFError, OSError):
            return None
        self._heard_at = time.monotonic()
        return event

    def say_goodbye(self) -> None:
        with contextlib.suppress(OSError):
            self.pipe.send(None)

    def end(self, patience_s: float) -> int | None:
        """Wait for its end, then make it; its exit code."""
        self._process.join(max(0.0, patience_s))
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self.pipe.close()
        code = self._process.exitcode
        self._process.close()
        return code


@contextlib.contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    """Start a process that no Ctrl-C reaches, which a terminal sends to the whole group.

    The child ignores it, but only once it runs code of ours: Python itself, still starting, would
    print a traceback.  A blocked signal stays blocked in a child.
    """
    if sys.platform == "win32":
        yield
    else:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def serve(pipe: Connection, options: Options) -> None:
    """Entry point of a process: lift what comes through ``pipe`` until None comes, or its end."""
    from app import logs
    from app.batch.work import ClipLifter, Stopped

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logs.start_logging()
    logs.divert_native_stderr()
    lifter = ClipLifter(options)
    # The pipe ends with the process that lifts for itself: nobody is left to tell.
    with contextlib.suppress(EOFError, OSError, Stopped):
        while (given := pipe.recv()) is not None:
            index, task = given
            tell = _Throttled(pipe, index)
            # Nothing is sent during a task but that it shall end.
            pipe.send(lifter.lift(index, task, stop=pipe.poll, progress=tell))


class _Throttled:
    """Tells how far a clip is, not for every frame."""

    def __init__(self, pipe: Connection, index: int) -> None:
        self._pipe, self._index = pipe, index
        self._told_at = 0.0

    def __call__(self, share: float) -> None:
        now = time.monotonic()
        if now - self._told_at >= _TELL_S:
            self._told_at = now
            with contextlib.suppress(OSError):  # the other end is gone: poll says so next
                self._pipe.send(Moved(self._index, share))
