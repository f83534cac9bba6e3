"""Joint angles in the tables, in JSON and in NPZ: there when wanted, and otherwise no trace."""

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
from app.export.frame_columns import ANGLE_COLUMNS as COLUMNS
from app.export.registry import export
from app.motion.angles import ANGLE, ANGLE_COUNT, ANGLES, joint_angles
from app.motion.data import Event, MotionData
from app.motion.processing import process
from app.motion.processing_options import Processing
from models.skeleton import JOINT, JOINT_COUNT
from tests.support.motion import motion
from tests.support.poses_by_angle import body
from tests.support.skeletons import as_motion


def walk(frames: int = 60) -> MotionData:
    """Knees bend and stretch, the left wrist is missing for a while, an event is marked."""
    bends = 40 + 35 * np.sin(np.arange(frames) / 7)
    poses = [body(left_knee_flexion=bend, right_knee_flexion=75 - bend) for bend in bends]
    missing = np.zeros((frames, JOINT_COUNT), bool)
    missing[20:30, JOINT["left_wrist"]] = True
    data = as_motion(np.stack(poses), missing=missing)
    data = replace(data, events=(Event(0.5, 'turn, "left" 100 %'),))
    return process(data, Processing(angles=True))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def sidecar(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.with_name(f"{path.name}.json").read_text("utf-8"))
    return content


def test_the_table_ends_with_a_column_for_each_angle(tmp_path: Path) -> None:
    data, path = walk(), tmp_path / "walk.csv"
    export(path, data)
    assert path.read_text().split("\n")[0] == ",".join([HEADER, *COLUMNS])
    assert data.angles is not None
    for row, found in enumerate(rows(path)):
        for column, degrees in zip(COLUMNS, data.angles[row], strict=True):
            if np.isnan(degrees):
                assert found[column] == ""
            else:
                assert float(found[column]) == pytest.approx(degrees, abs=5e-4)
        bend = 40 + 35 * np.sin(row / 7)
        assert float(found["left_knee_flexion_deg"]) == pytest.approx(bend, abs=0.002)
    table = rows(path)
    assert [row for row in range(60) if table[row]["left_elbow_flexion_deg"] == ""] == [
        *range(20, 30)
    ]
    assert table[15]["event"] == 'turn, "left" 100 %'
    assert table[15]["right_knee_flexion_deg"] != ""


def test_without_them_the_table_is_as_it_was(tmp_path: Path) -> None:
    data = walk()
    export(tmp_path / "with.csv", data)
    export(tmp_path / "without.csv", replace(data, angles=None))
    plain = (tmp_path / "without.csv").read_text().split("\n")
    assert plain[0] == HEADER
    for line, longer in zip(plain, (tmp_path / "with.csv").read_text().split("\n"), strict=True):
        assert longer.startswith(line)
    assert "angles" not in sidecar(tmp_path / "without.csv")


def test_no_zero_is_negative(tmp_path: Path) -> None:
    data = walk(3)
    angles = np.full((3, ANGLE_COUNT), -1e-4)
    export(tmp_path / "walk.csv", replace(data, angles=angles))
    assert "-0.000" not in (tmp_path / "walk.csv").read_text()


def test_the_long_table_has_them_in_every_row_of_a_frame(tmp_path: Path) -> None:
    data, path = walk(), tmp_path / "walk.csv"
    export(path, data, "csv-long")
    wide, long = tmp_path / "wide.csv", rows(path)
    export(wide, data)
    assert list(long[0]) == [*LONG_HEADER.split(","), *COLUMNS]
    assert len(long) == 60 * JOINT_COUNT
    for number, row in enumerate(rows(wide)):
        for found in long[JOINT_COUNT * number : JOINT_COUNT * (number + 1)]:
            assert [found[column] for column in COLUMNS] == [row[column] for column in COLUMNS]
    assert long[20 * JOINT_COUNT]["left_elbow_flexion_deg"] == "", "its wrist is missing"
    assert long[15 * JOINT_COUNT + 3]["event"] == 'turn, "left" 100 %'


