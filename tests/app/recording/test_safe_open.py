"""A stranger's recording: links in its folder lead nowhere; and who holds a file, keeps it."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.errors import RecordingError
from app.recording import meta, notes
from app.recording.events import EventList, line
from app.recording.listing import list_recordings
from app.recording.reader import Recording
from app.recording.storage import open_regular
from app.recording.video import Pictures
from app.system.files import lock, lock_with_retry
from tests.support.recordings import INFO, SIZE, poses, record

PRECIOUS = b"precious\n"


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A file of the user's outside the recording."""
    path = tmp_path / "victim"
    path.write_bytes(PRECIOUS)
    path.chmod(0o600)
    return path


def linked(recording: Path, name: str, victim: Path) -> Path:
    """The recording's file ``name`` made a link to ``victim``."""
    link = recording / name
    link.unlink(missing_ok=True)
    try:
        link.symlink_to(victim)
    except OSError as error:  # Windows, without the right to it
        pytest.skip(f"no links can be made here: {error}")
    return link


def write_poses(path: Path) -> None:
    Recording.open(path).save_poses(poses(5), INFO)


def write_meta(path: Path) -> None:
    meta.write(replace(Recording.open(path).meta, program="ours"), path)


@pytest.mark.parametrize("leads", ["to a file", "nowhere"])
@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("poses.npz", write_poses),
        ("notes.txt", lambda path: notes.write(path, "ours")),
        ("recording.json", write_meta),
    ],
)
def test_writing_replaces_the_link_itself(
    tmp_path: Path, victim: Path, name: str, write: Callable[[Path], None], leads: str
) -> None:
    path = record(tmp_path / "recordings", 5)
    mode = (path / "keypoints.bin").stat().st_mode
    link = linked(path, name, victim if leads == "to a file" else tmp_path / "none")
    write(path)
    assert not link.is_symlink()
    assert link.stat().st_mode == mode, "how the victim may be used is no matter"
    assert victim.read_bytes() == PRECIOUS
    assert not (tmp_path / "none").exists()
    opened = Recording.open(path)
    assert opened.poses is not None or name != "poses.npz"
    assert notes.read(path) == ("ours" if name == "notes.txt" else "")
    assert (opened.meta.program == "ours") == (name == "recording.json")


def test_clearing_the_notes_takes_the_link_away(tmp_path: Path, victim: Path) -> None:
    path = record(tmp_path / "recordings", 5)
    link = linked(path, "notes.txt", victim)
    notes.write(path, "")
    assert not os.path.lexists(link)
    assert victim.read_bytes() == PRECIOUS


def test_an_event_is_not_appended_to_what_a_link_leads_to(tmp_path: Path, victim: Path) -> None:
    path = record(tmp_path / "recordings", 5)
    for target in (victim, tmp_path / "none"):
        linked(path, "events.log", target)
        with pytest.raises(RecordingError, match="cannot be changed: a link is in the way"):
            EventList(path).add(0.1)
    assert victim.read_bytes() == PRECIOUS
    assert not (tmp_path / "none").exists()


def test_nothing_is_read_through_a_link(tmp_path: Path) -> None:
    theirs = record(tmp_path / "theirs", 5, keep_video=True)
    write_poses(theirs)
    notes.write(theirs, "secret")
    (theirs / "events.log").write_bytes(line(1, 0.1, "secret"))
    path = record(tmp_path / "recordings", 5, keep_video=True)
    for name in ("poses.npz", "notes.txt", "events.log", "video.mkv", "recording.json"):
        linked(path, name, theirs / name)
    opened = Recording.open(path)
    assert (opened.poses, opened.video_path, opened.picture(0)) == (None, None, None)
    assert (opened.events.marks, notes.read(path)) == ((), "")
    assert opened.meta.ending is None, "told by keypoints.bin, the description being damaged"
    (entry,) = list_recordings(path.parent)
    assert (entry.events, entry.notes) == (0, "")
    with pytest.raises(OSError, match="link"):
        Pictures(path / "video.mkv", SIZE)


@pytest.mark.timeout(20)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes among files")
def test_nobody_waits_for_a_pipe(tmp_path: Path) -> None:
    path = record(tmp_path / "recordings", 5)
    os.mkfifo(path / "notes.txt")
    assert notes.read(path) == ""
    (path / "keypoints.bin").unlink()
    os.mkfifo(path / "keypoints.bin")
    with pytest.raises(RecordingError, match="cannot be read: a pipe is in the way"):
        Recording.open(path)


def test_frames_are_not_read_through_a_link(tmp_path: Path) -> None:
    path = record(tmp_path / "recordings", 5)
    linked(path, "keypoints.bin", record(tmp_path / "theirs", 5) / "keypoints.bin")
    with pytest.raises(RecordingError, match="cannot be read: a link is in the way"):
        Recording.open(path)
    assert list_recordings(path.parent) == []


@pytest.mark.parametrize("guard", ["O_NOFOLLOW", "is_symlink"])
def test_either_guard_is_enough(
    tmp_path: Path, victim: Path, guard: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows has no O_NOFOLLOW; and a link may be put there after it was looked for."""
    if guard == "O_NOFOLLOW" and not hasattr(os, "O_NOFOLLOW"):
        pytest.skip("it is not known here")
    link = linked(tmp_path, "link", victim)
    if guard == "O_NOFOLLOW":
        monkeypatch.setattr(Path, "is_symlink", lambda _path: False)
    else:
        monkeypatch.delattr(os, "O_NOFOLLOW", raising=False)
    for mode in ("rb", "a+b"):
        with pytest.raises(OSError, match="link"):
            open_regular(link, mode)
    assert open_regular(victim, "rb").read() == PRECIOUS


def test_a_lock_held_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    with path.open("rb") as theirs, path.open("rb") as ours, path.open("rb") as others:
        assert lock(theirs, exclusive=True)
        assert not lock(ours, exclusive=True)
        timer = threading.Timer(0.3, theirs.close)
        timer.start()
        began = time.monotonic()
        assert lock_with_retry(ours, exclusive=True)
        assert time.monotonic() - began > 0.2
        assert not lock(others, exclusive=False)
        timer.join()


def test_a_lock_held_for_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.system.files._PATIENCE_S", 0.2)
    path = record(tmp_path, 5)
    (path / "events.log").write_bytes(line(1, 0.1, "kept"))
    with (path / "events.log").open("rb") as theirs:
        assert lock(theirs, exclusive=True)
        events = EventList(path)
        with pytest.raises(RecordingError, match="cannot be changed: another program holds"):
            events.remove(1)
        assert [mark.label for mark in events.marks] == ["kept"]
    events.remove(1)
    assert EventList(path).marks == ()
