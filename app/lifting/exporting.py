"""What is done to lifted motion until it is a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import ExportError
from app.lifting.progress import Progress, ProgressCallback, Stage
from app.system.files import plain_reason

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from app.motion.data import MotionData
    from app.motion.selection import Selection
    from app.motion.wanted import Processing


@dataclass(frozen=True, slots=True)
class Order:
    """The file that is wanted."""

    file: Path
    kind: str
    """The format, a key of ``app.export.registry.FORMATS``."""
    processing: Processing
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """What has been written."""

    files: tuple[Path, ...]
    motion: MotionData
    """What is in them."""
    quality: str
    """How far the poses can be trusted, in a line."""
    warnings: tuple[str, ...]
    """Sentences about what is not as one might think."""


def process_and_export(
    motion: MotionData,
    order: Order,
    *,
    part: Selection | None = None,
    dropped: NDArray[np.int64] | None = None,
    progress: ProgressCallback | None = None,
) -> Exported:
    """Process lifted motion and write it; the folder is made if it is not there.

    Args:
        motion: all of it, as lifted.
        order: the file that is wanted.
        part: what of it is wanted; None for all.
        dropped: (N,) frames lost so far, of a recording of which a part is wanted.
        progress: called in the calling thread; what it raises stops, and nothing is written then.

    Raises:
        ExportError: it cannot be written, or something cannot be had of these poses.
    """
    from app.export.registry import export
    from app.motion.processing import process, remarks
    from app.motion.quality import judge
    from app.motion.selection import select

    count = len(motion.frame)
    quality = judge(motion if part is None else select(motion, part))
    origin = replace(motion.provenance, quality=quality.described())
    motion = replace(motion, provenance=origin)

    def report(stage: Stage) -> Callable[[float], None]:
        def tell(share: float) -> None:
            if progress is not None:
                progress(Progress(stage, round(share * count), count))

        return tell

    motion = process(motion, order.processing, report(Stage.PROCESSING))
    said = remarks(motion)
    if part is not None:
        motion = select(motion, part, dropped)
    _make_folder(order.file.parent)
    files = export(
        order.file, motion, order.kind, overwrite=order.overwrite, progress=report(Stage.WRITING)
    )
    return Exported(files, motion, quality.in_words(), (*quality.warnings(), *said))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"The folder {folder} cannot be made: {plain_reason(error)}.") from error
