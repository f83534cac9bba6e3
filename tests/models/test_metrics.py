"""Metrics against brute force and cases known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models import metrics
from models.skeleton import JOINT


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
    assert metrics.jerk(falling) == pytest.approx(0)
    jerked = np.broadcast_to(time**3 / 6 * [0, 0, 4.0], (10, 17, 3))
    assert metrics.jerk(jerked) == pytest.approx(4)
    assert metrics.mpjve(steady, np.zeros_like(steady)) == pytest.approx(1)


def test_pck_counts_what_is_nearer_than_the_threshold() -> None:
    true = np.zeros((1, 4, 3))
    predicted = true.copy()
    predicted[0, :, 0] = [0.0, 0.149, 0.150, 0.2]
    assert metrics.pck(predicted, true) == 50.0
    assert metrics.pck(predicted, true, threshold=0.16) == 75.0


def test_auc_is_the_mean_over_31_thresholds() -> None:
    true = np.zeros((3, 17, 3))
    predicted = true + [0.0, 0.0, 0.072]
    assert metrics.auc(predicted, true) == pytest.approx(100 * 16 / 31), "75, 80, ... 150"
    assert metrics.auc(true, true) == pytest.approx(100 * 30 / 31), "0 is not nearer than 0"


def test_bones_of_a_skeleton_that_turns_and_grows() -> None:
    rng = np.random.default_rng(3)
    pose = rng.normal(size=(17, 3))
    turned = np.stack([pose @ random_rotation(rng) for _ in range(50)])
    assert metrics.bone_variation(turned) == pytest.approx(0, abs=1e-9)
    breathing = pose * np.array([0.9, 1.1])[:, None, None]
    assert metrics.bone_variation(breathing) == pytest.approx(10.0)
    breathing[:, JOINT["nose"]] = np.nan
    assert metrics.bone_variation(breathing) == pytest.approx(10.0), "the bones that there are"
