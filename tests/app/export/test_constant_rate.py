"""A constant rate: kept where there is one, straight lines in time where there is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.errors import ExportError
from app.export.constant_rate import ConstantRateMotion, at_constant_rate
from app.motion.data import MotionData
from tests.support.motion import ORIGIN, motion
from tests.support.recordings import MadeUpPoses


def moving(time_s: np.ndarray, rate: float | None, *, missing: tuple[int, ...] = ()) -> MotionData:
    """Everything moves along x at 1 m/s, along y at -2 m/s; pelvis and all."""
    count = len(time_s)
    xyz = np.zeros((count, 17, 3), np.float32)
    xyz[..., 0], xyz[..., 1] = time_s[:, None], 2 * time_s[:, None]
    gone = np.zeros((count, 17), bool)
    gone[list(missing)] = True
    lifted = MadeUpPoses(xyz, np.zeros((count, 17), bool), gone, np.zeros(count, bool))
    data = motion(count, lifted=lifted, origin=replace(ORIGIN, nominal_rate=rate))
    return replace(data, time_s=time_s)


def check_on_line(even: ConstantRateMotion) -> None:
    """What there is is where the motion was at that moment."""
    time_s = np.arange(len(even.xyz)) / even.rate
    right = np.stack([time_s, -2 * time_s, 0 * time_s], 1)[:, None].repeat(17, 1)
    there = ~np.isnan(even.xyz)
    np.testing.assert_allclose(even.xyz[there], right[there], atol=2e-6)


@pytest.mark.parametrize(
    ("time_s", "stated", "rate"),
    [
        (np.arange(300) / 30, 30.0, 30.0),
        (np.arange(300) / 30, None, 30.0),
        (np.arange(300) / 30, 60.0, 30.0),
        (np.arange(300) / 29.97, 30.0, 29.97),
        (np.floor(np.arange(300) / 29.97 * 1000) / 1000, 29.97, 29.97),
        (np.zeros(1), 24.0, 24.0),
        (np.zeros(1), None, 30.0),
    ],
)
def test_regular_frames_stay_as_they_are(
    time_s: np.ndarray, stated: float | None, rate: float
) -> None:
    data = moving(time_s, stated)
    even = at_constant_rate(data)
    assert even.rate == pytest.approx(rate, rel=2e-6)
    assert not even.resampled
    assert even.about["method"] == "none"
    np.testing.assert_array_equal(even.xyz, data.output()[0])
    np.testing.assert_array_equal(even.seen, data.seen)


def irregular(count: int = 300, rate: float = 30.0) -> np.ndarray:
    rng = np.random.default_rng(0)
    time_s = np.arange(count) / rate + rng.uniform(-0.008, 0.008, count)
    return np.asarray(time_s - time_s[0])


def slowing(fast: int, slow: int) -> np.ndarray:
    """So many steps at 30 frames/s, and then at 7.5."""
    return np.concatenate([[0.0], np.cumsum([1 / 30] * fast + [1 / 7.5] * slow)])


@pytest.mark.parametrize(
    ("time_s", "stated", "rate"),
    [
        (irregular(), 30.0, 30.0),
        (irregular(), 29.97, 29.97),
        (irregular(rate=15.0), 30.0, 30.0),  # a camera in the dark
        (np.delete(np.arange(300) / 30, [7, 8, 99, 100, 101]), 30.0, 30.0),
        (np.delete(np.arange(300) / 30, [7, 8, 99, 100, 101]), None, 30.0),
        (np.delete(np.arange(300) / 30, np.arange(20, 200)), None, 30.0),  # a long gap
        (np.delete(np.arange(300) / 30, [7, 8]), 1000.0, 30.0),  # a wrong tag
        (slowing(90, 90), 180 / 15, 30.0),  # the mean of both, as a container states it
        (slowing(60, 120), None, 30.0),
        (slowing(120, 60)[::-1] * -1 + slowing(120, 60)[-1], 180 / 12, 30.0),  # the slow part first
        (np.floor(slowing(90, 90) * 1000) / 1000, 180 / 15, 30.0),
        (irregular(), None, 30.0),
        (irregular(rate=20.4), None, 20.0),  # no program expects 20.4
        (irregular(rate=26.69), None, 25.0),
    ],
)
def test_irregular_frames_are_read_off_straight_lines(
    time_s: np.ndarray, stated: float | None, rate: float
) -> None:
    even = at_constant_rate(moving(time_s, stated))
    assert even.resampled
    assert even.about["method"] == "straight lines in time"
    assert even.rate == pytest.approx(rate, rel=1e-9)
    assert len(even.xyz) == int(time_s[-1] * even.rate + 1e-6) + 1
    check_on_line(even)


def test_bursts_do_not_make_a_million_samples() -> None:
    time_s = (np.arange(100)[:, None] + np.array([0.0, 1e-5, 2e-5, 3e-5])).ravel()
    even = at_constant_rate(moving(time_s, None))
    assert even.rate == 5  # the usual rate nearest to 399 frames in 99 s
    assert len(even.xyz) == 496


def test_no_line_is_drawn_over_a_long_gap() -> None:
    time_s = np.delete(np.arange(90) / 30, np.arange(21, 37))  # 17/30 s between two frames
    even = at_constant_rate(moving(time_s, 30.0))
    gone = np.flatnonzero(np.isnan(even.xyz[:, 5, 0]))
    assert gone.tolist() == list(range(21, 37))
    assert not even.seen[gone].any()
    check_on_line(even)
    short = np.delete(np.arange(90) / 30, np.arange(21, 34))
    assert np.isfinite(at_constant_rate(moving(short, 30.0)).xyz).all()


def test_no_line_is_drawn_to_a_joint_that_is_missing() -> None:
    time_s = np.array([0.0, 1.5, 2.5, 3.0, 4.5, 5.0]) / 30
    even = at_constant_rate(moving(time_s, 30.0, missing=(2,)))
    assert np.isnan(even.xyz[:, 0, 0]).tolist() == [False, False, True, False, False, False]
    check_on_line(even)


def test_a_frame_at_the_very_moment_needs_no_neighbour() -> None:
    time_s = np.array([0.0, 1.0, 2.0, 3.0, 4.5, 5.0]) / 30
    data = moving(time_s, 30.0, missing=(1, 3))
    even = at_constant_rate(data)
    assert even.resampled
    there = np.isfinite(even.xyz[:, 0, 0]).tolist()
    assert there == [True, False, True, False, False, True]
    np.testing.assert_array_equal(even.xyz[5], data.output()[0][5])


def test_seen_is_what_was_seen_on_both_sides() -> None:
    data = moving(np.array([0.0, 1.5, 2.5, 3.5, 4.5]) / 30, 30.0)
    data.filled[1, 4] = True
    assert at_constant_rate(data).seen[:, 4].tolist() == [True, False, False, True, True]
    assert at_constant_rate(data).seen[:, 3].all()


def test_nothing_cannot_be_evened() -> None:
    with pytest.raises(ExportError, match="no frames"):
        at_constant_rate(motion(0))


def test_times_that_leap_are_not_filled_up_for_ever() -> None:
    time_s = np.array([0.0, 1 / 30, 2 / 30, 3 / 30, 1e7])
    with pytest.raises(ExportError, match=r"spread over 2,778 hours.*Export a table"):
        at_constant_rate(moving(time_s, 30.0))


@pytest.mark.parametrize("fps", [24.0, 25.0, 30.0, 60.0, 7.3])
@pytest.mark.parametrize("time_s", [irregular(), np.arange(300) / 30])
def test_a_rate_that_is_wanted_is_kept_exactly(fps: float, time_s: np.ndarray) -> None:
    even = at_constant_rate(moving(time_s, 30.0), fps)
    assert even.rate == fps
    assert even.resampled == (fps != 30 or time_s[1] != 1 / 30)
    assert len(even.xyz) == int(time_s[-1] * fps + 1e-6) + 1
    check_on_line(even)
