"""What waiting buys and what hidden limbs cost: on the frames and joints that are said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.lab.evaluation.material import LEGS, UPPER_BODY, Material
from app.lab.evaluation.methods import DETECTOR_NAME, DetectorWorld, Ours
from app.lab.evaluation.scoring import score_methods
from app.lab.evaluation.studies import delay_study, hiding_study
from app.pipeline.one_euro import OneEuro
from models.lifter import Lifter
from models.live import LARGEST_DELAY, LiveLifter
from models.scores import Take, score
from tests.support.evaluation import walking_footage, write_weights

FRAMES = 45


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Ours:
    return Ours("w", Lifter(write_weights(tmp_path_factory.mktemp("w") / "w.safetensors"), "cpu"))


@pytest.fixture(scope="module")
def walk() -> Material:
    return Material("walk", (walking_footage(FRAMES),))


def test_every_delay_is_scored_as_it_was_shown(ours: Ours, walk: Material) -> None:
    notes: list[str] = []
    delays = (0, 5, LARGEST_DELAY)
    rows = delay_study(walk, [ours], delays, notes.append)
    assert [row.frames_back for row in rows] == [*delays, *delays, None, None]
    assert [row.method for row in rows[-2:]] == ["w", DETECTOR_NAME]
    assert {row.scores.frames for row in rows} == {FRAMES - 2 * LARGEST_DELAY}, "always the same"
    assert {row.scores.missing for row in rows} == {0}
    assert len(notes) == len(delays)
    footage = walk.footage[0]
    world = footage.world_joints
    assert world is not None
    for number, delay in enumerate(delays[:2]):
        live = LiveLifter(ours.lifter, delay)
        shown, calmed, smoother = {}, {}, OneEuro()
        for index in range(FRAMES):
            live.push(
                footage.xy[index], footage.conf[index], footage.size, index / 30,
                world=world[index],
            )  # fmt: skip
            pose = live.lift()
            assert pose is not None
            frame = round(pose.time_s * 30)
            shown[frame] = pose.xyz
            calmed[frame] = smoother.step(pose.xyz, ~pose.missing, pose.time_s)
        compared = slice(LARGEST_DELAY, FRAMES - LARGEST_DELAY)
        for poses, row in ((shown, rows[number]), (calmed, rows[len(delays) + number])):
            taken = np.stack([poses[index] for index in range(*compared.indices(FRAMES))])
            expected = score([Take(taken, footage.true[compared], footage.time_s[compared])])
            assert row.scores.mpjpe == pytest.approx(expected.mpjpe)
            assert row.scores.jitter == pytest.approx(expected.jitter)
            assert (row.method == "w, smoothed") is (poses is calmed)
    assert rows[0].scores.mpjpe != rows[1].scores.mpjpe


def test_without_the_detector_s_3d_there_is_nothing_to_compare_jitter_with(
    ours: Ours, walk: Material
) -> None:
    blind = replace(walk, footage=(replace(walk.footage[0], world=None),))
    rows = delay_study(blind, [ours], (0, 2), lambda _: None)
    assert [row.frames_back for row in rows] == [0, 2, 0, 2, None]


def test_hidden_limbs_are_judged_by_the_joints_in_sight(ours: Ours, walk: Material) -> None:
    legs, arm = hiding_study(walk, [ours])
    assert (legs.hidden, arm.hidden) == ("legs", "right arm")
    assert (legs.on, legs.method) == ("walk", "w")
    (before,) = score_methods(replace(walk, joints=UPPER_BODY), [ours])
    covered = replace(walk, footage=(walk.footage[0].without(LEGS),))
    (after,) = score_methods(replace(covered, joints=UPPER_BODY), [ours])
    (guessed,) = score_methods(replace(covered, joints=LEGS), [ours])
    assert legs.seen_before.mpjpe == before.scores.mpjpe
    assert legs.seen.mpjpe == after.scores.mpjpe
    assert legs.guessed.mpjpe == guessed.scores.mpjpe
    assert legs.seen.mpjpe != legs.seen_before.mpjpe
    assert legs.ratio == pytest.approx(after.scores.mpjpe / before.scores.mpjpe)
    assert legs.seen.frames == FRAMES


def test_the_jitter_of_a_shivering_detector_is_known(walk: Material) -> None:
    """2 cm of white noise on each axis, root included: sd of the second difference is sqrt(6)."""
    still = replace(walk.footage[0], true=np.repeat(walk.footage[0].true[:1], FRAMES, axis=0))
    rng = np.random.default_rng(5)
    shiver = rng.normal(0, 0.02, still.true.shape)
    shiver[:, 0] = 0.0
    still = replace(still, world=still.true + shiver)
    (row,) = score_methods(replace(walk, footage=(still,)), [DetectorWorld()])
    expected = 20 * np.sqrt(6) * np.sqrt(8 / np.pi) * 16 / 17
    assert row.scores.jitter == pytest.approx(expected, rel=0.05)
