"""The One-Euro filter against its paper's own formulas, and in the cases a live view has."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from app.pipeline.one_euro import OneEuro

ONE = np.ones(1, np.bool_)


def run(
    euro: OneEuro, values: NDArray[np.float64], time_s: NDArray[np.float64]
) -> NDArray[np.float32]:
    known = np.ones(values.shape[1], np.bool_)
    return np.stack([euro.step(each, known, at) for each, at in zip(values, time_s, strict=True)])


def by_the_paper(values: list[float], step_s: float, min_cutoff: float, beta: float) -> list[float]:
    """Algorithm 1 of Casiez, Roussel and Vogel (2012), for one number, written again."""

    def alpha(cutoff: float) -> float:
        return 1 / (1 + 1 / (2 * math.pi * cutoff) / step_s)

    shown, speed = [values[0]], 0.0
    for value in values[1:]:
        speed += alpha(1.0) * ((value - shown[-1]) / step_s - speed)
        share = alpha(min_cutoff + beta * abs(speed))
        shown.append(share * value + (1 - share) * shown[-1])
    return shown


def test_it_does_what_the_paper_says() -> None:
    numbers = np.random.default_rng(0).normal(size=50)
    time_s = np.arange(50) / 25
    points = np.zeros((50, 1, 3))
    points[:, 0, 1] = numbers
    found = run(OneEuro(0.8, 3.0, 1.0), points, time_s)
    expected = by_the_paper(list(numbers), 1 / 25, 0.8, 3.0)
    np.testing.assert_allclose(found[:, 0, 1], expected, atol=1e-6)
    assert (found[:, 0, [0, 2]] == 0).all()


def test_turning_the_axes_changes_nothing() -> None:
    rng = np.random.default_rng(1)
    values, time_s = rng.normal(size=(40, 17, 3)), np.arange(40) / 30
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    np.testing.assert_allclose(
        run(OneEuro(), values @ turn.T, time_s), run(OneEuro(), values, time_s) @ turn.T, atol=1e-5
    )


def test_still_is_calm_and_fast_is_prompt() -> None:
    rng = np.random.default_rng(2)
    time_s = np.arange(300) / 30
    noise = rng.normal(scale=0.005, size=(300, 17, 3))
    still = run(OneEuro(), noise, time_s)
    jolts = [np.abs(np.diff(each[30:], n=2, axis=0)).mean() for each in (still, noise)]
    assert jolts[0] < 0.6 * jolts[1]
    moving = noise + (2.0 * time_s)[:, None, None] * np.array([1.0, 0, 0])
    behind_m = (moving - run(OneEuro(), moving, time_s))[60:, :, 0].mean()
    assert behind_m / 2.0 < 0.02, "seconds behind a hand at 2 m/s"


def test_a_joint_that_comes_back_starts_where_it_is() -> None:
    euro = OneEuro()
    known = np.array([True, False])
    there, elsewhere = np.zeros((2, 3)), np.full((2, 3), 9.0)
    for frame in range(10):
        euro.step(there, np.ones(2, np.bool_), frame / 30)
    shown = euro.step(elsewhere, known, 10 / 30)
    assert (shown[1] == 9).all(), "what is not known passes as it is"
    assert (shown[0] < 9).all()
    shown = euro.step(elsewhere * 2, np.ones(2, np.bool_), 11 / 30)
    assert (shown[1] == 18).all(), "and what comes back does not glide there from its guess"
    assert (euro.step(elsewhere, np.ones(2, np.bool_), 12 / 30)[1] > 9).all()


@pytest.mark.parametrize(
    ("then_s", "afresh"), [(0.45, False), (0.55, True), (0.0, True), (-1, True)]
)
def test_it_starts_afresh_after_a_hole_and_when_time_does_not_go_on(
    then_s: float, afresh: bool
) -> None:
    euro = OneEuro()
    euro.step(np.zeros((1, 3)), ONE, 10.0)
    shown = euro.step(np.ones((1, 3)), ONE, 10.0 + then_s)
    assert bool((shown == 1).all()) is afresh


def test_reset_forgets() -> None:
    euro = OneEuro()
    euro.step(np.zeros((1, 3)), ONE, 0.0)
    euro.reset()
    assert (euro.step(np.ones((1, 3)), ONE, 0.03) == 1).all()


def test_real_time_counts_not_frames() -> None:
    """Every second frame lost: nearly the same curve, because steps are measured in seconds."""
    time_s = np.arange(240) / 60
    wave = 0.2 * np.sin(2 * np.pi * 0.5 * time_s)[:, None, None] * np.ones(3)
    every, half = run(OneEuro(), wave, time_s), run(OneEuro(), wave[::2], time_s[::2])
    assert np.abs(every[::2] - half)[30:].max() < 0.01
