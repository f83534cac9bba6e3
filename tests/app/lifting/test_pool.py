"""Units in processes of their own: killed, stuck and stopped ones, for real."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.lifting import pool as pool_module
from app.lifting.pool import ATTEMPTS, Pool
from app.lifting.work_units import Done, Event, Moved
from tests.support.engines import Worker
from tests.support.processes import spawned
from tests.support.program import Program

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")


_earlier: set[int] = set()
"""Processes of tests in other files that were run before."""


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    _earlier.clear()
    _earlier.update(workers())
    yield
    assert workers() == []


def workers() -> list[int]:
    """The processes that work."""
    return [child.pid for child in spawned() if child.pid not in _earlier]


def all_of(pool: Pool, count: int) -> tuple[dict[int, Done], list[Event]]:
    """Listen until ``count`` units are done."""
    done: dict[int, Done] = {}
    events: list[Event] = []
    while len(done) < count:
        for event in pool.poll():
            events.append(event)
            if isinstance(event, Done):
                assert event.ticket not in done, "one answer a unit"
                done[event.ticket] = event
    return done, events


def test_a_crash_is_told_where_no_process_is_killed_by_signals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "for want of memory" in pool_module._failure_in_words(None, -signal.SIGKILL)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delattr(signal, "SIGKILL")  # Windows has none
    assert "crashed twice" in pool_module._failure_in_words(None, 0xC0000005)


def test_a_killed_process_costs_nothing_but_time(tmp_path: Path) -> None:
    with Pool(1) as pool:
        units = [Worker(then="killed", once=tmp_path / "once"), Worker(), Worker()]
        tickets = [pool.submit(unit) for unit in units]
        done, events = all_of(pool, 3)
    assert [done[ticket].error for ticket in tickets] == [None] * 3
    assert [done[ticket].value[0] for ticket in tickets] == [3] * 3
    assert [done[ticket].value[1] for ticket in tickets[1:]] == [done[tickets[0]].value[1]] * 2
    assert isinstance(events[0], Moved)


def test_a_unit_whose_process_dies_every_time_is_given_up_and_the_others_go_on() -> None:
    with Pool(2) as pool:
        bad, good = pool.submit(Worker(then="crash", label="bad.mp4")), pool.submit(Worker())
        done, _ = all_of(pool, 2)
    assert "bad.mp4 was given up: its process crashed twice" in str(done[bad].error)
    assert done[good].error is None
    assert ATTEMPTS == 2


def test_a_stuck_process_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    with Pool(1) as pool:
        stuck = pool.submit(Worker(then="hang"))
        while not any(isinstance(event, Moved) for event in pool.poll()):
            pass
        monkeypatch.setattr(pool_module, "SILENT_S", 1.0)
        done, _ = all_of(pool, 1)
        monkeypatch.undo()
        good = pool.submit(Worker())
        later, _ = all_of(pool, 1)
    assert "nothing was heard of it" in str(done[stuck].error)
    assert later[good].error is None


@pytest.mark.slow
def test_time_in_which_the_program_was_stopped_is_no_silence(tmp_path: Path) -> None:
    """As by Ctrl-Z; its processes were stopped with it, and are continued at the same time."""
    code = (
        "from app.lifting import pool\n"
        "from app.lifting.work_units import Done, Moved\n"
        "from tests.support.engines import Worker\n"
        "pool.SILENT_S = 2.0\n"
        "with pool.Pool(1) as engine:\n"
        "    engine.submit(Worker(5, step_s=0.5))\n"
        "    event = None\n"
        "    while not isinstance(event, Done):\n"
        "        for event in engine.poll():\n"
        "            print('ended' if isinstance(event, Done) else 'moved', flush=True)\n"
        "    print(event.error)\n"
    )
    with Program(tmp_path).start(code=code, start_new_session=True) as script:
        assert script.stdout is not None
        assert script.stdout.readline() == "moved\n"
        os.killpg(script.pid, signal.SIGSTOP)
        time.sleep(2.5)
        script.send_signal(signal.SIGCONT)
        time.sleep(0.3)
        os.killpg(script.pid, signal.SIGCONT)
        out, err = script.communicate(timeout=60)
    assert out.endswith("ended\nNone\n"), (out, err)


def test_a_fault_is_told_and_stops_nobody() -> None:
    with Pool(1) as pool:
        tickets = [pool.submit(Worker(then="fail")), pool.submit(Worker())]
        done, _ = all_of(pool, 2)
    assert "A fault in the program ended it: ZeroDivisionError" in str(done[tickets[0]].error)
    assert done[tickets[1]].error is None


def test_what_is_urgent_comes_first_and_what_is_dropped_never(tmp_path: Path) -> None:
    with Pool(1) as pool:
        late, unwanted = pool.submit(Worker()), pool.submit(Worker(once=tmp_path / "begun"))
        urgent = pool.submit(Worker(), first=True)
        pool.drop([unwanted])
        done, _ = all_of(pool, 2)
        assert list(done) == [urgent, late]
    assert not (tmp_path / "begun").exists()


def test_finishing_ends_what_is_begun() -> None:
    with Pool(2) as pool:
        for _ in range(4):
            pool.submit(Worker(count=10_000))
        while not any(isinstance(event, Moved) for event in pool.poll()):
            pass
        began = time.monotonic()
        assert not any(isinstance(event, Done) for event in pool.finish())
        assert time.monotonic() - began < 8
        assert pool.waiting == 0


@pytest.mark.slow
def test_a_stuck_process_is_waited_for_once() -> None:
    with Pool(1) as pool:
        pool.submit(Worker(then="hang"))
        while [psutil.Process(each).status() for each in workers()] != [psutil.STATUS_STOPPED]:
            list(pool.poll())
        list(pool.finish())
        began = time.monotonic()
    assert time.monotonic() - began < 3


def in_limits(tmp_path: Path, more: str) -> str:
    """What a script prints that starts processes with a limit of open files."""
    code = (
        "import os, resource\n"
        "from app.lifting import pool\n"
        "from app.lifting.work_units import Done\n"
        "from tests.support.engines import Worker\n"
        "from multiprocessing import resource_tracker; resource_tracker.ensure_running()\n"
        "def no_more_files():\n"
        "    os.close(number := os.open('/dev/null', os.O_RDONLY))\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, (number + 1, number + 1))\n"
    )
    ended = Program(tmp_path).run(code=code + more)
    return ended.out + ended.err


def test_fewer_processes_than_wanted_do_the_work(tmp_path: Path) -> None:
    more = (
        "with pool.Pool(3) as engine:\n"
        "    engine.submit(Worker(count=50))\n"
        "    list(engine.poll())\n"
        "    no_more_files()\n"
        "    engine.submit(Worker())\n"
        "    left = 2\n"
        "    while left:\n"
        "        left -= sum(isinstance(event, Done) for event in engine.poll())\n"
        "    print(engine.width)\n"
    )
    assert in_limits(tmp_path, more).startswith("1\n1 of 3 processes do the work: ")


def test_that_no_process_can_be_started_is_said(tmp_path: Path) -> None:
    more = (
        "from app.errors import LiftingError\n"
        "no_more_files()\n"
        "with pool.Pool(3) as engine:\n"
        "    engine.submit(Worker())\n"
        "    try: list(engine.poll())\n"
        "    except LiftingError as error: print(error)\n"
    )
    said = in_limits(tmp_path, more)
    assert said.startswith("No process can be started to detect people: too many open files. Close")


def test_no_process_is_started_for_nothing() -> None:
    with Pool(8) as pool:
        assert workers() == []
        pool.submit(Worker())
        all_of(pool, 1)
        assert len(workers()) == 1
