"""``lift`` over folders: many videos in parallel; skips up-to-date files, lists failures."""

from __future__ import annotations

import argparse
import hashlib
import logging
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.cli import batch_options, folders
from app.cli.exits import Exit, Interrupt, count, say, warn
from app.cli.outputs import require_free, require_free_of_people, require_room_for_people
from app.cli.progress import ManyBar
from app.errors import DeviceError, MixposeError, WeightsError
from app.export.people_names import person_file
from app.lifting.batch.task import BatchOptions, Event, Moved, Result, Task
from app.lifting.batch.up_to_date import (
    is_begun_of_everybody,
    is_done,
    is_done_of_everybody,
    request_of,
)
from app.lifting.corrected import made_in_window
from app.lifting.pool import cores
from app.lifting.work import make_engine
from app.system import logs

if TYPE_CHECKING:
    from app.lifting.work_units import Engine

log: Final = logging.getLogger(__name__)


@dataclass
class Work:
    """The videos to lift, and those to skip."""

    tasks: list[Task] = field(default_factory=list)
    """The largest first, so that the last process is not alone with it."""
    done: int = 0
    refused: list[tuple[Path, str]] = field(default_factory=list)
    """Videos that are not lifted, and the reasons."""
    corrected: int = 0
    """Number of videos that have corrections."""


def run(options: argparse.Namespace) -> int:
    """Lift every video and return the exit code described in ``lift --help``."""
    logs.divert_native_stderr()
    plan = folders.plan(options.sources, options.output, options.to, options.file)
    if options.one_file:
        require_room_for_people(plan.kind)
    sha256 = _sha256_of_weights(options.weights)
    wanted = batch_options.wanted_of_each(options, plan.kind, sha256)
    work = sort_out(plan, wanted, options)
    if plan.recordings:
        warn(f"mixpose: {count(plan.recordings, 'recording')} left out; use 'export' for them.")
    _tell_of_corrections(work.corrected, options)
    lifted = 0
    sizes = [_bytes(task.source) for task in work.tasks]
    with (
        Interrupt() as interrupt,
        ManyBar(sizes) as bar,
        closing(_events(work.tasks, wanted, options, interrupt)) as events,
    ):
        for event in events:
            if isinstance(event, Moved):
                bar.move(event.index, event.share)
                continue
            task = work.tasks[event.index]
            bar.finish(event.index)
            if isinstance(event.error, (WeightsError, DeviceError)):
                raise event.error  # every other video would fail in the same way
            if event.error is None:
                lifted += 1
                table = task.table
                if wanted.a_file_each:
                    table = person_file(table, wanted.kind, "*")
                bar.aside(lambda table=table, event=event: _report(table, event))  # type: ignore[misc]
            elif not task.overwrite and _is_done(task, wanted):
                work.done += 1  # meanwhile, by the same command in another process
            else:
                work.refused.append((task.source, str(event.error)))
    return _conclude(len(plan.pairs), lifted, work, interrupt.signal)


def _sha256_of_weights(weights: str | None) -> str:
    from models.checkpoint import resolve_weights

    path = resolve_weights(weights)
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise WeightsError(f"Cannot read the weights {path}: {error.strerror}.") from error


def sort_out(plan: folders.Plan, wanted: BatchOptions, options: argparse.Namespace) -> Work:
    """Sort the videos into those that are done, blocked by existing files, or to be lifted.

    Videos that are done are lifted again only with ``--again``; a file that was made of something
    else is replaced only with ``--force``.
    """
    work = Work()
    for folder, reason in plan.unreadable:
        work.refused.append((folder, f"It cannot be looked into: {reason}."))
    for source, table in plan.pairs:
        try:
            task = _task(source, table, work, options)
            done = _is_done(task, wanted)
            if done and not options.again:
                work.done += 1
                continue
            overwrite = done or options.force
            if wanted.a_file_each:
                overwrite = overwrite or _is_begun(task, wanted)
                require_free_of_people(table, wanted.kind, force=overwrite)
            else:
                require_free(table, force=overwrite)
        except MixposeError as error:
            work.refused.append((source, str(error)))
        else:
            work.tasks.append(replace(task, overwrite=overwrite))
    work.tasks.sort(key=lambda task: -_bytes(task.source))
    return work


