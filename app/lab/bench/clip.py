"""The clip that everything is measured on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2

from app.errors import SourceError
from app.synthetic.performer.source import PerformerSource

SIZE: Final = (1280, 720)
RATE: Final = 30.0


def film_performer(path: Path, frames: int, note: Callable[[str], None]) -> None:
    """Film ``frames`` frames of the performer in 720p at 30 frames/s into an MP4 file.

    Raises:
        SourceError: the performer cannot be drawn, or the file not be written.
    """
    note(f"Filming {frames} frames of the performer, {SIZE[0]}x{SIZE[1]} ...")
    with PerformerSource(SIZE, RATE) as performer:
        video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), RATE, SIZE)
        if not video.isOpened():
            raise SourceError(f"The film {path} cannot be written. Give a video with --source.")
        try:
            for _ in range(frames):
                frame = performer.read()
                if frame is None:
                    raise SourceError("The performer has ended before its film was complete.")
                video.write(cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR))
        finally:
            video.release()
