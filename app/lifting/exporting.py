"""What is done to lifted motion until it is a file."""

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
class Order:
    """The file that is wanted."""

    file: Path
    kind: str
    """The format, a key of ``app.export.registry.FORMATS``."""
    processing: Processing
    overwrite: bool = False
    options: FileOptions = AS_USUAL
    """What the format leaves open."""
    one_file: bool = False
    """Whether everybody in a clip becomes one file, not one each: ``NAME.1.csv`` of ``NAME.csv``.
    """


@dataclass(frozen=True, slots=True)
class Exported:
    """Motion as it is wanted, and what it was written to."""

    motion: MotionData
    quality: str
    """How far the poses can be trusted, in a line."""
    warnings: tuple[str, ...]
    """Sentences about what is not as one might think."""
    files: tuple[Path, ...] = ()
    """None before it is written."""


def judge_and_process(
    motion: MotionData,
    wanted: Processing,
    *,
    part: Selection | None = None,
    dropped: NDArray[np.int64] | None = None,
    progress: ProgressCallback | None = None,
) -> Exported:
    """Say how good lifted motion is, and do to it what is wanted.

    Args:
        motion: all of it, as lifted.
        wanted: what is done to it.
        part: what of it is wanted; None for all.
        dropped: (N,) frames lost so far, of a recording of which a part is wanted.
        progress: called in the calling thread; what it raises stops.

    Raises:
        ExportError: something cannot be had of these poses.
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
    order: Order,
    *,
    part: Selection | None = None,
    dropped: NDArray[np.int64] | None = None,
    progress: ProgressCallback | None = None,
) -> Exported:
    """The same, and write it; the folder is made if it is not there.

    Nothing is written when ``progress`` raises, or ExportError says that it cannot be.
    """
    from app.export.registry import export

    done = judge_and_process(
        motion, order.processing, part=part, dropped=dropped, progress=progress
    )
    make_folder(order.file.parent)
    files = export(
        order.file,
        done.motion,
        order.kind,
        options=order.options,
        overwrite=order.overwrite,
        progress=reporting(Stage.WRITING, len(motion.frame), progress),
    )
    return replace(done, files=files)


def _in_view(motion: MotionData) -> Selection:
    """From the first frame of one of several people to their last; all of anybody else's."""
    from app.motion.selection import Selection

    if motion.provenance.person is None:
        return Selection()
    seen = motion.time_s[motion.tracked]
    return Selection(float(seen[0]), float(seen[-1]))


def make_folder(folder: Path) -> None:
    """Make it if it is not there.  Raises ExportError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"The folder {folder} cannot be made: {plain_reason(error)}.") from error