def _task(source: Path, table: Path, work: Work, options: argparse.Namespace) -> Task:
    """Make the task of one video.  Raises RecordingError if its corrections cannot be read."""
    try:
        made = made_in_window(source)
    except MixposeError:
        if options.corrections:
            raise
        return Task(source, table)
    work.corrected += bool(made)
    return Task(source, table, corrections=made if options.corrections else ())


def _tell_of_corrections(videos: int, options: argparse.Namespace) -> None:
    if options.corrections and not videos:
        warn("mixpose: Warning: Nothing in these videos was corrected in the window.")
    elif videos and not options.corrections:
        warn(
            f"mixpose: {count(videos, 'video')} corrected in the window; that is not applied "
            "unless you add --corrections."
        )


def _is_done(task: Task, wanted: BatchOptions) -> bool:
    try:
        asked = request_of(task.source, wanted, task.corrections)
        if wanted.a_file_each:
            return is_done_of_everybody(task.table, wanted.kind, asked)
        return is_done(task.table, asked)
    except (OSError, ValueError):  # lifting it reports the fault
        return False


def _is_begun(task: Task, wanted: BatchOptions) -> bool:
    try:
        asked = request_of(task.source, wanted, task.corrections)
        return is_begun_of_everybody(task.table, wanted.kind, asked)
    except (OSError, ValueError):
        return False


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0


def _events(
    tasks: list[Task], wanted: BatchOptions, options: argparse.Namespace, interrupt: Interrupt
) -> Generator[Event, None, None]:
    def stop() -> bool:
        return interrupt.signal is not None

    if not tasks:
        return
    from app.lifting.batch.run import run as run_all

    with _engine(wanted, options) as engine:
        tasks = [_anywhere(each) for each in tasks]
        jobs = min(engine.width, len(tasks))
        threads = 1 if options.ray is not None else max(1, cores() // jobs)
        yield from run_all(tasks, wanted, engine, stop, threads=threads)


def _anywhere(task: Task) -> Task:
    """Return the task with absolute paths: processes on other machines have other folders."""
    return replace(task, source=task.source.absolute(), table=task.table.absolute())


def _engine(wanted: BatchOptions, options: argparse.Namespace) -> Engine:
    if options.ray is None:
        return make_engine(wanted.lifting)
    from app.lifting.batch.cluster import Cluster

    return Cluster(options.ray, wanted.lifting.device)


def _report(table: Path, result: Result) -> None:
    for warning in result.warnings:
        warn(f"mixpose: Warning: {warning}")
    frames = count(result.frames, "frame")
    say(
        f"{table}: {frames} ({result.length_s:.1f} s), a person in {result.tracked}; "
        f"{result.quality}"
    )


def _conclude(videos: int, lifted: int, work: Work, signal: int | None) -> int:
    for source, reason in work.refused:
        log.warning("%s: %s", source, reason)
    before = f", {work.done} done before" if work.done else ""
    total = f"{lifted} of {count(videos, 'video')} lifted{before}"
    left = videos - lifted - work.done - len(work.refused)
    if signal is not None:
        warn(f"mixpose: Stopped: {total}. The same command goes on with the {left} left.")
    elif not work.refused:
        say(f"{total}.")
    if work.refused:
        warn(f"mixpose: {total}. Not lifted:")
        for source, reason in sorted(work.refused):
            warn(f"  {source}: {reason}")
    if signal is not None:
        return 128 + signal
    if not work.refused:
        return Exit.OK
    return Exit.SOME_FAILED if lifted or work.done else Exit.FAILED
