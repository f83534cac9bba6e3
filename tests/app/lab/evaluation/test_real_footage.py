"""Real footage with known 3D, against the scorer that comes with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.lab.evaluation.material import EvaluationError, Footage, Material
from app.lab.evaluation.methods import Answer, DetectorWorld
from app.lab.evaluation.real_footage import LIMBS, real_footage
from app.lab.evaluation.scoring import score_methods
from models.skeleton import joints_from_landmarks
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


def test_mediapipe_on_the_shared_footage_is_what_its_scorer_says(
    shared: Path, tmp_path: Path
) -> None:
    folder = shared / "realeval"
    if not (folder / "score.py").is_file():
        pytest.skip(f"there is no {folder / 'score.py'}")
    materials = {each.title.partition(",")[0]: each for each in real_footage(folder, "full")}
    material = materials["p2s_cgwoman"]
    for footage in material.footage:
        with np.load(folder / "p2s_cgwoman" / f"mediapipe_full_{footage.group}.npz") as file:
            own = joints_from_landmarks(file["world"][..., :3].astype(float))
        np.save(tmp_path / f"p2s_cgwoman_{footage.group}.npy", own[::2])
    said = subprocess.run(
        [sys.executable, folder / "score.py", tmp_path, "--stride", "2"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    mean = dict(zip(*[iter(said.strip().splitlines()[-1].split(":")[-1].split())] * 2, strict=True))
    (row,) = score_methods(material, [DetectorWorld()])
    assert material.joints == LIMBS
    for theirs, ours in (
        ("MPJPE", row.scores.mpjpe),
        ("N_MPJPE", row.scores.n_mpjpe),
        ("P_MPJPE", row.scores.p_mpjpe),
        ("MPJVE", row.scores.mpjve),
        ("JIT", row.scores.jitter),
    ):
        assert ours == pytest.approx(float(mean[theirs]), abs=0.051), theirs
