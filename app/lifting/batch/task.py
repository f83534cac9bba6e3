"""Tasks, options and events of a batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from app.errors import MixposeError
from app.export.file_options import AS_USUAL, FileOptions
from app.lifting.options import LiftOptions
from app.motion.processing_options import Processing
from app.recording.corrections import Correction


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """Options of every clip of a batch."""

    weights_sha256: str
    """Of the weights to use: another machine may have different ones of the same name."""
    kind: str = "csv"
    """The format, a key of ``app.export.registry.FORMATS``."""
    lifting: LiftOptions = field(default_factory=LiftOptions)
    processing: Processing = field(default_factory=Processing)
    file: FileOptions = AS_USUAL
    """Options of the format."""
    one_file: bool = False
    """Whether all people in a clip go to one file."""

    @property
    def a_file_each(self) -> bool:
        """Whether each person in a clip gets a file."""
        return self.lifting.everybody and not self.one_file


@dataclass(frozen=True, slots=True)
class Task:
    """One clip and its file."""

    source: Path
    table: Path
    overwrite: bool = False
    corrections: tuple[Correction, ...] = ()
    """Corrections of its detections; passed along as another machine does not have them."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Progress of a clip."""

    index: int
    """Of the task."""
    share: float
    """Fraction of the clip that is done, 0 to 1; less than before if it was restarted."""


@dataclass(frozen=True, slots=True)
class Result:
    """Outcome of one clip."""

    index: int
    """Of the task."""
    frames: int = 0
    tracked: int = 0
    """Frames with a person."""
    length_s: float = 0.0
    """From the first frame to the last."""
    took_s: float = 0.0
    """Processing time, summed over all processes."""
    quality: str = ""
    """A line on how far the poses can be trusted."""
    warnings: tuple[str, ...] = ()
    error: MixposeError | None = None
    """The reason if there is no file."""


Event = Moved | Result
