"""What travels between the one who wants clips lifted and the processes that lift them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from app.detection.models import FOR_FILMS, Size
from app.errors import MixposeError
from app.motion.wanted import Processing


@dataclass(frozen=True, slots=True)
class Options:
    """What holds for every clip of a run."""

    weights_sha256: str
    """Of the weights wanted: another machine may have others under the same name."""
    kind: str = "csv"
    """The format, a key of ``app.export.registry.FORMATS``."""
    weights: str | None = None
    detector: Size = FOR_FILMS
    device: str | None = None
    height_m: float | None = None
    use_depth: bool = True
    seconds: float | None = None
    """How much of each clip is lifted; None for the whole of it."""
    processing: Processing = field(default_factory=Processing)
    threads: int | None = None
    """Passes of the network side by side in one process; None for as many as there are cores.  The
    poses are the same whatever it is."""


@dataclass(frozen=True, slots=True)
class Task:
    """One clip and the file it becomes."""

    source: Path
    table: Path
    overwrite: bool = False


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
    warnings: tuple[str, ...] = ()
    error: MixposeError | None = None
    """Why there is no file; None if there is one."""


Event = Moved | Result
