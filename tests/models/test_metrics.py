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


def test_bones_of_a_skeleton_that_turns_and_grows() -> None:
    rng = np.random.default_rng(3)
    pose = rng.normal(size=(17, 3))
    turned = np.stack([pose @ random_rotation(rng) for _ in range(50)])
    assert metrics.bone_variation(turned) == pytest.approx(0, abs=1e-9)
    breathing = pose * np.array([0.9, 1.1])[:, None, None]
    assert metrics.bone_variation(breathing) == pytest.approx(10.0)
    breathing[:, JOINT["nose"]] = np.nan
    assert metrics.bone_variation(breathing) == pytest.approx(10.0), "the bones that there are"
