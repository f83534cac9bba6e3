"""``report`` as a user runs it: of a recording, of a video, and with what makes none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PyQt6.QtPdf import QPdfDocument

from tests.support.program import Program
from tests.support.recordings import record

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX")


def test_a_recordings_report_is_smoothed_and_placed_in_the_room(
    program: Program, out: Path
) -> None:
    path = record(out, 40)
    ended = program.call("report", path, "-o", out / "x.html", "--height", "1.7")
    assert ended.code == 0, ended
    page = (out / "x.html").read_text("utf-8")
    assert "a height of 1.7 m" in page
    assert "at 6 Hz, without delay" in page
    assert "must be placed in the room" not in page
    ended = program.call("report", path, "-o", out / "x.numbers.csv")
    assert ended.code == 0, ended
    assert (out / "x.numbers.csv").read_text().startswith("part,of,number,measure,value,unit\n")
    again = program.call("report", path, "-o", out / "x.html")
    assert again.code == 2
    assert "exists already" in again.err


@pytest.mark.slow
def test_a_recordings_report_on_sheets_of_paper(program: Program, out: Path) -> None:
    path = record(out, 40)
    # In a process of its own, which has no screen.
    ended = program.run("report", path, "-o", out / "x.pdf")
    assert ended.code == 0, ended
    document = QPdfDocument(None)
    document.load(str(out / "x.pdf"))
    text = "".join(document.getAllText(n).text() for n in range(document.pageCount()))
    assert "Range of motion" in text
    assert f"{document.pageCount()} of {document.pageCount()}" in text


def test_a_video_that_is_not_there_is_no_recording(program: Program, out: Path) -> None:
    ended = program.call("report", out / "squat.mp4", "-o", out / "x.html")
    ended.check_refused("There is no file", "squat.mp4")
    assert "recording" not in ended.err


@pytest.mark.slow
def test_a_videos_report(program: Program, out: Path, clips: Path) -> None:
    ended = program.call(
        "report", clips / "person.mp4", "-o", out / "y.html", "--smooth", "10", "--detector", "lite"
    )
    assert ended.code == 0, ended
    page = (out / "y.html").read_text("utf-8")
    assert "person.mp4" in page
    assert "at 10 Hz" in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing", "-o", "x.html"), "There is no recording nothing"),
        (("nothing", "-o", "x.csv"), "end x.csv with .html, .pdf or .numbers.csv"),
    ],
)
def test_what_makes_no_report_is_said_in_a_line(
    program: Program, words: tuple[str, ...], said: str
) -> None:
    ended = program.call("report", *words)
    assert ended.code == 2
    assert said in ended.err
    assert len(ended.err.splitlines()) == 1
