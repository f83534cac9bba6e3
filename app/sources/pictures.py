"""The pictures of a clip, read again from its source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.errors import ExportError, SourceError

if TYPE_CHECKING:
    from app.sources.base import Source


@dataclass(frozen=True, slots=True)
class SourcePictures:
    """Pictures for :class:`app.motion.data.Pictures` of a source that can be read twice."""

    reopen: Callable[[], Source]
    """Opens the source from its start: a file or the performer, unpaced.  Raises SourceError."""

    def pictures_of(self, frames: NDArray[np.int64]) -> Iterator[NDArray[np.uint8] | None]:
        """The pictures of ``frames``, increasing indices; None once reading fails.

        Raises:
            SourceError: the source cannot be opened again.
        """
        with self.reopen() as source:
            for wanted in frames.tolist():
                yield _skip_to(source, wanted)


def _skip_to(source: Source, wanted: int) -> NDArray[np.uint8] | None:
    try:
        while (frame := source.read()) is not None:
            if frame.index >= wanted:
                return frame.image if frame.index == wanted else None
    except (SourceError, TimeoutError):  # damaged: the first reading ended here as well
        pass
    return None


def refuse_source(file: Path, source: str | Path) -> None:
    """Raise ExportError if writing ``file`` would overwrite the ``source`` to be read."""
    try:
        same = file.exists() and file.samefile(source)
    except (OSError, ValueError):  # no file: a camera, an address
        return
    if same:
        raise ExportError(f"{file} is the video itself. Choose another name for the export.")
