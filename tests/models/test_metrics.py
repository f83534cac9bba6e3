"""Metrics against scipy's Procrustes and cases known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models import metrics


def random_rotation(rng: np.random.Generator) -> np.ndarray:
    q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return q * np.sign(np.linalg.det(q))


def test_p_mpjpe_ignores_any_similarity_but_not_a_mirror() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(size=(20, 17, 3))
    predicted = np.stack([1.7 * pose @ random_rotation(rng) + rng.normal(size=3) for pose in true])
    assert metrics.p_mpjpe(predicted, true) == pytest.approx(0, abs=1e-9)
    assert metrics.p_mpjpe(predicted * [-1, 1, 1], true) > 0.1


def test_alignment_is_the_best_of_many() -> None:
    rng = np.random.default_rng(1)
    true, predicted = rng.normal(size=(2, 1, 17, 3))
    best = ((metrics.procrustes_aligned(predicted, true) - true) ** 2).sum()
    for _ in range(500):
        other = rng.uniform(0, 2) * predicted @ random_rotation(rng)
        other += true.mean(1, keepdims=True) - other.mean(1, keepdims=True)
        assert ((other - true) ** 2).sum() >= best - 1e-9


def test_n_mpjpe_ignores_scale_only() -> None:
    rng = np.random.default_rng(2)
    true = rng.normal(size=(5, 17, 3))
    assert metrics.n_mpjpe(3 * true, true) == pytest.approx(0, abs=1e-12)
    assert metrics.n_mpjpe(3 * true + 1, true) > 0.1
    assert metrics.mpjpe(true + [3, 4, 0], true) == pytest.approx(5)


def test_motion_metrics_on_known_motion() -> None:
    time = np.arange(10.0)[:, None, None]
    steady = np.broadcast_to(time * [1.0, 0, 0], (10, 17, 3))
    falling = np.broadcast_to(0.5 * time**2 * [0, 2.0, 0], (10, 17, 3))
    assert metrics.jitter(steady) == pytest.approx(0)
    assert metrics.jitter(falling) == pytest.approx(2)
    assert metrics.mpjve(steady, np.zeros_like(steady)) == pytest.approx(1)
