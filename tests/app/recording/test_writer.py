"""Writing a recording: on disk as it happens, under free names, and ending well when it cannot."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.errors import RecordingError
from app.recording import writer as writer_module
from app.recording.reader import Recording
from app.recording.rows import HEADER_BYTES, ROW
from app.recording.writer import RecordingWriter
from tests.support.disks import read_only, small_disk
from tests.support.recordings import CAMERA, SIZE, packet, picture, record, takes_no_more
from tests.support.waiting import until

REPOSITORY = Path(__file__).parents[3]
posix = pytest.mark.skipif(os.name == "nt", reason="needs what only POSIX systems allow")


def begin(folder: Path, name: str = "take", *, keep_video: bool = False) -> RecordingWriter:
    return RecordingWriter.create(folder, name, source=CAMERA, size=SIZE, keep_video=keep_video)


def rows_on_disk(path: Path) -> int:
    """As another process sees them."""
    return ((path / "keypoints.bin").stat().st_size - HEADER_BYTES) // ROW.itemsize


def error_of(writer: RecordingWriter) -> str:
    until(lambda: writer.error is not None, "the recording to end by itself")
    return str(writer.error)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> object:
    yield
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("recording-")]


def test_a_closed_recording_holds_what_was_appended(tmp_path: Path) -> None:
    path = record(tmp_path / "new folder", 40, name="Tanz 舞")
    assert path.name == "Tanz 舞.mixpose"
    assert sorted(found.name for found in path.iterdir()) == ["keypoints.bin", "recording.json"]
    meta = json.loads((path / "recording.json").read_text("utf-8"))
    source = {"label": CAMERA.label, "live": True, "rate": 30.0, "fov_deg": None}
    assert meta["source"] == source
    assert meta["settings"] == {"delay": 2}
    assert meta["size"] == list(SIZE)
    assert len(meta["joints"]) == 17
    assert len(meta["landmarks"]) == 33
    ending = meta["ending"]
    assert ending == {
        "frames": 40, "duration_s": 1.3, "dropped": 3, "pictures": 0, "error": None,
    }  # fmt: skip


def test_progress_can_be_watched(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    assert (writer.frames, writer.elapsed_s, writer.error) == (0, 0.0, None)
    for index in range(61):
        writer.append(packet(index + 100))
    assert writer.frames == 61
    assert writer.elapsed_s == pytest.approx(2.0)
    until(lambda: writer.disk.bytes_per_s > 61 * ROW.itemsize / 3, "the rows to be counted")
    assert writer.disk.free_bytes == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.2)
    seconds = writer.disk.free_bytes / writer.disk.bytes_per_s
    assert writer.disk.seconds_left == pytest.approx(seconds, rel=0.2)
    writer.close()


def test_the_mark_stands_until_the_recording_is_closed(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    assert (writer.path / ".writing").exists()
    assert writer.close() == writer.close() == writer.path
    assert not (writer.path / ".writing").exists()


def test_a_name_in_use_is_left_alone(tmp_path: Path) -> None:
    first = record(tmp_path, 3)
    before = {path: path.read_bytes() for path in first.iterdir()}
    assert record(tmp_path, 2).name == "take-2.mixpose"
    (tmp_path / "take-3.mixpose").write_text("a file of that name")
    assert record(tmp_path, 2).name == "take-4.mixpose"
    assert {path: path.read_bytes() for path in first.iterdir()} == before


def test_without_a_name_it_is_called_by_its_time(tmp_path: Path) -> None:
    path = record(tmp_path, 1, name="")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.mixpose", path.name)


@pytest.mark.timing
def test_rows_reach_the_system_within_half_a_second_even_if_the_disk_is_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = threading.Event()
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        if threading.current_thread().name == "recording-sync":
            slow.wait(10)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    writer = begin(tmp_path)
    handed_over: list[float] = []
    worst = 0.0
    until_s = time.monotonic() + 2.5
    while time.monotonic() < until_s:
        writer.append(packet(len(handed_over)))
        handed_over.append(time.monotonic())
        oldest_waiting = rows_on_disk(writer.path)
        if oldest_waiting < len(handed_over):
            worst = max(worst, time.monotonic() - handed_over[oldest_waiting])
        time.sleep(0.01)
    slow.set()
    writer.close()
    assert worst < 0.5


@pytest.mark.timing
def test_the_file_is_put_on_the_disk_about_every_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[float, int]] = []
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        sync(descriptor)
        if threading.current_thread().name == "recording-sync":
            synced.append((time.monotonic(), os.fstat(descriptor).st_ino))

    monkeypatch.setattr(os, "fsync", fsync)
    began = time.monotonic()
    writer = begin(tmp_path)
    inode = (writer.path / "keypoints.bin").stat().st_ino
    until(lambda: len(synced) >= 3, "three syncs")
    writer.close()
    assert {found for _, found in synced} == {inode}
    moments = [began, *(moment for moment, _ in synced)]
    assert np.diff(moments).max() < 1.8


@pytest.mark.timing
def test_appending_does_not_wait(tmp_path: Path) -> None:
    writer = begin(tmp_path, keep_video=True)
    packets = [packet(index) for index in range(300)]
    frame = picture(0)
    took = []
    for each in packets:
        began = time.perf_counter()
        writer.append(each, frame)
        took.append(time.perf_counter() - began)
    writer.close()
    assert np.median(took) < 0.002, "a frame comes every 33 ms"


def test_video_frames_are_numbered_by_their_rows(tmp_path: Path) -> None:
    writer = begin(tmp_path, keep_video=True)
    for index in range(6):
        writer.append(packet(index), None if index == 2 else picture(index))
    recording = Recording.open(writer.close())
    assert recording.keypoints.video_frame.tolist() == [0, 1, -1, 2, 3, 4]
    assert recording.picture(2) is None
    for row in (0, 3, 5):
        found = recording.picture(row)
        assert found is not None
        assert abs(float(found[..., 1].mean()) - row * 8) < 3
    assert recording.meta.ending is not None
    assert recording.meta.ending.pictures == 5


def test_it_takes_no_more_than_the_seconds_wanted(tmp_path: Path) -> None:
    writer = RecordingWriter.create(tmp_path, "take", source=CAMERA, size=SIZE, seconds=1.0)
    for index in range(100, 140):
        assert writer.complete == (index > 130)
        writer.append(packet(index))
    assert Recording.open(writer.close()).keypoints.index.tolist() == list(range(100, 130))


def test_discarding_removes_only_what_is_empty(tmp_path: Path) -> None:
    empty, full = begin(tmp_path, "empty", keep_video=True), begin(tmp_path, "full")
    full.append(packet(0))
    closed = begin(tmp_path, "closed")
    closed.close()
    for each in (empty, full, closed):
        each.discard()
    assert [path.name for path in tmp_path.iterdir()] == ["full.mixpose"]
    assert len(Recording.open(full.path).keypoints.time_s) == 1


@posix
def test_a_full_disk_ends_the_recording_and_keeps_it(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 256 * 1024) as disk:
        writer = begin(disk)
        for index in range(400):
            writer.append(packet(index))
        assert error_of(writer) == (
            "The recording take.mixpose ended because the disk is full. "
            "What was recorded until then is kept."
        )
        written = writer.frames
        assert 100 < written < 200
        size = (writer.path / "keypoints.bin").stat().st_size
        assert (size - HEADER_BYTES) % ROW.itemsize == 0, "the torn row was cut off again"
        writer.append(packet(400))
        writer.close()
        assert writer.frames == written == rows_on_disk(writer.path)
        recording = Recording.open(writer.path)
        assert recording.keypoints.index.tolist() == list(range(written))
        with pytest.raises(RecordingError, match="the disk is full"):
            begin(disk)
        assert [path.name for path in disk.iterdir()] == ["take.mixpose"]


@posix
def test_a_file_size_limit_ends_the_recording_and_keeps_it(tmp_path: Path) -> None:
    script = f"""
