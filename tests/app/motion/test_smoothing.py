"""The zero-lag filter on movements whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import butter, filtfilt

from app.motion.smoothing import smooth

RATE = 30.0
HZ = 4.0
SECONDS = 10.0


def regular(rate: float = RATE) -> NDArray[np.float64]:
    return np.arange(round(SECONDS * rate)) / rate


def irregular() -> NDArray[np.float64]:
    """A webcam in changing light: 20 to 50 ms between frames."""
    steps = np.random.default_rng(1).uniform(0.02, 0.05, 300)
    return np.cumsum(steps)


def smoothed(
    wave: NDArray[np.float64], time_s: NDArray[np.float64], known: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    known = np.ones(len(wave), np.bool_) if known is None else known
    return smooth(wave[:, None, None], known[:, None], time_s, HZ)[0][:, 0, 0]


def amplitude_and_delay(
    wave: NDArray[np.float64], time_s: NDArray[np.float64], hertz: float
) -> tuple[float, float]:
    """Of the movement at ``hertz`` in a wave that was a sine, away from its ends; seconds."""
    inside = (time_s > 2) & (time_s < SECONDS - 2)
    phase = 2 * np.pi * hertz * time_s[inside]
    basis = np.stack([np.sin(phase), np.cos(phase)], axis=1)
    (sine, cosine), *_ = np.linalg.lstsq(basis, wave[inside], rcond=None)
    return float(np.hypot(sine, cosine)), float(-np.arctan2(cosine, sine) / (2 * np.pi * hertz))


@pytest.mark.parametrize("time_s", [regular(), regular(59.94), irregular()], ids=["30", "60", "ir"])
def test_the_cut_off_is_where_it_is_said_to_be_and_nothing_lags(
    time_s: NDArray[np.float64],
) -> None:
    found = {}
    for hertz in (0.5, HZ / 2, HZ, 2 * HZ):
        wave = np.sin(2 * np.pi * hertz * time_s)
        found[hertz], delay_s = amplitude_and_delay(smoothed(wave, time_s), time_s, hertz)
        assert abs(delay_s) < 1e-3, "zero lag"
    assert found[0.5] == pytest.approx(1.0, abs=0.001), "slow movements stay"
    assert found[HZ] == pytest.approx(np.sqrt(0.5), abs=0.004), "3 dB down at the cut-off"
    assert found[2 * HZ] < 0.16, "fast ones go: fourth order is 24 dB an octave"
    assert found[HZ / 2] > 0.97


def test_even_frames_get_the_filter_of_the_textbooks() -> None:
    """Winter's own recipe by another function of the library: cut-off over 0.802, twice through."""
    time_s = regular()
    wave = np.random.default_rng(5).normal(size=len(time_s)).cumsum()
    corrected = np.arctan(np.tan(np.pi * HZ / RATE) / 0.802) * RATE / np.pi
    expected = filtfilt(*butter(2, corrected, fs=RATE), wave)
    inside = slice(30, -30)
    found = smoothed(wave, time_s)
    np.testing.assert_allclose(found[inside], expected[inside], atol=2e-3 * wave.std())


def test_uneven_frames_get_the_same_but_for_the_filter_s_own_bending_of_frequencies() -> None:
    time_s = regular(60.0)
    wave = np.random.default_rng(6).normal(size=len(time_s)).cumsum()
    uneven = time_s.copy()
    uneven[300] += 0.2 / 60  # enough to be taken for uneven, too little to matter
    difference = smoothed(wave, uneven) - smoothed(wave, time_s)
    assert 0 < np.abs(difference[30:-30]).max() < 0.02 * wave.std()


def test_frames_in_bursts_do_no_harm() -> None:
    time_s = np.sort(np.concatenate([np.arange(100) / 10, np.arange(100) / 10 + 1e-6]))
    rng = np.random.default_rng(7)
    wave = np.sin(2 * np.pi * 0.5 * time_s) + rng.normal(scale=0.01, size=200)
    truth = np.sin(2 * np.pi * 0.5 * time_s)
    assert np.abs(smoothed(wave, time_s) - truth).max() < 0.04


