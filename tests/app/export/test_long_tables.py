"""CSV long, JSON, NPZ and Parquet, read back by csv, json, NumPy and pyarrow."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.errors import ExportError
from app.export.reading import read
from app.export.registry import FORMATS, export, export_people
from app.motion.data import MotionData
from models.skeleton import JOINT_NAMES, PARENTS
from tests.support.motion import motion, raised_left_arm
from tests.support.readers import TABLES, Cell, long_table, strict_json

KINDS = sorted(TABLES)


def written(folder: Path, data: MotionData, kind: str) -> Path:
    path = folder / f"out{FORMATS[kind].suffix}"
    export(path, data, kind)
    return path


def expected(data: MotionData, row: int, joint: int) -> Cell:
    head = (int(data.frame[row]), data.time_s[row], bool(data.tracked[row]), JOINT_NAMES[joint])
    if data.missing[row, joint]:
        return Cell(*head, None, None, None, None, "missing")
    x, y, z = (float(value) for value in data.xyz[row, joint])
    if data.filled[row, joint]:
        return Cell(*head, x, -y, -z, None, "filled")
    return Cell(*head, x, -y, -z, float(data.conf[row, joint]), "seen")


@pytest.mark.parametrize("kind", KINDS)
def test_every_joint_of_every_frame_is_there(kind: str, tmp_path: Path) -> None:
    data = motion(60)
    cells = TABLES[kind](written(tmp_path, data, kind))
    assert len(cells) == 60 * 17
    assert {cell.state for cell in cells} == {"seen", "filled", "missing"}
    for number, cell in enumerate(cells):
        wanted = expected(data, *divmod(number, 17))
        for name in ("frame", "tracked", "joint", "state"):
            assert getattr(cell, name) == getattr(wanted, name)
        for name in ("time_s", "x", "y", "z", "conf"):
            found, right = getattr(cell, name), getattr(wanted, name)
            assert (found is None) == (right is None), (cell, wanted)
            assert found is None or found == pytest.approx(right, abs=6e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_missing_does_not_leave(kind: str, tmp_path: Path) -> None:
    """Whatever stands in the arrays where there is nothing, NaN above all."""
    data = motion(30)
    data.xyz[data.missing] = np.nan
    data.conf[~data.seen] = np.nan
    for cell in TABLES[kind](written(tmp_path, data, kind)):
        assert (cell.x is None) == (cell.y is None) == (cell.z is None) == (cell.state == "missing")
        assert (cell.conf is None) == (cell.state != "seen")


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_may_be_empty(kind: str, tmp_path: Path) -> None:
    assert TABLES[kind](written(tmp_path, motion(0), kind)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_zero_is_negative(kind: str, tmp_path: Path) -> None:
    for cell in TABLES[kind](written(tmp_path, motion(1, lifted=raised_left_arm()), kind)):
        for value in (cell.x, cell.y, cell.z):
            assert value != 0.0 or not np.signbit(value), cell


@pytest.mark.parametrize("kind", KINDS)
def test_parts_are_put_together_in_order(kind: str, tmp_path: Path) -> None:
    data = motion(1501)
    cells = TABLES[kind](written(tmp_path, data, kind))
    assert [cell.frame for cell in cells[::17]] == list(range(1501))
    for row in (0, 999, 1000, 1001, 1500):
        found, right = cells[17 * row], expected(data, row, 0)
        assert (found.time_s, found.state) == (pytest.approx(right.time_s), right.state)
        assert found.x == pytest.approx(right.x, abs=6e-7)


def test_the_long_table_is_text_as_promised(tmp_path: Path) -> None:
    data = motion(1, lifted=raised_left_arm())
    lines = written(tmp_path, data, "csv-long").read_text("ascii").split("\n")
    assert lines[0] == "frame,time_s,tracked,joint,x,y,z,conf,state,event"
    assert lines[1].startswith("0,0.000000,1,pelvis,0.000000,0.000000,0.000000,0.")
    assert lines[10].startswith("0,0.000000,1,nose,0.000000,0.650000,0.100000,0.")
    assert lines[10].endswith(",seen,")
    assert lines[18:] == [""]


def test_json_says_what_its_sidecar_says(tmp_path: Path) -> None:
    path = written(tmp_path, motion(3), "json")
    content = strict_json(path.read_text("utf-8"))
    frames = content.pop("frames")
    assert content == strict_json(path.with_name("out.json.json").read_text("utf-8"))
    assert list(frames[0]) == ["frame", "time_s", "tracked", "xyz", "conf", "state", "event"]
    assert np.array(frames[0]["xyz"], float).shape == (17, 3), "as the module promises"
    assert len(path.read_text("utf-8").splitlines()) > len(frames), "a line each"


@pytest.mark.slow
def test_json_is_written_as_it_goes(tmp_path: Path) -> None:
    """Three times the frames must not take three times the memory."""

    def peak(frames: int) -> int:
        data = motion(frames)
        tracemalloc.start()
        export(tmp_path / f"{frames}.json", data, "json")
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(10)
    assert peak(3000) < 1.3 * peak(1000)


def test_npz_is_arrays_and_nothing_to_unpickle(tmp_path: Path) -> None:
    data = motion(5)
    path = written(tmp_path, data, "npz")
    with np.load(path) as file:
        types = {name: (file[name].dtype.str.lstrip("<|=>"), file[name].shape) for name in file}
        assert types.pop("about")[1] == ()
        assert strict_json(str(file["about"])) == strict_json(
            (tmp_path / "out.npz.json").read_text("utf-8")
        )
        assert file["parents"].tolist() == list(PARENTS)
    assert types == {
        "frame": ("i8", (5,)),
        "time_s": ("f8", (5,)),
        "tracked": ("b1", (5,)),
        "xyz": ("f4", (5, 17, 3)),
        "conf": ("f4", (5, 17)),
        "state": ("u1", (5, 17)),
        "event": ("U1", (5,)),
        "states": ("U7", (3,)),
        "joints": ("U14", (17,)),
        "parents": ("i8", (17,)),
    }
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            np.lib.format.read_array(io.BytesIO(archive.read(name)), allow_pickle=False)


def test_parquet_has_types_and_says_what_it_is(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    path = written(tmp_path, motion(5), "parquet")
    schema = pq.read_schema(path)
    assert {field.name: str(field.type) for field in schema} == {
        "frame": "int64",
        "time_s": "double",
        "tracked": "bool",
        "joint": "dictionary<values=string, indices=int8, ordered=0>",
        **dict.fromkeys(("x", "y", "z", "conf"), "float"),
        "state": "dictionary<values=string, indices=int8, ordered=0>",
        "event": "string",
    }
    about: dict[str, Any] = strict_json(schema.metadata[b"mixpose"].decode())
    assert about == strict_json((tmp_path / "out.parquet.json").read_text("utf-8"))
    assert about["rows"] == 85
    assert pq.read_metadata(path).num_rows == 85


def test_long_csv_and_parquet_are_one_table(tmp_path: Path) -> None:
    data = motion(40)
    text = long_table(written(tmp_path, data, "csv-long"))
    typed = TABLES["parquet"](written(tmp_path, data, "parquet"))
    for one, other in zip(text, typed, strict=True):
        assert one[:1] + one[2:4] + one[8:] == other[:1] + other[2:4] + other[8:]


def person(number: int, seed: int) -> MotionData:
    data = motion(30, seed)
    about = {"number": number, "of": 2, "in_view_s": [[0.0, 1.16]]}
    return replace(data, provenance=replace(data.provenance, person=about, height_m=1.5 + number))


PEOPLE = (person(1, 0), person(2, 7))


def test_several_people_are_one_long_csv_one_after_the_other(tmp_path: Path) -> None:
    path, _ = export_people(tmp_path / "all.csv", PEOPLE, "csv-long")
    header, *rows = path.read_text().splitlines()
    expected_rows: list[str] = []
    for number, each in enumerate(PEOPLE, start=1):
        alone = written(tmp_path, each, "csv-long").read_text().splitlines()
        assert header == f"person,{alone[0]}"
        expected_rows += [f"{number},{row}" for row in alone[1:]]
        (tmp_path / "out.csv").unlink()
        (tmp_path / "out.csv.json").unlink()
    assert rows == expected_rows
    said = json.loads((tmp_path / "all.csv.json").read_text())
    assert said["rows"] == len(rows)
    assert [each["scale"]["height_m"] for each in said["people"]] == [2.5, 3.5]
    assert said["people"][1]["in_view_s"] == [[0.0, 1.16]]
    assert "person" not in said
    with pytest.raises(ExportError, match="it is of several people"):
        read(path)


def test_several_people_are_one_parquet_file(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path, _ = export_people(tmp_path / "all.parquet", PEOPLE, "parquet")
    table = parquet.read_table(path)
    assert table.column_names[:2] == ["person", "frame"]
    assert json.loads(table.schema.metadata[b"mixpose"])["people"][0]["number"] == 1
    for number, each in enumerate(PEOPLE, start=1):
        alone = parquet.read_table(written(tmp_path, each, "parquet"))
        mine = table.slice((number - 1) * len(alone), len(alone))
        assert set(mine["person"].to_pylist()) == {number}
        assert mine.drop_columns("person").to_pylist() == alone.to_pylist()
        (tmp_path / "out.parquet").unlink()
        (tmp_path / "out.parquet.json").unlink()
