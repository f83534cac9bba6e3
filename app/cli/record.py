"""``record``: records a source without a window."""

from __future__ import annotations

import argparse
import logging
from typing import TYPE_CHECKING, Final

from app.cli import live_options
from app.cli.exits import Exit, Interrupt, count, leave_hanging_threads, say, warn
from app.cli.progress import ProgressBar, StatusLine
from app.cli.recordings import provide
from app.errors import MixposeError
from app.lifting.progress import Stopped
from app.system import logs

if TYPE_CHECKING:
    from app.cli.capture import Capture
    from app.recording.writer import RecordingWriter

log: Final = logging.getLogger(__name__)


def run(options: argparse.Namespace) -> int:
    """Record, lift what was recorded, and return the exit code described in ``record --help``."""
    logs.divert_native_stderr()
    _require_network(options)
    from app.cli.capture import Capture
    from app.cli.event_lines import EventLines
    from app.cli.live_output import Sending

    sending, events = Sending(options), EventLines()
    with Interrupt() as interrupt:
        capture = Capture(options, StatusLine(typed=events.typed), sending, events)
        error = capture.record(interrupt)
        sent = sending.close()
        if capture.writer is not None:
            sending.report()
        code = _conclude(capture, error, options, interrupt)
    if capture.hangs or not sent:
        leave_hanging_threads(code)
    return code


def _require_network(options: argparse.Namespace) -> None:
    """Raise an error if the network cannot be loaded, before an hour of recording."""
    sends = bool(live_options.targets(options))
    if (options.lift or sends) and options.weights is not None:
        from models.checkpoint import resolve_weights

        resolve_weights(options.weights)
    if (options.lift or sends) and options.device not in (None, "auto", "cpu"):
        from models.devices import choose_device

        choose_device(options.device)


def _conclude(
    capture: Capture,
    error: MixposeError | None,
    options: argparse.Namespace,
    interrupt: Interrupt,
) -> int:
    if error is not None:
        log.warning("%s", error)
        warn(f"mixpose: {error}")
    for warning in capture.warnings:
        warn(f"mixpose: Warning: {warning}")
    writer = capture.writer
    if writer is None:
        return Exit.FAILED if interrupt.signal is None else 128 + interrupt.signal
    lost = writer.pictures_left_out
    if lost:
        warn(f"mixpose: Warning: {count(lost, 'picture')} could not be kept.")
    if options.choices and writer.path.is_dir():
        _tell_unmet(writer, options)
    lifted = options.lift and writer.path.is_dir() and _lift(writer, options, interrupt)
    if writer.path.is_dir():
        say(f"{writer.path}: {_amount(writer)}{', lifted' if lifted else ''}")
    if interrupt.signal is not None:
        return 128 + interrupt.signal
    complete = error is None and lifted is options.lift
    return Exit.OK if complete else Exit.SOME_FAILED


def _tell_unmet(writer: RecordingWriter, options: argparse.Namespace) -> None:
    from app.lifting.choosing import unmet
    from app.recording.reader import Recording

    recording = Recording.open(writer.path)
    found = recording.keypoints
    for sentence in unmet(options.choices, found.time_s, found.xy, recording.meta.size):
        warn(f"mixpose: Warning: {sentence}")


def _lift(writer: RecordingWriter, options: argparse.Namespace, interrupt: Interrupt) -> bool:
    from app.recording.reader import Recording

    if interrupt.signal is not None:
        warn(f"mixpose: Recorded {_amount(writer)}; now lifting, Ctrl-C again quits at once.")
    later = "The 3D poses will be computed when it is opened or exported."
    try:
        with ProgressBar(writer.path.stem) as bar:
            provide(Recording.open(writer.path), options, interrupt, bar)
    except Stopped:
        warn(f"mixpose: Stopped lifting. {later}")
        return False
    except MixposeError as error:
        log.warning("%s", error)
        warn(f"mixpose: Warning: {error}")
        return False
    return True


def _amount(writer: RecordingWriter) -> str:
    return f"{count(writer.frames, 'frame')} ({writer.elapsed_s:.1f} s), {writer.dropped} dropped"
