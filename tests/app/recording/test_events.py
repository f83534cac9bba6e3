"""Marked moments: written while recording, changed later, and what is left of damaged ones."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import RecordingError
from app.motion.data import Event, MotionData
from app.recording.events import FILE_NAME, LABEL_LENGTH, EventList, line
from app.recording.listing import list_recordings
from app.recording.reader import Recording
from app.recording.writer import RecordingWriter
from tests.support.disks import read_only
from tests.support.recordings import CAMERA, INFO, SIZE, packet, poses, record
from tests.support.waiting import until

REPOSITORY = Path(__file__).parents[3]


def read_as_documented(path: Path) -> list[dict[str, Any]]:
    """The lines that the module promises are enough."""
    events = {}
    for each in path.open("rb"):
        crc, _, text = each.rstrip(b"\n").partition(b" ")
        if int(crc, 16) == zlib.crc32(text):
            event = json.loads(text)
            events[event["number"]] = event
    return [event for event in events.values() if event["label"] is not None]


def labels(folder: Path) -> list[str]:
    return [mark.label for mark in EventList(folder).marks]


def test_an_event_has_the_time_of_the_frame_it_follows(tmp_path: Path) -> None:
    writer = RecordingWriter.create(tmp_path, "take", source=CAMERA, size=SIZE)
    assert writer.mark("too early") is None
    for index in range(30):
        writer.append(replace(packet(index), captured_at=time.perf_counter() - 0.02))
        if index == 10:
            first = writer.mark()
        if index == 20:
            second = writer.mark("  heel\nstrike  ")
    path = writer.close()
    assert writer.mark("too late") is None
    assert writer.error is None
    assert first is not None
    assert second is not None
    found = Recording.open(path).events.marks
    assert [(mark.number, mark.label) for mark in found] == [(1, "Event 1"), (2, "heel strike")]
    # Marked 20 ms after the frame was captured, on the clock of the rows.
    assert found[0].time_s == pytest.approx(10 / 30 + 0.02, abs=0.015)
    assert found[1].time_s == pytest.approx(20 / 30 + 0.02, abs=0.015)
    documented = read_as_documented(path / FILE_NAME)
    assert [event["label"] for event in documented] == ["Event 1", "heel strike"]


def test_an_event_is_on_the_disk_while_it_is_recorded(tmp_path: Path) -> None:
    writer = RecordingWriter.create(tmp_path, "take", source=CAMERA, size=SIZE)
    writer.append(packet(0))
    writer.mark("now")
    until(lambda: bool(labels(writer.path)), "the event on the disk", 5)
    with pytest.raises(RecordingError, match="still being recorded"):
        EventList(writer.path).add(0.0)
    writer.close()
    EventList(writer.path).add(0.0)
    assert sorted(labels(writer.path)) == ["Event 2", "now"]


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_any_moment_at_most_a_second_of_events_is_lost(tmp_path: Path, seed: int) -> None:
    command = [sys.executable, "-m", "tests.support.marking_process", str(tmp_path)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(random.Random(seed).uniform(0.1, 1.6))
        process.kill()
        lines = [first, *process.stdout]
    marked = [float(each.split()[1]) for each in lines if each.endswith("\n")]
    (entry,) = list_recordings(tmp_path)
    kept = EventList(entry.path).marks
    assert [mark.number for mark in kept] == list(range(1, len(kept) + 1))
    assert all(mark.label == f"beat {5 * mark.number - 1}" for mark in kept)
    lost = marked[len(kept) :]
    assert not lost or marked[-1] - lost[0] < 1.0
    if marked[-1] - marked[0] > 1.0:
        assert kept
        EventList(entry.path).add(0.5, "afterwards")
        assert "afterwards" in labels(entry.path)


def test_every_change_is_on_the_disk_and_can_be_undone(tmp_path: Path) -> None:
    path = record(tmp_path, 10)
    events = EventList(path)
    late, early = events.add(0.2), events.add(0.1, "start")
    assert labels(path) == ["start", "Event 1"]
    events.rename(late.number, "Sprung, „links“ 📷")
    assert labels(path) == ["start", "Sprung, „links“ 📷"]
    events.remove(early.number)
    assert labels(path) == ["Sprung, „links“ 📷"]
    events.put_back(early)
    assert labels(path) == ["start", "Sprung, „links“ 📷"]
    events.remove(late.number)
    assert EventList(path).add(0.3).number == 3, "a number is never used again"
    events.rename(early.number, " \t ")
    assert labels(path)[0] == "Event 2", "an event is never without a name"
    assert EventList(path).marks[0].time_s == 0.1


def test_two_windows_do_not_take_each_others_events(tmp_path: Path) -> None:
    path = record(tmp_path, 10)
    here, there = EventList(path), EventList(path)
    first, second = here.add(0.1, "here"), there.add(0.2, "there")
    assert (first.number, second.number) == (1, 2)
    assert labels(path) == ["here", "there"]
    there.rename(second.number, "renamed there")
    here.remove(first.number)
    assert [mark.label for mark in here.marks] == ["renamed there"], "theirs is seen, too"


def test_windows_that_mark_at_the_same_time_all_keep_their_events(tmp_path: Path) -> None:
    path = record(tmp_path, 10)
    threads = [
        threading.Thread(target=lambda events: [events.add(0.1) for _ in range(25)], args=(each,))
        for each in (EventList(path) for _ in range(4))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(mark.number for mark in EventList(path).marks) == list(range(1, 101))


def test_a_torn_or_damaged_line_takes_no_other_with_it(tmp_path: Path) -> None:
    path = record(tmp_path, 10)
    whole = [line(number, number / 10, f"n{number}") for number in (1, 2, 3)]
    broken = whole[1].replace(b"n2", b"x2")
    (path / FILE_NAME).write_bytes(whole[0] + broken + b"\xff\x00 nonsense\n" + whole[2][:-9])
    assert labels(path) == ["n1"]
    EventList(path).add(0.9, "new")
    assert labels(path) == ["n1", "new"]


@settings(max_examples=60, deadline=None)
@given(found=st.binary(max_size=200))
def test_nothing_in_the_file_can_keep_a_recording_from_opening(
    tmp_path_factory: pytest.TempPathFactory, found: bytes
) -> None:
    folder = tmp_path_factory.mktemp("events")
    checked = b"%08x %s\n" % (zlib.crc32(found), found)
    (folder / FILE_NAME).write_bytes(found + b"\n" + checked + line(7, 0.5, "kept"))
    assert "kept" in labels(folder)


@settings(max_examples=100, deadline=None)
@given(label=st.text())
def test_a_label_is_one_line_and_the_same_when_read(
    tmp_path_factory: pytest.TempPathFactory, label: str
) -> None:
    folder = tmp_path_factory.mktemp("labels")
    made = EventList(folder).add(1.0, label)
    assert labels(folder) == [made.label]
    assert 0 < len(made.label) <= LABEL_LENGTH
    assert made.label.isprintable()


def test_where_nothing_can_be_written_it_is_said_and_nothing_changes(tmp_path: Path) -> None:
    path = record(tmp_path, 10)
    events = EventList(path)
    events.add(0.1, "kept")
    with read_only(tmp_path / "mount") as folder:
        locked = EventList(folder)
        with pytest.raises(RecordingError, match="cannot be changed: the disk can only be read"):
            locked.add(0.2)
        assert locked.marks == ()


def test_motion_has_the_events_from_its_first_frame_on(tmp_path: Path) -> None:
    path = record(tmp_path, 30, first=60)
    recording = Recording.open(path)
    recording.events.add(60 / 30 + 0.5, "jump")
    recording.save_poses(poses(30), INFO)
    data = MotionData.from_recording(recording)
    assert data.events == (Event(pytest.approx(0.5), "jump"),)
