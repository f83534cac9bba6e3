"""The threads of a run: none is forgotten, whoever starts others at the same moment."""

from __future__ import annotations

import threading

import pytest

from app.pipeline.threads import WorkerThreads


def test_one_that_starts_while_another_does_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = WorkerThreads(failed=print, wake=lambda: None)
    go_on = threading.Event()

    def wait() -> None:
        go_on.wait()

    really_start = threading.Thread.start
    beside = threading.Thread(target=threads.start, args=("second", lambda: None))

    def start_beside(thread: threading.Thread) -> None:
        if thread.name == "mixpose-first":
            really_start(beside)
            beside.join(0.3)  # as far as it comes by itself
        really_start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_beside)
    threads.start("first", wait)
    beside.join()
    assert not threads.join(0.1), "the first has not ended"
    go_on.set()
    assert threads.join(10)
