from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.av_clips import write_film
from tests.support.clips import performer_pictures

FRAMES = 12
KINDS = {
    "index-last.mp4": ("libx264", {}),
    "index-first.mp4": ("libx264", {"movflags": "+faststart"}),
    "fragments.mp4": ("libx264", {"movflags": "+frag_keyframe+empty_moov"}),
    "a.mov": ("mjpeg", {}),
    "a.mkv": ("libx264", {}),
    "a.webm": ("libvpx", {}),
    "a.avi": ("mpeg4", {}),
    "a.ts": ("mpeg2video", {}),
    "a.mpg": ("mpeg1video", {}),
    "a.flv": ("flv1", {}),
    "a.wmv": ("wmv2", {}),
    "a.3gp": ("mpeg4", {}),
    "a.h264": ("libx264", {}),
}
"""Name -> codec and how it is written."""


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """``FRAMES`` frames of the performer in every container."""
    folder = tmp_path_factory.mktemp("whole")
    pictures = performer_pictures(FRAMES, (320, 240))
    return [
        write_film(folder / name, pictures, codec=codec, muxing=muxing)
        for name, (codec, muxing) in KINDS.items()
    ]


@pytest.fixture(scope="session")
def cases(full: bool) -> range:
    """The seeds of the damage to go through."""
    return range(1000 if full else 100)
