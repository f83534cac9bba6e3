"""The figure of a film stands as the window's does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.testing import assert_allclose

from app.export.video.view_pane import StandingFigure
from app.motion.data import ANKLES
from models.feet import FLAT_DEG
from tests.support.performed import performed

UP = np.array([0.0, -1.0, 0.0])


def test_feet_that_stand_lie_flat_in_a_film_of_a_motion_that_is_not_placed() -> None:
    """The waving performer stands; one foot is not told for half of the time."""
    data = performed(0, seconds=2).data
    ahead = np.array([0.0, np.sin(np.radians(20)), -np.cos(np.radians(20))])
    heels = data.xyz[:, list(ANKLES)] - 0.03 * ahead - 0.06 * UP
    feet = np.concatenate([heels, heels + 0.22 * ahead], axis=1).astype(np.float32)
    feet[20:50, [0, 2]] = np.nan
    conf = np.where(np.isfinite(feet[..., 0]), 0.9, 0.0).astype(np.float32)
    figure = StandingFigure(replace(data, feet=feet, feet_conf=conf))
    for row in (0, 30, 59):
        body = figure.body(row)
        assert body is not None
        assert body.feet is not None
        there = body.feet[2:] - body.feet[:2]
        tips = np.degrees(np.arcsin(-there[:, 1] / np.linalg.norm(there, axis=1)))
        assert_allclose(tips, FLAT_DEG, atol=1.5)
