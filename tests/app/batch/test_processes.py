"""Clips in processes of their own: killed, stuck and stopped ones, for real."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.batch import processes
from app.batch.task import Event, Moved, Options, Result, Task
from models.checkpoint import resolve_weights

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")

NAMES = ("a.mp4", "deep/b.mkv", "deep/c.avi")


@pytest.fixture(scope="module")
def options() -> Options:
    return Options(hashlib.sha256(resolve_weights().read_bytes()).hexdigest(), device="cpu")


@pytest.fixture
def tasks(folder: Path, tmp_path: Path) -> list[Task]:
    return [Task(folder / name, tmp_path / f"{Path(name).stem}.csv") for name in NAMES]


@pytest.fixture(autouse=True)
def nothing_is_left_behind(tmp_path: Path) -> Iterator[None]:
    yield
    assert workers() == []
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def workers() -> list[int]:
    """The processes that lift; beside them there may be Python's own that watches shared memory."""
    children = psutil.Process().children(recursive=True)
    return [child.pid for child in children if "spawn_main" in " ".join(child.cmdline())]


def results(events: list[Event]) -> dict[int, Result]:
    found = [event for event in events if isinstance(event, Result)]
    assert len({result.index for result in found}) == len(found), "one result a clip"
    return {result.index: result for result in found}


def never() -> bool:
    return False


def test_a_crash_is_told_where_no_process_is_killed_by_signals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "for want of memory" in processes._told(None, -signal.SIGKILL)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delattr(signal, "SIGKILL")  # Windows has none
    assert "crashed twice" in processes._told(None, 0xC0000005)


def test_a_killed_process_costs_nothing_but_time(tasks: list[Task], options: Options) -> None:
    events: list[Event] = []
    for event in processes.run(tasks, options, 1, never):
        if isinstance(event, Moved) and not any(isinstance(each, Moved) for each in events):
            os.kill(workers()[0], signal.SIGKILL)
        events.append(event)
    done = results(events)
    assert [done[index].error for index in range(3)] == [None] * 3
    assert [done[index].frames for index in range(3)] == [20] * 3
    assert all(task.table.is_file() for task in tasks)


@pytest.mark.slow
def test_a_clip_whose_process_dies_every_time_is_given_up(
    tasks: list[Task], options: Options
) -> None:
    killed: set[int] = set()
    events: list[Event] = []
    for event in processes.run(tasks, options, 1, never):
        there = set(workers()) - killed  # none, when one was lost and the next is not there yet
        if isinstance(event, Moved) and event.index == 0 and there:
            killed |= there
            os.kill(there.pop(), signal.SIGSEGV)
        events.append(event)
    done = results(events)
    assert len(killed) == processes.ATTEMPTS
    assert "a.mp4 was given up: its process crashed twice" in str(done[0].error)
    assert (done[1].error, done[2].error) == (None, None), "the others go on"
    assert [task.table.is_file() for task in tasks] == [False, True, True]


@pytest.mark.slow
def test_a_stuck_process_is_ended(
    tasks: list[Task], options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[Event] = []
    for event in processes.run(tasks[:2], options, 1, never):
        if isinstance(event, Moved) and event.index == 0:
            os.kill(workers()[0], signal.SIGSTOP)  # as a decoder does that never returns
            monkeypatch.setattr(processes, "SILENT_S", 1.0)
        else:
            monkeypatch.undo()
        events.append(event)
    done = results(events)
    assert "nothing was heard of it" in str(done[0].error)
    assert done[1].error is None


def test_stopping_gives_up_what_is_not_done(tasks: list[Task], options: Options) -> None:
    moved: list[Event] = []
    stopped_at = 0.0

    def stop() -> bool:
        nonlocal stopped_at
        if moved and not stopped_at:
            stopped_at = time.monotonic()
        return bool(moved)

    moved.extend(processes.run(tasks, options, 2, stop))
    assert not results(moved)
    assert time.monotonic() - stopped_at < 8
    assert not any(task.table.exists() for task in tasks)


@pytest.mark.slow
def test_no_process_is_started_for_nothing(tasks: list[Task], options: Options) -> None:
    most = 0
    for _ in processes.run(tasks[:1], options, 8, never):
        most = max(most, len(workers()))
    assert most == 1
