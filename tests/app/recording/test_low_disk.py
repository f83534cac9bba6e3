"""A disk that fills up during a recording: first a warning, then no pictures, then the end."""

from __future__ import annotations

import itertools
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.recording import disk_space
from app.recording.reader import Recording
from app.recording.writer import RecordingWriter
from tests.support.recordings import CAMERA, SIZE, packet, picture, takes_no_more
from tests.support.waiting import until


def begin(folder: Path, *, keep_video: bool = False) -> RecordingWriter:
    return RecordingWriter.create(folder, "take", source=CAMERA, size=SIZE, keep_video=keep_video)


def test_a_nearly_full_disk_costs_the_pictures_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_space, "_VIDEO_RESERVE", 2**62)
    writer = begin(tmp_path, keep_video=True)
    writer.append(packet(0), picture(0))
    until(lambda: writer.video_problem is not None, "the disk to be looked at")
    writer.append(packet(1), picture(1))
    recording = Recording.open(writer.close())
    assert "nearly full" in str(writer.video_problem)
    assert writer.error is None
    assert writer.pictures_left_out == 1
    assert recording.keypoints.video_frame.tolist() == [0, -1]


def with_room_for(seconds: float, writer: RecordingWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk have room for so long at whatever the writer takes."""
    usage = shutil.disk_usage("/")

    def disk_usage(_path: object) -> object:
        return usage._replace(free=int(seconds * max(1.0, writer.disk.bytes_per_s)))

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)


def keep_recording(writer: RecordingWriter, until_true: Callable[[], object]) -> None:
    """Record 100 frames a second until something has happened."""
    numbers = itertools.count(writer.frames)

    def happened() -> bool:
        index = next(numbers)
        writer.append(packet(index % 50, time_s=index / 100), picture(index % 50))
        time.sleep(0.005)
        return bool(until_true())

    until(happened, "the disk to be looked at", timeout_s=60)


def test_less_than_half_an_hour_of_room_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = begin(tmp_path)
    with_room_for(2100, writer, monkeypatch)
    keep_recording(writer, lambda: writer.elapsed_s > 2.5)
    assert writer.disk_warning is None
    with_room_for(1500, writer, monkeypatch)
    keep_recording(writer, lambda: writer.disk_warning)
    assert re.fullmatch(
        r"The disk is nearly full: room for about 2\d minutes more", str(writer.disk_warning)
    )
    writer.close()
    assert writer.error is None


def test_less_than_two_minutes_of_room_end_the_recording_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = begin(tmp_path)
    with_room_for(100, writer, monkeypatch)
    keep_recording(writer, lambda: writer.error)
    assert str(writer.error) == (
        "The recording take.mixpose ended because the disk is nearly full. "
        "What was recorded until then is kept."
    )
    takes_no_more(writer)
    recording = Recording.open(writer.close())
    assert recording.recovered is None
    assert len(recording.keypoints.time_s) == writer.frames > 10
    assert recording.meta.ending is not None
    assert recording.meta.ending.error == str(writer.error)


@pytest.mark.slow
def test_where_room_gets_short_the_pictures_go_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_space, "_VIDEO_RESERVE", 0)
    writer = begin(tmp_path, keep_video=True)
    keep_recording(writer, lambda: writer.disk.bytes_per_s)
    free = int(100 * writer.disk.bytes_per_s)
    usage = shutil.disk_usage(tmp_path)._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    with_pictures = writer.disk.bytes_per_s
    monkeypatch.setattr(disk_space, "LAST_DISK_S", 101.0)
    keep_recording(writer, lambda: writer.video_problem)
    assert writer.disk.bytes_per_s < with_pictures
    keep_recording(writer, lambda: writer.elapsed_s > 6)
    assert writer.error is None, "without pictures there is room again"
    writer.close()
