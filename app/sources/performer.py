"""The performer, a synthetic moving person, as a source."""

from __future__ import annotations

import time
from typing import Final

from app.sources.base import Kind, Request, Source
from app.sources.paced import CameraClock, PacedSource

PERFORMER: Final = "performer"
"""The text by which the user selects it."""
_SIZE: Final = (640, 480)
_RATE: Final = 30.0
PERFORMER_CLIP_S: Final = 10.0
"""Length of the performance if unpaced: a clip to be lifted must end."""


def is_performer(spec: str) -> bool:
    """Whether ``spec`` means the performer."""
    return spec.strip().casefold() == PERFORMER


def _open(_: str, request: Request) -> Source:
    from app.synthetic.performer.source import PerformerSource  # Open3D takes a second to import

    seconds = request.seconds or (None if request.paced else PERFORMER_CLIP_S)
    source = PerformerSource(
        size=request.size or _SIZE, rate=request.rate or _RATE, duration_s=seconds
    )
    if not request.paced:
        return source
    clock = CameraClock(1 / _RATE)
    source.keep_up_with(lambda: clock.position(time.perf_counter()))
    return PacedSource(source, clock)


KIND: Final = Kind(is_performer, _open)
