"""``lift --corrections``: what was put right in the window, for those who have only a command."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path

import pytest

from app.lifting.kept import film_key
from app.recording.corrections import CorrectionList, Delete, Move
from tests.support.clips import performer_pictures, write_clip
from tests.support.program import LIFT, Program

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="where the program's data is"),
]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As long as somebody must be in view to be one of several people."""
    path = tmp_path_factory.mktemp("film") / "person.mp4"
    write_clip(path, performer_pictures(36))
    return path


def rows(table: Path) -> list[dict[str, str]]:
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


def noted_of(film: Path, home: Path) -> CorrectionList:
    notes = home / ".local" / "share" / "mixpose" / "videos" / film_key(film)
    return CorrectionList(notes, of_video=film.name)


@pytest.mark.slow
def test_they_are_mentioned_and_applied_when_asked_for(
    program: Program, film: Path, out: Path
) -> None:
    plain = program.call(*LIFT, film, "-o", out / "plain.csv")
    assert plain.code == 0, plain
    assert "correct" not in plain.err
    none = program.call(*LIFT, film, "-o", out / "none.csv", "--corrections")
    assert "Nothing in" in none.err, none
    made = noted_of(film, program.home)
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


@pytest.mark.slow
def test_in_a_folder_each_video_has_its_own(
    program: Program, film: Path, clips: Path, out: Path
) -> None:
    """To the last byte, sidecar included, as if that video had been lifted alone."""
    films = out / "films"
    films.mkdir()
    shutil.copy(film, films / "person.mp4")
    shutil.copy(clips / "person.mkv", films / "other.mkv")
    made = noted_of(films / "person.mp4", program.home)
    made.add(Move(0.5, "left_wrist", 5.0, 5.0), Delete(1.0, 1.1))
    many, lift = out / "many", (*LIFT, films, "-o", out / "many", "--jobs", "2")

    told = program.call(*lift)
    assert told.code == 0, told
    assert told.err == (
        "mixpose: 1 video corrected in the window; that is not applied unless you add "
        "--corrections.\n"
    )
    assert rows(many / "person.csv")[31]["pelvis_x"]
    refused = program.call(*lift, "--corrections")
    assert refused.code == 1, "what is there was made without them"
    assert "person.csv" in refused.err
    assert refused.err.startswith("mixpose: 0 of 2 videos lifted, 1 done before.")

    applied = program.call(*lift, "--corrections", "--force")
    assert (applied.code, applied.err) == (0, ""), applied
    alone = program.call(*LIFT, films / "person.mp4", "-o", out / "person.csv", "--corrections")
    assert alone.code == 0, alone
    assert (many / "person.csv").read_bytes() == (out / "person.csv").read_bytes()
    assert (many / "person.csv.json").read_bytes() == (out / "person.csv.json").read_bytes()
    assert not rows(many / "person.csv")[31]["pelvis_x"]
    assert not json.loads((many / "other.csv.json").read_text("utf-8"))["corrections"]
    again = program.call(*lift, "--corrections")
    assert (again.code, again.out) == (0, "0 of 2 videos lifted, 2 done before.\n")

    made.file.write_text("{")
    damaged = program.call(*lift, "--corrections")
    assert "The corrections of person.mp4 cannot be read" in damaged.err
    made.file.unlink()
    none = program.call(*lift, "--corrections", "--force")
    assert "Nothing in these videos was corrected in the window" in none.err


@pytest.mark.slow
def test_a_corrected_clip_too_short_for_several_people_is_refused_in_words(
    program: Program, clips: Path, out: Path
) -> None:
    film = shutil.copy(clips / "person.mp4", out / "short.mp4")
    noted_of(film, program.home).add(Move(0.2, "left_wrist", 5.0, 5.0))
    refused = program.call(
        *(*LIFT, film, "-o", out / "all.csv", "--people", "all", "--corrections")
    )
    assert refused.code == 2, refused
    assert "Nobody was in view for 1 s in short.mp4" in refused.err
