"""Where pictures come from: cameras, streams, video files and the performer.

:func:`open_source` takes what the user wrote; everything behind it is a :class:`Source`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from app.errors import SourceError
from app.sources.base import SOURCE_SILENT_S, Source
from app.sources.camera import (
    Camera,
    SameCamera,
    camera_lines,
    find_camera,
    list_cameras,
    open_camera,
)
from app.sources.newest import LiveSource
from app.sources.paced import PacedSource
from app.sources.stream import is_url, open_stream
from app.sources.video import VideoFile

__all__ = [
    "PERFORMER",
    "SOURCE_SILENT_S",
    "Camera",
    "PacedSource",
    "Source",
    "VideoFile",
    "camera_lines",
    "default_source",
    "is_file",
    "list_cameras",
    "open_source",
    "reopener",
]

PERFORMER: Final = "performer"
PERFORMER_SIZE: Final = (640, 480)
PERFORMER_RATE: Final = 30.0
PERFORMER_CLIP_S: Final = 10.0
"""Unpaced, as a clip to be lifted, the performance must end."""


def open_source(
    spec: str,
    *,
    size: tuple[int, int] | None = None,
    rate: float | None = None,
    paced: bool = False,
    cameras: Callable[[], Sequence[Camera]] = list_cameras,
) -> Source:
    """Open what the user asked for; waits for the first picture, at most about 10 s.

    May be called from any thread.

    Args:
        spec: "performer"; an http, https or rtsp address; the path of a file; a camera's number,
            device file, name or a part of its name that no other has.
        size: (width, height) wanted of a camera or the performer.
        rate: frames a second wanted of a camera or the performer.
        paced: play a file or the performer by the wall clock instead of as fast as it is read.
        cameras: lists the cameras.

    Raises:
        SourceError: it cannot be opened; says why and what to do.
    """
    if spec.strip().casefold() == PERFORMER:
        source = _open_performer(size or PERFORMER_SIZE, rate or PERFORMER_RATE, endless=paced)
        return PacedSource(source) if paced else source
    if is_url(spec):
        return open_stream(spec.strip())
    if not is_file(spec):
        try:
            camera = find_camera(spec, list(cameras()))
        except SourceError:
            if not _looks_like_path(spec):
                raise
        else:
            return open_camera(camera, size=size, rate=rate)
    source = VideoFile(Path(spec))
    return PacedSource(source) if paced else source


def reopener(
    spec: str,
    *,
    size: tuple[int, int] | None = None,
    rate: float | None = None,
    paced: bool = False,
    cameras: Callable[[], Sequence[Camera]] = list_cameras,
) -> Callable[[], Source]:
    """Return a call that opens ``spec``, and later, when it was lost, the same device again.

    A camera is found again by its whole name, and where it was plugged in if others have that name
    (see ``SameCamera``).  Arguments and errors are those of :func:`open_source`.
    """
    same: SameCamera | None = None
    there: Sequence[Camera] = ()

    def listed() -> Sequence[Camera]:
        nonlocal there
        there = cameras()
        return there

    def opened() -> Source:
        nonlocal same
        if same is not None:
            return open_camera(same.among(cameras()), size=size, rate=rate)
        source = open_source(spec, size=size, rate=rate, paced=paced, cameras=listed)
        for camera in there:
            if isinstance(source, LiveSource) and camera.name == source.label:
                same = SameCamera(camera, there)
        return source

    return opened


def default_source(cameras: Callable[[], Sequence[Camera]] = list_cameras) -> str:
    """Return the name of the first camera, or "performer" when there is none."""
    there = cameras()
    return there[0].name if there else PERFORMER


def is_file(spec: str) -> bool:
    """Return whether this is the path of a file or folder; devices and numbers mean cameras."""
    if not spec or spec.isdecimal() or spec.startswith("/dev/"):
        return False
    try:
        return Path(spec).exists()
    except (OSError, ValueError):  # too long for a path, or with a zero byte in it
        return False


def _looks_like_path(spec: str) -> bool:
    """Return whether what names neither a file nor a camera was meant as a file."""
    path = Path(spec)
    return not spec.startswith("/dev/") and (path.name != spec or path.suffix != "")


def _open_performer(size: tuple[int, int], rate: float, *, endless: bool) -> Source:
    from app.synthetic.performer.source import PerformerSource  # Open3D takes a second to import

    return PerformerSource(size=size, rate=rate, duration_s=None if endless else PERFORMER_CLIP_S)
