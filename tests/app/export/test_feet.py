"""Heels and toes, the four joints after the 17, in every format that has joints, and read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.export.joints import joints_at_constant_rate
from app.export.reading import read
from app.export.registry import FORMATS, export
from app.motion.data import MotionData
from models.skeleton import FOOT_JOINT_NAMES, FOOT_PARENTS, JOINT_NAMES
from tests.support.motion import motion
from tests.support.readers import TABLES, c3d, trc

FRAMES = 30
ALL = (*JOINT_NAMES, *FOOT_JOINT_NAMES)


def walker(*, placed: bool) -> MotionData:
    """Feet in most frames; the left toe now and then unknown."""
    data = motion(FRAMES)
    rng = np.random.default_rng(5)
    feet = data.xyz[:, list(FOOT_PARENTS)] + rng.normal(scale=0.1, size=(FRAMES, 4, 3))
    feet[::7, 2] = np.nan
    feet[11] = np.nan
    conf = rng.uniform(0.1, 1.0, (FRAMES, 4)).astype(np.float32)
    root = np.cumsum(rng.normal(scale=0.02, size=(FRAMES, 3)), axis=0) if placed else None
    return replace(data, feet=feet.astype(np.float32), feet_conf=conf, root=root)


def wide(path: Path) -> np.ndarray:
    table = pd.read_csv(path)
    return np.stack([table[[f"{name}_{axis}" for axis in "xyz"]].to_numpy() for name in ALL], 1)


def long(path: Path) -> np.ndarray:
    cells = TABLES["parquet" if path.suffix == ".parquet" else "csv-long"](path)
    assert [cell.joint for cell in cells[:21]] == list(ALL)
    return np.array([(c.x, c.y, c.z) for c in cells], float).reshape(-1, 21, 3)


def markers(path: Path) -> np.ndarray:
    found = trc(path)
    assert found.markers == list(ALL)
    return np.asarray(found.xyz)


def points(path: Path) -> np.ndarray:
    found = c3d(path)
    assert found.parameters["POINT:LABELS"] == list(ALL)
    return np.where(found.data[..., 3:] < 0, np.nan, found.data[..., :3] / 1000)


def frames(path: Path) -> np.ndarray:
    return np.array([frame["xyz"] for frame in json.loads(path.read_text())["frames"]], float)


READERS: dict[str, Callable[[Path], np.ndarray]] = {
    "csv": wide,
    "csv-long": long,
    "parquet": long,
    "trc": markers,
    "c3d": points,
    "npz": lambda path: np.load(path)["xyz"],
    "json": frames,
}


@pytest.mark.parametrize("placed", [False, True])
@pytest.mark.parametrize("kind", READERS)
def test_feet_are_in_the_file_where_they_are(tmp_path: Path, kind: str, placed: bool) -> None:
    data = walker(placed=placed)
    path = tmp_path / f"walk{FORMATS[kind].suffix}"
    export(path, data, kind)
    found = READERS[kind](path)
    assert found.shape == (FRAMES, 21, 3)
    np.testing.assert_allclose(found[:, 17:], data.output_feet()[0], atol=2e-6)
    np.testing.assert_allclose(found[:, :17], data.output()[0], atol=2e-6)


@pytest.mark.parametrize("placed", [False, True])
@pytest.mark.parametrize("kind", ["csv", "csv-long", "json", "npz"])
def test_a_table_that_is_read_again_has_its_feet(tmp_path: Path, kind: str, placed: bool) -> None:
    data = walker(placed=placed)
    path = tmp_path / f"walk{FORMATS[kind].suffix}"
    export(path, data, kind)
    again = read(path)
    for there, here in zip(again.output_feet(), data.output_feet(), strict=True):
        np.testing.assert_allclose(there, here, atol=2e-6)


@pytest.mark.parametrize("kind", ["csv", "csv-long", "json", "npz"])
def test_a_table_without_feet_as_older_versions_wrote_it_is_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"walk{FORMATS[kind].suffix}"
    export(path, motion(FRAMES), kind)
    again = read(path)
    assert again.feet is None
    np.testing.assert_allclose(again.output()[0], motion(FRAMES).output()[0], atol=2e-6)


@pytest.mark.parametrize("fps", [None, 30.0])
def test_a_bridged_foot_is_not_taken_for_a_seen_one(fps: float | None) -> None:
    data = walker(placed=False)
    assert data.feet_conf is not None
    data.feet_conf[12:20, 1] = np.nan  # the right heel: where it is, is bridged
    even = joints_at_constant_rate(data, fps)
    times = np.arange(len(even.xyz)) / even.rate
    bridged = (times > 12 / 25 + 1e-6) & (times < 19 / 25 - 1e-6)
    assert not even.seen[bridged, 18].any()
    assert np.isfinite(even.xyz[bridged, 18]).all()
    assert even.seen[times > 20 / 25, 18].all()
