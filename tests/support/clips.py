"""Video files made for a test."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from app.synthetic.performer.source import PerformerSource
from tests.support.shared_folder import made_once


def write_clip(path: Path, pictures: Iterable[NDArray[np.uint8]], rate: int = 30) -> Path:
    """Write (height, width, 3) RGB pictures as an MPEG-4 video; every tenth can stand alone."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate, options={"g": "10"})
        stream.pix_fmt = "yuv420p"
        for number, picture in enumerate(pictures):
            if not number:
                stream.height, stream.width = picture.shape[:2]
                stream.bit_rate = 4_000_000
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


_ENOUGH = 60
"""So many are drawn at least, that most tests share them."""


def performer_pictures(frames: int, size: tuple[int, int] = (640, 480)) -> list[NDArray[np.uint8]]:
    """The first frames of the performance, at 30 frames/s.

    Whoever asks first draws them for all: a process that draws takes 2 s of a core to start.
    """
    count = max(frames, _ENOUGH)
    drawn = made_once(f"performer-{size[0]}x{size[1]}-{count}", lambda: _drawn(count, size))
    return list(drawn[:frames])


def _drawn(frames: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    with PerformerSource(size, duration_s=frames / 30) as source:
        read = [source.read() for _ in range(frames)]
    return np.stack([frame.image for frame in read if frame is not None])
