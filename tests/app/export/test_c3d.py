"""C3D, read by ezc3d and by a few lines written against the C3D User Guide."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import ezc3d
import numpy as np
import pytest

import app
from app.errors import ExportError
from app.export.registry import export
from app.motion.data import MotionData
from models.skeleton import JOINT_NAMES
from tests.support.motion import motion
from tests.support.readers import c3d


def written(folder: Path, data: MotionData) -> Path:
    path = folder / "walk.c3d"
    export(path, data, "c3d", overwrite=True)
    return path


def millimetres(data: MotionData) -> np.ndarray:
    return np.asarray(data.xyz * np.array([1000, -1000, -1000], np.float32))


def test_the_words_of_the_header(tmp_path: Path) -> None:
    found = c3d(written(tmp_path, motion(40)))
    assert (found.points, found.first, found.last, found.rate) == (17, 1, 40, 25.0)
    parameters = found.parameters
    assert parameters.pop("POINT:SCALE") < 0
    assert parameters.pop("POINT:DATA_START") > 2
    assert parameters == {
        "POINT:USED": 17,
        "POINT:RATE": 25.0,
        "POINT:FRAMES": 40,
        "POINT:LABELS": list(JOINT_NAMES),
        "POINT:DESCRIPTIONS": list(JOINT_NAMES),
        "POINT:UNITS": "mm",
        "POINT:X_SCREEN": "+X",
        "POINT:Y_SCREEN": "+Y",
        "ANALOG:USED": 0,
        "ANALOG:GEN_SCALE": 1.0,
        "ANALOG:RATE": 0.0,
        "TRIAL:ACTUAL_START_FIELD": [1, 0],
        "TRIAL:ACTUAL_END_FIELD": [40, 0],
        "MANUFACTURER:SOFTWARE": "mixpose",
        "MANUFACTURER:VERSION_LABEL": app.__version__,
    }


def test_points_are_millimetres_and_say_what_they_are_worth(tmp_path: Path) -> None:
    data = motion(40)
    points = c3d(written(tmp_path, data)).data
    assert points.shape == (40, 17, 4)
    there = ~data.missing
    np.testing.assert_allclose(points[there][:, :3], millimetres(data)[there], atol=1e-3)
    assert (points[data.missing] == (0, 0, 0, -1)).all()
    assert (points[data.filled][:, 3] == 0).all(), "no camera, no residual"
    assert (points[data.seen][:, 3] == 1 << 8).all(), "the first camera's bit, no residual"


def read(path: Path) -> tuple[Any, np.ndarray, np.ndarray]:
    file = ezc3d.c3d(str(path))
    points = file["data"]["points"][:3].transpose(2, 1, 0)
    return file, points, file["data"]["meta_points"]["residuals"][0].T


def test_ezc3d_reads_it(tmp_path: Path) -> None:
    data = motion(40)
    file, points, residuals = read(written(tmp_path, data))
    header, parameters = file["header"]["points"], file["parameters"]["POINT"]
    assert header == {"size": 17, "frame_rate": 25.0, "first_frame": 0, "last_frame": 39}
    assert parameters["LABELS"]["value"] == list(JOINT_NAMES)
    assert parameters["UNITS"]["value"] == ["mm"]
    assert parameters["RATE"]["value"] == [25.0]
    assert file["header"]["events"]["size"] == 0 or not any(file["header"]["events"]["events_time"])
    assert file["data"]["analogs"].size == 0
    np.testing.assert_array_equal(np.isnan(points).all(axis=2), data.missing)
    np.testing.assert_array_equal(residuals == -1, data.missing)
    np.testing.assert_array_equal(residuals == 0, data.filled)
    there = ~data.missing
    np.testing.assert_allclose(points[there], millimetres(data)[there], atol=1e-3)


def test_the_rate_is_even_and_said(tmp_path: Path) -> None:
    data = motion(50)
    path = written(tmp_path, replace(data, time_s=data.time_s + np.arange(50) % 2 * 0.01))
    file, points, _ = read(path)
    assert file["header"]["points"]["frame_rate"] == 30.0
    assert len(points) == len(c3d(path).data) == 60
    said = json.loads((tmp_path / "walk.c3d.json").read_text("utf-8"))
    assert said["resampling"]["method"] == "straight lines in time"
    assert said["units"] == {"position": "millimetre", "time": "second"}
    assert said["rows"] == 60


def repeated(frames: int) -> MotionData:
    """Seven frames again and again."""
    few, turns = motion(7), np.arange(frames) % 7
    names = ("tracked", "xyz", "conf", "filled", "missing", "swapped", "xy")
    arrays = {name: getattr(few, name)[turns] for name in names}
    return replace(few, frame=np.arange(frames), time_s=np.arange(frames) / 25, **arrays)


@pytest.mark.parametrize("frames", [1, 65_535, 65_536])
def test_more_frames_than_the_header_can_count(frames: int, tmp_path: Path) -> None:
    found = c3d(written(tmp_path, repeated(frames)))
    assert (found.last, len(found.data)) == (min(frames, 65_535), frames)
    assert found.parameters["POINT:FRAMES"] == min(frames, 65_535)
    low, high = found.parameters["TRIAL:ACTUAL_END_FIELD"]
    assert low + (high << 16) == frames


@pytest.mark.slow
@pytest.mark.parametrize("frames", [65_535, 65_536, 108_000])
def test_ezc3d_reads_an_hour(frames: int, tmp_path: Path) -> None:
    data = repeated(frames)
    file, points, _ = read(written(tmp_path, data))
    assert len(points) == frames
    assert file["header"]["points"]["last_frame"] == frames - 1
    there = ~data.missing[-1]
    np.testing.assert_allclose(points[-1][there], millimetres(data)[-1][there], atol=1e-3)


def test_a_person_who_was_never_seen(tmp_path: Path) -> None:
    data = motion(4)
    nothing = np.zeros_like(data.filled)
    data = replace(data, filled=nothing, missing=~nothing, xyz=np.full_like(data.xyz, np.nan))
    file, points, residuals = read(written(tmp_path, data))
    assert np.isnan(points).all()
    assert (residuals == -1).all()
    assert file["parameters"]["POINT"]["SCALE"]["value"][0] < 0


def test_a_file_without_frames_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no frames"):
        export(tmp_path / "walk.c3d", motion(0), "c3d")
    assert list(tmp_path.iterdir()) == []
