"""The performer through the detector, and what a study has kept of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.evaluation.methods import DetectorWorld
from app.evaluation.performer import SEEDS, performer_acts, study_file
from app.evaluation.scoring import score_methods
from app.performer.source import PerformerSource
from models.errors import MixposeError
from tests.support.datasets import observation, write_study
from tests.support.evaluation import project, walking_past


def test_a_study_is_one_material_for_each_framing(tmp_path: Path) -> None:
    path = tmp_path / "study.npz"
    framings = ["whole", "cut", "whole"]
    write_study(path, [observation(i, framing=name) for i, name in enumerate(framings)])
    whole, cut = study_file(path, "full")
    assert whole.title == "val motion on clothed people, the whole body in the picture, 2 takes"
    assert "cut by the picture's edge, 1 takes" in cut.title
    # The middles of hips and shoulders are not those of their pictures.
    np.testing.assert_allclose(whole.footage[1].xy, project(walking_past(10)) + 2, atol=1.0)
    np.testing.assert_allclose(np.diff(whole.footage[0].time_s), 1 / 30)
    (row,) = score_methods(whole, [DetectorWorld()])
    assert row.scores.mpjpe == pytest.approx(0, abs=1e-3)
    assert row.scores.frames == 20


def test_of_three_detectors_one_is_scored(tmp_path: Path) -> None:
    write_study(tmp_path / "takes-000000.npz", [observation(people="performer")])
    sizes = ("lite", "full", "heavy")
    write_study(tmp_path / "takes-000001.npz", [observation(detector=size) for size in sizes])
    titles = [material.title for material in study_file(tmp_path, "full")]
    assert titles == [
        "val motion on the performer, the whole body in the picture, 1 takes",
        "val motion on clothed people, the whole body in the picture, 1 takes",
    ]


def test_the_split_a_study_was_drawn_from_is_said(tmp_path: Path) -> None:
    path = write_study(tmp_path / "study.npz", [observation(split="train")])
    assert study_file(path, "full")[0].title.startswith("train motion")


def test_what_is_no_study(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", a=1)
    with pytest.raises(MixposeError, match=r"Cannot read the observations in .*other\.npz"):
        study_file(tmp_path / "other.npz")


def test_the_acts_of_a_seed_with_their_exact_3d() -> None:
    notes: list[str] = []
    material = performer_acts((SEEDS[0],), 0.4, "full", notes.append)
    (footage,) = material.footage
    assert footage.xy.shape == (12, 17, 2)
    assert footage.world is not None
    assert footage.world.shape == (12, 17, 3)
    assert len(notes) == 1
    with PerformerSource(seed=SEEDS[0]) as source:
        np.testing.assert_array_equal(footage.true[7], source.truth(7))
        seen = source.project(footage.true)
        camera, eye = source.camera, source.camera.view.eye
    assert footage.stand is not None
    assert footage.stand.fov_deg == camera.fov_deg
    above = np.array(eye) + (0.0, 1.0, 0.0)
    np.testing.assert_allclose(footage.stand.up, camera.to_camera(above), atol=1e-9)
    assert camera.to_camera(np.zeros(3)) @ footage.stand.up == pytest.approx(
        -footage.stand.height_m
    )
    assert np.linalg.norm(footage.xy - seen, axis=-1).mean() < 20, "the detector found the person"
    (row,) = score_methods(material, [DetectorWorld()])
    assert 20 < row.scores.p_mpjpe < 120
    assert 0 not in SEEDS, "the demo is what everybody has looked at"
