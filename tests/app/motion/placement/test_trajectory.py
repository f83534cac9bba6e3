from __future__ import annotations

import time

import numpy as np
import pytest

from app.motion.placement.position import PositionEstimate
from app.motion.placement.trajectory import StepConstraint, track

RNG = np.random.default_rng(3)
SHAKY = (0.01, 0.01, 0.2)
"""Standard deviations in metres: depth is the uncertain direction."""


def _sighting(place: np.ndarray, spread: tuple[float, float, float] = SHAKY) -> PositionEstimate:
    information = np.broadcast_to(np.diag(1 / np.square(spread)), (len(place), 3, 3))
    return PositionEstimate(place, information.copy())


def _walk(time_s: np.ndarray) -> np.ndarray:
    return np.stack([0.5 * time_s, 0.02 * np.sin(6 * time_s), 3 + 0.4 * np.sin(time_s)], axis=1)


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


@pytest.mark.parametrize("uneven", [False, True])
def test_depth_is_calmed_and_the_rest_is_kept(uneven: bool) -> None:
    steps = RNG.uniform(0.01, 0.09, 300) if uneven else np.full(300, 1 / 30)
    time_s = np.cumsum(steps)
    true = _walk(time_s)
    noise = RNG.normal(0, 1, true.shape) * SHAKY
    found = track(time_s, [_sighting(true + noise)])
    off = found - true
    assert _rms(off[:, 2]) < 0.35 * _rms(noise[:, 2])
    assert _rms(off[:, :2]) < 0.01


def test_a_straight_way_is_kept_through_a_gap() -> None:
    time_s = np.arange(60) / 30
    true = np.stack([time_s, 0 * time_s, 3 - time_s], axis=1)
    estimate = _sighting(true.copy())
    estimate.information[20:34] = 0.0
    estimate.place[20:34] = 99.0
    assert track(time_s, [estimate]) == pytest.approx(true, abs=1e-3)


def test_a_frame_with_somebody_else_in_it_is_overruled() -> None:
    time_s = np.arange(60) / 30
    true = _walk(time_s)
    seen = true.copy()
    seen[30:33] += [1.5, 0.0, 2.0]
    assert np.abs(track(time_s, [_sighting(seen)]) - true).max() < 0.05


def test_wishes_hold_what_stands_still() -> None:
    time_s = np.arange(90) / 30
    noise = RNG.normal(0, 1, (90, 3)) * (0.05, 0.05, 0.2)
    estimate = _sighting(np.array([0.0, 0.0, 3.0]) + noise, (0.05, 0.05, 0.2))
    held = StepConstraint(np.zeros((89, 3)), np.full(89, 1e6))
    free, still = (
        np.ptp(track(time_s, [estimate], constraint), axis=0) for constraint in ((), (held,))
    )
    assert (still < 0.1 * free).all()


def test_two_sightings_meet_by_their_certainty() -> None:
    time_s = np.arange(30) / 30
    near, far = np.full((30, 3), 0.0), np.full((30, 3), 0.1)
    found = track(time_s, [_sighting(near, (0.1,) * 3), _sighting(far, (0.05,) * 3)])
    assert found == pytest.approx(np.full((30, 3), 0.08), abs=0.01)


@pytest.mark.parametrize("frames", [1, 2])
def test_hardly_any_frames(frames: int) -> None:
    place = np.full((frames, 3), 2.0)
    found = track(np.arange(frames) / 30, [_sighting(place)])
    assert found == pytest.approx(place, abs=1e-3)


def test_an_hour_takes_seconds() -> None:
    time_s = np.arange(108_000) / 30
    estimate = _sighting(_walk(time_s) + RNG.normal(0, 0.01, (108_000, 3)))
    began = time.process_time()
    track(time_s, [estimate])
    assert time.process_time() - began < 20
