"""MPI-INF-3DHP's test set from small files of its layout."""

from __future__ import annotations

import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from app.lab.evaluation.material import EvaluationError, Footage, Material
from app.lab.evaluation.methods import Answer
from app.lab.evaluation.mpi_inf_3dhp import mpi_inf_3dhp
from app.lab.evaluation.scoring import score_methods
from models.skeleton import JOINT

NAMES = [
    "head_top", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder",
    "left_elbow", "left_wrist", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee",
    "left_ankle", "pelvis", "spine", "head",
]  # fmt: skip


def write_sequence(folder: Path, name: str, frames: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    arrays = {
        "annot2": rng.uniform(0, 2048, (frames, 1, 17, 2)),
        "univ_annot3": rng.normal(0, 400, (frames, 1, 17, 3)) + [0, 0, 3500],
        "valid_frame": (np.arange(frames) % 3 != 0).astype(float)[:, None],
    }
    (folder / name).mkdir()
    with h5py.File(folder / name / "annot_data.mat", "w") as file:
        for key, value in arrays.items():
            file[key] = value
    return arrays


class Shifted:
    """The truth with one joint of theirs moved by 10 cm."""

    name = "shifted"

    def __init__(self, joint: str) -> None:
        self.joint = JOINT[joint]

    def answer(self, footage: Footage, material: Material) -> Answer:
        poses = np.array(footage.true)
        poses[:, self.joint, 0] += 0.2
        return Answer(poses)


def test_sequences_that_are_there(tmp_path: Path) -> None:
    written = write_sequence(tmp_path, "TS1", 12)
    write_sequence(tmp_path, "TS6", 7, seed=1)
    material = mpi_inf_3dhp(tmp_path)
    first, last = material.footage
    assert (first.group, first.size) == ("TS1", (2048, 2048))
    assert (last.group, last.size) == ("TS6", (1920, 1080))
    valid = written["valid_frame"][:, 0].astype(bool)
    assert np.isnan(first.true[~valid]).all()
    for ours, theirs in (("left_wrist", "left_wrist"), ("head", "head_top"), ("nose", "head")):
        index = NAMES.index(theirs)
        expected = written["univ_annot3"][valid, 0, index] / 1000
        np.testing.assert_allclose(first.true[valid, JOINT[ours]], expected, rtol=1e-5)
        np.testing.assert_allclose(
            first.xy[:, JOINT[ours]], written["annot2"][:, 0, index], rtol=1e-6
        )


def test_the_protocol_scores_valid_frames_and_14_joints_by_pck(tmp_path: Path) -> None:
    write_sequence(tmp_path, "TS1", 12)
    material = mpi_inf_3dhp(tmp_path)
    (wrist,) = score_methods(material, [Shifted("left_wrist")])
    assert wrist.scores.frames == 8
    assert wrist.scores.missing == 0
    assert wrist.scores.mpjpe == pytest.approx(200 / 17, rel=1e-4)
    assert wrist.scores.pck == pytest.approx(100 * 13 / 14)
    assert wrist.scores.auc == pytest.approx(100 * 13 / 14 * 30 / 31)
    (spine,) = score_methods(material, [Shifted("spine")])
    assert spine.scores.mpjpe == pytest.approx(200 / 17, rel=1e-4)
    assert spine.scores.pck == 100.0
    assert np.isnan(spine.scores.jitter), "the files do not tell their frame rate"


def test_what_is_no_test_set(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="Give the folder mpi_inf_3dhp_test_set"):
        mpi_inf_3dhp(tmp_path)
    write_sequence(tmp_path, "TS2", 5)
    path = tmp_path / "TS2" / "annot_data.mat"
    with h5py.File(path, "a") as file:
        del file["annot2"]
        file["annot2"] = np.zeros((5, 1, 28, 2))
    with pytest.raises(EvaluationError, match=r"annot2 in .* unexpected shape \(5, 1, 28, 2\)"):
        mpi_inf_3dhp(tmp_path)
    path.write_bytes(b"MATLAB 5.0 MAT-file")
    with pytest.raises(EvaluationError, match="damaged or no MATLAB"):
        mpi_inf_3dhp(tmp_path)


def test_without_h5py_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sequence(tmp_path, "TS1", 5)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(EvaluationError, match=r"pip install '\.\[evaluate\]'"):
        mpi_inf_3dhp(tmp_path)
