"""Times and pictures of video files, against libav's own reading of the same files."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.packets import Frame
from app.sources import VideoFile
from tests.support.av_clips import NTSC, shown_at, tag_rotation, write_clip
from tests.support.mjpeg import read_number

PHONE = [0, 103, 183, 249, 288, 331, 345, 363, 374, 473, 560, 640, 700, 1900, 1933, 1966, 2000]
"""Milliseconds; the gaps of a phone in changing light, and one of more than a second."""
B_FRAMES = {"bf": "3", "g": "12"}


def read_all(path: Path) -> list[Frame]:
    with VideoFile(path) as video:
        return list(iter(video.read, None))


def times(frames: Sequence[Frame]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([frame.time_s for frame in frames])


def assert_as_written(frames: Sequence[Frame], stamps: Sequence[int], unit: Fraction) -> None:
    assert [read_number(frame.image) for frame in frames] == list(range(len(stamps)))
    assert [frame.index for frame in frames] == list(range(len(stamps)))
    written = np.array([float((stamp - stamps[0]) * unit) for stamp in stamps])
    np.testing.assert_allclose(times(frames), written, atol=1e-6)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov", "a.webm"])
def test_a_variable_rate_keeps_its_times(tmp_path: Path, name: str) -> None:
    codec = {"codec": "libvpx-vp9", "options": {"deadline": "realtime", "cpu-used": "8"}}
    kind = codec if name.endswith("webm") else {"options": B_FRAMES}
    path = write_clip(tmp_path / name, PHONE, **kind)  # type: ignore[arg-type]
    frames = read_all(path)
    assert_as_written(frames, PHONE, Fraction(1, 1000))
    np.testing.assert_allclose(times(frames), shown_at(path), atol=1e-6)


def test_29_97_does_not_become_30_or_29(tmp_path: Path) -> None:
    stamps = [i * 1001 for i in range(90)]
    path = write_clip(tmp_path / "tv.mp4", stamps, Fraction(1, 30000), rate=NTSC, options=B_FRAMES)
    assert_as_written(read_all(path), stamps, Fraction(1, 30000))
    with VideoFile(path) as video:
        assert video.rate == pytest.approx(30000 / 1001)
        assert video.frame_count == 90
        assert video.duration_s == pytest.approx(90 * 1001 / 30000)


@pytest.mark.parametrize("name", ["late.mp4", "late.mkv", "late.ts"])
def test_a_start_above_zero_is_taken_off(tmp_path: Path, name: str) -> None:
    stamps = [5000 + 33 * i for i in range(20)]
    path = write_clip(tmp_path / name, stamps)
    frames = read_all(path)
    assert frames[0].time_s == 0
    assert_as_written(frames, stamps, Fraction(1, 1000))


def test_frames_hidden_by_an_edit_list_stay_hidden(tmp_path: Path) -> None:
    # Negative stamps become an edit list that begins inside the clip, as after a cut on a phone.
    stamps = [-500 + 33 * i for i in range(40)]
    path = write_clip(tmp_path / "cut.mp4", stamps, options={"bf": "2"})
    frames = read_all(path)
    assert len(frames) == len(shown_at(path)) < 40
    assert read_number(frames[0].image) == 40 - len(frames)
    np.testing.assert_allclose(times(frames), shown_at(path), atol=1e-6)


def test_avi_with_b_frames_increases_to_its_end(tmp_path: Path) -> None:
    # FFmpeg gives the last frame, which it keeps back until the end, no timestamp.
    path = write_clip(
        tmp_path / "old.avi",
        range(30),
        Fraction(1, 25),
        codec="mpeg4",
        rate=25,
        options={"bf": "2"},
    )
    frames = read_all(path)
    np.testing.assert_allclose(times(frames), np.arange(30) / 25, atol=1e-6)


def test_a_stream_without_timestamps_gets_the_usual_rate(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "bare.h264", range(20), Fraction(1, 25), rate=25)
    frames = read_all(path)
    np.testing.assert_allclose(times(frames), np.arange(20) / 25, atol=1e-6)
    with VideoFile(path) as video:
        assert video.frame_count is None
        video.seek(0.5)
        assert_next(video, frames[12])


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_rotation_tags_are_obeyed(tmp_path: Path, degrees: int) -> None:
    path = write_clip(tmp_path / "phone.mp4", [0, 33, 66], size=(240, 320), turned=degrees)
    tag_rotation(path, degrees)
    with VideoFile(path) as video:
        assert video.size == (240, 320)
        frame = video.read()
    assert frame is not None
    assert frame.size == (240, 320)
    red, green, blue = frame.image[300, 20].tolist()
    assert red > 180 > 80 > green
    assert blue < 80


def test_pixels_come_out_square(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "hdv.mkv", [0, 33], size=(288, 216), aspect=Fraction(4, 3))
    with VideoFile(path) as video:
        assert video.size == (384, 216)
        frame = video.read()
    assert frame is not None
    assert frame.size == (384, 216)


def test_odd_sizes_and_colours(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "odd.mkv", [0, 33, 66], size=(321, 243), pixels="yuv444p")
    frame = read_all(path)[2]
    assert frame.size == (321, 243)
    assert frame.image.dtype == np.uint8
    assert frame.image.flags.c_contiguous
    left, right = frame.image[200, 20].tolist(), frame.image[200, 300].tolist()
    assert left[0] > 180
    assert left[2] < 80, "the left is red"
    assert right[2] > 180
    assert right[0] < 80, "the right is blue"


def assert_next(video: VideoFile, expected: Frame) -> None:
    frame = video.read()
    assert frame is not None
    assert frame.time_s == pytest.approx(expected.time_s, abs=1e-6)
    assert read_number(frame.image) == read_number(expected.image)


@pytest.fixture(scope="module")
def phone_clip(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Frame]]:
    stamps = np.cumsum(np.random.default_rng(3).integers(8, 140, 120)).tolist()
    path = tmp_path_factory.mktemp("seek") / "phone.mp4"
    write_clip(path, stamps, size=(160, 120), options=B_FRAMES)
    return path, read_all(path)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(part=st.floats(-0.1, 1.1), steps=st.integers(1, 4))
def test_seek_finds_the_frame_shown_then(
    phone_clip: tuple[Path, list[Frame]], part: float, steps: int
) -> None:
    path, frames = phone_clip
    time_s = part * frames[-1].time_s
    shown = max(0, int(np.searchsorted(times(frames), time_s, side="right")) - 1)
    with VideoFile(path) as video:
        for _ in range(steps):
            video.read()
        video.seek(time_s)
        for expected in frames[shown : shown + steps]:
            assert_next(video, expected)


def test_seek_to_a_frames_own_time_gives_that_frame(tmp_path: Path) -> None:
    stamps = [i * 1001 for i in range(60)]
    path = write_clip(tmp_path / "tv.mp4", stamps, Fraction(1, 30000), rate=NTSC, options=B_FRAMES)
    frames = read_all(path)
    with VideoFile(path) as video:
        for expected in frames[::-7]:
            video.seek(expected.time_s)
            assert_next(video, expected)
        video.seek(0)
        first = video.read()
        assert first is not None
        assert (first.index, first.time_s) == (0, 0.0)


@pytest.mark.parametrize(
    "name",
    [
        "videos/tfjs_pose_1.mp4",
        "videos/bodypose3d_cam0.mp4",
        "videos/intel_asl_book.mkv",
        "videos/caliscope_charuco_cam1.mp4",
    ],
)
def test_real_clips_agree_with_libav(shared: Path, name: str) -> None:
    path = shared / name
    frames = read_all(path)
    np.testing.assert_allclose(times(frames), shown_at(path), atol=1e-6)
    with VideoFile(path) as video:
        assert video.size == frames[0].size
        assert video.warnings == []
