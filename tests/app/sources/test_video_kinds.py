"""Kinds of video that are not simply progressive, upright, of one size and 8 bit."""

from __future__ import annotations

import gc
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.packets import Frame
from app.sources import VideoFile
from tests.support.av_clips import X265, tag_matrix, write_clip, write_interlaced
from tests.support.mjpeg import jpeg, numbered_picture, read_number

Image = NDArray[np.uint8]
STAMPS = [0, 33, 66, 100, 133, 166]


def read(path: Path) -> tuple[list[Frame], list[str]]:
    with VideoFile(path) as video:
        return list(iter(video.read, None)), video.warnings


# Interlaced


def box(moment: int, size: tuple[int, int]) -> Image:
    """A bright box on a dark ground, farther to the right in each moment."""
    width, height = size
    picture = np.full((height, width, 3), 60, np.uint8)
    left = 40 + 8 * moment
    picture[height // 4 : 3 * height // 4, left : left + width // 8] = 220
    return picture


def woven(number: int, size: tuple[int, int]) -> Image:
    """The even lines of one moment between the odd ones of the next."""
    picture = box(2 * number, size)
    picture[1::2] = box(2 * number + 1, size)[1::2]
    return picture


def comb(picture: Image) -> float:
    """How far each line lies from the mean of its neighbours, in the middle of the picture."""
    grey = picture.mean(axis=2)[picture.shape[0] // 3 : 2 * picture.shape[0] // 3]
    return float(np.abs(grey[1:-1] - (grey[:-2] + grey[2:]) / 2).mean())


INTERLACED = {
    "avchd.mp4": ("libx264", "yuv420p", {"x264-params": "interlaced=1:tff=1"}),
    "bare.h264": ("libx264", "yuv420p", {"x264-params": "interlaced=1:tff=1"}),
    "hdv.ts": ("mpeg2video", "yuv420p", {"flags": "+ildct+ilme", "b": "4M"}),
    "prores.mov": ("prores_ks", "yuv422p10le", {"flags": "+ildct"}),
    "dv.avi": ("dvvideo", "yuv420p", {}),
}


@pytest.mark.parametrize("name", INTERLACED)
def test_interlaced_pictures_show_one_moment(name: str, tmp_path: Path) -> None:
    codec, pixels, options = INTERLACED[name]
    size = (720, 576) if codec == "dvvideo" else (320, 240)
    pictures = [woven(number, size) for number in range(12)]
    path = write_interlaced(
        tmp_path / name, pictures, codec=codec, pixels=pixels, options=dict(options)
    )
    frames, warnings = read(path)
    assert warnings == []
    np.testing.assert_allclose([frame.time_s for frame in frames], np.arange(12) / 25, atol=1e-6)
    for number, frame in enumerate(frames):
        assert comb(frame.image) < 0.1 * comb(pictures[number]) + 0.2
        shown = cv2.resize(frame.image, size)
        off = np.abs(shown.astype(float) - box(2 * number, size)).mean()
        assert off < 8, "the moment of the upper lines"


def test_nothing_of_another_film_comes_with_an_interlaced_one(tmp_path: Path) -> None:
    bright = write_clip(tmp_path / "before.mp4", STAMPS)
    dark = [np.full((240, 320, 3), 16, np.uint8)] * 6
    options = {"x264-params": "interlaced=1:tff=1"}
    path = write_interlaced(tmp_path / "after.mp4", dark, codec="libx264", options=options)
    for _ in range(3):
        assert max(int(frame.image.max()) for frame in read(bright)[0]) > 200
        frames, _ = read(path)
        assert len(frames) == 6
        assert max(int(frame.image.max()) for frame in frames) < 40


def test_a_seek_in_an_interlaced_film_finds_the_frame_shown_then(tmp_path: Path) -> None:
    pictures = [woven(number, (320, 240)) for number in range(12)]
    options = {"x264-params": "interlaced=1:tff=1:keyint=4"}
    path = write_interlaced(tmp_path / "a.mp4", pictures, codec="libx264", options=options)
    frames, _ = read(path)
    with VideoFile(path) as video:
        for number in (7, 2, 11, 0, 1, 5):
            video.seek(number / 25 + 0.01)
            for expected in frames[number : number + 2]:
                frame = video.read()
                assert frame is not None
                assert frame.time_s == pytest.approx(expected.time_s, abs=1e-6)
                assert np.abs(frame.image.astype(int) - expected.image).mean() < 1


# Turned and mirrored

TURNS: dict[tuple[int, int, int, int], Callable[[Image], Image]] = {
    (1, 0, 0, 1): lambda stored: stored,
    (0, 1, -1, 0): lambda stored: np.rot90(stored, -1),
    (-1, 0, 0, -1): lambda stored: np.rot90(stored, 2),
    (0, -1, 1, 0): lambda stored: np.rot90(stored, 1),
    (-1, 0, 0, 1): lambda stored: stored[:, ::-1],
    (1, 0, 0, -1): lambda stored: stored[::-1],
    (0, 1, 1, 0): lambda stored: stored.transpose(1, 0, 2),
    (0, -1, -1, 0): lambda stored: np.rot90(stored, 2).transpose(1, 0, 2),
}
"""Display matrix (a, b, c, d) -> what a player shows."""


@pytest.mark.parametrize("matrix", TURNS, ids=str)
def test_all_turns_and_mirrors_are_as_a_player_shows_them(
    matrix: tuple[int, int, int, int], tmp_path: Path
) -> None:
    path = write_clip(tmp_path / "a.mp4", STAMPS, size=(320, 240))
    stored = read(path)[0][5].image
    tag_matrix(path, matrix)
    frames, _ = read(path)
    shown = TURNS[matrix](stored)
    assert frames[5].image.flags.c_contiguous
    np.testing.assert_array_equal(frames[5].image, shown)
    with VideoFile(path) as video:
        assert video.size == (shown.shape[1], shown.shape[0])


def test_a_picture_with_side_data_of_an_unknown_kind_is_read_and_turned(tmp_path: Path) -> None:
    """EXIF, in a photo or in a camera's MJPEG."""
    turned = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    coded = jpeg(numbered_picture(5, (320, 240)))
    exif = b"\xff\xe1" + (len(turned) + 2).to_bytes(2, "big") + turned
    path = tmp_path / "photo.jpg"
    path.write_bytes(coded[:2] + exif + coded[2:])
    (frame,), warnings = read(path)
    assert warnings == []
    assert frame.size == (240, 320)
    assert read_number(np.ascontiguousarray(np.rot90(frame.image))) == 5


# Memory


def test_frames_shown_and_pictures_released_leave_no_memory_taken(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", [33 * number for number in range(60)])
    kept = read(path)[0]
    assert [read_number(frame.image) for frame in kept] == list(range(60))
    del kept
    gc.collect()
    gc.disable()
    try:
        with VideoFile(path) as video:
            places = {frame.image.ctypes.data for frame in iter(video.read, None)}
            alive = sum(isinstance(each, av.VideoFrame) for each in gc.get_objects())
    finally:
        gc.enable()
    assert alive <= 3
    assert len(places) <= 3, "the memory of pictures that were released is used again"


# Other sizes in the middle


def joined(path: Path, *sizes: tuple[int, int]) -> Path:
    """Pieces of 6 frames with different sizes, one behind the other in a transport stream."""
    pieces = []
    for number, size in enumerate(sizes):
        stamps = [3000 * (6 * number + i) for i in range(6)]
        piece = path.with_name(f"{number}.ts")
        write_clip(piece, stamps, Fraction(1, 90_000), size=size, options={"bf": "0"})
        pieces.append(piece.read_bytes())
    path.write_bytes(b"".join(pieces))
    return path


def test_a_film_that_is_turned_in_the_middle_is_not_distorted(tmp_path: Path) -> None:
    path = joined(tmp_path / "turned.ts", (320, 180), (180, 320), (640, 360))
    frames, warnings = read(path)
    assert [frame.size for frame in frames] == [(320, 180)] * 18
    assert [read_number(frame.image) for frame in frames[:6]] == list(range(6))
    width = round(180 * 180 / 320)
    left = (320 - width) // 2
    for number, frame in enumerate(frames[6:12]):
        assert frame.image[:, :left].max() == 0
        assert frame.image[:, left + width :].max() == 0
        inner = frame.image[:, left : left + width].astype(int)
        wanted = cv2.resize(numbered_picture(number, (180, 320)), (width, 180))
        assert np.abs(inner - wanted).mean() < 12
    assert [read_number(frame.image) for frame in frames[12:]] == list(range(6))
    np.testing.assert_allclose(np.diff([frame.time_s for frame in frames]), 1 / 30, atol=1e-3)
    assert len(warnings) == 1
    assert "changes its size at 0.2 s" in warnings[0]


# Kinds of coding

KINDS = {
    "av1.mp4": ("libsvtav1", "yuv420p", {"preset": "12"}),
    "av1.mkv": ("libsvtav1", "yuv420p10le", {"preset": "12"}),
    "hevc10.mp4": ("libx265", "yuv420p10le", {"x265-params": X265}),
    "hdr.mp4": (
        "libx265",
        "yuv420p10le",
        {"x265-params": f"{X265}:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"},
    ),
    "h264-422.mp4": ("libx264", "yuv422p10le", {}),
    "prores.mov": ("prores_ks", "yuva444p10le", {}),
    "jpeg.mov": ("mjpeg", "yuvj420p", {}),
    "grey.mkv": ("ffv1", "gray16le", {}),
    "rgb.mov": ("png", "rgb24", {}),
    "palette.mov": ("qtrle", "rgb24", {}),
    "moving.gif": ("gif", "rgb8", {}),
}


@pytest.mark.parametrize("name", KINDS)
def test_kinds_of_coding_come_out_whole(name: str, tmp_path: Path) -> None:
    codec, pixels, options = KINDS[name]
    stamps = [4 * number for number in range(8)]  # a GIF counts in hundredths
    path = write_clip(
        tmp_path / name,
        stamps,
        Fraction(1, 100),
        codec=codec,
        rate=25,
        pixels=pixels,
        options=dict(options),
    )
    frames, warnings = read(path)
    assert warnings == []
    assert [read_number(frame.image) for frame in frames] == list(range(8))
    np.testing.assert_allclose([frame.time_s for frame in frames], np.arange(8) / 25, atol=1e-6)
    assert all(frame.size == (320, 240) for frame in frames)


RAW = {
    "a.h264": ("libx264", {"bf": "2"}),
    "b.h264": ("libx264", {"bf": "0"}),
    "a.hevc": ("libx265", {"x265-params": X265}),
    "a.m2v": ("mpeg2video", {}),
    "a.ivf": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8"}),
}


@pytest.mark.parametrize("rate", [50, Fraction(30000, 1001)], ids=str)
@pytest.mark.parametrize("name", RAW)
def test_a_bare_stream_has_the_rate_of_its_headers(
    name: str, rate: int | Fraction, tmp_path: Path
) -> None:
    codec, options = RAW[name]
    path = write_clip(
        tmp_path / name, range(30), 1 / Fraction(rate), codec=codec, rate=rate, options=options
    )
    frames, _ = read(path)
    assert [read_number(frame.image) for frame in frames] == list(range(30))
    expected = np.arange(30) / float(rate)
    np.testing.assert_allclose([frame.time_s for frame in frames], expected, atol=1e-3)
    with VideoFile(path) as video:
        assert video.rate == pytest.approx(float(rate), rel=1e-3)
        video.seek(20 / float(rate) + 0.001)
        frame = video.read()
        assert frame is not None
        assert read_number(frame.image) == 20
