"""The performer as a source: real pictures from the real drawing process."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from app.detection.detector import Detector
from app.errors import SourceError
from app.sources.base import Source
from app.synthetic.performer.source import PerformerSource

RATE = 30.0


@pytest.fixture(scope="module")
def performer() -> Iterator[PerformerSource]:
    with PerformerSource(rate=RATE) as source:
        yield source


@pytest.fixture(scope="module")
def short() -> Iterator[PerformerSource]:
    """Somebody else, for half a second."""
    with PerformerSource(rate=10, duration_s=0.5, seed=5) as source:
        yield source


def frame_at(source: PerformerSource, time_s: float) -> np.ndarray:
    source.seek(time_s)
    frame = source.read()
    assert frame is not None
    return frame.image


def test_frames_come_in_order_with_their_times(performer: PerformerSource) -> None:
    performer.seek(0.0)
    frames = [performer.read() for _ in range(4)]
    assert [frame.index for frame in frames if frame] == [0, 1, 2, 3]
    assert [frame.time_s for frame in frames if frame] == pytest.approx([0, 1 / 30, 2 / 30, 0.1])
    image = frames[0].image if frames[0] else np.empty(0)
    assert image.shape == (480, 640, 3)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    assert isinstance(performer, Source)
    assert not performer.live
    assert performer.dropped == 0


def test_seeking_shows_the_frame_of_that_time(performer: PerformerSource) -> None:
    for time_s, index in ((2.0, 60), (0.999, 29), (1.0, 30), (1.01, 30), (0.0, 0)):
        performer.seek(time_s)
        frame = performer.read()
        assert frame is not None
        assert frame.index == index


def test_frame_i_is_always_the_same_picture(performer: PerformerSource) -> None:
    performer.seek(6.0)
    in_a_row = [performer.read() for _ in range(3)]
    assert in_a_row[2] is not None
    later = frame_at(performer, 6.0 + 2 / RATE)
    np.testing.assert_array_equal(later, in_a_row[2].image)
    with PerformerSource(rate=RATE) as other:
        np.testing.assert_array_equal(frame_at(other, 6.0 + 2 / RATE), later)
    assert (frame_at(performer, 6.5) != later).any()


def test_seeds_give_other_people(performer: PerformerSource, short: PerformerSource) -> None:
    assert np.abs(frame_at(short, 0.0).astype(int) - frame_at(performer, 0.0)).mean() > 3


def test_the_person_is_painted_where_the_truth_says(performer: PerformerSource) -> None:
    """Independent of any detector: what moves in the picture surrounds the projected joints."""
    images = np.array([frame_at(performer, t) for t in np.linspace(0, 40, 12)]).astype(int)
    empty = np.median(images, axis=0)
    for time_s in (2.5, 6.5, 12.0):
        picture = frame_at(performer, time_s)
        person = np.abs(picture - empty).max(axis=-1) > 24
        pixels = performer.project(performer.truth(round(time_s * RATE)))
        rows, columns = np.nonzero(person)
        inside = person[pixels[:, 1].astype(int), pixels[:, 0].astype(int)]
        if time_s == 6.5:
            # Only here does nobody else stand in the median picture.
            assert inside.mean() > 0.85
        assert rows.min() - 5 < pixels[:, 1].min()
        assert columns.min() - 5 < pixels[:, 0].min() < pixels[:, 0].max() < columns.max() + 5


@pytest.mark.slow
def test_mediapipe_finds_it_within_three_pixels(performer: PerformerSource) -> None:
    distances, found = [], 0
    indices = range(0, 1380, 90)
    with Detector() as detector:
        for index in indices:
            performer.seek(index / RATE)
            frame = performer.read()
            assert frame is not None
            seen = detector.detect(frame)
            found += seen.tracked
            truth = performer.project(performer.truth(frame.index))
            distances.append(np.linalg.norm(seen.xy - truth, axis=-1))
    assert found >= 0.98 * len(indices)
    assert np.nanmedian(distances) < 3.0
    assert np.nanpercentile(distances, 90) < 8.0


def test_a_clip_ends(short: PerformerSource) -> None:
    assert short.frame_count == 5
    assert short.duration_s == 0.5
    short.seek(0.0)
    frames = list(iter(short.read, None))
    assert [frame.index for frame in frames if frame] == [0, 1, 2, 3, 4]
    assert short.read() is None
    short.seek(99.0)
    last = short.read()
    assert last is not None
    assert last.index == 4


@pytest.mark.slow
def test_closing_wakes_a_reader_and_leaves_no_thread() -> None:
    threads = set(threading.enumerate())
    source = PerformerSource((320, 240))
    results: list[object] = []
    reader = threading.Thread(target=lambda: results.append(source.read()))
    reader.start()
    source.close()
    reader.join(10)
    assert not reader.is_alive()
    assert len(results) == 1
    assert source.read() is None
    source.close()
    assert set(threading.enumerate()) <= threads


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="hides Linux's OpenGL")
def test_without_opengl_the_source_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("__EGL_VENDOR_LIBRARY_FILENAMES", "/nonexistent")
    with PerformerSource() as source, pytest.raises(SourceError, match=r"OpenGL.*Choose a camera"):
        source.read()
