"""Lifted poses kept with a recording; strangers' files are read without trust."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.errors import RecordingError
from app.recording import poses as poses_file
from app.recording.poses import LiftedPoses, SavedPoses
from app.recording.reader import Recording
from tests.support.disks import read_only
from tests.support.recordings import INFO, poses, record

FRAMES = 6
TIMES = np.arange(FRAMES) / 30


def test_saved_poses_come_back(tmp_path: Path) -> None:
    recording = Recording.open(record(tmp_path, FRAMES))
    assert recording.poses is None
    recording.save_poses(poses(FRAMES, seed=1), INFO)
    recording.save_poses(poses(FRAMES, seed=2), INFO)
    reopened = Recording.open(recording.path)
    assert reopened.recovered is None
    for found in (recording.poses, reopened.poses):
        assert found is not None
        for name in ("xyz", "filled", "missing", "swapped"):
            expected = getattr(poses(FRAMES, seed=2), name)
            np.testing.assert_array_equal(getattr(found, name), expected)
            assert getattr(found, name).dtype == expected.dtype
        assert found.info == INFO
    assert sorted(path.name for path in recording.path.iterdir()) == [
        "keypoints.bin", "poses.npz", "recording.json",
    ]  # fmt: skip


def test_plain_numpy_reads_them(tmp_path: Path) -> None:
    _save(tmp_path, TIMES, poses(FRAMES), INFO)
    with np.load(tmp_path / "poses.npz", allow_pickle=False) as found:
        np.testing.assert_array_equal(found["xyz"], poses(FRAMES).xyz)
        assert '"test-weights"' in str(found["info"])


def test_poses_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="xyz has shape"):
        _save(Path(), TIMES, poses(FRAMES + 1), INFO)


@pytest.mark.parametrize("missing", ["name", "sha256", "height_m"])
def test_poses_say_how_they_were_made(missing: str) -> None:
    info = {name: value for name, value in INFO.items() if name != missing}
    with pytest.raises(ValueError, match=missing):
        _save(Path(), TIMES, poses(FRAMES), info)


def test_poses_that_cannot_be_saved_are_said(tmp_path: Path) -> None:
    recording = Recording.open(record(tmp_path, FRAMES))
    with read_only(tmp_path / "locked") as folder:
        recording.path = folder
        with pytest.raises(RecordingError, match="can be computed again"):
            recording.save_poses(poses(FRAMES), INFO)


@pytest.mark.parametrize("times", [TIMES[:-1], TIMES + 1e-9, np.arange(FRAMES + 1) / 30])
def test_poses_of_other_frames_are_not_used(tmp_path: Path, times: np.ndarray) -> None:
    _save(tmp_path, TIMES, poses(FRAMES), INFO)
    with pytest.raises(ValueError):  # noqa: PT011 - which check finds it does not matter
        poses_file.load(tmp_path, times)


class Bomb:
    """Says so in a file if it is ever unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.trace),)


def test_a_pickle_is_refused_unopened(tmp_path: Path) -> None:
    trace = tmp_path / "exploded"
    bomb = np.array([Bomb(trace)] * FRAMES, dtype=object)
    for name in ("time_s", "xyz", "info"):
        np.savez(tmp_path / "poses.npz", **{**fields(), name: bomb}, allow_pickle=True)
        with pytest.raises(ValueError, match=r"[Oo]bject"):
            poses_file.load(tmp_path, TIMES)
    (tmp_path / "poses.npz").write_bytes(pickle.dumps(Bomb(trace)))
    with pytest.raises(ValueError, match="cannot be read"):
        poses_file.load(tmp_path, TIMES)
    assert not trace.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"xyz": np.zeros((FRAMES, 17, 3))},
        {"xyz": np.zeros((FRAMES, 17, 2), np.float32)},
        {"xyz": np.full((FRAMES, 17, 3), np.nan, np.float32)},
        {"xyz": np.asfortranarray(poses(FRAMES).xyz)},
        {"filled": np.zeros((FRAMES, 17), np.uint8)},
        {"swapped": np.zeros((), bool)},
        {"info": np.array("not JSON")},
        {"info": np.array("[]")},
        {"info": np.array('{"name": 1}')},
        {"info": np.array("[" * 100_000)},
        {"info": np.array("x" * 2**19)},
    ],
)
def test_anything_else_in_its_place_is_refused(
    tmp_path: Path, change: dict[str, np.ndarray]
) -> None:
    np.savez(tmp_path / "poses.npz", **{**fields(), **change})
    with pytest.raises(ValueError):  # noqa: PT011 - which check finds it does not matter
        poses_file.load(tmp_path, TIMES)


def test_a_claimed_size_is_not_believed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "poses.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in fields().items():
            buffer = io.BytesIO()
            np.save(buffer, value)
            if name == "xyz":  # an honest header, and 64 MB of zeros behind it
                buffer.write(b"\0" * 2**26)
            archive.writestr(f"{name}.npy", buffer.getvalue())
    with pytest.raises(ValueError, match="bytes, not"):
        poses_file.load(tmp_path, TIMES)


@settings(max_examples=200)
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=30))
def test_damage_is_found(tmp_path_factory: pytest.TempPathFactory, at: int, garbage: bytes) -> None:
    folder = tmp_path_factory.mktemp("poses")
    _save(folder, TIMES, poses(FRAMES), INFO)
    path = folder / "poses.npz"
    data = bytearray(path.read_bytes())
    at %= len(data)
    data[at : at + len(garbage)] = garbage
    path.write_bytes(data)
    try:
        found = poses_file.load(folder, TIMES)
    except ValueError:
        return
    assert found is not None
    expected = replace(poses(FRAMES))
    np.testing.assert_array_equal(found.xyz, expected.xyz)
    np.testing.assert_array_equal(found.missing, expected.missing)


def fields() -> dict[str, np.ndarray]:
    """What a good file holds."""
    good = poses(FRAMES)
    return {
        "time_s": TIMES,
        "xyz": good.xyz,
        "filled": good.filled,
        "missing": good.missing,
        "swapped": good.swapped,
        "info": np.array('{"name": "w", "sha256": "00", "height_m": null}'),
    }


def _save(
    folder: Path, time_s: NDArray[np.float64], lifted: LiftedPoses, info: Mapping[str, object]
) -> SavedPoses:
    saved = poses_file.prepare(len(time_s), lifted, info)
    poses_file.write(folder, time_s, saved)
    return saved
