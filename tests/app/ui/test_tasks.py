from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from PyQt6.QtTest import QTest

from app.errors import ExportError
from app.ui.tasks import Control, Job, Jobs
from tests.support.waiting import until


def finished(jobs: Jobs) -> None:
    deadline = time.monotonic() + 10
    while jobs.running:
        assert time.monotonic() < deadline
        QTest.qWait(5)


def test_the_result_comes_back_in_the_windows_thread(qapp) -> None:
    jobs, got = Jobs(), []
    here = threading.get_ident()
    job = Job(
        "Adding",
        lambda _control: (threading.get_ident(), 2 + 2),
        done=lambda result: got.append((threading.get_ident(), result)),
    )
    jobs.start(job)
    finished(jobs)
    ((receiver, (worker, answer)),) = got
    assert answer == 4
    assert receiver == here
    assert worker != here


def test_cancelling_stops_the_work_and_says_so(qapp) -> None:
    jobs, heard = Jobs(), []

    def endless(control: Control) -> None:
        share = 0.0
        while True:
            share = min(1.0, share + 0.001)
            control.report(share)
            time.sleep(0.001)

    job = jobs.start(
        Job(
            "Endless",
            endless,
            done=lambda _result: heard.append("done"),
            failed=lambda _error: heard.append("failed"),
            stopped=lambda: heard.append("stopped"),
        )
    )
    QTest.qWait(50)
    assert job.progress is not None
    assert job.progress > 0
    job.cancel()
    finished(jobs)
    assert heard == ["stopped"]


def test_what_a_cancelled_job_had_opened_is_let_go_of(qapp) -> None:
    jobs, closed = Jobs(), []

    def pictures() -> Iterator[int]:
        try:
            yield from range(1_000_000)
        finally:
            closed.append(threading.current_thread().name)

    def through_all(control: Control) -> None:
        opened = pictures()
        for number in opened:
            control.report(number / 1_000_000)

    job = jobs.start(Job("Reading", through_all))
    job.cancel()
    finished(jobs)
    assert closed == ["job: Reading"]


def test_an_error_is_handed_over(qapp) -> None:
    jobs, heard = Jobs(), []

    def broken(_control: Control) -> None:
        raise ValueError("broken")

    jobs.start(Job("Breaking", broken, failed=lambda error: heard.append(str(error))))
    finished(jobs)
    assert heard == ["broken"]


def test_a_worker_that_exits_has_not_done_its_work(qapp) -> None:
    jobs, heard = Jobs(), []

    def leaves(_control: Control) -> None:
        raise SystemExit(3)

    jobs.start(
        Job("Leaving", leaves, done=heard.append, failed=lambda error: heard.append(str(error)))
    )
    finished(jobs)
    assert heard == ["Leaving: SystemExit(3)"]


def test_what_was_foreseen_is_logged_in_one_line(qapp, caplog: pytest.LogCaptureFixture) -> None:
    jobs = Jobs()

    def unknown(_control: Control) -> None:
        raise ExportError("The disk is full.")

    def broken(_control: Control) -> None:
        raise ValueError("broken")

    for work in (unknown, broken):
        jobs.start(Job("Exporting", work, failed=lambda _error: None))
        finished(jobs)
    foreseen, fault = caplog.records
    assert (foreseen.levelname, foreseen.exc_info) == ("WARNING", None)
    assert foreseen.getMessage() == "Exporting: The disk is full."
    assert fault.levelname == "ERROR"
    assert fault.exc_info is not None


def test_an_error_nobody_takes_reaches_the_hook_of_last_resort(qapp, qtbot) -> None:
    jobs = Jobs()

    def broken(_control: Control) -> None:
        raise ValueError("broken")

    with qtbot.capture_exceptions() as caught:
        jobs.start(Job("Breaking", broken))
        finished(jobs)
        QTest.qWait(10)
    assert [str(error) for _, error, _ in caught] == ["broken"]


def test_an_error_nobody_takes_keeps_no_result_from_others(qapp, qtbot) -> None:
    jobs, got = Jobs(), []
    together = threading.Barrier(3)

    def work(number: int) -> int:
        together.wait(10)
        if number == 1:
            raise ValueError("broken")
        return number

    with qtbot.capture_exceptions() as caught:
        for number in range(3):
            jobs.start(Job("Working", lambda _control, n=number: work(n), done=got.append))
        until(lambda: not any(job.running for job in jobs.running), "all to end before a look")
        finished(jobs)
        QTest.qWait(10)
    assert sorted(got) == [0, 2]
    assert [str(error) for _, error, _ in caught] == ["broken"]


@pytest.mark.parametrize(("quiet", "shown"), [(False, True), (True, False)])
def test_short_jobs_do_not_flicker_up(qapp, quiet: bool, shown: bool) -> None:
    jobs, release = Jobs(), threading.Event()
    job = jobs.start(Job("Waiting", lambda _control: release.wait(10), quiet=quiet))
    assert not job.visible
    job.started_at -= 1
    assert job.visible is shown
    release.set()
    finished(jobs)


class EndsBetweenTwoLooks(Job):
    """Its thread has ended, but the first look says that it has not."""

    looks = 0

    @property
    def running(self) -> bool:
        self.looks += 1
        return self.looks == 1 or super().running


def test_who_ends_while_others_are_looked_at_reports_all_the_same(qapp) -> None:
    jobs, heard = Jobs(), []
    for kind in (Job, EndsBetweenTwoLooks):
        jobs.start(kind(kind.__name__, lambda _control: None, done=lambda _: heard.append(1)))
    until(lambda: not any(job._thread.is_alive() for job in jobs.running), "the ends")
    finished(jobs)
    assert heard == [1, 1]
