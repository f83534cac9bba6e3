"""True gait is read off motion right, and what a report says of gait is what is measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.lab.evaluation.gait_study import captured_walks, gait_study, true_gait
from app.lab.evaluation.material import EvaluationError
from app.lab.evaluation.methods import Ours
from models.lifter import Lifter
from models.training.motion import Clip, Pack
from tests.support.drawn_walker import STRIDE_M, STRIDE_S, WIDTH_M, walker


def pack(xyz: np.ndarray) -> Pack:
    return Pack("drawn", "", "", (Clip("walk", "val", 30.0, xyz.astype(np.float32)),))


def test_true_gait_is_that_of_the_walker_who_was_drawn() -> None:
    (walk,) = captured_walks([pack(walker().output()[0])])
    gait = true_gait(walk.true)
    assert gait.stride_s == pytest.approx(STRIDE_S, rel=0.01)
    assert gait.stride_m == pytest.approx(STRIDE_M, rel=0.01)
    assert gait.width_m == pytest.approx(WIDTH_M, rel=0.05)


def test_the_camera_sees_the_whole_walk() -> None:
    (walk,) = captured_walks([pack(walker().output()[0])])
    camera = walk.footage.true
    slope = camera[..., :2] / camera[..., 2:]
    assert (camera[..., 2] > 1.0).all()
    assert np.abs(slope).max() < np.tan(np.radians(30.5))


def test_who_stands_about_does_not_walk() -> None:
    still = np.repeat(walker().output()[0][:1], 300, axis=0)
    assert captured_walks([pack(still)]) == []


def test_motion_without_walks_is_refused_in_words(tmp_path: Path, shared: Path) -> None:
    (tmp_path / "idle.mcp").symlink_to(shared / "mocap" / "reactidle24.mcp")
    with pytest.raises(EvaluationError, match="Nobody walks"):
        gait_study(tmp_path, [])


@pytest.mark.timeout(400)
@pytest.mark.slow
def test_gait_of_captured_walkers_is_as_right_as_the_report_says(shared: Path) -> None:
    (found,) = gait_study(shared / "mocap", [Ours("ours", Lifter())])
    assert found.found >= max(10, 0.7 * found.walks)
    assert found.cadence_pct < 2.0
    assert found.stride_pct < 6.0