def test_without_them_the_long_table_is_as_it_was(tmp_path: Path) -> None:
    data = walk()
    export(tmp_path / "with.csv", data, "csv-long")
    export(tmp_path / "without.csv", replace(data, angles=None), "csv-long")
    plain = (tmp_path / "without.csv").read_text().split("\n")
    assert plain[0] == LONG_HEADER
    for line, longer in zip(plain, (tmp_path / "with.csv").read_text().split("\n"), strict=True):
        assert longer.startswith(line)


def test_parquet_is_the_long_table(tmp_path: Path) -> None:
    data, path = walk(), tmp_path / "walk.parquet"
    export(path, data, "parquet")
    export(tmp_path / "walk.csv", data, "csv-long")
    table = parquet.read_table(path)
    assert table.column_names[-ANGLE_COUNT:] == list(COLUMNS)
    for column in COLUMNS:
        assert str(table.schema.field(column).type) == "float"
        text = [float(row[column]) if row[column] else None for row in rows(tmp_path / "walk.csv")]
        assert table[column].to_pylist() == pytest.approx(text, abs=1e-5)
    assert table["left_elbow_flexion_deg"].null_count == 10 * JOINT_COUNT
    export(path, replace(data, angles=None), "parquet", overwrite=True)
    assert parquet.read_schema(path).names[-1] == "event"


@pytest.mark.parametrize("kind", ["csv", "csv-long", "json", "npz", "parquet"])
def test_the_sidecar_says_what_they_mean(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"walk.{kind}"
    export(path, walk(3), kind)
    said = sidecar(path)["angles"]
    assert [entry["column"] for entry in said] == list(COLUMNS)
    assert said[ANGLE["left_knee_flexion"]] == {
        "column": "left_knee_flexion_deg", "zero": "straight", "positive": "bent; never negative",
    }  # fmt: skip


def test_json_has_them_in_the_order_of_the_sidecar(tmp_path: Path) -> None:
    data, path = walk(), tmp_path / "walk.json"
    export(path, data, "json")
    content = json.loads(path.read_text("utf-8"))
    found = np.array([frame["angles"] for frame in content["frames"]], float)
    np.testing.assert_allclose(found, data.angles, atol=5e-4)
    assert [entry["column"] for entry in content["angles"]] == list(COLUMNS)
    export(path, replace(data, angles=None), "json", overwrite=True)
    assert "angles" not in json.loads(path.read_text("utf-8"))["frames"][0]


def test_npz_has_them_as_an_array(tmp_path: Path) -> None:
    data, path = walk(), tmp_path / "walk.npz"
    export(path, data, "npz")
    with np.load(path) as arrays:
        np.testing.assert_allclose(arrays["angles"], data.angles, atol=1e-4)
        assert arrays["angle_names"].tolist() == [angle.name for angle in ANGLES]
    export(path, replace(data, angles=None), "npz", overwrite=True)
    with np.load(path) as arrays:
        assert "angles" not in arrays


def test_they_are_of_the_poses_that_leave_the_program() -> None:
    """Of turned axes the vertical is another one."""
    data = as_motion(body(trunk_flexion=20)[None])
    tilt = np.radians(10)  # the camera looks down, so what seems upright leans forward
    c, s = np.cos(tilt), np.sin(tilt)
    axes = np.array([[1, 0, 0], [0, c, -s], [0, s, c]]) @ data.axes
    level, tilted = (
        process(each, Processing(angles=True)) for each in (data, replace(data, axes=axes))
    )
    assert level.angles is not None
    assert tilted.angles is not None
    assert level.angles[0, ANGLE["trunk_flexion"]] == pytest.approx(20, abs=1e-4)
    assert tilted.angles[0, ANGLE["trunk_flexion"]] == pytest.approx(30, abs=1e-4)
    np.testing.assert_allclose(
        tilted.angles[0, ANGLE["left_hip_flexion"]],
        level.angles[0, ANGLE["left_hip_flexion"]], atol=1e-4,
    )  # fmt: skip


def test_a_motion_takes_angles_of_its_own_length_only() -> None:
    data = motion(4)
    angles = joint_angles(data.relative(), data.missing)
    assert replace(data, angles=angles).angles is angles
    with pytest.raises(ValueError, match="angles has shape"):
        replace(data, angles=angles[:3])
    with pytest.raises(ValueError, match="contacts has shape"):
        replace(data, contacts=np.zeros((4, 1), bool))
