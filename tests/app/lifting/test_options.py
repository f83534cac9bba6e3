"""What is wanted, as the command line and the window say it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.cli.arguments import parse
from app.cli.model_options import lift_options
from app.lifting.options import LiftOptions
from app.lifting.progress import Overall, Progress, Stage
from app.lifting.recordings import as_recorded, is_current
from app.recording.reader import Recording
from app.ui.preferences import Preferences
from app.ui.presenters.background import lifting_of
from models.level import Level
from tests.support.recordings import INFO, poses, record


def test_the_command_line_is_translated() -> None:
    words = "lift a.mp4 -o a.csv --height 1.8 --camera-pitch 12 --camera-roll=-3 --detector lite"
    options = parse([*words.split(), "--jobs", "2", "--seconds", "5", "--person", "3,4"])
    found = lift_options(options)
    assert found == LiftOptions(
        *(None, "lite", None, 1.8, 12.0, -3.0),
        choices=found.choices,
        seconds=5.0,
        jobs=2,
    )
    assert (found.choices[0].x, found.choices[0].y) == (3.0, 4.0)
    nothing = lift_options(parse(["lift", "a.mp4", "-o", "a.csv"]))
    assert nothing == LiftOptions()
    assert nothing.level is None


@pytest.mark.parametrize("command", ["export walk -o a.csv", "stream --source 0 --osc", ""])
def test_every_command_that_lifts_can_be_told_the_level(command: str) -> None:
    found = lift_options(parse([*command.split(), "--camera-pitch", "10"]))
    assert found.level is not None
    assert found.level.given
    assert found.level.pitch_deg == pytest.approx(10.0)


def test_an_angle_that_cannot_be_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["lift", "a.mp4", "-o", "a.csv", "--camera-pitch", "90"])
    assert "not between -89 and 89 degrees" in capsys.readouterr().err


def test_the_settings_are_translated() -> None:
    told = Preferences(height_m=1.7, camera_told=True, camera_pitch_deg=5.0, several=False)
    assert lifting_of(told) == LiftOptions(
        device="auto", height_m=1.7, camera_pitch_deg=5.0, camera_roll_deg=0.0, several=False
    )
    assert lifting_of(Preferences(camera_pitch_deg=5.0)).level is None


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    found = Recording.open(record(tmp_path, 10))
    found.save_poses(replace(poses(10), level=Level.from_angles(7.0, 2.0)), INFO)
    return found


def test_poses_are_current_until_something_else_is_wanted(recording: Recording) -> None:
    assert recording.poses is not None
    height_m = recording.poses.info["height_m"]
    same = LiftOptions(height_m=height_m)
    assert is_current(recording, same)
    assert is_current(recording, replace(same, camera_pitch_deg=7.0, camera_roll_deg=2.0))
    assert not is_current(recording, replace(same, camera_pitch_deg=8.0, camera_roll_deg=2.0))
    assert not is_current(recording, replace(same, height_m=1.23))
    assert not is_current(recording, replace(same, weights="mixpose-s"))


def test_what_is_left_open_is_as_it_was(recording: Recording) -> None:
    found = as_recorded(LiftOptions(), recording)
    assert found.camera_pitch_deg == pytest.approx(7.0, abs=0.01)
    assert found.camera_roll_deg == pytest.approx(2.0, abs=0.01)
    assert is_current(recording, found)
    other = as_recorded(LiftOptions(height_m=1.5, camera_roll_deg=4.0), recording)
    assert (other.height_m, other.camera_pitch_deg, other.camera_roll_deg) == (1.5, None, 4.0)


def test_all_stages_make_one_number() -> None:
    told: list[float] = []
    overall = Overall(told.append, slow=False)
    for stage in Stage:
        for frames in (0, 5, 10):
            overall(Progress(stage, frames, 10))
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, pytest.approx(1.0))
    late: list[float] = []
    Overall(late.append, slow=True, begins=Stage.PROCESSING)(Progress(Stage.WRITING, 0, 10))
    assert late == [pytest.approx(0.02)]
    assert np.isfinite(told).all()
