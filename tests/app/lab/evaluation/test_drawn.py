"""Studies of drawn people as material: by who looked, by the camera's pitch, by posture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.lab.evaluation.drawn import PITCHES, drawn_people
from app.lab.evaluation.foot_study import foot_study
from app.lab.evaluation.material import EvaluationError
from app.lab.evaluation.methods import DetectorWorld
from app.lab.evaluation.scoring import score_methods
from app.lab.evaluation.tables import feet_table
from models.errors import MixposeError
from models.level import Level
from models.skeleton import FOOT_LANDMARKS, FOOT_PARENTS, joints_from_landmarks
from tests.support.datasets import ObservedTake, observation, write_study
from tests.support.evaluation import project, walking_past


def seen(pitch_deg: float, **changes: object) -> ObservedTake:
    """A take by a camera that is said to look down by so much."""
    return observation(up=Level.from_angles(pitch_deg).up, **changes)


def test_each_detector_has_its_material_by_the_cameras_pitch(tmp_path: Path) -> None:
    write_study(tmp_path / "takes-000000.npz", [seen(30, detector="heavy"), seen(5, index=2)])
    write_study(
        tmp_path / "takes-000001.npz",
        [seen(pitch, detector="heavy") for pitch in (-25, 20, 0, 49, -9)]
        + [seen(0, people="performer", detector="lite")],
    )
    full, heavy, performer = drawn_people(tmp_path)
    assert full.title == "clothed people seen whole by full, 1 takes of val motion"
    assert heavy.title == "clothed people seen whole by heavy, 6 takes of val motion"
    assert performer.title == "the performer seen whole by lite, 1 takes of val motion"
    (take,) = full.footage
    # The middles of hips and shoulders are not those of their pictures.
    np.testing.assert_allclose(take.xy, project(walking_past(10)) + 2, atol=1.0)
    np.testing.assert_allclose(np.diff(take.time_s), 1 / 30)
    names = [name for _, name in PITCHES]
    order = [names[0], names[1], names[1], names[2], names[3], names[3]]
    assert [each.group for each in heavy.footage] == order
    (row,) = score_methods(heavy, [DetectorWorld()])
    assert row.scores.mpjpe == pytest.approx(0, abs=1e-3)
    assert row.scores.frames == 60
    assert [name for name, _ in row.groups][:4] == names


def test_what_films_are_lifted_with_is_listed_by_posture_too(tmp_path: Path) -> None:
    kinds = ("standing", "gait", "standing")
    path = write_study(
        tmp_path / "s.npz",
        [seen(0, detector=size, kind=kind) for size in ("full", "heavy") for kind in kinds],
    )
    full, heavy = drawn_people(path)
    for material, listed in ((full, []), (heavy, ["gait", "standing"])):
        (row,) = score_methods(material, [DetectorWorld()])
        found = dict(row.groups)
        assert [name for name in found if not name.startswith("camera")] == listed
        assert row.scores.frames == 30, "nothing counts twice"
        if listed:
            assert found["standing"].scores.frames == 20


def test_frames_that_cut_somebody_off_are_not_scored(tmp_path: Path) -> None:
    near = seen(0).truth.copy()
    near[6:, :, 2] -= 6.5  # a picture 2.3 metres wide and 1.8 high, when 2.3 metres away
    gone = near.copy()
    gone[..., 0] += 5
    takes = [seen(0), seen(0, truth=near), seen(0, truth=gone)]
    (material,) = drawn_people(write_study(tmp_path / "s.npz", takes))
    assert "2 takes" in material.title
    (row,) = score_methods(material, [DetectorWorld()])
    assert (row.scores.frames, row.scores.missing) == (16, 0)
    assert row.scores.mpjpe == pytest.approx(0, abs=1e-3)


def test_a_quick_look_takes_some_of_each_spread_over_all(tmp_path: Path) -> None:
    sizes = ("full", "heavy")
    takes = [seen(0, detector=size, index=index) for index in range(10) for size in sizes]
    path = write_study(tmp_path / "s.npz", takes)
    for material in drawn_people(path, most=4):
        assert len(material.footage) == 4
        assert "4 takes" in material.title
        shift = [float(each.xy[0, 0, 0]) for each in material.footage]
        np.testing.assert_allclose(np.diff(shift), 3)
    assert [len(each.footage) for each in drawn_people(path)] == [10, 10]


def test_the_split_a_study_was_drawn_from_is_said(tmp_path: Path) -> None:
    path = write_study(tmp_path / "s.npz", [seen(0, split="train"), seen(0, split="val")])
    assert drawn_people(path)[0].title.endswith("2 takes of train/val motion")


def test_what_is_no_study_is_said(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", a=1)
    with pytest.raises(MixposeError, match=r"other\.npz is no study"):
        drawn_people(tmp_path / "other.npz")
    (tmp_path / "empty").mkdir()
    with pytest.raises(EvaluationError, match="holds no study"):
        drawn_people(tmp_path / "empty")


def test_feet_are_compared_where_they_are_inside_the_picture(tmp_path: Path) -> None:
    """A detector that is right about heels and toes is off by nothing."""
    one = seen(0, detector="heavy")
    world, feet = one.world.copy(), one.truth[:, list(FOOT_PARENTS)] + (0.02, 0.05, -0.05)
    feet[:, 2:] += (0.0, 0.02, -0.2)
    landmarks = one.landmarks.copy()
    pelvis = one.truth[:, :1]
    world[:, list(FOOT_LANDMARKS)] = feet - pelvis + joints_from_landmarks(world)[:, :1]
    path = write_study(
        tmp_path / "s.npz", [replace(one, world=world, feet=feet, landmarks=landmarks)]
    )
    (material,) = drawn_people(path)
    (row,) = foot_study(material, [])
    assert row.told == 1.0
    assert row.direction_deg == pytest.approx(0, abs=0.1)
    assert row.ankle_deg == pytest.approx(0, abs=0.1)
    assert row.feet == 20
    assert "direction" in feet_table([row])