import resource, sys, time
from pathlib import Path
from tests.support.recordings import CAMERA, SIZE, packet, picture
from app.recording.writer import RecordingWriter
writer = RecordingWriter.create(Path({str(tmp_path)!r}), "take", source=CAMERA, size=SIZE,
                                keep_video=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
index = 0
while writer.error is None:
    writer.append(packet(index), picture(index))
    index += 1
    time.sleep(0.001)
writer.close()
print(writer.error, writer.video_problem, sep="\\n")
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    error, video_problem = done.stdout.splitlines()
    assert "the file would be larger than is allowed there" in error
    assert "the file would be larger than is allowed there" in video_problem
    recording = Recording.open(tmp_path / "take.mixpose")
    rows = (100_000 - HEADER_BYTES) // ROW.itemsize
    assert recording.keypoints.index.tolist() == list(range(rows))
    assert recording.meta.ending is not None
    assert recording.meta.ending.frames == rows
    assert recording.picture(0) is not None


@posix
@pytest.mark.parametrize("how", ["deleted", "moved"])
def test_a_folder_that_goes_away_is_noticed(tmp_path: Path, how: str) -> None:
    writer = begin(tmp_path, keep_video=True)
    for index in range(10):
        writer.append(packet(index), picture(index))
    until(lambda: rows_on_disk(writer.path) == 10, "the rows to be written")
    if how == "deleted":
        shutil.rmtree(writer.path)
    else:
        writer.path.rename(tmp_path / "elsewhere.mixpose")
    assert error_of(writer) == (
        "The recording take.mixpose ended because its folder was moved or deleted."
    )
    takes_no_more(writer)
    writer.close()
    assert not writer.path.exists(), "nothing is made anew in its place"
    if how == "moved":
        assert len(Recording.open(tmp_path / "elsewhere.mixpose").keypoints.time_s) == 10


def test_a_change_of_size_ends_the_recording(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    writer.append(packet(0))
    writer.append(packet(1, size=(640, 480)))
    assert "size changed from 320 x 240 to 640 x 480" in error_of(writer)
    recording = Recording.open(writer.close())
    assert len(recording.keypoints.time_s) == 1
    assert recording.recovered is None
    assert recording.meta.ending is not None
    assert recording.meta.ending.error == str(writer.error)


@pytest.mark.parametrize("time_s", [0.5, 0.4, float("nan")])
def test_going_back_in_time_ends_the_recording(tmp_path: Path, time_s: float) -> None:
    writer = begin(tmp_path)
    writer.append(packet(0, time_s=0.5))
    writer.append(packet(1, time_s=time_s))
    assert "went back in time" in error_of(writer)
    assert len(Recording.open(writer.close()).keypoints.time_s) == 1


def test_a_disk_that_takes_nothing_ends_the_recording_before_memory_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "_MAX_WAITING", 100)
    writer = begin(tmp_path)
    for index in range(400):
        writer.append(packet(index))
    assert "the disk has stopped taking data" in error_of(writer)
    writer.close()
    assert writer.frames >= 100


def test_a_folder_that_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    with read_only(tmp_path / "locked") as folder:
        with pytest.raises(RecordingError) as caught:
            begin(folder)
        assert str(folder) in str(caught.value)
        assert re.search("can only be read|not permitted", str(caught.value))
        assert list(folder.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(RecordingError, match="a file of that name is in the way"):
        begin(tmp_path / "file")


def test_a_wrong_array_is_the_callers_fault_and_harms_nothing(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    writer.append(packet(0))
    with pytest.raises(ValueError, match="conf has shape"):
        writer.append(replace(packet(1), conf=np.zeros(3, np.float32)))
    writer.append(packet(2))
    assert Recording.open(writer.close()).keypoints.index.tolist() == [0, 2]


def test_what_is_appended_after_the_end_is_ignored(tmp_path: Path) -> None:
    writer = begin(tmp_path, keep_video=True)
    writer.append(packet(0), picture(0))
    writer.close()
    writer.append(packet(1), picture(1))
    assert writer.frames == 1
    assert len(Recording.open(writer.path).keypoints.time_s) == 1
