"""Work in a process of its own: its answer, its errors, its progress, and its death."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from app.system.processes import ProcessLostError, apart


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
    total, pid = apart(sums, [1, 2, 3], progress=told.append)
    assert total == 6
    assert pid != os.getpid()
    assert told == [0.5, 1.0]


def test_an_error_comes_back_as_it_was_raised() -> None:
    with pytest.raises(ValueError, match="no such thing"):
        apart(refuses, progress=ignore)


def test_a_crash_there_is_an_error_here() -> None:
    with pytest.raises(ProcessLostError, match="exit status -11"):
        apart(dies, progress=ignore)


def test_who_is_told_can_stop_it() -> None:
    def enough(_share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apart(never_ends, progress=enough)
