"""Our Matroska files, as FFmpeg (through PyAV and OpenCV) sees them, whole and torn."""

from __future__ import annotations

import io
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.recording import matroska
from tests.support.recordings import picture

SIZE = (64, 48)
TIMES_MS = [0, 33, 71, 100, 1000, 70_000, 36_000_000]


def jpeg(index: int) -> bytes:
    return cv2.imencode(".jpg", picture(index, SIZE).image)[1].tobytes()


def movie() -> bytes:
    clusters = (matroska.cluster(jpeg(number), at) for number, at in enumerate(TIMES_MS))
    return matroska.opening(SIZE, "test") + b"".join(clusters)


def places(data: bytes) -> list[matroska.PicturePlace]:
    return list(matroska.find_pictures(io.BufferedReader(io.BytesIO(data))))


def packets(path: Path) -> list[tuple[int, bytes]]:
    """(milliseconds, JPEG) of each picture, by FFmpeg's demuxer."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "mjpeg"
        assert (stream.width, stream.height) == SIZE
        return [
            (round(packet.pts * packet.time_base * 1000), bytes(packet))
            for packet in container.demux(stream)
            if packet.pts is not None
        ]


def test_ffmpeg_finds_each_picture_at_its_own_time(tmp_path: Path) -> None:
    path = tmp_path / "video.mkv"
    path.write_bytes(movie())
    assert packets(path) == [(at, jpeg(number)) for number, at in enumerate(TIMES_MS)]


def test_our_reader_finds_the_same_pictures() -> None:
    data = movie()
    found = places(data)
    assert [place.time_ms for place in found] == TIMES_MS
    for number, place in enumerate(found):
        assert data[place.offset : place.offset + place.length] == jpeg(number)


def test_opencv_plays_it(tmp_path: Path) -> None:
    path = tmp_path / "Film ü.mkv"
    path.write_bytes(movie())
    capture = cv2.VideoCapture(str(path))
    levels = []
    while (read := capture.read())[0]:
        levels.append(round(float(read[1][..., 1].mean()) / 8))
    capture.release()
    assert levels == list(range(len(TIMES_MS)))


def test_a_torn_file_keeps_every_whole_picture() -> None:
    data = movie()
    ends = [place.offset + place.length for place in places(data)]
    for cut in range(0, len(data), 7):
        assert len(places(data[:cut])) == sum(end <= cut for end in ends)


def test_ffmpeg_reads_a_torn_file_too(tmp_path: Path) -> None:
    data = movie()
    path = tmp_path / "torn.mkv"
    path.write_bytes(data[: places(data)[4].offset + 10])
    assert [at for at, _ in packets(path)][:4] == TIMES_MS[:4]


@settings(max_examples=300)
@given(st.binary(max_size=400), st.integers(0, len(movie())))
def test_nonsense_ends_the_search(garbage: bytes, at: int) -> None:
    data = movie()
    spoiled = data[:at] + garbage + data[at + len(garbage) :]
    for place in places(spoiled):
        assert place.length > 0
        assert place.offset + place.length <= len(spoiled)


@pytest.mark.parametrize(
    "length", [1, *range(115, 130), 16_368, *range(16_372, 16_386), 2_097_147, 2_097_148]
)
def test_every_length_is_encoded_as_ffmpeg_reads_it(tmp_path: Path, length: int) -> None:
    content = np.random.default_rng(0).bytes(length)
    path = tmp_path / "video.mkv"
    path.write_bytes(matroska.opening(SIZE, "test") + matroska.cluster(content, 5))
    assert packets(path) == [(5, content)]
    assert places(path.read_bytes())[0].length == length
