"""Which size of the detector's model found the joints is kept with the recording."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.detection.models import about
from app.motion.data import MotionData
from app.recording.meta import settings
from app.recording.reader import Recording
from app.recording.writer import RecordingWriter
from tests.support.recordings import CAMERA, INFO, SIZE, packet, poses


@pytest.fixture
def path(tmp_path: Path) -> Path:
    writer = RecordingWriter.create(
        tmp_path,
        "take",
        source=CAMERA,
        size=SIZE,
        settings=settings(several=True, detector=about("heavy")),
    )
    for index in range(20):
        writer.append(packet(index))
    path = writer.close()
    Recording.open(path).save_poses(poses(20), INFO)
    return path


def edited(path: Path, change: Callable[[dict[str, Any]], object]) -> Recording:
    """The recording, its description changed."""
    file = path / "recording.json"
    content = json.loads(file.read_text("utf-8"))
    change(content)
    file.write_text(json.dumps(content), "utf-8")
    return Recording.open(path)


def test_it_reaches_what_is_exported(path: Path) -> None:
    assert MotionData.from_recording(Recording.open(path)).provenance.detector == about("heavy")


def test_a_recording_cut_off_before_its_description_has_it_too(path: Path) -> None:
    (path / "recording.json").unlink()
    assert Recording.open(path).meta.detector == about("heavy")


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["settings"].pop("detector"),
        lambda content: content.pop("settings"),
        lambda content: content["settings"].update(detector="full"),
    ],
)
def test_an_older_recording_was_made_with_the_only_size_there_was(
    path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    recording = edited(path, change)
    assert recording.recovered is None
    assert recording.meta.detector == about("full")


def test_a_strangers_description_is_text_and_not_long(path: Path) -> None:
    odd = {"name": [1] * 1000, "size": None, "more": {}}
    found = edited(path, lambda content: content["settings"].update(detector=odd)).meta.detector
    assert set(found) == {"name", "size", "sha256"}
    assert all(isinstance(each, str) and len(each) <= 200 for each in found.values())
