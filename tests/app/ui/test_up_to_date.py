"""Whether a recording is lifted again for an export: only if its poses are not those wanted."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from app.errors import WeightsError
from app.recording.reader import Recording
from app.ui.preferences import Preferences
from app.ui.presenters.background import up_to_date
from models.checkpoint import available_weights
from tests.support.recordings import poses, record


def lifted_with(folder: Path, weights: Path) -> Recording:
    recording = Recording.open(record(folder, 5))
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    info = {"name": "a name of its own", "sha256": sha256, "height_m": None}
    recording.save_poses(poses(5), info)
    return recording


def test_weights_are_told_by_their_bytes(tmp_path: Path) -> None:
    weights, others = tmp_path / "mine.safetensors", tmp_path / "others.safetensors"
    weights.write_bytes(b"weights")
    others.write_bytes(b"others")
    recording = lifted_with(tmp_path, weights)
    assert up_to_date(recording, Preferences())
    assert up_to_date(recording, Preferences(weights=str(weights)))
    assert not up_to_date(recording, Preferences(weights=str(others)))
    weights.write_bytes(b"trained on")
    assert not up_to_date(recording, Preferences(weights=str(weights)))
    with pytest.raises(WeightsError, match="no weights called"):
        up_to_date(recording, Preferences(weights="a name of its own"))


def test_shipped_weights_are_told_by_their_bytes(tmp_path: Path) -> None:
    shipped = available_weights()[0]
    recording = lifted_with(tmp_path, shipped)
    assert up_to_date(recording, Preferences(weights=shipped.stem))


def test_what_else_is_wanted_counts_too(tmp_path: Path) -> None:
    recording = lifted_with(tmp_path, available_weights()[0])
    assert not up_to_date(recording, Preferences(height_m=1.8))
    assert not up_to_date(recording, Preferences(camera_told=True, camera_pitch_deg=10.0))
    recording.poses = None
    assert not up_to_date(recording, Preferences())
