"""The kinds of sources, and the function that opens what the user typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from app.errors import SourceError
from app.sources import camera, performer, stream, video
from app.sources.base import Camera, Kind, Request, Source
from app.sources.camera import SameCamera, list_cameras, open_camera
from app.sources.newest import LiveSource

KINDS: Final[tuple[Kind, ...]] = (performer.KIND, stream.KIND, video.KIND, camera.KIND)
"""The first kind that accepts the text opens it; a camera accepts everything."""


def open_source(
    spec: str,
    *,
    size: tuple[int, int] | None = None,
    rate: float | None = None,
    paced: bool = False,
    true_rate: float | None = None,
    seconds: float | None = None,
    cameras: Callable[[], Sequence[Camera]] = list_cameras,
) -> Source:
    """Open a source; waits for the first picture, at most about 10 s.

    May be called from any thread.

    Args:
        spec: "performer"; an http, https or rtsp address; the path of a file; a camera's number,
            device file, name or an unambiguous part of its name.
        size, rate, paced, true_rate, seconds, cameras: see :class:`~app.sources.base.Request`.

    Raises:
        SourceError: it cannot be opened; says why and what to do.
    """
    request = Request(cameras, size, rate, paced, true_rate, seconds)
    kind = next(each for each in KINDS if each.takes(spec))
    if true_rate is not None and kind is not video.KIND:
        raise SourceError(f"The true rate can be given of a video file only, not of {spec}.")
    return kind.open(spec, request)


def reopener(
    spec: str,
    *,
    size: tuple[int, int] | None = None,
    rate: float | None = None,
    paced: bool = False,
    cameras: Callable[[], Sequence[Camera]] = list_cameras,
) -> Callable[[], Source]:
    """Return a function that opens ``spec`` and, after a loss, the same device again.

    A camera is identified by its full name, and by its port if others have that name (see
    ``SameCamera``).  Arguments and errors are those of :func:`open_source`.
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
        for each in there:
            if isinstance(source, LiveSource) and each.name == source.label:
                same = SameCamera(each, there)
        return source

    return opened


def default_source(cameras: Callable[[], Sequence[Camera]] = list_cameras) -> str:
    """Return the name of the first camera, or "performer" when there is none."""
    there = cameras()
    return there[0].name if there else performer.PERFORMER
