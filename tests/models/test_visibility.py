"""Which joints count as seen, and the bridging of short gaps."""

from __future__ import annotations

import time

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from models.visibility import SEEN, STILL_SEEN, SeenTracker, bridge, guessed_mask, seen_mask

_LEVELS = [0.0, 0.39, STILL_SEEN, 0.45, np.nextafter(0.5, 0), SEEN, 1.0, np.nan]


def column(*values: float) -> NDArray[np.float64]:
    return np.array(values)[:, None]


def test_a_joint_is_seen_from_one_half_and_stays_seen_from_two_fifths() -> None:
    conf = column(0.45, 0.5, 0.45, 0.4, 0.39, 0.45, 0.9, np.nan, 0.45)
    expected = [False, True, True, True, False, False, True, False, False]
    assert seen_mask(conf)[:, 0].tolist() == expected


def test_thresholds_hold_in_the_detectors_own_precision() -> None:
    assert seen_mask(column(0.5, 0.4).astype(np.float32)).all()


def test_joints_do_not_influence_each_other() -> None:
    conf = np.array([[0.6, 0.1], [0.45, 0.45]])
    assert seen_mask(conf).tolist() == [[True, False], [True, False]]


@settings(deadline=None)
@given(hnp.arrays(np.float32, st.tuples(st.integers(0, 30), st.just(17)),
                  elements=st.sampled_from([np.float32(level) for level in _LEVELS])))  # fmt: skip
def test_the_tracker_answers_as_the_mask_does(conf: NDArray[np.float32]) -> None:
    tracker = SeenTracker()
    steps = [tracker.step(row) for row in conf]
    np.testing.assert_array_equal(np.array(steps, dtype=bool).reshape(conf.shape), seen_mask(conf))


def test_the_callers_may_change_what_they_get() -> None:
    tracker = SeenTracker()
    tracker.step(np.full(17, 0.9))[:] = False
    assert tracker.step(np.full(17, 0.45)).all()


def test_a_gap_is_bridged_in_real_time() -> None:
    """The times are uneven: the frame at 0.3 s lies three quarters of the way."""
    xy = np.array([[[0.0, 8.0]], [[5.0, 5.0]], [[5.0, 5.0]], [[4.0, 0.0]]])
    seen = np.array([[True], [False], [False], [True]])
    joined, filled = bridge(xy, seen, np.array([0.0, 0.1, 0.3, 0.4]))
    np.testing.assert_allclose(joined[:, 0], [[0, 8], [1, 6], [3, 2], [4, 0]])
    assert filled[:, 0].tolist() == [False, True, True, False]


def test_long_and_open_gaps_stay_open() -> None:
    xy = np.ones((6, 1, 2))
    seen = np.array([[False], [True], [False], [True], [False], [False]])
    time_s = np.array([0.0, 1.0, 1.3, 1.6, 1.7, 1.8])
    joined, filled = bridge(xy, seen, time_s)
    assert not filled.any()
    np.testing.assert_array_equal(np.isnan(joined).all(axis=(1, 2)), ~seen[:, 0])
    assert bridge(xy, seen, time_s, max_gap_s=0.61)[1][:, 0].tolist() == [
        False, False, True, False, False, False,
    ]  # fmt: skip


def test_coordinates_of_unseen_joints_never_come_through() -> None:
    """Neither a detector's guess for a hidden joint nor the NaN of an absent person."""
    xy = np.array([[[0.0, 0.0]], [[900.0, np.nan]], [[900.0, 900.0]], [[3.0, 3.0]]])
    seen = np.array([[True], [True], [False], [True]])  # "seen" without coordinates: a gap
    joined, filled = bridge(xy, seen, np.array([0.0, 0.1, 0.2, 0.3]))
    np.testing.assert_allclose(joined[:, 0, 0], [0, 1, 2, 3])
    assert filled[:, 0].tolist() == [False, True, True, False]


def test_the_input_is_left_alone_and_its_precision_kept() -> None:
    xy = np.array([[[0, 0]], [[7, 7]], [[2, 2]]], dtype=np.float32)
    before = xy.copy()
    joined, _ = bridge(xy, np.array([[True], [False], [True]]), np.array([0.0, 0.1, 0.2]))
    np.testing.assert_array_equal(xy, before)
    assert joined.dtype == np.float32


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(0, 1000))
def test_bridging_equals_interpolation_joint_by_joint(frames: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    xy, seen = rng.normal(size=(frames, 3, 2)), rng.random((frames, 3)) < 0.5
    time_s = np.cumsum(rng.uniform(0.01, 0.1, frames))
    joined, filled = bridge(xy, seen, time_s, max_gap_s=0.2)
    for joint in range(3):
        known = np.flatnonzero(seen[:, joint])
        for frame in range(frames):
            if seen[frame, joint]:
                np.testing.assert_array_equal(joined[frame, joint], xy[frame, joint])
                continue
            around = known[known < frame][-1:], known[known > frame][:1]
            short = (
                len(around[0]) and len(around[1])
                and time_s[around[1][0]] - time_s[around[0][0]] <= 0.2
            )  # fmt: skip
            assert filled[frame, joint] == bool(short)
            if short:
                expected = [
                    np.interp(time_s[frame], time_s[known], xy[known, joint, axis])
                    for axis in range(2)
                ]
                np.testing.assert_allclose(joined[frame, joint], expected, atol=1e-12)


def test_an_hour_of_film_takes_no_time() -> None:
    rng = np.random.default_rng(0)
    conf = rng.random((100_000, 17)).astype(np.float32)
    xy = rng.random((100_000, 17, 2)).astype(np.float32)
    start = time.process_time()
    bridge(xy, seen_mask(conf), np.arange(100_000) / 30)
    assert time.process_time() - start < 5  # 0.3 s where this was written


def test_a_guess_is_what_lies_in_the_picture_with_some_confidence() -> None:
    xy = np.array([[10, 10], [10, 10], [-1, 10], [10, 99], [np.nan, 10], [50, 40]], float)
    conf = np.array([0.1, 0.09, 0.4, 0.4, 0.4, np.nan])
    assert guessed_mask(xy, conf, (50, 40)).tolist() == [True, False, False, False, False, False]