def test_a_straight_movement_is_left_alone_up_to_its_ends() -> None:
    for time_s in (regular(), irregular()):
        line = 3.0 - 0.7 * time_s
        np.testing.assert_allclose(smoothed(line, time_s), line, atol=1e-5)


def test_noise_shrinks_at_the_ends_too() -> None:
    rng = np.random.default_rng(0)
    time_s = np.arange(60) / RATE
    noise = rng.normal(size=(60, 400, 1))
    result, _ = smooth(noise, np.ones((60, 400), np.bool_), time_s, HZ)
    spread = result.std(axis=(1, 2))
    assert spread[20:40].mean() < 0.6
    assert spread[[0, -1]].max() < 1.1, "an end may be as noisy as it was, never more"
    jolts = [np.abs(np.diff(each, n=2, axis=0)).mean() for each in (result, noise)]
    assert jolts[0] < 0.1 * jolts[1]


def test_nothing_crosses_a_hole_nor_a_stretch_in_which_a_joint_is_missing() -> None:
    time_s = regular()
    step = np.where(time_s < 5, 0.0, 1.0)
    across = smoothed(step, time_s)
    assert 0.1 < across[np.searchsorted(time_s, 5) - 1] < 0.5, "without a gap it does cross"
    # Half a second and no more: one frame short of it is still one movement.
    for gap_s, crosses in ((0.49, True), (0.51, False)):
        later = np.where(time_s < 5, time_s, time_s + gap_s - 1 / RATE)
        assert bool(np.abs(smoothed(step, later) - step).max() > 1e-3) is crosses
    known = np.ones(len(time_s), np.bool_)
    known[140:150] = False
    wave = np.where(known, step, 77.0)
    np.testing.assert_allclose(smoothed(wave, time_s, known), wave, atol=1e-9)


def test_joints_that_are_missing_stay_as_they_are_and_do_no_harm() -> None:
    rng = np.random.default_rng(2)
    time_s = regular()
    values = rng.normal(size=(300, 3, 3))
    known = rng.uniform(size=(300, 3)) < 0.9
    values[~known] = np.nan
    result, done = smooth(values, known, time_s, HZ)
    assert np.isnan(result[~known]).all()
    assert np.isfinite(result[known]).all()
    assert not done[~known].any()
    alone = np.zeros((3, 1), np.bool_)
    alone[1] = True
    one, done = smooth(np.full((3, 1, 3), 5.0), alone, time_s[:3], HZ)
    assert (one == 5).all(), "one frame alone has nothing to be smoothed with"
    assert not done.any()


def test_every_joint_is_smoothed_by_its_own_stretches() -> None:
    rng = np.random.default_rng(3)
    values, time_s = rng.normal(size=(300, 2, 3)), regular()
    known = np.ones((300, 2), np.bool_)
    known[100:120, 1] = False
    both, _ = smooth(values, known, time_s, HZ)
    alone, _ = smooth(values[:, :1], known[:, :1], time_s, HZ)
    np.testing.assert_allclose(both[:, :1], alone)
    part, _ = smooth(values[120:, 1:], known[120:, 1:], time_s[120:], HZ)
    np.testing.assert_allclose(both[120:, 1:], part, atol=1e-12)


def test_frames_too_slow_for_the_cut_off_are_left_alone_and_it_is_told() -> None:
    time_s = np.arange(50) / 6.0
    values = np.random.default_rng(4).normal(size=(50, 2, 3))
    result, done = smooth(values, np.ones((50, 2), np.bool_), time_s, 6.0)
    np.testing.assert_array_equal(result, values)
    assert not done.any()
    _, done = smooth(values, np.ones((50, 2), np.bool_), time_s, 1.5)
    assert done.all()


@pytest.mark.parametrize("cutoff_hz", [0.0, -1.0, float("nan")])
def test_a_cut_off_that_is_none(cutoff_hz: float) -> None:
    with pytest.raises(ValueError, match="above 0 Hz"):
        smooth(np.zeros((3, 1, 3)), np.ones((3, 1), np.bool_), np.arange(3.0), cutoff_hz)
