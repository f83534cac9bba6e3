"""``lift``: lifts sources to files of 3D poses."""

from __future__ import annotations

import argparse
import logging
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from app.cli import batch_options
from app.cli.exits import Exit, Interrupt, UsageError, count, say, warn
from app.cli.model_options import lift_options
from app.cli.outputs import (
    Job,
    plan,
    require_free,
    require_free_of_people,
    require_room_for_people,
)
from app.cli.progress import ProgressBar
from app.cli.recordings import refuse_recording
from app.errors import DeviceError, MixposeError, WeightsError
from app.export.registry import FORMATS
from app.lifting.progress import Progress, Stage, Stopped
from app.sources.pictures import SourcePictures, refuse_source
from app.system import logs

if TYPE_CHECKING:
    from app.lifting.clip import DetectedClip
    from app.lifting.clip_files import ClipFiles
    from app.lifting.progress import ProgressCallback
    from app.lifting.work import Network
    from app.lifting.work_units import Engine
    from app.motion.data import MotionData
    from app.recording.corrections import Correction
    from app.sources.base import Source
    from models.lifter import Lifter

log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Outcome:
    job: Job
    error: MixposeError | None = None
    signal: int | None = None
    """Number of the signal that stopped it."""


def run(options: argparse.Namespace) -> int:
    """Lift every source and return the exit code described in ``lift --help``."""
    if batch_options.wanted(options):
        from app.cli import batch

        return batch.run(options)
    logs.divert_native_stderr()
    jobs = plan(options.sources, options.output, options.to, options.file)
    if options.one_file:
        require_room_for_people(jobs[0].kind)
    from app.lifting.work import Network, make_engine

    wanted = lift_options(options)
    outcomes: list[_Outcome] = []
    try:
        with Network(wanted) as network, make_engine(wanted) as pool:
            for job in jobs:
                outcomes.append(_attempt(job, options, network, pool))
                if outcomes[-1].signal is not None:
                    break
    except KeyboardInterrupt:  # while a source was being opened: there is nothing to keep
        begun = jobs[len(outcomes) : len(outcomes) + 1]  # or after everything was done
        outcomes += [_Outcome(job, _stopped_early(), signal.SIGINT) for job in begun]
    return _conclude(jobs, outcomes)


def _attempt(job: Job, options: argparse.Namespace, network: Network, engine: Engine) -> _Outcome:
    """Lift one source; errors that concern only this source are in the outcome."""
    from app.lifting.work import open_clip

    try:
        refuse_recording(job)
        _require_free(job, options)
        refuse_source(job.table, job.source)
        with open_clip(job.source, lift_options(options)) as source:
            return _lift(job, source, options, network, engine)
    except (WeightsError, DeviceError):
        raise  # every other source would fail in the same way
    except MixposeError as error:
        return _Outcome(job, error)


def _require_free(job: Job, options: argparse.Namespace) -> None:
    if options.people == "all" and not options.one_file:
        require_free_of_people(job.table, job.kind, force=options.force)
    else:
        require_free(job.table, force=options.force)


def _lift(
    job: Job, source: Source, options: argparse.Namespace, network: Network, engine: Engine
) -> _Outcome:
    from app.lifting.choosing import unmet
    from app.lifting.work import detect

    wanted = lift_options(options)
    with Interrupt() as interrupt, ProgressBar(source.label) as bar:
        network.start()
        started = time.perf_counter()
        clip = detect(
            source,
            Path(job.source),
            wanted,
            engine,
            stop=lambda: interrupt.signal is not None or network.failed,
            progress=bar.update,
        )
        if interrupt.signal is not None:
            bar.close()
            if not len(clip.time_s):
                return _Outcome(job, _stopped_early(), interrupt.signal)
            warn(f"mixpose: Stopping after {_amount(clip)}; Ctrl-C again quits at once.")
        lifter = network.get()
        came_before = interrupt.signal
        slow = FORMATS[job.kind].slow

        def look(progress: Progress) -> None:
            """Return the signal; one received meanwhile stops only long operations."""
            if slow and progress.stage is Stage.WRITING and interrupt.signal != came_before:
                raise Stopped
            bar.update(progress)

        try:
            files = _write(job, clip, lifter, options, look, live=source.live)
        except Stopped:
            return _Outcome(job, _not_written(job), interrupt.signal)
        except MixposeError as error:
            return _Outcome(job, error, interrupt.signal)
        bar.close()
        for sentence in unmet(wanted.choices, clip.time_s, clip.track.xy, clip.size):
            warn(f"mixpose: Warning: {sentence}")
        _report(job, clip, files, time.perf_counter() - started)
    return _Outcome(job, signal=interrupt.signal)


