"""What a source said of its lens is kept with the recording, and older ones open as before."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.motion.data import MotionData
from app.motion.processing import process
from app.motion.processing_options import Processing
from app.recording.reader import Recording
from app.recording.rows import HEADER_BYTES
from app.recording.writer import RecordingWriter
from tests.support.recordings import CAMERA, INFO, SIZE, packet, poses

TELEPHONE = replace(CAMERA, fov_deg=67.4)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    writer = RecordingWriter.create(tmp_path, "take", source=TELEPHONE, size=SIZE)
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


def test_the_lens_reaches_the_motion_and_its_place_in_the_room(path: Path) -> None:
    recording = Recording.open(path)
    assert recording.meta.source == TELEPHONE
    data = MotionData.from_recording(recording)
    assert data.provenance.fov_deg == 67.4
    placement = process(data, Processing(room=True)).provenance.placement
    assert placement is not None
    focal_px = SIZE[0] / 2 / math.tan(math.radians(67.4) / 2)
    assert placement["lens"] == {
        "focal_px": pytest.approx(focal_px, abs=0.01),
        "fov_deg": 67.4,
        "from": "source",
    }
    placement = process(data, Processing(room=True, fov_deg=80.0)).provenance.placement
    assert placement is not None
    assert placement["lens"]["from"] == "given"  # type: ignore[index]


def test_a_recording_cut_off_before_its_description_has_it_too(path: Path) -> None:
    (path / "recording.json").unlink()
    assert Recording.open(path).meta.source.fov_deg == 67.4


def test_an_older_recording_opens_and_says_nothing_of_a_lens(path: Path) -> None:
    recording = edited(path, lambda content: content["source"].pop("fov_deg"))
    assert recording.meta.source == CAMERA
    assert recording.recovered is None
    assert MotionData.from_recording(recording).provenance.fov_deg is None


def test_what_a_later_version_notes_besides_is_let_be(path: Path) -> None:
    recording = edited(path, lambda content: content["source"].update(distortion=[0.1, 0.2]))
    assert recording.meta.source == TELEPHONE


@pytest.mark.parametrize("words", ["wide", -60, True, [61]])
def test_a_lens_that_is_no_number_makes_the_header_serve(path: Path, words: object) -> None:
    assert edited(path, lambda content: content["source"].update(fov_deg=words)).meta.source == (
        TELEPHONE
    )


def test_a_lens_that_cannot_be_is_none(path: Path) -> None:
    recording = edited(path, lambda content: content["source"].update(fov_deg=5000))
    data = MotionData.from_recording(recording)
    placement = process(data, Processing(room=True)).provenance.placement
    assert placement is not None
    assert placement["lens"]["from"] == "assumed"  # type: ignore[index]


def test_the_header_is_the_description_of_whoever_reads_the_rows_alone(path: Path) -> None:
    header = (path / "keypoints.bin").read_bytes()[:HEADER_BYTES]
    assert json.loads(header)["recording"]["source"]["fov_deg"] == 67.4
