"""Fitting the networks that say where feet point."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from app.motion.angles import ANGLE, joint_angles
from models import feet
from models.feet import shank_directions, to_hip_axes
from models.training import fit_feet
from models.training.fit_feet import Samples, fit, foot_directions, sine_of
from tests.support.standing_feet import scene


def test_the_angle_that_is_fitted_is_the_one_that_is_measured() -> None:
    generator, one = np.random.default_rng(0), scene(20.0, frames=30)
    joints = one.xyz + generator.normal(scale=0.05, size=one.xyz.shape)
    ankles = joints[:, [fit_feet.FOOT_PARENTS[0], fit_feet.FOOT_PARENTS[1]] * 2]
    own = one.detected.feet[..., 3:] + generator.normal(scale=0.02, size=(30, 4, 3))
    places = ankles + own - one.detected.world[:, list(fit_feet.FOOT_PARENTS)]
    turn = np.diag([1.0, -1.0, -1.0])  # to the axes that leave the program
    nothing = np.zeros(joints.shape[:2], bool)
    columns = [ANGLE[f"{side}_ankle_dorsiflexion"] for side in ("left", "right")]
    wanted = joint_angles(joints @ turn, nothing, places @ turn)[:, columns]
    axes = np.broadcast_to(np.eye(3), (30, 3, 3))
    parts = (to_hip_axes(foot_directions(joints, places), axes), shank_directions(joints, axes))
    directions, shanks = (torch.from_numpy(np.array(each)) for each in parts)
    found = np.degrees(np.arcsin(sine_of(directions.reshape(30, 2, 6), shanks).numpy()))
    np.testing.assert_allclose(found, wanted, atol=0.01)


def test_what_is_fitted_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One feature says where feet point: that is learnt, by the networks as the program reads
    them."""
    monkeypatch.setattr(fit_feet, "_STEPS", 150)
    generator = torch.Generator().manual_seed(0)
    takes = []
    for _ in range(20):
        told = torch.randn(28, 5, generator=generator)
        way = torch.stack([told[:, 0].sign(), torch.zeros(28), torch.zeros(28)], dim=1)
        above = torch.tensor([0.0, 1.0, 0.0]).expand(28, 3)
        right, shank = torch.cat([way, above], dim=1), above
        takes.append(Samples(told, right, torch.ones(28), shank, sine_of(right, shank)))
    save_file(fit(takes), tmp_path / "fitted.safetensors")
    monkeypatch.setattr(feet, "FITTED", tmp_path / "fitted.safetensors")
    feet._weights.cache_clear()
    try:
        asked = np.array([[[1.0, 0, 0, 0, 0], [-1.0, 0, 0, 0, 0]]])
        answer = feet._predict(asked)
    finally:
        feet._weights.cache_clear()
    np.testing.assert_allclose(answer[0, :, 0, 0], [1, -1], atol=0.3)
    np.testing.assert_allclose(answer[0, :, 1, 1], 1, atol=0.3)