def _write(
    job: Job,
    clip: DetectedClip,
    lifter: Lifter,
    options: argparse.Namespace,
    progress: ProgressCallback,
    *,
    live: bool,
) -> ClipFiles:
    """Lift the detections, and write them; a ``live`` source cannot be read again for pictures."""
    from app.lifting.clip_files import lift_to_files
    from app.lifting.exporting import ExportRequest
    from app.lifting.work import open_clip

    wanted, corrections = lift_options(options), _corrections(job, options)
    remembered = clip.complete and not options.choices
    return lift_to_files(
        clip,
        lifter,
        wanted,
        ExportRequest(
            job.table,
            job.kind,
            options.processing,
            overwrite=options.force,
            options=options.file,
            one_file=options.one_file,
        ),
        job.source,
        corrections=corrections,
        pictures=None if live else SourcePictures(partial(open_clip, job.source, wanted)),
        remember=partial(_remember, job, options, corrections) if remembered else None,
        progress=progress,
    )


def _corrections(job: Job, options: argparse.Namespace) -> tuple[Correction, ...]:
    """Return the corrections to apply; report existing ones that are not applied.

    Not by default: a command's result must not depend on the state of the machine.
    """
    from app.lifting.corrected import made_in_window

    made = made_in_window(Path(job.source))
    if options.corrections and not made:
        warn(f"mixpose: Warning: Nothing in {job.source} was corrected in the window.")
    elif made and not options.corrections:
        warn(
            f"mixpose: {job.source} has {count(len(made), 'correction')} made in the window; they "
            "are not applied unless you add --corrections."
        )
    return made if options.corrections else ()


def _not_written(job: Job) -> UsageError:
    return UsageError(f"Stopped while {job.table} was being written; nothing of it was kept.")


def _stopped_early() -> UsageError:
    return UsageError("Stopped before its first frame; nothing of it was written.")


def _report(job: Job, clip: DetectedClip, files: ClipFiles, took_s: float) -> None:
    log.info("lifted %s in %.1f s", _amount(clip), took_s)
    for warning in (*clip.warnings, *files.warnings):
        warn(f"mixpose: Warning: {warning}")
    kept = "" if clip.complete else "stopped early, kept "
    seen = np.count_nonzero(clip.track.tracked)
    rate = f"{len(clip.time_s) / took_s:.1f} frames/s"
    where = files.named(job.table)
    say(f"{where}: {kept}{_amount(clip)}, a person in {seen}; {rate}; {files.quality}")
    for line in files.of_each:
        say(f"  {line}")


def _remember(
    job: Job,
    options: argparse.Namespace,
    corrections: Sequence[Correction],
    motion: MotionData,
) -> MotionData:
    return batch_options.remembered(motion, job.source, job.kind, options, corrections)


def _amount(clip: DetectedClip) -> str:
    return f"{count(len(clip.time_s), 'frame')} ({clip.length_s:.1f} s)"


def _conclude(jobs: Sequence[Job], outcomes: Sequence[_Outcome]) -> int:
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    for outcome in failed:
        log.warning("%s", outcome.error)
    if len(jobs) == 1:
        for outcome in failed:
            warn(f"mixpose: {outcome.error}")
    elif len(jobs) > len(outcomes) or failed:
        done = len(outcomes) - len(failed)
        warn(f"mixpose: {done} of {len(jobs)} sources lifted. Not lifted:")
        for outcome in failed:
            warn(f"  {logs.without_credentials(outcome.job.source)}: {outcome.error}")
        for job in jobs[len(outcomes) :]:
            warn(f"  {logs.without_credentials(job.source)}: not begun")
    if outcomes and outcomes[-1].signal is not None:
        return 128 + outcomes[-1].signal
    if not failed:
        return Exit.OK
    return Exit.SOME_FAILED if len(failed) < len(jobs) else Exit.FAILED
