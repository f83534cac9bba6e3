"""Going back and forth in a film: always the right frame, and soon."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import numpy as np
import pytest

from app.lifting.video import VideoClip
from app.sources import VideoFile
from app.sources.decoder import RecentFrames
from tests.support.av_clips import write_clip
from tests.support.mjpeg import read_number

FRAMES, RATE = 90, 25
ROOM = 20 * 320 * 240 * 3 // 2
"""For some twenty of the frames."""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of numbered frames, of which only the first is whole."""
    path = tmp_path_factory.mktemp("film") / "long-group.mp4"
    return write_clip(path, [40 * number for number in range(FRAMES)], options={"g": "300"})


def number_of(video: VideoFile) -> int | None:
    """Which frame is read next."""
    frame = video.read()
    if frame is None:
        return None
    number = read_number(frame.image)
    assert frame.time_s == pytest.approx(number / RATE, abs=1e-6)
    return number


@pytest.mark.parametrize("room", [0, ROOM, 2**30], ids=["none", "some", "all"])
def test_any_way_through_it_shows_the_frames_of_those_moments(film: Path, room: int) -> None:
    chance = np.random.default_rng(3)
    with VideoFile(film, recent_bytes=room) as video:
        at = 0
        for _ in range(150):
            if chance.random() < 0.5:
                step = int(chance.integers(-25, 25))  # dragged about, most of it near
                at = min(FRAMES - 1, max(0, at + step if chance.random() < 0.8 else 3 * step))
                video.seek(at / RATE)
            for _ in range(int(chance.integers(1, 6))):
                assert number_of(video) == (at if at < FRAMES else None)
                at = min(FRAMES, at + 1)


def test_the_end_stays_the_end(film: Path) -> None:
    with VideoFile(film, recent_bytes=2**30) as video:
        assert [number_of(video) for _ in range(FRAMES + 1)] == [*range(FRAMES), None]
        video.seek(10.0)
        assert [number_of(video), number_of(video)] == [FRAMES - 1, None]
        video.seek((FRAMES - 3) / RATE)
        assert [number_of(video) for _ in range(4)] == [FRAMES - 3, FRAMES - 2, FRAMES - 1, None]


def test_what_was_decoded_not_long_ago_is_not_decoded_again(film: Path) -> None:
    with VideoFile(film, recent_bytes=2**30) as video:
        for _ in range(FRAMES + 1):
            number_of(video)
        film.rename(film.with_suffix(".away"))  # to go back it would have to be opened anew
        try:
            for number in (70, 69, 3, 88, 0):
                video.seek(number / RATE)
                assert number_of(video) == number
        finally:
            film.with_suffix(".away").rename(film)


def test_no_more_is_kept_than_there_is_room_for(film: Path) -> None:
    with VideoFile(film, recent_bytes=ROOM) as video:
        for _ in range(FRAMES):
            number_of(video)
        kept: RecentFrames = video._decoder._recent
        assert 2 <= len(kept._frames) <= 20
        assert kept._taken <= ROOM


@pytest.mark.timing
def test_scrubbing_through_real_clips_takes_less_than_a_tenth_of_a_second(
    shared: Path, tmp_path: Path
) -> None:
    chance = np.random.default_rng(4)
    for path in sorted((shared / "videos").iterdir()):
        take = VideoClip.open(path, tmp_path / "notes")
        length_s = take.found().track.time_s[-1] if len(take.found().track) else 3.0
        took_ms = []
        for time_s in chance.uniform(0.0, length_s, 40):
            began = time.perf_counter()
            assert take.frame_at(float(time_s)) is not None
            took_ms.append(1000 * (time.perf_counter() - began))
        take.close()
        print(f"\n{path.name}: {statistics.median(took_ms):.0f} ms, at most {max(took_ms):.0f}")
        assert statistics.median(took_ms) < 100, path.name
