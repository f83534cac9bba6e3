"""Real footage with known 3D, against the scorer that comes with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.lab.evaluation.material import EvaluationError, Footage, Material
from app.lab.evaluation.methods import Answer
from app.lab.evaluation.real_footage import HIPS, LIMBS, real_footage
from app.lab.evaluation.scoring import score_methods
from models.scores import Take, score
from tests.support.datasets import write_set


def test_a_set_is_scored_at_30_frames_a_second(tmp_path: Path) -> None:
    true = write_set(tmp_path / "somebody")
    (material,) = real_footage(tmp_path, "full")
    assert [each.group for each in material.footage] == ["a", "b"]
    assert material.title == "somebody, 2 cameras"
    found = material.footage[0]
    assert found.size == (1088, 1920)
    assert len(found.xy) == 8, "all frames are lifted"
    np.testing.assert_allclose(found.true[::2], true[::2], atol=1e-5)
    assert np.isnan(found.true[1::2]).all()
    np.testing.assert_allclose(np.diff(found.time_s), 1 / 60)
    assert found.up is not None
    # The camera of write_set has its y against the world's z.
    np.testing.assert_allclose(found.up, [0.0, -1.0, 0.0])


def test_the_hips_middle_is_the_origin_and_the_limbs_are_scored(tmp_path: Path) -> None:
    write_set(tmp_path / "somebody")
    (material,) = real_footage(tmp_path, "full")

    class PelvisAside:
        name = "right but for the pelvis and the head"

        def answer(self, footage: Footage, material: Material) -> Answer:
            return Answer(footage.true + 0.5 * np.isin(np.arange(17), [0, 10])[:, None])

    (row,) = score_methods(material, [PelvisAside()])
    assert row.scores.mpjpe == pytest.approx(0, abs=1e-6)
    assert row.scores.frames == 8


def test_one_set_can_be_named_itself(tmp_path: Path) -> None:
    write_set(tmp_path / "somebody")
    (material,) = real_footage(tmp_path / "somebody", "full")
    assert material.title == "somebody, 2 cameras"


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="holds no set of footage"):
        real_footage(tmp_path, "full")
    write_set(tmp_path / "somebody")
    (tmp_path / "somebody" / "mediapipe_full_b.npz").unlink()
    with pytest.raises(EvaluationError, match=r"cannot be read: .*b\.mp4"):
        real_footage(tmp_path, "full")


def test_scores_are_what_the_footages_own_scorer_says() -> None:
    """The numbers are what ``score.py`` makes of the same joints."""
    rng = np.random.default_rng(5)
    true = np.cumsum(rng.normal(0, 0.01, (40, 17, 3)), axis=0) + rng.normal(0, 0.4, (17, 3))
    found = 1.1 * true + rng.normal(0, 0.03, true.shape)
    found[[7, 8, 30]] = np.nan
    scores = score([Take(found, true, np.arange(40) / 30)], LIMBS, LIMBS, HIPS)
    assert (scores.frames, scores.missing) == (37, 3)
    assert scores.mpjpe == pytest.approx(94.84, abs=0.005)
    assert scores.n_mpjpe == pytest.approx(48.59, abs=0.005)
    assert scores.p_mpjpe == pytest.approx(39.38, abs=0.005)
    assert scores.mpjve == pytest.approx(78.47, abs=0.005)
    assert scores.jitter == pytest.approx(140.34, abs=0.005)
