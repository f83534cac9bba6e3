"""What is compared: each method's poses, and who is left out where."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.lab.evaluation.material import LEGS, RIGHT_ARM, UPPER_BODY, Material
from app.lab.evaluation.methods import DETECTOR_NAME, DetectorWorld, FlatGuess, Ours, load_methods
from app.lab.evaluation.scoring import score_methods
from models.lifter import Lifter
from models.skeleton import JOINT
from tests.support.evaluation import walking_footage, write_weights


def test_the_flat_guess_is_right_about_flat_people() -> None:
    footage = walking_footage(20)
    true = footage.true - footage.true[:, :1]
    true[..., 2] = 0.0
    flat = replace(footage, xy=(250 * true[..., :2] + [320, 240]).astype(np.float32), true=true)
    found = FlatGuess().answer(flat, Material("", (flat,))).poses
    np.testing.assert_allclose(found, true, atol=1e-6)


def test_the_flat_guess_loses_the_depth_and_nothing_else() -> None:
    footage = walking_footage(20)
    found = FlatGuess().answer(footage, Material("", (footage,))).poses
    assert (found[..., 2] == 0).all()
    true = footage.true - footage.true[:, :1]
    across = np.linalg.norm((found - true)[..., :2], axis=-1)
    assert across.mean() < 0.02, "perspective is all that is left"
    untracked = replace(footage, xy=np.full_like(footage.xy, np.nan))
    nobody = FlatGuess().answer(untracked, Material("", (untracked,))).poses
    assert np.isnan(nobody[..., :2]).all()


def test_the_detector_s_own_3d_is_taken_as_it_is() -> None:
    footage = walking_footage(5)
    assert footage.world is not None
    moved = replace(footage, world=footage.world + 3.0)
    found = DetectorWorld().answer(moved, Material("", (moved,)))
    assert found is not None
    assert found.level is None
    np.testing.assert_allclose(found.poses, footage.world - footage.world[:, :1])
    assert DetectorWorld().answer(replace(footage, world=None), Material("", ())) is None


def test_rows_for_a_network_that_is_told_the_depth(tmp_path: Path) -> None:
    path = write_weights(tmp_path / "deep.safetensors")
    methods = load_methods([str(path)], "cpu")
    names = [method.name for method in methods]
    assert names == [
        "deep",
        "deep, without the detector's depth",
        DETECTOR_NAME,
        "flat guess (2D, right size)",
    ]
    footage = walking_footage(30)
    rows = score_methods(Material("walk", (footage,)), methods)
    assert [row.method for row in rows] == names
    assert rows[0].scores.mpjpe != rows[1].scores.mpjpe
    blind = replace(footage, world=None)
    found = [row.method for row in score_methods(Material("walk", (blind,)), methods)]
    assert found == ["deep", "flat guess (2D, right size)"]


def test_a_network_of_three_channels_has_one_row(tmp_path: Path) -> None:
    path = write_weights(tmp_path / "flat.safetensors", channels=3)
    assert [method.name for method in load_methods([str(path)], "cpu")][:2] == [
        "flat",
        DETECTOR_NAME,
    ]


def test_our_poses_are_those_of_lift_and_missing_where_nobody_was(tmp_path: Path) -> None:
    lifter = Lifter(write_weights(tmp_path / "w.safetensors"), "cpu")
    footage = walking_footage(80)
    footage.xy[20:60], footage.conf[20:60] = np.nan, 0.0
    found = Ours("w", lifter).answer(footage, Material("", (footage,)))
    lifted = lifter.lift(
        footage.xy, footage.conf, footage.size, footage.time_s, world=footage.world_joints
    )
    assert found is not None
    assert np.isnan(found.poses[20:60]).all()
    np.testing.assert_array_equal(found.poses[:20], lifted.xyz[:20])
    (row,) = score_methods(Material("", (footage,)), [Ours("w", lifter)])
    assert (row.scores.frames, row.scores.missing) == (40, 40)


def test_the_level_that_was_found_goes_with_the_poses(tmp_path: Path) -> None:
    footage = walking_footage(30)
    for says_up in (True, False):
        path = write_weights(tmp_path / "w.safetensors", channels=13, says_up=says_up)
        lifter = Lifter(path, "cpu")
        method = Ours("w", lifter)
        found = method.answer(footage, Material("", (footage,)))
        assert found is not None
        assert (found.level is not None) is says_up
        assert method.lifted(footage) is method.lifted(footage), "lifted once"
        assert found.level is method.lifted(footage).level


def test_hidden_joints_are_out_of_the_detector_s_sight() -> None:
    footage = walking_footage(5).without(LEGS)
    assert (footage.conf[:, list(LEGS)] == 0).all()
    assert np.isnan(footage.xy[:, list(LEGS)]).all()
    assert np.isfinite(footage.true).all(), "the truth stays"
    rest = [joint for joint in range(17) if joint not in LEGS]
    np.testing.assert_array_equal(footage.xy[:, rest], walking_footage(5).xy[:, rest])
    assert footage.world_joints is not None
    assert np.isnan(footage.world_joints[:, list(LEGS)]).all()
    assert len(UPPER_BODY) == 10
    assert not set(UPPER_BODY) & set(LEGS)
    assert set(RIGHT_ARM) == {JOINT["right_elbow"], JOINT["right_wrist"]}


def test_the_detector_s_own_3d_is_told_from_the_pelvis() -> None:
    footage = walking_footage(5)
    assert footage.world is not None
    moved = replace(footage, world=footage.world + 3.0).world_joints
    assert moved is not None
    assert moved.shape == (5, 17, 3)
    assert moved[:, 0] == pytest.approx(0)
    np.testing.assert_allclose(moved, footage.world_joints, atol=1e-9)
    assert replace(footage, world=None).world_joints is None
