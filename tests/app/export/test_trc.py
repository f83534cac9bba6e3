"""TRC, read by a reader as strict as OpenSim's, and by OpenSim itself where it is installed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.errors import ExportError
from app.export.registry import export
from app.motion.data import MotionData
from models.skeleton import JOINT, JOINT_NAMES
from tests.support.motion import ORIGIN, motion, raised_left_arm
from tests.support.readers import Trc, trc


def written(folder: Path, data: MotionData) -> Path:
    path = folder / "walk.trc"
    export(path, data, "trc", overwrite=True)
    return path


def with_gaps() -> MotionData:
    """A whole row is missing, a first and a last joint, and single ones."""
    data = motion(40)
    data.filled[7:10] = False
    data.missing[7] = True
    data.missing[8, 0] = data.missing[9, JOINT["right_wrist"]] = True
    return data


def sidecar(path: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads(path.with_name(path.name + ".json").read_text("utf-8"))
    return content


def check(found: Trc, data: MotionData) -> None:
    assert found.markers == list(JOINT_NAMES)
    np.testing.assert_allclose(found.time_s, data.time_s, atol=1e-9)
    np.testing.assert_array_equal(np.isnan(found.xyz).all(axis=2), data.missing)
    np.testing.assert_array_equal(np.isnan(found.xyz).any(axis=2), data.missing)
    right = data.xyz * np.array([1, -1, -1], np.float32)
    np.testing.assert_allclose(found.xyz[~data.missing], right[~data.missing], atol=6e-7)


def test_markers_are_the_joints_and_the_missing_ones_are_empty(tmp_path: Path) -> None:
    data = with_gaps()
    found = trc(written(tmp_path, data))
    assert found.header == {
        "DataRate": "25", "CameraRate": "25", "NumFrames": "40", "NumMarkers": "17", "Units": "m",
        "OrigDataRate": "25", "OrigDataStartFrame": "1", "OrigNumFrames": "40",
    }  # fmt: skip
    check(found, data)
    assert "nan" not in (tmp_path / "walk.trc").read_text().lower()


def test_every_row_has_a_cell_too_many(tmp_path: Path) -> None:
    """OpenSim 4.6 refuses a row whose last marker is missing unless a tab follows it."""
    lines = written(tmp_path, with_gaps()).read_text().split("\n")
    assert lines[5] == ""
    for line in lines[6:-1]:
        assert line.endswith("\t")
        assert line.count("\t") == 2 + 3 * 17


def test_times_keep_the_rate_however_irregular_they_were(tmp_path: Path) -> None:
    data = motion(50)
    moved = replace(data, time_s=data.time_s + np.where(np.arange(50) % 2, 0.01, 0.0))
    path = written(tmp_path, moved)
    found = trc(path)
    assert (found.header["DataRate"], found.header["NumFrames"]) == ("30", "60")
    assert (found.header["OrigDataRate"], found.header["OrigNumFrames"]) == ("24.87309645", "50")
    np.testing.assert_allclose(np.diff(found.time_s), 1 / 30, atol=2e-9)
    said = sidecar(path)
    assert said["rows"] == 60
    assert said["resampling"] == {
        "method": "straight lines in time", "rate": 30.0, "longest_line_s": 0.5,
    }  # fmt: skip


def test_the_sidecar_says_that_nothing_was_resampled(tmp_path: Path) -> None:
    said = sidecar(written(tmp_path, motion(50)))
    assert said["resampling"] == {"method": "none", "rate": 25.0, "longest_line_s": 0.5}
    assert said["cells"] == {
        "seen": "X, Y and Z",
        "filled": "X, Y and Z; not marked",
        "missing": "all three are empty",
    }
    assert said["axes"] == {
        "x": "the image's right", "y": "up", "z": "toward the camera", "handedness": "right",
        "up": "the image's",
    }  # fmt: skip


def test_a_rate_that_is_no_whole_number(tmp_path: Path) -> None:
    data = motion(3000, origin=replace(ORIGIN, nominal_rate=30000 / 1001))
    data = replace(data, time_s=np.arange(3000) * 1001 / 30000)
    found = trc(written(tmp_path, data))
    assert found.header["DataRate"] == "29.97002997"
    np.testing.assert_allclose(found.time_s, data.time_s, atol=1e-9)


def test_no_zero_is_negative(tmp_path: Path) -> None:
    path = written(tmp_path, motion(1, lifted=raised_left_arm()))
    assert "-0.000000" not in path.read_text()


def test_a_file_without_frames_is_not_written(tmp_path: Path) -> None:
    """OpenSim 4.6 reads on for ever in one."""
    with pytest.raises(ExportError, match="no frames"):
        export(tmp_path / "walk.trc", motion(0), "trc")
    assert list(tmp_path.iterdir()) == []


def test_opensim_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opensim = pytest.importorskip("opensim", reason="OpenSim is not installed")
    monkeypatch.chdir(tmp_path)  # it leaves a log
    data = with_gaps()
    path = written(tmp_path, data)
    table = opensim.TimeSeriesTableVec3(str(path))
    markers = list(table.getColumnLabels())
    columns = [table.getDependentColumn(name) for name in markers]
    xyz = [[column[row].to_numpy() for column in columns] for row in range(table.getNumRows())]
    check(Trc({}, markers, np.array(table.getIndependentColumn()), np.array(xyz)), data)
    assert table.getTableMetaDataString("Units") == "m"
    older = opensim.MarkerData(str(path))  # what its scale tool uses
    frames = [older.getFrame(row) for row in range(older.getNumFrames())]
    xyz = [[frame.getMarker(number).to_numpy() for number in range(17)] for frame in frames]
    check(
        Trc({}, markers, np.array([frame.getFrameTime() for frame in frames]), np.array(xyz)), data
    )
    assert (older.getDataRate(), older.getUnits().getLabel()) == (25.0, "meters")
