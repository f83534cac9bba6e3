"""What is said of lifted motion: shares that can be counted, and a misfit that can be made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.motion.data import MotionData
from app.motion.placement.lens import Lens
from app.motion.quality import MAX_MISFIT, judge, misfit
from tests.support.motion import motion
from tests.support.walking import walker

SIZE = (640, 480)


@pytest.fixture(scope="module")
def seen() -> MotionData:
    """A walker whose pixels are exactly those of its joints, 4 m away."""
    world = walker(60, 30.0).xyz.astype(np.float64)
    joints = (world - world[:, :1]) * (1.0, -1.0, -1.0)
    points = joints + (0.3, -0.1, 4.0)
    focal = Lens.of(SIZE, None, None).focal
    xy = points[..., :2] / points[..., 2:] * focal + np.divide(SIZE, 2.0)
    blank = np.zeros(joints.shape[:2], bool)
    return replace(
        motion(len(joints)),
        xyz=joints.astype(np.float32),
        xy=xy.astype(np.float32),
        conf=np.ones(joints.shape[:2], np.float32),
        filled=blank,
        missing=blank,
        tracked=np.ones(len(joints), bool),
        size=SIZE,
        person=None,
        swapped=None,
        root=None,
    )


def test_what_fits_has_no_misfit(seen: MotionData) -> None:
    assert np.nanmax(misfit(seen)) < 1e-3
    assert judge(seen).warnings() == ()


def test_a_misfit_is_as_large_as_it_was_made(seen: MotionData) -> None:
    dice = np.random.default_rng(1)
    away = dice.normal(size=(*seen.xyz.shape[:2], 2))
    away *= 0.17 / np.linalg.norm(away, axis=-1, keepdims=True)  # a tenth of 1.7 m
    xyz = seen.xyz.copy()
    xyz[..., :2] += away.astype(np.float32)
    found = judge(replace(seen, xyz=xyz))
    assert found.misfit_median == pytest.approx(0.1, rel=0.2)
    (said,) = found.warnings()
    assert "does not fit what was seen" in said


def test_another_lens_is_believed_where_the_source_says_so(seen: MotionData) -> None:
    wide = replace(seen, provenance=replace(seen.provenance, fov_deg=120.0))
    assert judge(wide).misfit_median > 10 * judge(seen).misfit_median  # type: ignore[operator]


def test_what_is_well_is_not_counted(seen: MotionData) -> None:
    found = replace(judge(seen), nobody=0.0, bridged=0.0, other_person=0.0, swapped=0.0)
    assert found.in_words().startswith("3D off the picture by ")
    assert replace(found, misfit_median=None).in_words() == "a person in every frame"
    assert replace(found, nobody=0.004).in_words().startswith("nobody in <1% of the frames")


def test_shares_are_counted(seen: MotionData) -> None:
    count = len(seen.frame)
    tracked = np.arange(count) >= count // 3
    filled = np.zeros((count, 17), bool)
    filled[:5] = True
    found = judge(
        replace(
            seen,
            tracked=tracked,
            filled=filled,
            missing=~tracked[:, None] & ~filled,
            swapped=np.arange(count) % 4 == 0,
            person=(np.arange(count) >= 45).astype(np.int64),
        )
    )
    assert found.nobody == pytest.approx(1 / 3)
    assert found.bridged == pytest.approx(5 / count)
    assert found.swapped == pytest.approx(0.25)
    assert found.other_person == pytest.approx(0.25)
    assert [said.split()[0] for said in found.warnings()] == ["Nobody", "Left"]
    assert found.in_words().startswith(
        "nobody in 33% of the frames, bridged 8%, of another person 25%, "
        "left and right repaired 25%"
    )
    assert found.described()["frames_pct"] == {
        "nobody": 33.33,
        "bridged": 8.33,
        "other_person": 25.0,
        "left_right_repaired": 25.0,
    }


def test_of_another_person_are_only_frames_in_which_somebody_was_found(seen: MotionData) -> None:
    # Frames 0 to 19 of one person; of another 5, behind whom the picture stays empty.
    frame = np.arange(len(seen.frame))
    found = judge(replace(seen, tracked=frame < 25, person=(frame >= 20).astype(np.int64)))
    assert found.other_person == pytest.approx(5 / 60)


def test_where_nothing_can_be_compared_nothing_is_said(seen: MotionData) -> None:
    everything = np.ones((len(seen.frame), 17), bool)
    found = judge(replace(seen, missing=everything, tracked=~everything[:, 0]))
    assert (found.misfit_median, found.misfit_95) == (None, None)
    assert found.nobody == 1.0
    assert 0.009 < MAX_MISFIT < 0.017
