"""One index and one time axis over every opening of a lost source."""

from __future__ import annotations

import numpy as np
import pytest

import app.pipeline.source_reader
from app.packets import Frame
from app.pipeline.source_reader import Timeline
from app.system.clock import elapsed_s

IMAGE = np.zeros((2, 2, 3), np.uint8)


def test_one_opening_is_left_as_it_is() -> None:
    timeline = Timeline()
    frame = Frame(5, 0.25, IMAGE, 100.0)
    assert timeline.place(frame) is frame


def test_the_gap_shows_in_the_time_and_not_in_the_index() -> None:
    timeline = Timeline()
    timeline.place(Frame(0, 0.0, IMAGE, 100.0))
    timeline.place(Frame(1, 0.1, IMAGE, 100.1))
    timeline.reopened()
    first = timeline.place(Frame(0, 0.0, IMAGE, 107.1))
    second = timeline.place(Frame(1, 0.1, IMAGE, 107.2))
    assert (first.index, second.index) == (2, 3)
    assert first.time_s == pytest.approx(7.1)
    assert second.time_s == pytest.approx(7.2)
    timeline.reopened()
    assert timeline.place(Frame(0, 0.0, IMAGE, 110.0)).time_s == pytest.approx(10.0)


def test_a_source_that_never_sent_a_frame_leaves_no_gap() -> None:
    timeline = Timeline()
    timeline.reopened()
    assert timeline.place(Frame(0, 0.0, IMAGE, 100.0)).time_s == 0.0


def test_a_loss_during_sleep_is_as_long_as_the_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    timeline = Timeline()
    timeline.place(Frame(0, 0.0, IMAGE, 100.0))
    # Latencies are measured by a clock that sleeps along.
    monkeypatch.setattr(app.pipeline.source_reader, "elapsed_s", lambda: elapsed_s() + 3600.0)
    timeline.reopened()
    assert timeline.place(Frame(0, 0.0, IMAGE, 102.0)).time_s == pytest.approx(3602.0, abs=1e-3)
