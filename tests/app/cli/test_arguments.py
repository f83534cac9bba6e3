from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.cli.arguments import PERFORMER_SECONDS, parse
from app.detection.person_tracker import Choice
from app.export.registry import FORMATS
from models import LARGEST_DELAY


def test_nothing_means_the_window() -> None:
    options = parse([])
    assert options.command is None
    assert options.source is None
    assert options.weights is None
    assert options.device is None, "the window's remembered device must not be overruled"
    assert options.height is None
    assert options.delay is None


@pytest.mark.parametrize(
    "command",
    [
        ["lift", "a.mp4", "-o", "a.csv"],
        ["record", "--source", "0"],
        ["stream", "--source", "0", "--osc"],
        ["bench"],
        ["evaluate"],
    ],
    ids=lambda command: command[0],
)
def test_the_detector_s_size_is_each_command_s_own_unless_told(command: list[str]) -> None:
    assert parse(command).detector is None
    assert parse([*command, "--detector", "lite"]).detector == "lite"
    assert parse(["--detector", "lite", *command]).detector == "lite"


def test_a_file_in_the_place_of_a_command_is_shown_in_the_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("dance.mp4", "lift"):
        (tmp_path / name).touch()
    options = parse(["dance.mp4", "--height", "1.7"])
    assert (options.command, options.source, options.height) == (None, "dance.mp4", 1.7)
    assert parse(["rtsp://10.0.0.7/stream"]).source == "rtsp://10.0.0.7/stream"
    assert parse(["lift", "dance.mp4", "-o", "dance.csv"]).command == "lift", "commands come first"


