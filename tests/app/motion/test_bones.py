"""Rigid bones: what is fitted, what is kept, what is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from app.motion.bones import bone_lengths, named_length, with_lengths
from app.motion.processing_options import NAMED
from models.skeleton import BONES, JOINT, MIRROR, PARENTS
from tests.support.walking import walker

ALL = np.ones((240, 17), np.bool_)


def lengths_of(xyz: np.ndarray) -> np.ndarray:
    return np.linalg.norm(xyz - xyz[:, np.maximum(PARENTS, 0)], axis=-1)


def noisy() -> np.ndarray:
    xyz = walker().xyz.astype(np.float64)
    xyz -= xyz[:, :1]
    noise = np.random.default_rng(0).normal(scale=0.01, size=xyz.shape)
    noise[:, 0] = 0
    return xyz + noise


def test_lengths_are_medians_and_the_same_on_both_sides() -> None:
    xyz = noisy()
    xyz[:40, JOINT["left_wrist"]] += 5.0  # a sixth of the frames wholly wrong
    lengths = bone_lengths(xyz, ALL)
    np.testing.assert_array_equal(lengths, lengths[list(MIRROR)])
    assert np.isnan(lengths[0])
    assert named_length(lengths, "thigh") == pytest.approx(0.42, abs=0.005)
    assert named_length(lengths, "shin") == pytest.approx(0.41, abs=0.005)
    assert named_length(lengths, "upper-arm") == pytest.approx(0.28, abs=0.005)
    assert named_length(lengths, "forearm") == pytest.approx(0.25, abs=0.01)
    assert set(NAMED) == {"thigh", "shin", "upper-arm", "forearm"}


def test_lengths_come_from_what_was_seen_only_and_from_the_other_side_if_need_be() -> None:
    xyz, seen = noisy(), ALL.copy()
    left = JOINT["left_ankle"]
    xyz[100:, left] += 1.0
    seen[100:, left] = False
    assert named_length(bone_lengths(xyz, seen), "shin") == pytest.approx(0.41, abs=0.005)
    seen[:, left] = False
    assert bone_lengths(xyz, seen)[left] == bone_lengths(xyz, seen)[JOINT["right_ankle"]]
    seen[:, JOINT["right_ankle"]] = False
    assert np.isnan(named_length(bone_lengths(xyz, seen), "shin"))


def test_bones_get_their_length_and_keep_their_direction() -> None:
    xyz = noisy()
    lengths = bone_lengths(xyz, ALL)
    rigid = with_lengths(xyz, ALL, lengths)
    found = lengths_of(rigid)[:, 1:]
    np.testing.assert_allclose(found, np.broadcast_to(lengths[1:], found.shape), atol=1e-9)
    assert (rigid[:, 0] == 0).all()
    for parent, child in BONES:
        before, after = xyz[:, child] - xyz[:, parent], rigid[:, child] - rigid[:, parent]
        cosine = (before * after).sum(-1) / np.linalg.norm(before, axis=-1) / lengths[child]
        np.testing.assert_allclose(cosine, 1.0, atol=1e-12)
    np.testing.assert_allclose(with_lengths(rigid, ALL, lengths), rigid, atol=1e-9)


@pytest.mark.parametrize("guessed", [np.nan, 0.3], ids=["none", "wrong"])
def test_what_is_not_known_stays_and_its_children_move_along_with_the_rest(guessed: float) -> None:
    xyz, known = noisy(), ALL.copy()
    elbow, wrist, shoulder = (JOINT[f"left_{name}"] for name in ("elbow", "wrist", "shoulder"))
    known[:, elbow] = False
    guess = xyz.copy()
    guess[:, elbow] = guessed
    rigid = with_lengths(guess, known, bone_lengths(xyz, ALL))
    np.testing.assert_array_equal(rigid[:, elbow], guess[:, elbow])
    moved = rigid[:, shoulder] - xyz[:, shoulder]
    assert np.abs(moved).max() > 0.005
    np.testing.assert_allclose(rigid[:, wrist] - xyz[:, wrist], moved, atol=1e-12)
    assert np.isfinite(rigid[known]).all()


def test_a_bone_without_a_length_keeps_the_one_it_has() -> None:
    xyz = noisy()
    lengths = bone_lengths(xyz, ALL)
    lengths[JOINT["head"]] = np.nan
    rigid = with_lengths(xyz, ALL, lengths)
    head = JOINT["head"]
    np.testing.assert_allclose(lengths_of(rigid)[:, head], lengths_of(xyz)[:, head])
    one_point = np.zeros((1, 17, 3))
    assert np.isfinite(with_lengths(one_point, ALL[:1], lengths)).all(), "no direction, no length"
