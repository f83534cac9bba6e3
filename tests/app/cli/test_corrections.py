"""``lift --corrections``: what was put right in the window, for those who have only a command."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest

from app.lifting.kept import film_key
from app.recording.corrections import CorrectionList, Delete, Move
from tests.support.program import LIFT, Program

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="where the program's data is"),
]


def rows(table: Path) -> list[dict[str, str]]:
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


def test_they_are_mentioned_and_applied_when_asked_for(
    program: Program, clips: Path, out: Path
) -> None:
    film = clips / "person.mp4"
    plain = program.call(*LIFT, film, "-o", out / "plain.csv")
    assert plain.code == 0, plain
    assert "correct" not in plain.err
    none = program.call(*LIFT, film, "-o", out / "none.csv", "--corrections")
    assert "Nothing in" in none.err, none
    notes = program.home / ".local" / "share" / "mixpose" / "videos" / film_key(film)
    made = CorrectionList(notes, of_video=film.name)
    made.add(Move(0.5, "left_wrist", 5.0, 5.0), Delete(1.0, 1.1))

    told = program.call(*LIFT, film, "-o", out / "told.csv")
    assert told.code == 0, told
    assert "has 2 corrections made in the window; they are not applied" in told.err
    assert (out / "told.csv").read_bytes() == (out / "plain.csv").read_bytes()

    applied = program.call(*LIFT, film, "-o", out / "applied.csv", "--corrections")
    assert applied.code == 0, applied
    before, after = rows(out / "plain.csv"), rows(out / "applied.csv")
    assert before[15]["left_wrist_x"] != after[15]["left_wrist_x"]
    assert before[31]["pelvis_x"]
    assert not after[31]["pelvis_x"], "deleted, and not bridged"
    said = json.loads((out / "applied.csv.json").read_text("utf-8"))
    assert [each["kind"] for each in said["corrections"]] == ["move", "delete"]
    everybody = program.call(
        *(*LIFT, film, "-o", out / "all.csv", "--people", "all", "--corrections")
    )
    assert everybody.code == 0, everybody
    assert not rows(out / "all.1.csv")[31]["pelvis_x"]
    program.call(*LIFT, clips, "-o", out, "--corrections").check_refused(
        "lift that video by itself"
    )
