"""People who stand straight: moments read, angles as their own script has them, real clips."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.lab.evaluation.material import EvaluationError
from app.lab.evaluation.methods import DETECTOR_NAME, Ours
from app.lab.evaluation.upright_people import flexions, read_moments, standing_study
from models.lifter import Lifter
from tests.support.clips import performer_pictures, write_clip
from tests.support.evaluation import write_weights


def test_moments_are_read_and_nothing_is_run(tmp_path: Path) -> None:
    path = tmp_path / "upright.py"
    path.write_text(
        "import nothing_like_that\n"
        'MOMENTS = {"one": [(5, 6.3)], "two": [(0.0, 0.9), (7.4, 7.8)]}\n'
        'raise SystemExit("not read on")\n'
    )
    assert read_moments(path) == {"one": [(5.0, 6.3)], "two": [(0.0, 0.9), (7.4, 7.8)]}


@pytest.mark.parametrize(
    "text",
    ["", "MOMENTS = 5", 'MOMENTS = {"a": [(1, 2, 3)]}', "MOMENTS = open('x')", "MOMENTS = ("],
)
def test_files_that_do_not_say_when_are_refused_in_words(tmp_path: Path, text: str) -> None:
    (tmp_path / "upright.py").write_text(text)
    with pytest.raises(EvaluationError, match=r"upright.py does not say when .* MOMENTS = "):
        read_moments(tmp_path / "upright.py")
    with pytest.raises(EvaluationError, match="does not say when"):
        read_moments(tmp_path / "absent.py")


def test_knees_and_hips_are_those_of_the_clips_own_script() -> None:
    """The numbers are what ``upright.py`` makes of the same joints."""
    rng = np.random.default_rng(5)
    poses = np.cumsum(rng.normal(0, 0.01, (40, 17, 3)), axis=0) + rng.normal(0, 0.4, (17, 3))
    poses[20:25, [2, 3]] = np.nan  # a knee that was not seen
    knee, hip = flexions(poses)
    np.testing.assert_allclose(knee[[0, 9, 20, 39]], [76.55, 77.12, np.nan, 77.91], atol=0.005)
    np.testing.assert_allclose(hip[[0, 9, 39]], [61.67, 54.81, 54.75], atol=0.005)


@pytest.mark.slow
def test_every_clip_is_lifted_by_everybody(tmp_path: Path) -> None:
    folder = tmp_path / "footage"
    folder.mkdir()
    (folder / "upright.py").write_text('MOMENTS = {"person": [(0.1, 0.4), (2.0, 3.0)]}')
    with pytest.raises(EvaluationError, match=r"There is no clip person in .*videos"):
        standing_study(folder, [], "lite", lambda _: None)
    (tmp_path / "videos").mkdir()
    write_clip(tmp_path / "videos" / "person.mp4", performer_pictures(20))
    ours = Ours("w", Lifter(write_weights(tmp_path / "w.safetensors"), "cpu"))
    notes: list[str] = []
    rows = standing_study(folder, [ours], "lite", notes.append)
    assert [(row.when, row.method) for row in rows] == [
        ("0.1 to 0.4 s", "w"),
        ("2 to 3 s", "w"),
        ("0.1 to 0.4 s", DETECTOR_NAME),
        ("2 to 3 s", DETECTOR_NAME),
    ]
    assert len(notes) == 1
    early, late = rows[2:]
    assert 0 <= early.knee < 40
    assert 0 <= early.hip < 40
    assert early.legs == 1.0
    assert np.isnan([late.knee, late.hip]).all(), "the clip is over by then"
    assert late.legs == 0.0


@pytest.mark.timeout(400)
@pytest.mark.slow
def test_real_people_who_stand_straight_come_out_straighter_than_the_detector_has_them(
    shared: Path,
) -> None:
    folder = shared / "realeval"
    if not (folder / "upright.py").is_file():
        pytest.skip(f"there is no {folder / 'upright.py'}")
    rows = standing_study(folder, [Ours("w", Lifter(device="cpu"))], "heavy", print, whole=False)
    ours, own = ([row for row in rows if row.method == name] for name in ("w", DETECTOR_NAME))
    print(rows)
    assert len(ours) == 3
    assert all(row.legs > 0.9 for row in ours)
    assert np.mean([row.knee for row in ours]) < np.mean([row.knee for row in own])
    assert np.mean([row.knee for row in ours]) < 20
    assert np.mean([row.hip for row in ours]) < 15
