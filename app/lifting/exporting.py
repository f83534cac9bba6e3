"""Process lifted motion and export it to a file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import ExportError
from app.export.file_options import AS_USUAL, FileOptions
from app.lifting.progress import ProgressCallback, Stage, reporting
from app.system.files import plain_reason

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from app.motion.data import MotionData
    from app.motion.processing_options import Processing
    from app.motion.selection import Selection


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """The file to be written."""

    file: Path
    kind: str
    """The format, a key of ``app.export.registry.FORMATS``."""
    processing: Processing
    overwrite: bool = False
    options: FileOptions = AS_USUAL
    """Options of the format."""
    one_file: bool = False
    """Whether all people go to one file instead of one each, as ``NAME.1.csv`` for ``NAME.csv``."""


@dataclass(frozen=True, slots=True)
class Exported:
    """Processed motion, and its files."""

    motion: MotionData
    quality: str
    """A line on how far the poses can be trusted."""
    warnings: tuple[str, ...]
    """Sentences on what may be unexpected."""
    files: tuple[Path, ...] = ()
    """Empty before it is written."""


def judge_and_process(
    motion: MotionData,
    wanted: Processing,
    *,
    part: Selection | None = None,
    dropped: NDArray[np.int64] | None = None,
    progress: ProgressCallback | None = None,
) -> Exported:
    """Judge the quality of lifted motion, and process it.

    Args:
        motion: all of it, as lifted.
        wanted: the processing.
        part: the interval to return; None for all.
        dropped: (N,) cumulative number of lost frames, for a part of a recording.
        progress: called in the calling thread; may raise to stop.

    Raises:
        ExportError: these poses do not allow the processing.
    """
    from app.motion.processing import process, remarks
    from app.motion.quality import judge
    from app.motion.selection import select

    quality = judge(select(motion, _in_view(motion) if part is None else part))
    origin = replace(motion.provenance, quality=quality.described())
    motion = replace(motion, provenance=origin)
    motion = process(motion, wanted, reporting(Stage.PROCESSING, len(motion.frame), progress))
    said = remarks(motion)
    if part is not None:
        motion = select(motion, part, dropped)
    return Exported(motion, quality.in_words(), (*quality.warnings(), *said))


def process_and_export(
    motion: MotionData,
    request: ExportRequest,
    *,
    part: Selection | None = None,
    dropped: NDArray[np.int64] | None = None,
    progress: ProgressCallback | None = None,
) -> Exported:
    """Judge, process and write lifted motion; creates the folder if necessary.

    Arguments as of :func:`judge_and_process`.  Nothing is written if ``progress`` raises, or on
    ExportError.
    """
    from app.export.registry import export

    done = judge_and_process(
        motion, request.processing, part=part, dropped=dropped, progress=progress
    )
    make_folder(request.file.parent)
    files = export(
        request.file,
        done.motion,
        request.kind,
        options=request.options,
        overwrite=request.overwrite,
        progress=reporting(Stage.WRITING, len(motion.frame), progress),
    )
    return replace(done, files=files)


def _in_view(motion: MotionData) -> Selection:
    """From the first to the last frame with one of several people; all frames otherwise."""
    from app.motion.selection import Selection

    if motion.provenance.person is None:
        return Selection()
    seen = motion.time_s[motion.tracked]
    return Selection(float(seen[0]), float(seen[-1]))


def make_folder(folder: Path) -> None:
    """Create a folder unless it exists.  Raises ExportError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"The folder {folder} cannot be made: {plain_reason(error)}.") from error
