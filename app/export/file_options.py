"""The destination of an export, written in chunks so that it can be monitored and cancelled, and
the options of formats: frame rate, bone names, printer.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final, Literal, get_args

from app.errors import ExportError
from app.export.skeleton_names import MOTIONBUILDER

Rest = Literal["t", "a"]
RESTS: Final[tuple[Rest, ...]] = get_args(Rest)
FPS_RANGE: Final = (1.0, 1000.0)


@dataclass(frozen=True, slots=True)
class Sheets:
    """A report to be printed."""

    html: str
    """HTML in which ``<img src="0" width="0.5">`` is the first of the drawings, at half the page's
    width."""
    drawings: tuple[bytes, ...]
    """SVG."""
    title: str
    """Title, printed on every page."""


@dataclass(frozen=True, slots=True)
class FileOptions:
    """Options of formats; by default those of each format."""

    fps: float | None = None
    """Frame rate of a format with a constant rate; None for that of the source."""
    skeleton: str = MOTIONBUILDER
    """The bone names, a key of ``app.export.skeleton_names.SKELETONS``."""
    rest: Rest | None = None
    """The rest pose, arms level or lowered; None for the skeleton's default."""
    light: bool = False
    """Whether a video's 3D view is light."""
    blender: str | None = None
    """Path of the Blender that writes FBX; None for the one on the path."""
    printer: str | None = field(default=None, compare=False)
    """The ``module:function`` that converts :class:`Sheets` to the bytes of a PDF, as a name that
    any process can import; None if there is none.  It does not affect the content."""


AS_USUAL: Final = FileOptions()


@dataclass(frozen=True, slots=True)
class Destination:
    """The destination passed to the ``write`` of a format."""

    file: BinaryIO
    """Open for writing."""
    name: str
    """Name of the file."""
    progress: Callable[[float], None]
    """Called with the fraction done, 0 to 1; an exception cancels."""
    options: FileOptions = AS_USUAL


class NoBlenderError(ExportError):
    """There is no Blender on the path."""


def blender(given: str | None) -> str:
    """Return the Blender to use: the one ``given``, or else the one on the path.

    Raises ExportError if there is none, NoBlenderError if none was given.
    """
    found = shutil.which(given or "blender")
    if found is not None:
        return found
    if given is not None:
        raise ExportError(
            f"There is no program {given} that could be Blender. Say where Blender is, or choose "
            "glTF instead, which needs nothing."
        )
    raise NoBlenderError(
        "FBX is written by Blender, and there is none on this computer's path. Install it "
        "(blender.org), or choose glTF instead, which needs nothing."
    )


ROWS_AT_ONCE: Final = 1000


def in_chunks(
    count: int, progress: Callable[[float], None], rows_at_once: int = ROWS_AT_ONCE
) -> Iterator[slice]:
    """Iterate over ``count`` rows in chunks; reports the fraction done to ``progress``."""
    for start in range(0, count, rows_at_once):
        progress(start / count)
        yield slice(start, min(start + rows_at_once, count))
    progress(1.0)


def share_of(progress: Callable[[float], None], done: int, count: int, share: float) -> None:
    """Map the progress of one of ``count`` parts, after ``done`` others, to that of all."""
    progress((done + share) / count)
