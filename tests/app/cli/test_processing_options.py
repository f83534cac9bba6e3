"""What is to be done to the poses, as it is asked for on the command line."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest

from app.cli.arguments import parse
from app.motion.processing_options import Processing
from tests.support.program import Program
from tests.support.recordings import record

LIFT = ["lift", "a.mp4", "-o", "a.csv"]
EXPORT = ["export", "walk", "-o", "a.csv"]


@pytest.mark.parametrize("command", [LIFT, EXPORT])
def test_raw_is_the_default(command: list[str]) -> None:
    assert parse(command).processing == Processing()


@pytest.mark.parametrize("command", [LIFT, EXPORT])
def test_everything_can_be_asked_for(command: list[str]) -> None:
    given = "--smooth 6 --rigid-bones --bone upper-arm=0,31 --angles"
    room = "--room --fov 65 --camera-height 1.2 --heading -90"
    assert parse([*command, *given.split(), *room.split()]).processing == Processing(
        smooth_hz=6.0,
        rigid_bones=True,
        bone=("upper-arm", 0.31),
        room=True,
        fov_deg=65.0,
        camera_height_m=1.2,
        heading_deg=-90.0,
        angles=True,
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("--smooth 0", ["--smooth", "between 0.5 and 60"]),
        ("--smooth nan", ["between 0.5 and 60"]),
        ("--smooth much", ["'much'", "hertz"]),
        ("--bone thigh", ["thigh=0.42"]),
        ("--bone nose=0.1", ["nose=0.1", "forearm"]),
        ("--bone thigh=42", ["centimetres", "0.42"]),
        ("--bone thigh=2", ["between 0.1 and 0.7"]),
        ("--bone thigh=long", ["'long'", "metres"]),
        ("--bone thigh=0.42 --height 1.7", ["--bone and --height", "give one"]),
        ("--fov 65", ["--fov", "give --room too"]),
        ("--camera-height 1", ["--camera-height", "give --room too"]),
        ("--room --camera-height 200", ["between 0.05 and 15"]),
        ("--heading 0", ["--heading", "give --room too"]),
        ("--room --fov 300", ["between 20 and 150"]),
        ("--room --heading 1e9", ["between -360 and 360"]),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    given: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        parse([*EXPORT, *given.split()])
    line = capsys.readouterr().err
    assert end.value.code == 2
    assert line.count("\n") == 1
    for word in words:
        assert word in line


def columns(path: Path, joint: str) -> np.ndarray:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = [[row[f"{joint}_{axis}"] for axis in "xyz"] for row in rows]
    return np.array([[float(cell or "nan") for cell in row] for row in found])


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX")
def test_export_does_it_and_says_it(program: Program, out: Path) -> None:
    path = record(out, 40)
    assert program.call("export", path, "-o", out / "raw.csv").code == 0
    ended = program.call(
        "export", path, "-o", out / "x.csv", "--smooth", "3", "--bone", "thigh=0.5"
    )
    assert ended.code == 0, ended
    said = json.loads((out / "x.csv.json").read_text())
    assert said["smoothing"]["parameters"]["cutoff_hz"] == 3.0
    assert said["scale"]["bone"] == "thigh"
    raw, done = (columns(out / name, "left_wrist") for name in ("raw.csv", "x.csv"))
    np.testing.assert_array_equal(np.isnan(raw), np.isnan(done))
    known = ~np.isnan(raw).any(axis=1)
    assert known.sum() > 10
    assert not np.allclose(done[known], raw[known], atol=0.01)
    fast = program.call("export", path, "-o", out / "fast.csv", "--smooth", "20")
    assert fast.code == 0
    assert "Warning: Nothing was smoothed" in fast.err
    again = program.call("export", path, "-o", out / "again.csv")
    assert "as lifted before" in again.out
    assert (out / "again.csv").read_bytes() == (out / "raw.csv").read_bytes(), "raw is kept"


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="needs POSIX")
def test_lift_does_it_and_says_it(program: Program, clips: Path, out: Path) -> None:
    ended = program.call(
        "lift", clips / "person.mp4", "-o", out / "x.csv", "--smooth", "6", "--rigid-bones"
    )
    assert ended.code == 0, ended
    said = json.loads((out / "x.csv.json").read_text())
    assert said["smoothing"]["method"] == "butterworth + rigid bones"
    forearm = columns(out / "x.csv", "left_wrist") - columns(out / "x.csv", "left_elbow")
    lengths = np.linalg.norm(forearm, axis=1)
    assert np.nanstd(lengths) < 1e-5
    expected = said["smoothing"]["parameters"]["bone_lengths_m"]["left_wrist"]
    assert np.nanmedian(lengths) == pytest.approx(expected, abs=1e-4)
