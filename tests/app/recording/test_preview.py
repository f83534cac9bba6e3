"""The one frame a recording is known by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.errors import RecordingError
from app.recording import preview as module
from app.recording.names import KEYPOINTS_FILE
from app.recording.preview import preview
from app.recording.reader import Recording
from app.recording.rows import HEADER_BYTES, ROW
from app.recording.writer import RecordingWriter
from tests.support.recordings import CAMERA, SIZE, packet, picture, record


def test_it_is_a_frame_from_the_middle_with_its_picture(tmp_path: Path) -> None:
    path = record(tmp_path, 41, keep_video=True)
    found = preview(path, longest=80)
    assert found.size == SIZE
    assert found.tracked
    assert found.picture is not None
    assert found.picture.shape == (60, 80, 3)
    np.testing.assert_array_equal(found.xy, packet(20).xy)
    assert np.median(found.picture[..., 1]) == pytest.approx(picture(20).image[0, 0, 1], abs=3)


def test_somebody_is_looked_for_around_the_middle(tmp_path: Path) -> None:
    writer = RecordingWriter.create(tmp_path, "late", source=CAMERA, size=SIZE)
    for index in range(200):
        here = packet(index)
        nobody = packet(3)
        writer.append(
            here
            if index >= 190 and here.tracked
            else replace(nobody, index=index, time_s=here.time_s)
        )
    found = preview(writer.close(), longest=80)
    assert found.tracked
    assert found.picture is None


def test_nobody_at_all_is_said(tmp_path: Path) -> None:
    writer = RecordingWriter.create(tmp_path, "empty", source=CAMERA, size=SIZE)
    for index in range(5):
        writer.append(replace(packet(3), index=index, time_s=index / 30))
    found = preview(writer.close(), longest=80)
    assert not found.tracked


def test_damage_is_passed_over_or_refused(tmp_path: Path) -> None:
    path = record(tmp_path, 41)
    file = path / KEYPOINTS_FILE
    data = bytearray(file.read_bytes())
    data[HEADER_BYTES + 20 * ROW.itemsize + 60] ^= 0xFF
    file.write_bytes(data)
    assert preview(path, longest=80).tracked
    data[HEADER_BYTES:] = bytes(len(data) - HEADER_BYTES)
    file.write_bytes(data)
    with pytest.raises(RecordingError, match="no whole frame"):
        preview(path, longest=80)
    with pytest.raises(RecordingError):
        preview(tmp_path / "none.mixpose", longest=80)


def test_a_long_one_is_not_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = record(tmp_path, 400)
    read = []
    fromfile = np.fromfile

    def counted(*args: object, **given: object) -> object:
        read.append(given["count"])
        return fromfile(*args, **given)

    monkeypatch.setattr(module.np, "fromfile", counted)
    preview(path, longest=80)
    assert sum(read) <= 2 * module._TRIED + 1
    assert len(Recording.open(path).keypoints.time_s) == 400
