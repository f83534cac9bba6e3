"""What every source of pictures can do: camera, stream, video file, performer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Protocol, TypeVar, runtime_checkable

from app.packets import Frame

SOURCE_SILENT_S: Final = 2.0
"""A live source that gives nothing for this long is treated as lost."""

SourceT = TypeVar("SourceT", bound="Source")


@runtime_checkable
class Source(Protocol):
    """A series of frames, read one at a time by one thread; also a context manager.

    Live sources (``live``) hand out the newest unread frame and count the ones they overwrote;
    files and the performer hand out every frame in order.  ``Frame.time_s`` is strictly increasing
    between two calls of :meth:`seek`.
    """

    label: str
    """What the user calls it: "Logitech C920", "dance.mp4", "http://…", "Performer"."""
    live: bool
    """Frames come in their own time (camera, stream) instead of when asked for."""
    size: tuple[int, int]
    """(width, height) in pixels of the upright picture, known once open."""
    rate: float | None
    """Nominal frames a second; ``None`` when the source does not know."""
    duration_s: float | None
    """Length of a file as its container states it; ``None`` for live and endless sources."""
    frame_count: int | None
    """Number of frames as the container states it, an estimate; ``None`` where unknown."""
    fov_deg: float | None = None
    """Angle that the longer side of the picture spans, where the source says so."""
    warnings: list[str]
    """Plain sentences about what went wrong without stopping the reading."""

    @property
    def dropped(self) -> int:
        """Frames lost before they were delivered, so far."""

    def read(self, timeout_s: float = SOURCE_SILENT_S) -> Frame | None:
        """Return the next frame, or ``None`` at the end and after :meth:`close`.

        Raises:
            SourceError: the source has stopped for good.
            TimeoutError: a live source gave nothing new within ``timeout_s`` seconds, or a paced
                one is paused or has nothing due yet.  Nothing is lost by asking again.
        """

    def seek(self, time_s: float) -> None:
        """Continue with the frame shown at ``time_s`` seconds of the file's own time.

        Raises:
            SourceError: the source is live.
        """

    def close(self) -> None:
        """Free the device or file; wakes a thread that waits in :meth:`read`.

        May be called more than once and from any thread.
        """

    def __enter__(self: SourceT) -> SourceT:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera as the operating system lists it."""

    index: int
    """OpenCV's number of it, as ``devices`` prints it."""
    name: str
    """Unique: a second camera of the same make is called "NAME (2)"."""
    backend: int
    path: str | None = None
    """On Linux the device file."""
    make: str = ""
    """Its name before it was made unique; empty if that is the same."""

    def __str__(self) -> str:
        return f"{self.index}: {self.name}"


@dataclass(frozen=True, slots=True)
class Request:
    """How a source is wanted; each kind heeds what it knows of."""

    cameras: Callable[[], Sequence[Camera]]
    """Lists the cameras."""
    size: tuple[int, int] | None = None
    """(width, height) of a camera or the performer."""
    rate: float | None = None
    """Frames a second of a camera or the performer."""
    paced: bool = False
    """Whether a file or the performer plays by the wall clock, not as fast as it is read."""
    true_rate: float | None = None
    """Frames a second at which a file was truly taken."""
    seconds: float | None = None
    """How much of the performer is read, who otherwise ends after a while, or never if paced."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of source."""

    takes: Callable[[str], bool]
    """Whether it is meant by what the user wrote, without blanks around it."""
    open: Callable[[str, Request], Source]
    """Opens it.  Raises SourceError, which says why not and what to do."""
