"""Reading exported films back with PyAV, and the recordings they are made of."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from app.lifting import work
from app.lifting.kept import Kept, film_key
from app.lifting.options import LiftOptions
from app.lifting.video import VideoClip, lift_video
from app.recording.reader import Recording
from app.recording.writer import RecordingWriter
from tests.support.engines import Inline
from tests.support.recordings import CAMERA, INFO, packet, picture, poses
from tests.support.shared_folder import made_once


@dataclass(frozen=True)
class Film:
    """What a player would see."""

    codec: str
    pixels: str
    colours: tuple[int, int, int]
    """Primaries, transfer, matrix, by their numbers in H.264's Annex E."""
    size: tuple[int, int]
    metadata: dict[str, str]
    time_s: NDArray[np.float64]
    duration_s: float
    pictures: list[NDArray[np.uint8]]
    """(height, width, 3) RGB each."""


def read_film(path: Path) -> Film:
    """Decode all of it; there is nothing but one video stream."""
    with av.open(f"file:{path}") as file:
        (stream,) = file.streams.video
        assert len(file.streams) == 1
        assert stream.duration is not None
        context = stream.codec_context
        frames = list(file.decode(stream))
        return Film(
            codec=context.name,
            pixels=str(context.pix_fmt),
            colours=(context.color_primaries, context.color_trc, context.colorspace),
            size=(context.width, context.height),
            metadata=dict(file.metadata),
            time_s=np.array([frame.time for frame in frames]),
            duration_s=float(stream.duration * stream.time_base),
            # Older PyAV takes every film for BT.601.
            pictures=[
                frame.reformat(format="rgb24", src_colorspace=frame.colorspace).to_ndarray()
                for frame in frames
            ],
        )


def take(
    folder: Path,
    time_s: Sequence[float],
    *,
    size: tuple[int, int] = (320, 240),
    kept: Sequence[bool] | None = None,
) -> Recording:
    """A lifted recording with pictures that tell their numbers, frame i at ``time_s[i]``.

    ``kept`` says of which frames the pictures are; by default of all.
    """
    writer = RecordingWriter.create(
        folder, "take", source=CAMERA, size=size, keep_video=True, settings={}
    )
    for index, moment in enumerate(time_s):
        shown = picture(index, size) if kept is None or kept[index] else None
        writer.append(packet(index, time_s=moment, size=size), shown, dropped=0)
    path = writer.close()
    assert writer.error is None
    recording = Recording.open(path)
    recording.save_poses(poses(len(time_s)), INFO)
    return recording


def number_shown(pane: NDArray[np.uint8]) -> int:
    """Which of :func:`tests.support.recordings.picture` a pane shows, modulo 32."""
    return round(float(np.median(pane[..., 1])) / 8)


def keep_lifted(film: Path, folder: Path) -> None:
    """Keep in ``folder`` what the window keeps of a film that it has lifted.

    Lifted once for all processes, which share the tests of a file: it takes 3 s of a core.  A film
    is known by its time, too, so that it gets the same one in all of them.
    """
    os.utime(film, (1e9, 1e9))
    for name, content in made_once(f"lifted-{film_key(film)}", lambda: _lifted(film)).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def _lifted(film: Path) -> dict[str, bytes]:
    """What is kept, by its path; found in this process: to start another takes 2 s of a core."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        video_clip = VideoClip.open(film, folder)
        patch.setattr(work, "make_engine", lambda _options: Inline())
        lift_video(video_clip, LiftOptions(device="auto"), Kept(folder))
        video_clip.close()
        files = (path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
