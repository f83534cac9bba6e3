"""Slow constructors that can be given up."""

from __future__ import annotations

import threading

import pytest

from app.pipeline.threads import Background


def test_result_is_delivered_and_done_is_called_after_ready() -> None:
    seen: list[bool] = []
    slow: list[Background[str]] = []
    started = threading.Event()

    def build() -> str:
        started.wait(5)
        return "camera"

    slow.append(Background(build, done=lambda: seen.append(slow[0].ready), name="test"))
    assert not slow[0].ready
    started.set()
    slow[0].thread.join(5)
    assert seen == [True]
    assert slow[0].take() == "camera"


def test_error_is_raised_where_the_result_is_taken() -> None:
    def build() -> str:
        raise ValueError("no such camera")

    slow = Background(build, name="test")
    slow.thread.join(5)
    assert slow.ready
    with pytest.raises(ValueError, match="no such camera"):
        slow.take()


@pytest.mark.parametrize("late", [True, False])
def test_what_nobody_takes_is_disposed_of_once(late: bool) -> None:
    released: list[str] = []
    go = threading.Event()

    def build() -> str:
        go.wait(5)
        return "camera"

    slow = Background(build, dispose=released.append, name="test")
    if late:
        slow.give_up()
        assert released == []
        go.set()
        slow.thread.join(5)
    else:
        go.set()
        slow.thread.join(5)
        slow.give_up()
    assert released == ["camera"]
    slow.give_up()
    assert released == ["camera"]


def test_what_was_taken_is_not_disposed_of() -> None:
    released: list[str] = []
    slow = Background(lambda: "camera", dispose=released.append, name="test")
    slow.thread.join(5)
    assert slow.take() == "camera"
    slow.give_up()
    assert released == []
