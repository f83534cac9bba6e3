"""What is read of the files that the study writes, and of files that are none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.errors import MixposeError
from models.skeleton import JOINT, LANDMARK_NAMES, PELVIS, joints_from_landmarks
from models.training.study import Study, study_files
from models.visibility import calibrated
from tests.support.datasets import observation, write_study


def test_a_study_is_read_as_joints(tmp_path: Path) -> None:
    takes = [
        observation(0, detector="heavy", kind="gait", rate=25.0),
        observation(1, detector="lite", kind="sitting", up=np.array([0.6, -0.8, 0], np.float32)),
    ]
    lost = takes[1].landmarks.copy()
    lost[4:6], lost[4:6, :, 3] = np.nan, 0.0
    left_hip = LANDMARK_NAMES.index("left_hip")
    lost[:, left_hip, 3] = 0.25
    takes[1] = replace(takes[1], landmarks=lost, world=takes[1].world + 3)
    study = Study.read(write_study(tmp_path / "s.npz", takes))
    assert (study.detector, study.kind) == (("heavy", "lite"), ("gait", "sitting"))
    assert (study.people, study.split) == (("clothed", "clothed"), ("val", "val"))
    assert study.xy.shape == (2, 10, 17, 2)
    joints = joints_from_landmarks(takes[0].landmarks[..., :2])
    np.testing.assert_array_equal(study.xy[0], joints)
    assert np.isnan(study.xy[1, 4:6]).all()
    assert (study.conf[0] == 1).all()
    least = study.conf[1, :4, [JOINT["left_hip"], PELVIS, JOINT["spine"]]]
    np.testing.assert_allclose(least, calibrated(np.array(0.25), "lite"), rtol=1e-5)
    np.testing.assert_allclose(study.world[1], study.world[0], atol=1e-6)
    assert (study.world[:, :, PELVIS] == 0).all()
    np.testing.assert_array_equal(study.truth[0], takes[0].truth)
    np.testing.assert_array_equal(study.up[1], takes[1].up)
    np.testing.assert_array_equal(study.rate, [25, 30])
    np.testing.assert_array_equal(study.size, [takes[0].size] * 2)
    np.testing.assert_array_equal(study.focal, [takes[0].focal] * 2)
    assert study.tracked.dtype == bool


def test_folders_stand_for_their_studies(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    files = [folder / f"takes-{number}.npz" for number in (0, 1)]
    for path in (*files, tmp_path / "one.npz"):
        write_study(path, [observation()])
    (folder / "notes.txt").touch()
    assert study_files([tmp_path / "one.npz", folder]) == [tmp_path / "one.npz", *files]


def test_files_that_are_no_study_are_refused_in_words(tmp_path: Path) -> None:
    good = write_study(tmp_path / "good.npz", [observation()])
    arrays = dict(np.load(good))
    broken = {
        "other": {"xy": np.zeros(3)},
        "pickled": arrays | {"kind": np.array([{"code": "of a stranger"}], dtype=object)},
        "flat": arrays | {"landmarks": np.zeros(3)},
        "few": arrays | {"landmarks": arrays["landmarks"][:, :, :17]},
        "uneven": arrays | {"truth": arrays["truth"][:, :4]},
        "short": arrays | {"up": arrays["up"][:0]},
        "unnamed": arrays | {"people": arrays["people"][:0]},
        "detector": arrays | {"detector": np.array(["huge"])},
    }
    for name, content in broken.items():
        np.savez(tmp_path / f"{name}.npz", **content)
    (tmp_path / "text.npz").write_text("hello")
    (tmp_path / "torn.npz").write_bytes(good.read_bytes()[:80])
    for name in (*broken, "text", "torn", "absent"):
        with pytest.raises(MixposeError, match=rf"{name}.npz is no study.*python -m app.lab.study"):
            Study.read(tmp_path / f"{name}.npz")
