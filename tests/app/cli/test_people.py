"""``lift --people all`` as a user runs it: files, sidecars, batches that go on, refusals."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.clips import write_clip
from tests.support.program import Program
from tests.support.several_people import RATE, crossing

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.name == "nt", reason="POSIX signals and limits"),
]
LIFT = ("--people", "all", "--detector", "lite")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two who walk past each other."""
    folder = tmp_path_factory.mktemp("crossing")
    return write_clip(folder / "two.mp4", crossing().pictures, round(RATE))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def said(table: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(table.with_name(f"{table.name}.json").read_text())
    return found


def rows(table: Path) -> list[dict[str, str]]:
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


def test_each_person_becomes_a_file(program: Program, film: Path, out: Path) -> None:
    lift = ("lift", film, "-o", out / "x.csv", *LIFT, "--height", "1.82,1.6", "--room")
    ended = program.call(*lift)
    assert ended.code == 0, ended
    first, *each = ended.out.splitlines()
    assert first.startswith(f"{out / 'x.1.csv'}, {out / 'x.2.csv'}: 42 frames (2.7 s)")
    assert first.endswith("; 2 people")
    assert [line.partition(": ")[0] for line in each] == [
        "  person 1, in view 0.0-2.7 s",
        "  person 2, in view 0.0-2.7 s",
    ]
    assert names(out) == ["x.1.csv", "x.1.csv.json", "x.2.csv", "x.2.csv.json"]
    one, two = (said(out / f"x.{number}.csv") for number in (1, 2))
    assert (one["person"]["number"], two["person"]["number"]) == (1, 2)
    assert one["person"]["of"] == 2
    assert one["person"]["in_view_s"] == [[0.0, pytest.approx(41 / RATE, abs=1e-3)]]
    assert one["person"]["size_pct_of_picture_height"] > two["person"]["size_pct_of_picture_height"]
    assert [each["scale"]["height_m"] for each in (one, two)] == [1.82, 1.6]
    assert one["level"] == two["level"], "one camera"
    here, there = (each["position"]["camera"]["position_m"] for each in (one, two))
    assert (here[0], here[2]) == (there[0], there[2]), "one room"
    assert len(rows(out / "x.1.csv")) == len(rows(out / "x.2.csv")) == 42
    across = [float(rows(out / f"x.{number}.csv")[5]["pelvis_x"]) for number in (1, 2)]
    assert 1.2 < across[1] - across[0] < 3.0, "2.1 m beside each other by then"

    again = program.call(*lift)
    again.check_refused("x.1.csv exists already", "--force")
    (out / "x.1.csv").rename(out / "x.7.csv")
    (out / "x.1.csv.json").rename(out / "x.7.csv.json")
    (out / "x.9.csv").write_text("mine")
    program.call(*lift).check_refused("x.2.csv exists already", "--force")
    assert program.call(*lift, "--force").code == 0
    left = ["x.1.csv", "x.1.csv.json", "x.2.csv", "x.2.csv.json", "x.9.csv"]
    assert names(out) == left, "person 7 was of an earlier run, 9 is no export"


def test_a_folder_goes_on_where_it_was_left(program: Program, film: Path, out: Path) -> None:
    lift = ("lift", film.parent, "-o", out, *LIFT, "--jobs", "2", "--to", "trc")
    ended = program.call(*lift)
    assert ended.code == 0, ended
    assert ended.out.splitlines()[0].startswith(f"{out / 'two.*.trc'}: 42 frames")
    assert ended.out.splitlines()[-1] == "1 of 1 video lifted."
    made = ["two.1.trc", "two.1.trc.json", "two.2.trc", "two.2.trc.json"]
    assert names(out) == made
    content = [(out / name).read_bytes() for name in made]
    again = program.call(*lift)
    assert again.out == "0 of 1 video lifted, 1 done before.\n", again
    for name in made[2:]:  # as if the first run had been killed between the two
        (out / name).unlink()
    assert program.call(*lift).out.endswith("1 of 1 video lifted.\n")
    assert [(out / name).read_bytes() for name in made] == content
    other = program.call(*lift, "--height", "1.9")
    assert (other.code, "two.1.trc exists already" in other.err) == (2, True), other


def test_one_long_table_of_all(program: Program, film: Path, out: Path) -> None:
    lift = ("lift", film, "-o", out / "x.csv", *LIFT, "--one-file")
    program.call(*lift).check_refused("--to csv-long and parquet are such, not csv")
    ended = program.call(*lift, "--to", "csv-long")
    assert ended.code == 0, ended
    assert names(out) == ["x.csv", "x.csv.json"]
    table = rows(out / "x.csv")
    assert [row["person"] for row in table] == ["1"] * 42 * 21 + ["2"] * 42 * 21
    about = said(out / "x.csv")
    assert about["rows"] == len(table)
    assert "person" not in about
    assert [each["number"] for each in about["people"]] == [1, 2]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--one-file",), "give --people all too"),
        (("--height", "1.82,1.6"), "give --people all too"),
        (("--people", "all", "--person", "3,4"), "--person selects one"),
        (("--people", "all", "--bone", "thigh=0.4"), "--bone is about one person"),
        (("--people", "all", "--height", "1.82,160"), "looks like centimetres"),
    ],
)
def test_what_contradicts_itself_is_refused(
    options: tuple[str, ...], words: str, program: Program, film: Path, out: Path
) -> None:
    program.call("lift", film, "-o", out / "x.csv", *options).check_refused(words)


def test_nobody_is_nobody(program: Program, clips: Path, out: Path) -> None:
    ended = program.call("lift", clips / "nobody.mp4", "-o", out / "x.csv", *LIFT)
    ended.check_refused("Nobody was in view for 1 s in nobody.mp4")
    assert names(out) == []
