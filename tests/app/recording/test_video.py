"""Pictures kept beside the keypoints: which, when, and what happens when it is too much."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from app.recording import matroska, video
from app.recording.video import Pictures, PictureWriter
from tests.support.recordings import SIZE, picture
from tests.support.waiting import until


def closed(writer: PictureWriter) -> Path:
    assert writer.finish(10.0)
    writer.file.close()
    return writer.file.path


def test_pictures_come_back_in_colour_and_in_order(tmp_path: Path) -> None:
    writer = PictureWriter(tmp_path / "video.mkv", SIZE)
    numbers = [writer.offer(picture(index).image, index / 30) for index in range(20)]
    pictures = Pictures(closed(writer), SIZE)
    assert numbers == list(range(20))
    assert len(pictures) == 20
    assert (writer.written, writer.left_out, writer.problem) == (20, 0, None)
    for number in (19, 0, 7):
        found = pictures.read(number)
        assert found is not None
        difference = np.abs(found.astype(int) - picture(number).image)
        assert difference.mean() < 2.0, "JPEG is lossy, but not that much"


def test_times_are_the_cameras_own(tmp_path: Path) -> None:
    writer = PictureWriter(tmp_path / "video.mkv", SIZE)
    for time_s in (7.0, 7.04, 7.5, 19.25):
        writer.offer(picture(0).image, time_s)
    with closed(writer).open("rb") as file:
        assert [place.time_ms for place in matroska.find_pictures(file)] == [0, 40, 500, 12250]


def test_a_slow_encoder_costs_pictures_but_neither_memory_nor_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = picture(0).image
    monkeypatch.setattr(video, "_WAITING_BYTES", 3 * image.nbytes)
    may_go_on = threading.Event()
    encode = video._encode

    def slow(image: video.Image, time_s: float) -> bytes:
        may_go_on.wait()
        return encode(image, time_s)

    monkeypatch.setattr(video, "_encode", slow)
    writer = PictureWriter(tmp_path / "video.mkv", SIZE)
    numbers = [writer.offer(picture(index).image, index / 30) for index in range(50)]
    kept = [number for number in numbers if number >= 0]
    assert 3 <= len(kept) <= 4, "one being encoded and three waiting"
    assert kept == list(range(len(kept)))
    assert writer.left_out == 50 - len(kept)
    may_go_on.set()
    until(lambda: writer.written == len(kept), "the encoder to catch up")
    late = writer.offer(picture(60).image, 2.0)
    pictures = Pictures(closed(writer), SIZE)
    assert len(pictures) == late + 1 == len(kept) + 1
    last = pictures.read(late)
    assert last is not None
    assert abs(float(last[..., 1].mean()) - (60 * 8) % 256) < 3


def test_giving_up_is_said_and_keeps_what_was_written(tmp_path: Path) -> None:
    writer = PictureWriter(tmp_path / "video.mkv", SIZE)
    for index in range(3):
        writer.offer(picture(index).image, index / 30)
    until(lambda: writer.written == 3, "three pictures to be written")
    writer.give_up("Enough of that.")
    writer.give_up("A second reason does not hide the first.")
    assert writer.offer(picture(3).image, 0.1) == -1
    assert (writer.problem, writer.left_out) == ("Enough of that.", 1)
    assert len(Pictures(closed(writer), SIZE)) == 3


def test_an_encoder_that_fails_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "_encode", lambda image, time_s: 1 / 0)
    writer = PictureWriter(tmp_path / "video.mkv", SIZE)
    writer.offer(picture(0).image, 0.0)
    closed(writer)
    assert writer.problem == "The pictures could not be kept any longer: the encoder failed."
    assert writer.left_out == 1


def test_a_damaged_picture_or_one_of_another_size_is_none(tmp_path: Path) -> None:
    writer = PictureWriter(tmp_path / "video.mkv", SIZE)
    for index in range(3):
        writer.offer(picture(index).image, index / 30)
    path = closed(writer)
    with path.open("rb") as file:
        second = list(matroska.find_pictures(file))[1]
    with path.open("r+b") as file:
        file.seek(second.offset)
        file.write(b"\0" * second.length)
    pictures = Pictures(path, SIZE)
    assert pictures.read(1) is None
    assert pictures.read(0) is not None
    assert pictures.read(2) is not None
    assert pictures.read(-1) is None
    assert pictures.read(3) is None
    assert Pictures(path, (SIZE[1], SIZE[0])).read(0) is None
    path.unlink()
    assert pictures.read(0) is None
