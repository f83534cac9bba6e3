"""Marked events and selections in every format, read back by software that is not ours."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import ezc3d
import numpy as np
import pyarrow.csv as arrow
import pytest

from app.export.registry import FORMATS, export
from app.motion.data import Event, MotionData
from app.motion.selection import Selection, select
from tests.support.motion import motion
from tests.support.readers import TABLES
from tests.support.recordings import poses

NASTY = 'He said "100 %", and left'
EVENTS = (
    Event(0.11, "start"),
    Event(0.2, NASTY),
    Event(0.41, "Sprung „links“ 📷"),
    Event(0.41, "second"),
    Event(1.4, "after the end"),
)
BY_FRAME = {3: "start", 5: NASTY, 10: "Sprung „links“ 📷; second", 24: "after the end"}


def plain() -> MotionData:
    """25 frames at 25 frames/s, every joint seen: all rows have the same cells."""
    lifted = poses(25)
    nothing = np.zeros_like(lifted.filled)
    return motion(25, lifted=replace(lifted, filled=nothing, missing=nothing))


def marked() -> MotionData:
    return replace(plain(), events=EVENTS)


def written(folder: Path, kind: str, data: MotionData) -> Path:
    path = folder / f"out{FORMATS[kind].suffix}"
    export(path, data, kind)
    return path


def sidecar(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.with_name(f"{path.name}.json").read_text("utf-8"))
    return found


def test_the_table_names_them_in_its_last_column(tmp_path: Path) -> None:
    path = written(tmp_path, "csv", marked())
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file, strict=True)
    assert header[-1] == "event"
    assert {row: cells[-1] for row, cells in enumerate(rows) if cells[-1]} == BY_FRAME
    assert {len(cells) for cells in rows} == {len(header)}
    table = arrow.read_csv(path)
    assert table["event"][5].as_py() == NASTY
    np.testing.assert_allclose(table["time_s"].to_numpy(), np.arange(25) / 25)


def test_only_the_event_differs_from_the_table_without(tmp_path: Path) -> None:
    path = written(tmp_path, "csv", marked())
    (tmp_path / "plain").mkdir()
    without = written(tmp_path / "plain", "csv", plain())
    for row, line in enumerate(without.read_text("utf-8").split("\n")[1:-1]):
        wanted = BY_FRAME.get(row, "")
        quoted = '"He said ""100 %"", and left"' if wanted == NASTY else wanted
        assert path.read_text("utf-8").split("\n")[row + 1] == f"{line}{quoted}"


@pytest.mark.parametrize("kind", sorted(TABLES))
def test_long_tables_and_arrays_have_them(kind: str, tmp_path: Path) -> None:
    cells = TABLES[kind](written(tmp_path, kind, marked()))
    found = {cell.frame: cell.event for cell in cells if cell.event}
    assert found == BY_FRAME
    assert len([cell for cell in cells if cell.event]) % len(BY_FRAME) == 0
    assert {cell.event for cell in cells if cell.frame not in BY_FRAME} == {None}


@pytest.mark.parametrize("kind", ["csv", "csv-long", "json", "npz", "trc", "c3d", "bvh", "gltf"])
def test_every_sidecar_lists_them(kind: str, tmp_path: Path) -> None:
    said = sidecar(written(tmp_path, kind, marked()))["events"]
    assert said == [
        {"time_s": event.time_s, "frame": frame, "label": event.label}
        for event, frame in zip(EVENTS, (3, 5, 10, 10, 24), strict=True)
    ]


def test_c3d_has_them_as_events(tmp_path: Path) -> None:
    found = ezc3d.c3d(str(written(tmp_path, "c3d", marked())))
    events = {name: value["value"] for name, value in found["parameters"]["EVENT"].items()
              if name != "__METADATA__"}  # fmt: skip
    assert events["USED"].tolist() == [5]
    assert events["LABELS"] == [
        "start", NASTY, "Sprung ?links? ?", "second", "after the end"
    ]  # fmt: skip
    np.testing.assert_allclose(events["TIMES"], [[0] * 5, [0.11, 0.2, 0.41, 0.41, 1.4]], atol=1e-6)
    assert events["CONTEXTS"] == ["General"] * 5
    assert found["data"]["points"].shape == (4, 17, 25), "the points are where they were"


@pytest.mark.parametrize("count", [1, 300])
def test_c3d_has_one_event_or_as_many_as_it_can_count(count: int, tmp_path: Path) -> None:
    events = tuple(Event(60 + number, f"e{number}") for number in range(count))
    path = written(tmp_path, "c3d", replace(motion(25), events=events))
    found = ezc3d.c3d(str(path))["parameters"]["EVENT"]
    kept = min(count, 255)
    assert found["USED"]["value"].tolist() == [kept]
    assert found["LABELS"]["value"][-1] == f"e{kept - 1}"
    assert found["TIMES"]["value"][:, 0].tolist() == [1, 0], "a minute and no seconds"
    assert len(sidecar(path)["events"]) == count


@pytest.mark.parametrize("kind", ["csv", "npz", "trc", "c3d", "bvh", "gltf"])
def test_a_selection_is_exported_alone_and_says_so(kind: str, tmp_path: Path) -> None:
    part = select(marked(), Selection(0.2, 0.6))
    path = written(tmp_path, kind, part)
    said = sidecar(path)
    assert said["rows"] == 11
    assert (said["selection"]["first_frame"], said["selection"]["last_frame"]) == (5, 15)
    assert [event["label"] for event in said["events"]] == [NASTY, EVENTS[2].label, "second"]
    assert said["events"][0] == {"time_s": 0.0, "frame": 5, "label": NASTY}


def test_the_table_of_a_selection_is_the_rows_of_the_whole(tmp_path: Path) -> None:
    every = written(tmp_path, "csv", marked()).read_text("utf-8").split("\n")
    (tmp_path / "part").mkdir()
    path = written(tmp_path / "part", "csv", select(marked(), Selection(0.2, 0.6)))
    header, *rows = path.read_text("utf-8").split("\n")
    assert header == every[0]
    assert len(rows) == 12, "a line ends each of 11 rows"
    for row, line in enumerate(rows[:-1]):
        frame, time_s, rest = line.split(",", 2)
        assert (frame, rest) == (str(row + 5), every[1 + row + 5].split(",", 2)[2])
        assert time_s == f"{row / 25:.6f}"
    assert sidecar(tmp_path / "out.csv")["selection"] is None


FORMULAS = ('=HYPERLINK("http://x")', "+1", "-1", "@SUM(1)", "x;=1", "- begins; = and @ go on")
MADE_HARMLESS = (
    """'=HYPERLINK("http://x")""", "'+1", "'-1", "'@SUM(1)", "x;'=1", "'- begins; '= and @ go on"
)  # fmt: skip
HARMLESS = ("a = b - c", "10 %", "it's", "2 + 2; 3 - 1")


def event_cells(path: Path, kind: str) -> list[str]:
    """The events of the frames that have one, in order."""
    if kind == "csv":
        with path.open(newline="", encoding="utf-8") as file:
            return [row["event"] for row in csv.DictReader(file) if row["event"]]
    by_frame = {cell.frame: cell.event for cell in TABLES[kind](path) if cell.event}
    return [str(by_frame[frame]) for frame in sorted(by_frame)]


@pytest.mark.parametrize("kind", ["csv", "csv-long", "json", "npz", "parquet"])
def test_no_label_becomes_a_formula_of_a_spreadsheet(kind: str, tmp_path: Path) -> None:
    given = (*FORMULAS, *HARMLESS)
    events = tuple(Event(row / 25, label) for row, label in enumerate(given))
    path = written(tmp_path, kind, replace(plain(), events=events))
    wanted = MADE_HARMLESS if FORMATS[kind].suffix == ".csv" else FORMULAS
    assert event_cells(path, kind) == [*wanted, *HARMLESS]
    assert [event["label"] for event in sidecar(path)["events"]] == list(given)
