"""Work in a process of its own: its answer, its errors, its progress, and its death."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from app.system.processes import ProcessLostError, in_new_process
from tests.support.program import RUN_APP

REPOSITORY = RUN_APP.parent


def sums(numbers: list[int], report: Callable[[float], None]) -> tuple[int, int]:
    report(0.5)
    report(1.0)
    return sum(numbers), os.getpid()


def refuses(report: Callable[[float], None]) -> None:
    raise ValueError("no such thing")


def dies(report: Callable[[float], None]) -> None:
    report(0.5)
    os.kill(os.getpid(), signal.SIGSEGV)


def never_ends(report: Callable[[float], None]) -> None:
    while True:
        report(0.0)


def ignore(_share: float) -> None:
    pass


def test_the_answer_comes_from_another_process_with_its_progress() -> None:
    told: list[float] = []
    total, pid = in_new_process(sums, [1, 2, 3], progress=told.append)
    assert total == 6
    assert pid != os.getpid()
    assert told == [0.5, 1.0]


def test_an_error_comes_back_as_it_was_raised() -> None:
    with pytest.raises(ValueError, match="no such thing"):
        in_new_process(refuses, progress=ignore)


def test_a_crash_there_is_an_error_here() -> None:
    with pytest.raises(ProcessLostError, match="exit status -11"):
        in_new_process(dies, progress=ignore)


def test_who_is_told_can_stop_it() -> None:
    def enough(_share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_new_process(never_ends, progress=enough)


def in_script(code: str) -> subprocess.Popen[str]:
    """A script that has started no process yet, and can be stopped."""
    return subprocess.Popen(
        [sys.executable, "-c", code], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )


def test_ctrl_c_interrupts_no_process_that_is_being_started() -> None:
    code = (
        "import multiprocessing, os, signal\n"
        "from app.system.processes import starting\n"
        "process = multiprocessing.get_context('spawn').Process(target=print, args=('alive',))\n"
        "with starting():\n"
        "    process.start()\n"
        "os.kill(process.pid, signal.SIGINT)\n"
        "process.join()\n"
        "print(process.exitcode)\n"
    )
    with in_script(code) as script:
        assert script.communicate(timeout=60)[0] == "alive\n0\n"


@pytest.mark.slow
def test_time_in_which_the_program_was_stopped_is_not_waited_for_an_answer() -> None:
    code = (
        "import multiprocessing, threading, time\n"
        "from app.system.processes import answered\n"
        "ours, theirs = multiprocessing.Pipe()\n"
        "def answer():\n"
        "    before = time.monotonic()\n"
        "    while (now := time.monotonic()) - before < 1:\n"
        "        before = now\n"
        "        time.sleep(0.01)\n"
        "    time.sleep(0.3)\n"
        "    theirs.send('here')\n"
        "threading.Thread(target=answer, daemon=True).start()\n"
        "print('waiting', flush=True)\n"
        "silent = multiprocessing.Pipe()\n"
        "print(answered(ours, 2.0), answered(silent[0], 0.1))\n"
    )
    with in_script(code) as script:
        assert script.stdout is not None
        assert script.stdout.readline() == "waiting\n"
        time.sleep(0.3)  # until it does
        script.send_signal(signal.SIGSTOP)
        time.sleep(2.5)
        script.send_signal(signal.SIGCONT)
        assert script.communicate(timeout=60)[0] == "True False\n"
