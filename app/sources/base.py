"""The interface of every source of pictures: camera, stream, video file, performer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Protocol, TypeVar, runtime_checkable

from app.packets import Frame

SOURCE_SILENT_S: Final = 2.0
"""A live source that delivers nothing for this long is treated as lost."""

SourceT = TypeVar("SourceT", bound="Source")


@runtime_checkable
class Source(Protocol):
    """A series of frames, read one at a time by one thread; also a context manager.

    Live sources (``live``) hand out the newest unread frame and count the ones they overwrote;
    files and the performer hand out every frame in order.  ``Frame.time_s`` is strictly increasing
    between two calls of :meth:`seek`.
    """

    label: str
    """Name shown to the user: "Logitech C920", "dance.mp4", "http://…", "Performer"."""
    live: bool
    """Whether frames arrive in real time (camera, stream) instead of on request."""
    size: tuple[int, int]
    """(width, height) in pixels of the upright picture, known once open."""
    rate: float | None
    """Nominal frames a second; ``None`` when the source does not know."""
    duration_s: float | None
    """Length of a file as its container states it; ``None`` for live and endless sources."""
    frame_count: int | None
    """Number of frames as the container states it, an estimate; ``None`` where unknown."""
    fov_deg: float | None = None
    """Field of view of the longer side of the picture, if the source states it."""
    warnings: list[str]
    """Sentences about problems that did not stop the reading."""

    @property
    def dropped(self) -> int:
        """Frames lost before they were delivered, so far."""

    def read(self, timeout_s: float = SOURCE_SILENT_S) -> Frame | None:
        """Return the next frame, or ``None`` at the end and after :meth:`close`.

        Raises:
            SourceError: the source has stopped for good.
            TimeoutError: a live source delivered nothing new within ``timeout_s`` seconds, or a
                paced one is paused or has no frame due yet.  The call may be repeated.
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
    """OpenCV's number, as printed by ``devices``."""
    name: str
    """Unique: a second camera of the same make is called "NAME (2)"."""
    backend: int
    path: str | None = None
    """On Linux the device file."""
    make: str = ""
    """The name before it was made unique; empty if unchanged."""

    def __str__(self) -> str:
        return f"{self.index}: {self.name}"


@dataclass(frozen=True, slots=True)
class Request:
    """How to open a source; each kind uses the fields that concern it."""

    cameras: Callable[[], Sequence[Camera]]
    """Lists the cameras."""
    size: tuple[int, int] | None = None
    """(width, height) of a camera or the performer."""
    rate: float | None = None
    """Frames a second of a camera or the performer."""
    paced: bool = False
    """Whether a file or the performer plays in real time instead of as fast as it is read."""
    true_rate: float | None = None
    """True frames per second of a file's recording."""
    seconds: float | None = None
    """Length of the performance; by default 10 s, or endless if paced."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of source."""

    takes: Callable[[str], bool]
    """Whether the user's text, without surrounding blanks, denotes this kind."""
    open: Callable[[str, Request], Source]
    """Opens it.  Raises SourceError with the reason and what to do."""
