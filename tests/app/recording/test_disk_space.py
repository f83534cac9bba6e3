from __future__ import annotations

import pytest

from app.recording.disk_space import FillRate


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def grow(rate: FillRate, clock: Clock, size: int, by: int, seconds: int) -> int:
    for _ in range(seconds):
        clock.now += 1
        size += by
        rate.update(size)
    return size


def test_it_follows_the_last_ten_seconds() -> None:
    clock = Clock()
    rate = FillRate(4096, clock)
    assert rate.bytes_per_s == 0
    size = grow(rate, clock, 4096, 1000, 60)
    assert rate.bytes_per_s == pytest.approx(1000)
    size = grow(rate, clock, size, 4000, 5)
    assert 1000 < rate.bytes_per_s < 4000
    grow(rate, clock, size, 4000, 10)
    assert rate.bytes_per_s == pytest.approx(4000)


def test_a_pause_does_not_make_it_slower() -> None:
    clock = Clock()
    rate = FillRate(4096, clock)
    size = grow(rate, clock, 4096, 1000, 30)
    for _ in range(3600):
        clock.now += 1
        rate.update(size)
    assert rate.bytes_per_s == pytest.approx(1000)
    grow(rate, clock, size, 1000, 3)
    assert rate.bytes_per_s == pytest.approx(1000)


def test_a_burst_is_spread_over_a_second() -> None:
    clock = Clock()
    rate = FillRate(4096, clock)
    clock.now += 0.001
    rate.update(4096 + 5000)
    assert rate.bytes_per_s == 5000
