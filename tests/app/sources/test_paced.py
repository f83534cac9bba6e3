"""Playing files at their own pace."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import SourceError
from app.packets import Frame
from app.sources import PacedSource, VideoFile
from app.sources.paced import PlayClock
from app.sources.stream import open_stream
from tests.support.av_clips import write_clip
from tests.support.mjpeg import MjpegServer, read_number
from tests.support.scripted import ScriptedSource
from tests.support.sources import read_until

UNEVEN = [0, 50, 60, 200, 210, 220, 400, 450, 500, 700]


@pytest.fixture
def film(tmp_path: Path) -> Iterator[PacedSource]:
    path = write_clip(tmp_path / "film.mp4", [40 * i for i in range(60)], size=(160, 120))
    with PacedSource(VideoFile(path)) as film:
        yield film


def read(source: PacedSource, timeout_s: float = 5.0) -> Frame:
    frame = source.read(timeout_s)
    assert frame is not None
    return frame


def test_it_knows_what_the_file_knows(film: PacedSource) -> None:
    assert not film.live
    assert (film.label, film.size, film.frame_count) == ("film.mp4", (160, 120), 60)
    assert film.duration_s == pytest.approx(2.4, abs=0.05)
    assert film.rate == pytest.approx(25, rel=0.03)


def test_it_has_the_lens_of_the_file() -> None:
    source = ScriptedSource(1)
    source.fov_deg = 63.5
    assert PacedSource(source).fov_deg == 63.5  # type: ignore[arg-type]


@pytest.mark.timing
def test_frames_come_when_they_are_due(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "uneven.mp4", UNEVEN, size=(160, 120))
    with PacedSource(VideoFile(path)) as film:
        frames = list(iter(film.read, None))
        dropped = film.dropped
    assert len(frames) + dropped == len(UNEVEN)
    began = frames[0].captured_at
    for frame in frames:
        late_s = frame.captured_at - began - frame.time_s
        assert -0.001 < late_s < 0.15


@pytest.mark.timing
def test_a_slow_reader_skips_frames_and_stays_in_time(film: PacedSource) -> None:
    began, numbers, last = time.perf_counter(), [], None
    while (frame := film.read()) is not None:
        assert frame.index == len(numbers), "skipped frames leave no hole"
        numbers.append(read_number(frame.image))
        last = frame
        time.sleep(0.07)
    assert last is not None
    assert len(numbers) < 40
    assert film.dropped + len(numbers) == 60
    assert time.perf_counter() - began == pytest.approx(2.4, abs=0.5)


def test_a_film_that_decodes_too_slowly_is_still_seen() -> None:
    clock = PlayClock(0.04)
    now, shown = 100.0, 0
    for number in range(250):  # each takes 80 ms to decode
        now += 0.08
        time_s = number * 0.04
        clock.came(time_s)
        due_in_s = clock.due_in(time_s, now)
        assert due_in_s <= 0
        if not clock.is_too_late(due_in_s, now):
            clock.show(time_s, due_in_s, now)
            shown += 1
    assert shown > 80, "at least every other one, and not one in a second"


@pytest.mark.timing
def test_nobody_reading_is_not_being_late(film: PacedSource) -> None:
    first = read(film)
    time.sleep(0.8)
    rest = [read(film) for _ in range(5)]
    assert [read_number(frame.image) for frame in rest] == [1, 2, 3, 4, 5]
    assert film.dropped == 0
    assert rest[0].captured_at - first.captured_at > 0.75
    assert rest[-1].captured_at - rest[0].captured_at > 0.1, "at its pace, not in a hurry"


def test_a_seek_forgets_the_frame_that_waited(film: PacedSource) -> None:
    read(film)
    assert read_until(TimeoutError, film, 0.001) == 0
    film.seek(1.2)
    assert read_number(read(film).image) == 30


@pytest.mark.timing
def test_after_a_seek_it_plays_on_at_its_pace(film: PacedSource) -> None:
    read(film)
    film.seek(1.6)
    frames = [read(film) for _ in range(8)]
    assert read_number(frames[0].image) == 40
    took_s = frames[-1].captured_at - frames[0].captured_at
    assert took_s == pytest.approx(frames[-1].time_s - frames[0].time_s, abs=0.1)


def test_the_end_can_be_wound_back(film: PacedSource) -> None:
    film.seek(2.2)
    while film.read() is not None:
        pass
    film.seek(0)
    frame = read(film)
    assert (frame.index, frame.time_s) == (0, 0.0)


def test_a_frame_not_yet_due_is_not_lost_by_asking(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "slides.mp4", [0, 700, 1400], size=(160, 120))
    with PacedSource(VideoFile(path)) as slides:
        read(slides)
        assert read_until(TimeoutError, slides, 0.1) == 0
        assert read_number(read(slides).image) == 1


def test_closing_wakes_the_reader_and_closes_the_file(tmp_path: Path) -> None:
    slides = PacedSource(VideoFile(write_clip(tmp_path / "slides.mp4", [0, 9000], size=(160, 120))))
    read(slides)
    closer = threading.Timer(0.1, slides.close)
    closer.start()
    began = time.perf_counter()
    assert slides.read(10) is None
    assert time.perf_counter() - began < 3
    closer.join()
    assert slides.read() is None


def test_a_live_source_has_its_own_pace() -> None:
    with (
        MjpegServer(fps=30) as server,
        open_stream(server.url) as stream,
        pytest.raises(SourceError, match="pace of its own"),
    ):
        PacedSource(stream)
