"""What is wanted of many clips, and what is said of each."""

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
    """Of the weights wanted: another machine may have others under the same name."""
    kind: str = "csv"
    """The format, a key of ``app.export.registry.FORMATS``."""
    lifting: LiftOptions = field(default_factory=LiftOptions)
    processing: Processing = field(default_factory=Processing)
    file: FileOptions = AS_USUAL
    """What the format leaves open."""
    one_file: bool = False
    """Whether everybody in a clip becomes one file."""

    @property
    def a_file_each(self) -> bool:
        """Whether each person in a clip becomes a file."""
        return self.lifting.everybody and not self.one_file


@dataclass(frozen=True, slots=True)
class Task:
    """One clip and the file it becomes."""

    source: Path
    table: Path
    overwrite: bool = False
    corrections: tuple[Correction, ...] = ()
    """What is put right in what was found in it: whoever lifts it may be on another machine, where
    nobody noted anything."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A clip has got further."""

    index: int
    """Of the task."""
    share: float
    """How much of the clip is done, 0 to 1; less than before when it had to begin again."""


@dataclass(frozen=True, slots=True)
class Result:
    """How lifting one clip ended."""

    index: int
    """Of the task."""
    frames: int = 0
    tracked: int = 0
    """Frames with a person in them."""
    length_s: float = 0.0
    """From the first frame to the last."""
    took_s: float = 0.0
    """Of all processes together."""
    quality: str = ""
    """How far the poses can be trusted, in a line."""
    warnings: tuple[str, ...] = ()
    error: MixposeError | None = None
    """Why there is no file; None if there is one."""


Event = Moved | Result
