"""What a folder of recordings is seen to hold."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

from app.errors import RecordingError
from app.recording.listing import interrupted_recordings, list_recordings
from app.recording.names import KEYPOINTS_FILE
from app.recording.reader import Recording
from app.recording.rows import HEADER_BYTES
from app.recording.writer import RecordingWriter
from tests.support.recordings import CAMERA, INFO, SIZE, packet, poses, record
from tests.support.waiting import until


def test_recordings_are_listed_newest_first(tmp_path: Path) -> None:
    older = record(tmp_path, 31, name="Zwölf", keep_video=True)
    newer = record(tmp_path, 4, name="a")
    Recording.open(newer).save_poses(poses(4), INFO)
    (tmp_path / "notes.txt").touch()
    (tmp_path / "other").mkdir()
    first, second = list_recordings(tmp_path)
    assert (first.path, first.name, first.frames) == (newer, "a", 4)
    assert (second.path, second.name, second.frames) == (older, "Zwölf", 31)
    assert second.duration_s == pytest.approx(1.0)
    assert (first.has_video, first.has_poses, first.finished) == (False, True, True)
    assert (second.has_video, second.has_poses, second.finished) == (True, False, True)
    assert first.started_at >= second.started_at


def test_one_in_progress_is_not_finished(tmp_path: Path) -> None:
    writer = RecordingWriter.create(tmp_path, "now", source=CAMERA, size=SIZE)
    assert [(entry.frames, entry.finished) for entry in list_recordings(tmp_path)] == [(0, False)]
    for index in range(16):
        writer.append(packet(index))
    until(lambda: list_recordings(tmp_path)[0].frames == 16, "the rows to be written")
    assert list_recordings(tmp_path)[0].duration_s == pytest.approx(0.5)
    writer.close()
    assert list_recordings(tmp_path)[0].finished


def test_one_in_progress_is_not_an_interrupted_one(tmp_path: Path) -> None:
    writer = RecordingWriter.create(tmp_path, "now", source=CAMERA, size=SIZE)
    writer.append(packet(0))
    until(lambda: list_recordings(tmp_path)[0].frames == 1, "the row to be written")
    cut = record(tmp_path, 31, name="cut")
    empty = record(tmp_path, 0, name="empty")
    for path in (cut, empty):
        (path / ".writing").touch()
    record(tmp_path, 4, name="whole")
    being_written = {entry.name: entry.being_written for entry in list_recordings(tmp_path)}
    assert being_written == {"now": True, "cut": False, "empty": False, "whole": False}
    assert [entry.path for entry in interrupted_recordings(tmp_path)] == [cut]
    assert "is still being made" in str(Recording.open(writer.path).recovered)
    writer.close()
    assert Recording.open(writer.path).recovered is None


def test_what_cannot_be_read_is_left_out_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    record(tmp_path, 2, name="good")
    (tmp_path / "empty.mixpose").mkdir()
    (tmp_path / "file.mixpose").touch()
    newer = record(tmp_path, 2, name="newer") / "recording.json"
    newer.write_text(json.dumps({**json.loads(newer.read_text("utf-8")), "version": 9}))
    assert [entry.name for entry in list_recordings(tmp_path)] == ["good"]
    for name in ("empty", "file", "newer"):
        assert f"{name}.mixpose is not listed" in caplog.text


def test_a_description_that_was_lost_is_made_up_for(tmp_path: Path) -> None:
    path = record(tmp_path, 3)
    (path / "recording.json").unlink()
    assert [entry.frames for entry in list_recordings(tmp_path)] == [3]


def test_no_folder_holds_no_recordings(tmp_path: Path) -> None:
    assert list_recordings(tmp_path / "none") == []


HUGE = 10**400
"""Python reads it, and nothing can be done with it."""


@pytest.mark.parametrize("where", ["rate", "size", "frames", "duration_s", "version", "delay"])
@pytest.mark.parametrize("header", [False, True], ids=["json", "json and header"])
def test_a_number_without_end_spoils_its_own_recording_alone(
    where: str, header: bool, tmp_path: Path
) -> None:
    good, bad = record(tmp_path, 4, name="good"), record(tmp_path, 4, name="bad")
    file = bad / "recording.json"
    said = json.loads(file.read_text())
    for part in (said, said["source"], said["ending"], said["settings"]):
        if where in part:
            part[where] = [HUGE, HUGE] if where == "size" else HUGE
    file.write_text(json.dumps(said))
    if header:
        rows = bad / KEYPOINTS_FILE
        data = rows.read_bytes()
        spoilt = data[:HEADER_BYTES].replace(b'"size": [320,', b'"size": [3%s,' % (b"0" * 400))
        rows.write_bytes(spoilt[:HEADER_BYTES] + data[HEADER_BYTES:])
    listed = {entry.name: entry.frames for entry in list_recordings(tmp_path)}
    assert listed["good"] == 4
    assert listed == ({"good": 4} if header else {"good": 4, "bad": 4})
    assert len(Recording.open(good).keypoints.time_s) == 4
    if header:
        with pytest.raises(RecordingError):
            Recording.open(bad)
    else:
        assert len(Recording.open(bad).keypoints.time_s) == 4, "the header says as much"


def test_an_event_with_a_number_without_end_is_left_out(tmp_path: Path) -> None:
    path = record(tmp_path, 4)
    lines = [
        {"number": 1, "time_s": 0.05, "label": "kept"},
        {"number": 2, "time_s": HUGE, "label": "left out"},
        {"number": HUGE, "time_s": 0.06, "label": "left out"},
    ]
    log = b""
    for said in lines:
        text = json.dumps(said).encode()
        log += b"%08x %s\n" % (zlib.crc32(text), text)
    (path / "events.log").write_bytes(log)
    (entry,) = list_recordings(tmp_path)
    assert entry.events == 1
    assert [mark.label for mark in Recording.open(path).events.marks] == ["kept"]


def test_folders_that_are_made_and_deleted_meanwhile_are_no_error(tmp_path: Path) -> None:
    code = (
        "import pathlib\n"
        f"folders = [pathlib.Path({str(tmp_path)!r}, f'{{n}}.mixpose') for n in range(4)]\n"
        "while True:\n"
        "    for each in folders: each.mkdir()\n"
        "    for each in folders: each.rmdir()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as other:
        try:
            deadline, faults = time.monotonic() + 2, set()
            while time.monotonic() < deadline:
                faults |= {entry.fault for entry in list_recordings(tmp_path, damaged=True)}
        finally:
            other.kill()
    assert faults, "some were there for a moment"
