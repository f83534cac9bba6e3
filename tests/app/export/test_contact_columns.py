"""Feet that stand, in every format with columns: there when placed, and otherwise no trace."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet
import pytest

from app.export.csv_long import HEADER as LONG_HEADER
from app.export.csv_table import HEADER
from app.export.frame_columns import ANGLE_COLUMNS, contacts
from app.export.frame_columns import CONTACT_COLUMNS as COLUMNS
from app.export.registry import FORMATS, export
from app.motion.data import MotionData
from app.motion.processing import process
from app.motion.processing_options import Processing
from models.skeleton import JOINT, JOINT_COUNT
from tests.support.performed import performed, without

KINDS = ("csv", "csv-long", "json", "npz", "parquet")
UNSEEN, NOWHERE = slice(12, 18), slice(60, 90)


@pytest.fixture(scope="module")
def placed() -> MotionData:
    """The demo walks, its left ankle hidden for a while, and for a second all of it."""
    scene = performed(0, begin_s=8, seconds=5)
    data = without(scene.data, UNSEEN, [JOINT["left_ankle"]])
    data = without(data, NOWHERE, list(range(JOINT_COUNT)))
    return process(data, Processing(room=True, fov_deg=scene.fov_deg))


def written(folder: Path, data: MotionData, kind: str) -> Path:
    path = folder / f"{kind}{FORMATS[kind].suffix}"
    export(path, data, kind)
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, strict=True))


def number(cell: str) -> float:
    return {"": np.nan, "0": 0.0, "1": 1.0}[cell]


def read(path: Path, kind: str) -> np.ndarray:
    """(N, 2) as the file has them, NaN where it says nothing."""
    if kind == "json":
        frames = json.loads(path.read_text("utf-8"))["frames"]
        assert {foot for frame in frames for foot in frame["contacts"]} == {True, False, None}
        return np.array([frame["contacts"] for frame in frames], float)
    if kind == "npz":
        with np.load(path) as arrays:
            assert arrays["contacts"].dtype == np.float32
            return np.asarray(arrays["contacts"], float)
    if kind == "parquet":
        table = parquet.read_table(path)
        assert [str(table.schema.field(name).type) for name in COLUMNS] == ["bool", "bool"]
        every = np.array([table[name].to_pylist() for name in COLUMNS], float).T
    else:
        every = np.array([[number(row[name]) for name in COLUMNS] for row in rows(path)])
    if kind == "csv":
        return every
    of_frames = every.reshape(-1, JOINT_COUNT, 2)
    np.testing.assert_array_equal(of_frames, np.repeat(of_frames[:, :1], JOINT_COUNT, axis=1))
    return of_frames[:, 0]


def sidecar(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.with_name(f"{path.name}.json").read_text("utf-8"))
    return content


@pytest.mark.parametrize("kind", KINDS)
def test_it_stands_in_the_file_when_a_foot_stands(
    kind: str, placed: MotionData, tmp_path: Path
) -> None:
    found = read(written(tmp_path, placed, kind), kind)
    assert placed.contacts is not None
    known = np.ones((150, 2), bool)
    known[UNSEEN, 0] = False
    known[NOWHERE] = False
    np.testing.assert_array_equal(np.isfinite(found), known)
    np.testing.assert_array_equal(found[known], placed.contacts[known])
    assert 0.2 < np.nanmean(found[:, 0]) < 0.9
    assert (found[known[:, 1], 0] != found[known[:, 1], 1]).any(), "one foot at a time, in walking"


@pytest.mark.parametrize("kind", KINDS)
def test_left_comes_first(kind: str, placed: MotionData, tmp_path: Path) -> None:
    only_left = np.zeros((150, 2), bool)
    only_left[:, 0] = True
    path = written(tmp_path, replace(placed, contacts=only_left), kind)
    found = read(path, kind)
    assert np.nanmax(found[:, 1]) == 0 < np.nanmin(found[:, 0])
    assert sidecar(path)["contacts"]["columns"] == ["left_foot_contact", "right_foot_contact"]


@pytest.mark.parametrize(("kind", "header"), [("csv", HEADER), ("csv-long", LONG_HEADER)])
def test_they_are_the_last_columns_and_move_no_other(
    kind: str, header: str, placed: MotionData, tmp_path: Path
) -> None:
    data = process(replace(placed, contacts=None), Processing(angles=True))
    path = written(tmp_path, data, kind)
    (tmp_path / "more").mkdir()
    more = written(tmp_path / "more", replace(data, contacts=placed.contacts), kind)
    assert more.read_text("utf-8").split("\n")[0] == ",".join([header, *ANGLE_COLUMNS, *COLUMNS])
    before, after = (each.read_text("utf-8").split("\n") for each in (path, more))
    for line, longer in zip(before, after, strict=True):
        assert longer.startswith(line)
        assert longer.count(",") == (line.count(",") + 2 if line else 0)


@pytest.mark.parametrize("kind", KINDS)
def test_who_is_not_placed_has_none(kind: str, placed: MotionData, tmp_path: Path) -> None:
    path = written(tmp_path, replace(placed, root=None, contacts=None), kind)
    if kind == "npz":
        with np.load(path) as arrays:
            assert "contacts" not in arrays
    elif kind == "json":
        assert "contacts" not in json.loads(path.read_text("utf-8"))["frames"][0]
    elif kind == "parquet":
        assert parquet.read_schema(path).names[-1] == "event"
    else:
        assert not set(COLUMNS) & set(rows(path)[0])
    assert "contacts" not in sidecar(path)


@pytest.mark.parametrize("kind", KINDS)
def test_the_sidecar_says_what_they_mean(kind: str, placed: MotionData, tmp_path: Path) -> None:
    said = sidecar(written(tmp_path, placed, kind))["contacts"]
    assert said["true"] == "the foot stands"
    assert "not seen" in said["unknown"]
    assert said["criterion"]["begins"] == {
        "slower_than_m_s": 0.15, "lower_than_m": 0.1, "for_s": 0.1,
    }  # fmt: skip


def test_legs_out_of_the_picture_say_nothing() -> None:
    """A foot that nobody sees is not one that is in the air."""
    scene = performed(0, seconds=2)
    legs = [JOINT[f"{side}_{name}"] for side in ("left", "right") for name in ("knee", "ankle")]
    half = without(scene.data, slice(None), legs)
    found = contacts(process(half, Processing(room=True)))
    assert found is not None
    assert np.isnan(found).all()


def test_c3d_has_no_events_that_nobody_marked(placed: MotionData, tmp_path: Path) -> None:
    import ezc3d

    found = ezc3d.c3d(str(written(tmp_path, placed, "c3d")))["parameters"]
    assert "EVENT" not in found or found["EVENT"]["USED"]["value"].tolist() == [0]
