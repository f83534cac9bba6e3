"""Rates, names and purposes as they are asked for on the command line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import bvhio
import pytest

from app.cli.arguments import parse
from app.export.file_options import FileOptions
from app.export.presets import PRESETS
from app.motion.processing_options import Processing
from tests.support.program import Program
from tests.support.recordings import record

LIFT = ["lift", "a.mp4", "-o", "a.bvh"]
EXPORT = ["export", "walk", "-o", "a.bvh"]


@pytest.mark.parametrize("command", [LIFT, EXPORT])
def test_nothing_is_the_default_and_everything_can_be_asked_for(command: list[str]) -> None:
    assert parse(command).file == FileOptions()
    given = ["--fps", "24", "--skeleton", "mixamo", "--rest", "a", "--blender", "b"]
    assert parse([*command, *given]).file == FileOptions(24.0, "mixamo", "a", blender="b")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("--fps 0", ["--fps", "between 1 and 1000"]),
        ("--fps film", ["'film'", "frames a second"]),
        ("--skeleton biped", ["biped", "unreal"]),
        ("--rest x", ["'x'"]),
        ("--for fun", ["'fun'", "animate"]),
    ],
)
def test_what_cannot_be_is_said(
    given: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse([*LIFT, *given.split()])
    said = capsys.readouterr().err
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    ("given", "kind", "fps", "processing"),
    [
        ("--for animate", "bvh", 30.0, Processing(smooth_hz=6.0, room=True)),
        ("--for animate --fps 24 --smooth 10", "bvh", 24.0, Processing(smooth_hz=10.0, room=True)),
        ("--for animate --to gltf", "gltf", 30.0, Processing(smooth_hz=6.0, room=True)),
        ("--for measure", "csv", None, Processing(room=True, angles=True)),
        ("--for analyse --fov 70", "c3d", None, Processing(room=True, fov_deg=70.0)),
        ("--for analyse --to opensim", "opensim", None, Processing(room=True)),
        ("--for show", "mp4", None, Processing()),
    ],
)
def test_a_purpose_has_a_format_and_what_suits_it(
    given: str, kind: str, fps: float | None, processing: Processing
) -> None:
    options = parse(["lift", "a.mp4", "-o", "out/", *given.split()])
    assert (options.to, options.file.fps, options.processing) == (kind, fps, processing)


def test_the_help_offers_the_formats_that_the_window_offers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        parse(["lift", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "analyse: --to c3d or trc or mot or opensim --room;" in said
    for name, preset in PRESETS.items():
        assert f"{name}: --to {' or '.join(preset.formats)}" in said


def test_the_ending_of_the_file_comes_before_the_purpose() -> None:
    options = parse(["lift", "a.mp4", "-o", "a.glb", "--for", "animate"])
    assert options.to is None
    assert options.file.fps == 30


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX")
def test_files_are_as_they_were_asked_for(program: Program, out: Path) -> None:
    path = record(out, 40)
    (out / "study").mkdir()
    ended = program.call("export", path, "-o", out / "x.bvh", "--fps", "24", "--skeleton", "unity")
    assert ended.code == 0, ended
    file = bvhio.readAsBvh(str(out / "x.bvh"))
    assert file.FrameTime == pytest.approx(1 / 24, abs=1e-6)
    assert "LeftUpperArm" in {joint.Name for joint, _, _ in file.Root.layout()}
    ended = program.call("export", path, "-o", out / "study", "--to", "bids")
    assert ended.code == 0, ended
    motion = out / "study" / "sub-01" / "motion" / "sub-01_task-take_tracksys-mixpose_motion.json"
    assert json.loads(motion.read_text("utf-8"))["TaskName"] == "take"
    assert (out / "study" / "dataset_description.json").is_file()
    ended = program.call("export", path, "-o", out / "x.csv", "--skeleton", "unity")
    assert ended.code == 2
    assert "has no bones" in ended.err
