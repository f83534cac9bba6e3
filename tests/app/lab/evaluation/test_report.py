"""The report reads as Markdown and as plain text, and says what was left out."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from app.lab.evaluation.angles import Angles, LevelError
from app.lab.evaluation.material import EvaluationError
from app.lab.evaluation.methods import DETECTOR_NAME
from app.lab.evaluation.placement_study import Placed, Placing
from app.lab.evaluation.plots import draw
from app.lab.evaluation.report import Findings, markdown
from app.lab.evaluation.scoring import Found, Row
from app.lab.evaluation.studies import Delayed, Hidden
from app.lab.evaluation.tables import table
from app.lab.evaluation.turned import Turned
from app.lab.evaluation.upright_people import Standing
from models.scores import Scores

SCORES = Scores(180, 20, 62.04, 55.06, 41.0, 5.5, 3.25, 6.5, 4.0, 91.5, 60.25)
JITTERY = replace(SCORES, jitter=13.0, mpjpe=118.3)
PLACING = Placing(60.0, 20.0, 90.2, float("nan"), 2.5, 0.8, 7.7)
UNKNOWN = replace(SCORES, mpjve=float("nan"), jitter=float("nan"))
ANGLES = Angles(9.04, 8.0, 12.0, 7.0, float("nan"))
LEVEL = LevelError(pitch=3.0, roll=1.0, total=3.3, claimed=6.0, takes=4)
FOUND = Found(SCORES, ANGLES, LEVEL)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_table_has_a_line_for_each_method() -> None:
    report = markdown(
        Findings([Row("a|b", "ours", FOUND), Row("a|b", DETECTOR_NAME, Found(UNKNOWN))])
    )
    lines = report.splitlines()
    assert len({len(line) for line in lines[:4]}) == 1, "the columns line up"
    head = cells(lines[0])
    ours, own = (dict(zip(head, cells(line), strict=True)) for line in lines[2:4])
    assert ours == {
        "on": "a/b", "method": "ours", "MPJPE mm": "62.0", "N-MPJPE mm": "55.1",
        "P-MPJPE mm": "41.0", "MPJVE mm/frame": "5.5", "jitter mm/frame²": "3.2",
        "jerk mm/frame³": "6.5", "bones ±%": "4.0", "PCK@150 %": "91.5",
        "AUC %": "60.2", "frames": "180", "with somebody %": "90.0",
    }  # fmt: skip
    assert own["jitter mm/frame²"] == "-"
    assert report.index("## Joint angles") < report.index("## Where up is")
    assert report.partition("## Where up is")[2].count("| a/b") == 1, "of those who say so"
    assert "Joints that are hidden" not in report
    assert "Standing straight" not in report
    assert "Any way up" not in report
    assert "The place in the room" not in report
    assert "Not measured" not in report


def test_the_studies_and_what_was_left_out() -> None:
    findings = Findings(
        rows=[Row("film", "ours", FOUND, (("cam1", FOUND), ("cam2", Found(JITTERY))))],
        delayed=[
            Delayed("ours", 0, SCORES),
            Delayed("ours", None, SCORES),
            Delayed(DETECTOR_NAME, None, JITTERY),
        ],
        delayed_on="the film",
        hidden=[Hidden("film", "ours", "legs", SCORES, replace(SCORES, mpjpe=68.244), JITTERY)],
        skipped=["Human3.6M: give --h36m FOLDER."],
        remarks=["film: made up."],
        processed=[Row("film", "ours, smoothed, 6 Hz", Found(JITTERY))],
        placed=[Placed("film", "ours", "nothing", PLACING)],
        standing=[
            Standing("squat", "0 to 0.9 s", "ours", 6.0, 4.0, 1.0),
            Standing("squat", "7.4 to 7.8 s", "ours", 8.0, 5.0, 0.5),
        ],
        turned=[Turned("Performer", "ours", 150, 4.04, 21.0, 0.75)],
    )
    report = markdown(findings)
    smoothing = report.partition("## Smoothing and rigid bones\n\n")[2].partition("\n\n")[0]
    assert "| ours, smoothed, 6 Hz |" in smoothing
    assert "\n\n- film: made up.\n\n## Joint angles" in report
    parts = dict(part.split("\n\n", 1) for part in report.split("## ")[1:])
    angles = parts["Joint angles"].splitlines()
    assert cells(angles[2]) == ["film", "ours", "9.0", "8.0", "12.0", "7.0", "-"]
    assert cells(parts["Where up is"].splitlines()[2]) == [
        "film", "ours", "3.0", "1.0", "3.3", "6.0", "4",
    ]  # fmt: skip
    standing = [cells(line) for line in parts["Standing straight"].splitlines()[2:5]]
    assert standing[0] == ["squat", "0 to 0.9 s", "ours", "6.0", "4.0", "100.0"]
    assert standing[2] == ["mean", "", "ours", "7.0", "4.5", ""]
    turned = parts["Any way up"].splitlines()
    assert cells(turned[2]) == ["Performer", "ours", "150", "4.0", "21.0", "75.0"]
    live = parts["Live: error against the frames waited"].splitlines()
    assert live[-2] == "On the film."
    assert cells(live[2]) == ["ours", "0", "62.0", "41.0", "5.5", "3.2", "25.0"]
    assert cells(live[3])[1] == "whole clip"
    assert cells(live[4])[0] == DETECTOR_NAME
    assert cells(live[4])[-1] == "100.0"
    table, legend = parts["The place in the room"].strip().split("\n\n")
    assert cells(table.splitlines()[0])[:4] == ["on", "method", "told", "depth mm"]
    numbers = ["60.0", "90.2", "20.0", "-", "2.5", "0.8", "7.7"]
    assert cells(table.splitlines()[2]) == ["film", "ours", "nothing", *numbers]
    assert "*Single* places every frame by itself" in legend
    hidden = parts["Joints that are hidden"].splitlines()
    assert cells(hidden[2]) == [
        "film",
        "ours",
        "legs",
        "62.0",
        "68.2",
        "1.10",
        "41.0",
        "41.0",
        "118.3",
    ]
    groups = [cells(line) for line in parts["film"].splitlines() if line]
    assert [line[0] for line in groups[2:]] == ["cam1", "cam2"]
    up = groups[0].index("up °")
    assert (groups[2][up], groups[3][up]) == ("3.3", "-")
    assert groups[2][groups[0].index("knee °")] == "9.0"
    assert "- Human3.6M: give --h36m FOLDER." in parts["Not measured"]


def test_words_stand_left_and_numbers_right() -> None:
    assert table(["name", "mm"], [["a", "1.5"], ["longer", "10.5"]]) == (
        "| name   |   mm |\n| ------ | ---: |\n| a      |  1.5 |\n| longer | 10.5 |"
    )


def delays() -> list[Delayed]:
    late = [Delayed("ours", k, replace(SCORES, mpjpe=60.0 - k)) for k in range(4)]
    return [*late, Delayed("ours", None, SCORES), Delayed(DETECTOR_NAME, None, JITTERY)]


def test_the_plots_are_pictures(tmp_path: Path) -> None:
    hidden = [Hidden("film", "ours", "legs", SCORES, JITTERY, JITTERY)]
    written = draw(tmp_path / "new", delays(), hidden)
    assert [path.name for path in written] == ["delay.svg", "hidden.svg"]
    for path in written:
        root = ElementTree.parse(path).getroot()
        assert root.tag.endswith("svg")
    text = written[0].read_text()
    assert "ours, live" in text, "matplotlib writes its words into comments"
    assert "MPJPE, mm" in text
    nobody = replace(SCORES, mpjpe=float("nan"), jitter=float("nan"))
    assert len(draw(tmp_path, [Delayed("ours", 0, nobody)], [])) == 1
    assert draw(tmp_path, [], hidden) == [tmp_path / "hidden.svg"]


def test_the_same_findings_give_the_same_picture(tmp_path: Path) -> None:
    (first,), (second,) = (draw(tmp_path / name, delays(), []) for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


def test_without_matplotlib_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(EvaluationError, match=r"pip install '\.\[evaluate\]'"):
        draw(tmp_path, delays(), [])
