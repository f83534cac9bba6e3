"""The performer through the detector."""

from __future__ import annotations

import numpy as np
import pytest

from app.lab.evaluation.methods import DetectorWorld
from app.lab.evaluation.performer import SEEDS, performer_acts
from app.lab.evaluation.scoring import score_methods
from app.synthetic.performer.source import PerformerSource


@pytest.mark.slow
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
    assert footage.camera_setup is not None
    assert footage.camera_setup.fov_deg == camera.fov_deg
    above = np.array(eye) + (0.0, 1.0, 0.0)
    assert footage.up is not None
    np.testing.assert_allclose(footage.up, camera.to_camera(above), atol=1e-9)
    assert camera.to_camera(np.zeros(3)) @ footage.up == pytest.approx(
        -footage.camera_setup.height_m
    )
    assert np.linalg.norm(footage.xy - seen, axis=-1).mean() < 20, "the detector found the person"
    (row,) = score_methods(material, [DetectorWorld()])
    assert 20 < row.scores.p_mpjpe < 120
    assert 0 not in SEEDS, "the demo is what everybody has looked at"
