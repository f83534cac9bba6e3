"""Wishes of the caller and the waiting of the threads."""

from __future__ import annotations

import threading
import time

from app.pipeline.controls import Controls


def controls() -> Controls:
    return Controls(delay=2, height_m=None, loop=False)


def test_stop_ends_a_wait_that_has_no_timeout() -> None:
    requests = controls()
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(requests.wait_until(lambda: False)))
    waiting.start()
    requests.stop()
    waiting.join(5)
    assert answers == [False]


def test_stop_wins_over_what_is_ready() -> None:
    requests = controls()
    requests.stop()
    assert not requests.wait_until(lambda: True)


def test_wake_lets_a_waiting_thread_look_again() -> None:
    requests = controls()
    ready = threading.Event()
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(requests.wait_until(ready.is_set)))
    waiting.start()
    ready.set()
    requests.wake()
    waiting.join(5)
    assert answers == [True]


def test_time_over_is_false() -> None:
    began = time.monotonic()
    assert not controls().wait_until(lambda: False, 0.05)
    assert time.monotonic() - began < 2
