"""Renaming recordings, putting them away, and who may not be disturbed meanwhile; and notes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.errors import RecordingError
from app.recording import notes
from app.recording.listing import list_recordings
from app.recording.locks import OpenLock, is_open_elsewhere
from app.recording.moving import move_to_trash, put_back, renamed
from app.recording.reader import Recording
from app.recording.writer import RecordingWriter
from app.system.files import lock
from tests.support.disks import read_only
from tests.support.recordings import CAMERA, SIZE, packet, record

REPOSITORY = Path(__file__).parents[3]
HOLDING = """
import sys
from pathlib import Path
from app.recording.locks import OpenLock
hold = OpenLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def shown_elsewhere(path: Path) -> Iterator[None]:
    """Another process shows the recording."""
    command = [sys.executable, "-c", HOLDING, str(path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield
        process.kill()


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in list_recordings(folder))


def test_a_recording_is_called_what_a_person_types(tmp_path: Path) -> None:
    path = record(tmp_path, 10)
    target = renamed(path, "  Anna: walk/run?.mixpose ")
    assert target == tmp_path / "Anna- walk-run.mixpose"
    assert names(tmp_path) == ["Anna- walk-run"]
    assert len(Recording.open(target).keypoints.time_s) == 10
    assert renamed(target, target.stem) == target
    with pytest.raises(RecordingError, match="needs a name"):
        renamed(target, " .mixpose ")


def test_a_name_in_use_is_refused_and_both_stay(tmp_path: Path) -> None:
    first, second = record(tmp_path, 5, name="one"), record(tmp_path, 7, name="two")
    with pytest.raises(RecordingError, match=r"another recording two\. Choose a different name"):
        renamed(first, "two")
    (tmp_path / "empty.mixpose").mkdir()
    with pytest.raises(RecordingError, match="another recording empty"):
        renamed(first, "empty")
    (tmp_path / "file.mixpose").touch()
    with pytest.raises(RecordingError, match="another recording file"):
        renamed(first, "file")
    assert len(Recording.open(first).keypoints.time_s) == 5
    assert len(Recording.open(second).keypoints.time_s) == 7


def test_what_is_being_made_is_left_alone(tmp_path: Path) -> None:
    writer = RecordingWriter.create(tmp_path, "now", source=CAMERA, size=SIZE)
    writer.append(packet(0))
    with pytest.raises(RecordingError, match="now is being recorded"):
        renamed(writer.path, "then")
    with pytest.raises(RecordingError, match="now is being recorded"):
        move_to_trash(writer.path, lambda _path: pytest.fail("it was put away"))
    assert writer.close() == tmp_path / "now.mixpose"
    assert renamed(writer.path, "then").is_dir()


@pytest.mark.skipif(os.name == "nt", reason="Windows itself moves no folder with an open file")
def test_what_another_window_shows_is_left_alone_until_it_ends(tmp_path: Path) -> None:
    path = record(tmp_path, 5, name="shown")
    with shown_elsewhere(path):
        assert is_open_elsewhere(path)
        with pytest.raises(RecordingError, match="open in another window"):
            renamed(path, "other")
        with pytest.raises(RecordingError, match="open in another window"):
            move_to_trash(path, lambda _path: pytest.fail("it was put away"))
        assert Recording.open(path), "reading it is no matter"
    deadline = time.monotonic() + 5
    while is_open_elsewhere(path):  # killed: the system lets go of its lock
        assert time.monotonic() < deadline
    assert renamed(path, "other").is_dir()


def test_two_may_show_it_and_the_last_one_frees_it(tmp_path: Path) -> None:
    path = record(tmp_path, 5)
    first, second = OpenLock(path), OpenLock(path)
    first.release()
    first.release()
    assert is_open_elsewhere(path) is (os.name != "nt")
    second.release()
    assert not is_open_elsewhere(path)
    OpenLock(tmp_path / "none").release()


@pytest.mark.skipif(os.name == "nt", reason="Windows itself moves no folder with an open file")
def test_whoever_looks_whether_it_is_shown_does_not_prevent_that(tmp_path: Path) -> None:
    path = record(tmp_path, 5)
    with (path / "keypoints.bin").open("rb") as looking:
        assert lock(looking, exclusive=True)
        ends = threading.Timer(0.3, looking.close)
        ends.start()
        hold = OpenLock(path)
        ends.join()
    assert is_open_elsewhere(path)
    hold.release()


def test_what_was_put_away_comes_back_unless_its_place_is_taken(tmp_path: Path) -> None:
    path = record(tmp_path, 5)
    trash = tmp_path / "trash"
    trash.mkdir()

    def away(which: Path) -> Path:
        return which.rename(trash / which.name)

    trashed = move_to_trash(path, away)
    assert trashed is not None
    assert names(tmp_path) == []
    put_back(trashed, path)
    assert len(Recording.open(path).keypoints.time_s) == 5
    trashed = move_to_trash(path, away)
    assert trashed is not None
    record(tmp_path, 9)
    with pytest.raises(RecordingError, match="cannot be brought back: a file of that name"):
        put_back(trashed, path)
    assert trashed.is_dir()
    assert len(Recording.open(path).keypoints.time_s) == 9


def test_where_the_system_refuses_it_is_said(tmp_path: Path) -> None:
    with read_only(tmp_path / "mount") as folder:
        path = folder / "x.mixpose"
        with pytest.raises(RecordingError, match="x cannot be renamed: "):
            renamed(path, "y")
        with pytest.raises(RecordingError, match="notes of x cannot be saved: "):
            notes.write(path, "text")


def test_notes_are_plain_text_beside_the_rows(tmp_path: Path) -> None:
    path = record(tmp_path, 5)
    assert notes.read(path) == ""
    notes.write(path, "Knie „links“ getapt\nzweite Zeile 📷")
    assert (path / "notes.txt").read_text("utf-8") == "Knie „links“ getapt\nzweite Zeile 📷"
    (entry,) = list_recordings(tmp_path)
    assert entry.notes == notes.read(path) == "Knie „links“ getapt\nzweite Zeile 📷"
    notes.write(path, " \n")
    assert not (path / "notes.txt").exists()
    (path / "notes.txt").write_bytes(b"\xff\xfe half")
    assert "half" in notes.read(path)