def test_options_may_stand_before_and_after_the_command() -> None:
    before = parse(["--device", "cpu", "--height", "1.7", "lift", "a.mp4", "-o", "a.csv"])
    after = parse(["lift", "a.mp4", "-o", "a.csv", "--device", "cpu", "--height", "1.7"])
    assert vars(before) == vars(after)
    assert (after.device, after.height, after.weights) == ("cpu", 1.7, None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dense.mp4"], ["no command and no file 'dense.mp4'", "lift dance.mp4"]),
        (["--height", "175"], ["centimetres", "1.75"]),
        (["--height", "3"], ["between 0.5 and 2.5 metres"]),
        (["--height", "nan"], ["between 0.5 and 2.5 metres"]),
        (["--height", "tall"], ["'tall'", "such as 1.75"]),
        (["--delay", "-1"], ["'-1'", "whole number of frames"]),
        (["--delay", "1.5"], ["whole number of frames"]),
        (["--delay", "11"], ["between 0 and 10"]),
        (["--detector", "huge"], ["'huge'", "lite", "full", "heavy"]),
        (["--detector", "lite", "export", "walk", "-o", "a.csv"], ["--detector", "'export'"]),
        (["--device", "gpu"], ["'gpu'", "cuda"]),
        (["--source"], ["--source", "expected one argument"]),
        (["lift", "a.mp4"], ["-o"]),
        (["lift", "-o", "a.csv"], ["SOURCE"]),
        (["lift", "a.mp4", "-o", "a.csv", "--seconds", "0"], ["above 0"]),
        (["lift", "a.mp4", "-o", "a.csv", "--seconds", "inf"], ["above 0"]),
        (["lift", "a.mp4", "-o", "a.csv", "--delay", "2"], ["--delay"]),
        (["--source", "0", "lift", "a.mp4", "-o", "a.csv"], ["--source belongs to the window"]),
        (["devices", "now"], ["now"]),
        (["record", "-o", "walk"], ["record needs --source"]),
        (["--delay", "2", "record", "--source", "0"], ["--delay belongs to the window"]),
        (["--source", "0", "export", "walk", "-o", "a.csv"], ["--source belongs to the window"]),
        (["export", "walk"], ["-o"]),
        (["export", "walk", "-o", "a.csv", "--from", "noon"], ["'noon'", "1:02.5"]),
        (["export", "walk", "-o", "a.csv", "--until", "-3"], ["--until"]),
        (["export", "walk", "-o", "a.csv", "--from", "1:-2"], ["'1:-2'"]),
        (["export", "walk", "-o", "a.csv", "--from", "9", "--until", "0:08"], ["later than"]),
        (["lift", "a.mp4", "-o", "a.csv", "--from", "2"], ["--from"]),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    arguments: list[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        parse(arguments)
    line = capsys.readouterr().err
    assert end.value.code == 2
    assert line.count("\n") == 1
    for word in words:
        assert word in line


@pytest.mark.parametrize(
    ("text", "metres"), [("0.5", 0.5), ("0.85", 0.85), ("1,75", 1.75), ("2.5", 2.5)]
)
def test_heights_of_people(text: str, metres: float) -> None:
    assert parse(["--height", text]).height == metres


def test_a_recording_takes_its_source_before_or_after() -> None:
    before = parse(["--source", "0", "--device", "cpu", "record", "-o", "walk"])
    after = parse(["record", "--source", "0", "-o", "walk", "--device", "cpu"])
    assert vars(before) == vars(after)
    assert (after.source, after.lift, after.video, after.seconds) == ("0", True, False, None)


def test_help_has_examples_that_parse(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dance.mp4").touch()
    with pytest.raises(SystemExit):
        parse(["--help"])
    with pytest.raises(SystemExit):
        parse(["lift", "--help"])
    for command in ("record", "export"):
        with pytest.raises(SystemExit):
            parse([command, "--help"])
    lines = capsys.readouterr().out.splitlines()
    examples = [line.strip() for line in lines if line.startswith("  python run_app.py ")]
    assert len(examples) >= 16
    for example in examples:
        command = re.split(" {3,}", example)[0].split()[2:]
        if "--help" not in command:
            parse(command)


def test_help_names_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["lift", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    listed = said.partition("the format: ")[2].partition(" (default")[0]
    assert listed.split(", ") == list(FORMATS)


def test_delay_reaches_as_far_as_the_network_goes_back() -> None:
    assert parse(["--delay", str(LARGEST_DELAY)]).delay == LARGEST_DELAY
    for other in (str(LARGEST_DELAY + 1), "9" * 5000, "²"):
        with pytest.raises(SystemExit):
            parse(["--delay", other])


def test_the_performer_is_as_long_as_the_help_says() -> None:
    from app.sources.performer import PERFORMER_CLIP_S

    assert PERFORMER_SECONDS == PERFORMER_CLIP_S


def test_bench_measures_on_a_video_of_ones_own() -> None:
    options = parse(["bench", "--source", "dance.mp4", "--quick", "--device", "cpu"])
    assert (options.command, options.source) == ("bench", "dance.mp4")
    assert (options.quick, options.device, options.weights) == (True, "cpu", None)
    assert parse(["bench"]).source is None


def test_a_part_is_given_in_seconds_or_as_on_a_clock() -> None:
    arguments = ["export", "walk", "-o", "a.csv"]
    assert parse(arguments).selection.whole
    part = parse([*arguments, "--from", "12,5", "--until", "1:02:03.25"]).selection
    assert (part.start_s, part.end_s) == (12.5, 3723.25)


def test_whom_to_follow_is_a_place_and_a_moment() -> None:
    lift = ["lift", "two.mp4", "-o", "two.csv"]
    assert parse([*lift, "--person", "320,240.5@1.5"]).choices == (Choice(320.0, 240.5, 1.5),)
    assert parse([*lift, "--person", "10,20"]).choices == (Choice(10.0, 20.0, 0.0),)
    assert parse(lift).choices == ()


@pytest.mark.parametrize(
    "arguments",
    [
        ["lift", "two.mp4", "-o", "two.csv", "--person", "left"],
        ["lift", "one.mp4", "two.mp4", "-o", "out", "--person", "10,20"],
    ],
)
def test_a_place_is_of_one_picture(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        parse(arguments)


def test_a_place_is_of_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["lift", str(tmp_path), "-o", "out", "--person", "10,20@1.5"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "--person is a place in one video's picture; lift that video by itself" in said
