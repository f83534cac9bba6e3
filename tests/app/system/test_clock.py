"""Rates and medians over the last two seconds."""

from __future__ import annotations

import pytest

from app.system.clock import RateMeter


def test_rate_counts_intervals_not_samples() -> None:
    meter = RateMeter()
    for n in range(31):
        meter.add(n / 30)
    assert meter.rate(now=1.0) == pytest.approx(30.0)


def test_rate_falls_to_zero_when_nothing_comes() -> None:
    meter = RateMeter()
    for n in range(31):
        meter.add(n / 30)
    assert meter.rate(now=4.0) == 0.0
    assert meter.median(now=4.0) is None


def test_median_follows_the_last_two_seconds_only() -> None:
    meter = RateMeter()
    meter.add(0.0, 100.0)
    meter.add(1.0, 1.0)
    meter.add(2.0, 3.0)
    assert meter.median(now=2.0) == 3.0
    assert meter.median(now=2.5) == 2.0


def test_one_sample_has_no_rate() -> None:
    meter = RateMeter()
    meter.add(1.0)
    assert meter.rate(now=1.0) == 0.0
