"""Rate, latency and loss are those of what was counted."""

from __future__ import annotations

import time

import pytest

from app.stream_out.figures import Tally
from app.ui.words import sending


def test_nothing_sent_is_said_and_not_measured_as_zero() -> None:
    tally = Tally()
    tally.add_lost(2)
    figures = tally.figures()
    assert (figures.sent, figures.lost, figures.latency_ms, figures.median_ms) == (0, 2, None, None)
    assert figures.summary() == "nothing sent, 2 lost"


def test_latency_and_rate_are_of_the_stamps(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    tally = Tally()
    for number in range(101):  # 10 s at 10 a second, every tenth 250 ms late and the others 80
        late = 0.25 if number % 10 == 0 else 0.08
        tally.add_sent(now[0] - late, heard=number >= 40)
        now[0] += 0.1
    figures = tally.figures()
    assert figures.mean_rate == pytest.approx(10)
    assert figures.rate == pytest.approx(10)
    assert figures.latency_ms == pytest.approx(80)
    assert (figures.median_ms, figures.slow_ms) == (80, 250)
    assert (figures.sent, figures.unheard, figures.heard) == (101, 40, True)
    assert figures.summary() == (
        "101 poses, 10.0 a second, 80 ms from capture to sending (95 % within 250 ms), 0 lost, "
        "40 while nobody received"
    )
    tally.add_sent(now[0] - 30.0, heard=False)
    assert not tally.figures().heard


def test_the_status_line_says_it_in_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    assert sending([]) == ()
    tally, other = Tally(), Tally()
    for _ in range(3):
        tally.add_sent(time.perf_counter() - 0.09, heard=True)
        other.add_sent(time.perf_counter(), heard=False)
        now[0] += 0.02
    (both,) = sending([("VMC", tally.figures()), ("LSL", other.figures())])
    assert both.text.startswith("sending ")
    assert not both.warn
    first, second = both.explained.splitlines()
    assert first.startswith("VMC: ")
    assert "0 lost" in first
    assert "nobody" not in first
    assert second.endswith("nobody receives them")
    (alone,) = sending([("LSL", other.figures())])
    assert (alone.text, alone.warn) == ("sending, nobody receives", True)
