from __future__ import annotations

import numpy as np
import pytest

from app.ui.presenters.clock import Clock
from app.ui.presenters.playback import gaps, holes


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_time_passes_only_while_playing_and_at_the_chosen_speed() -> None:
    time = Time()
    clock = Clock(10.0, time)
    time.now += 1
    assert clock.read() == 0
    clock.play()
    time.now += 2
    assert clock.read() == 2
    clock.set_speed(0.5)
    time.now += 2
    assert clock.read() == 3
    clock.pause()
    time.now += 5
    assert clock.read() == 3


def test_the_end_stops_and_playing_again_starts_over() -> None:
    time = Time()
    clock = Clock(10.0, time)
    clock.play()
    time.now += 11
    assert clock.read() == 10
    assert not clock.playing
    clock.play()
    assert clock.read() == 0


def test_a_loop_goes_on_where_the_overshoot_leads() -> None:
    time = Time()
    clock = Clock(10.0, time)
    clock.loop = True
    clock.play()
    time.now += 23
    assert clock.read() == pytest.approx(3)
    assert clock.playing


def test_moving_stays_inside() -> None:
    clock = Clock(10.0, Time())
    clock.move(99)
    assert clock.read() == 10
    clock.move(-5)
    assert clock.read() == 0


def test_a_recording_of_one_frame_neither_divides_by_nothing_nor_loops_for_ever() -> None:
    time = Time()
    clock = Clock(0.0, time)
    clock.loop = True
    clock.play()
    time.now += 1
    assert clock.read() == 0


def test_gaps_are_the_stretches_without_a_person() -> None:
    tracked = np.array([0, 1, 1, 0, 0, 1, 1, 1, 1, 0], dtype=bool)
    times = np.arange(11.0)
    assert gaps(times, tracked) == ((0.0, 0.1), (0.3, 0.5), (0.9, 1.0))
    assert gaps(2 * times, tracked) == ((0.0, 0.1), (0.3, 0.5), (0.9, 1.0))
    assert gaps(np.arange(21.0), tracked) == ((0.0, 0.05), (0.15, 0.25), (0.45, 0.5))
    assert gaps(times, np.ones(11, dtype=bool)) == ()
    assert gaps(times, np.zeros(11, dtype=bool)) == ((0.0, 1.0),)


def test_holes_are_where_no_frames_are() -> None:
    assert holes(np.arange(11.0)) == ()
    assert holes(np.array([0.0, 1.0, 4.0, 5.0, 8.0, 10.0])) == ((0.1, 0.4), (0.5, 0.8), (0.8, 1.0))
    assert holes(np.zeros(1)) == ()


def test_playing_waits_for_what_is_not_ready() -> None:
    time = Time()
    clock = Clock(10.0, time)
    clock.ready_s = 2.0
    clock.play()
    time.now += 3.0
    assert clock.read() == 2.0
    assert clock.playing
    clock.ready_s = 4.0
    time.now += 1.0
    assert clock.read() == 3.0
    clock.move(8.0)  # one may look ahead, but it does not play there
    time.now += 1.0
    assert clock.read() == 8.0
    clock.ready_s = None
    time.now += 1.0
    assert clock.read() == 9.0
