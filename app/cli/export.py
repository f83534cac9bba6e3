"""``export``: writes the 3D poses of a recording, also of an interrupted one, to a file."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.cli.exits import Exit, Interrupt, count, say, warn
from app.cli.file_options import require
from app.cli.outputs import choose, require_free, require_writable
from app.cli.progress import ProgressBar
from app.cli.recordings import find_recording, provide
from app.lifting.progress import Progress, Stopped
from app.system import logs

if TYPE_CHECKING:
    from app.recording.reader import Recording

log: Final = logging.getLogger(__name__)


def run(options: argparse.Namespace) -> int:
    """Export one recording and return the exit code described in ``export --help``."""
    logs.divert_native_stderr()
    path = find_recording(options.recording)
    file, kind = choose(options.output, options.to, path.stem)
    require(kind, options.file)
    require_free(file, force=options.force)
    given = Path(options.output)
    require_writable(given if given != file and given.exists() else given.parent)
    from app.recording.reader import Recording

    recording = Recording.open(path)
    if recording.recovered:
        warn(f"mixpose: Warning: {recording.recovered}")
    with Interrupt() as interrupt:
        try:
            _export(recording, file, kind, options, interrupt)
        except Stopped:
            assert interrupt.signal is not None
            warn(f"mixpose: Stopped; {file} was not written.")
            return 128 + interrupt.signal
    return Exit.OK


def _export(
    recording: Recording,
    file: Path,
    kind: str,
    options: argparse.Namespace,
    interrupt: Interrupt,
) -> None:
    from app.lifting.exporting import ExportRequest, process_and_export
    from app.motion.data import MotionData

    def look(progress: Progress) -> None:
        if interrupt.signal is not None:
            raise Stopped
        bar.update(progress)

    with ProgressBar(recording.path.stem) as bar:
        lifted = provide(recording, options, interrupt, bar)
        written = process_and_export(
            MotionData.from_recording(recording),
            ExportRequest(file, kind, options.processing, options.force, options.file),
            part=options.selection,
            dropped=recording.keypoints.dropped,
            progress=look,
        )
    for warning in written.warnings:
        warn(f"mixpose: Warning: {warning}")
    log.info("exported %s as %s to %s", recording.path, kind, written.files)
    how = "lifted now" if lifted else "as lifted before"
    motion = written.motion
    say(
        f"{file}: {count(len(motion.time_s), 'frame')} ({motion.time_s[-1]:.1f} s), "
        f"a person in {int(motion.tracked.sum())}; {how} with "
        f"{motion.provenance.weights_name}; {written.quality}"
    )
