"""Opening recordings: whole, torn, flipped, half gone, newer, and none at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import RecordingError
from app.recording import reader as reader_module
from app.recording import rows
from app.recording.reader import Recording
from app.recording.rows import HEADER_BYTES, ROW
from tests.support.recordings import CAMERA, INFO, SIZE, packet, poses, record

FRAMES = 12
ARRAYS = ("landmarks", "world", "xy", "conf", "tracked", "time_s")


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording with video and poses; not to be changed."""
    path = record(tmp_path_factory.mktemp("pristine"), FRAMES, keep_video=True)
    Recording.open(path).save_poses(poses(FRAMES), INFO)
    return path


@pytest.fixture
def path(pristine: Path, tmp_path: Path) -> Path:
    """A recording that may be spoiled."""
    return Path(shutil.copytree(pristine, tmp_path / "take.mixpose"))


def assert_holds(recording: Recording, indices: list[int]) -> None:
    """Exactly the frames ``indices``, each as it was captured."""
    assert recording.keypoints.index.tolist() == indices
    for row, index in enumerate(indices):
        for name in ARRAYS:
            expected = getattr(packet(index), name)
            np.testing.assert_array_equal(getattr(recording.keypoints, name)[row], expected)


def edit(path: Path, change: Callable[[bytearray], None]) -> None:
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(data)


def flip(data: bytearray, row: int, byte: int = 100) -> None:
    data[HEADER_BYTES + row * ROW.itemsize + byte] ^= 0x10


def cut(path: Path, bytes_left: int) -> None:
    with path.open("r+b") as file:
        file.truncate(bytes_left)


def test_a_closed_recording_comes_back_whole(path: Path) -> None:
    recording = Recording.open(path)
    assert_holds(recording, list(range(FRAMES)))
    assert recording.recovered is None
    assert recording.size == SIZE
    assert recording.meta.source == CAMERA
    assert recording.duration_s == pytest.approx((FRAMES - 1) / 30)
    assert recording.keypoints.dropped.tolist() == [index // 10 for index in range(FRAMES)]
    assert recording.video_path == path / "video.mkv"
    assert recording.poses is not None


def test_the_start_is_the_first_frames_moment(path: Path) -> None:
    recording = Recording.open(path)
    assert recording.started_at.tzinfo is not None
    expected = recording.keypoints.captured_unix_s[0]
    assert recording.started_at.timestamp() == pytest.approx(expected, abs=1e-6)
    assert recording.started_at.utcoffset() == recording.meta.started_at.utcoffset()


def test_opening_changes_nothing(path: Path) -> None:
    (path / ".writing").touch()
    cut(path / "keypoints.bin", HEADER_BYTES + 5 * ROW.itemsize + 17)
    before = {found: found.read_bytes() for found in path.iterdir()}
    Recording.open(path)
    assert {found: found.read_bytes() for found in path.iterdir()} == before


@pytest.mark.parametrize("extra", [0, 1, 3, ROW.itemsize // 2, ROW.itemsize - 1])
def test_an_interrupted_recording_keeps_every_whole_row(path: Path, extra: int) -> None:
    (path / ".writing").touch()
    cut(path / "keypoints.bin", HEADER_BYTES + 7 * ROW.itemsize + extra)
    edit(path / "recording.json", lambda data: data.__setitem__(
        slice(None), json.dumps({**json.loads(data), "ending": None}).encode()
    ))  # fmt: skip
    recording = Recording.open(path)
    assert_holds(recording, list(range(7)))
    torn = " Its unfinished end was cut off." if extra else ""
    assert recording.recovered == (
        f"This recording was interrupted.{torn} 7 frames (0.2 s) could be read."
    )
    assert recording.poses is None, "the poses belong to twelve frames"


def test_zeros_at_the_end_are_cut_off(path: Path) -> None:
    (path / ".writing").touch()
    with (path / "keypoints.bin").open("ab") as file:
        file.write(b"\0" * 3 * ROW.itemsize)
    recording = Recording.open(path)
    assert_holds(recording, list(range(FRAMES)))
    assert recording.recovered == (
        "This recording was interrupted. Its unfinished end was cut off. "
        "12 frames (0.4 s) could be read."
    )


def test_flipped_bits_cost_their_row_and_are_said(path: Path) -> None:
    edit(path / "keypoints.bin", lambda data: (flip(data, 0), flip(data, 5, byte=9)))
    recording = Recording.open(path)
    assert_holds(recording, [1, 2, 3, 4, 6, 7, 8, 9, 10, 11])
    assert recording.recovered == (
        "2 damaged frames were left out. 10 frames (0.3 s) could be read."
    )
    found = recording.picture(0)
    assert found is not None
    assert abs(float(found[..., 1].mean()) - 8) < 3, "the picture of frame 1"


def test_rows_lost_from_a_closed_recording_are_said(path: Path) -> None:
    cut(path / "keypoints.bin", HEADER_BYTES + 11 * ROW.itemsize)
    assert Recording.open(path).recovered == (
        "1 frame at the end had been lost. 11 frames (0.3 s) could be read."
    )


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\xff\xfe\x00"),
        lambda path: path.write_bytes(b"[" * 100_000),
        lambda path: path.write_text(path.read_text().replace("Süd", "Nord") + " " * 2**20),
        lambda path: path.write_text('{"format": "something else", "version": 1}'),
        lambda path: path.write_text(path.read_text().replace('"size"', '"seize"')),
        lambda path: path.write_text(path.read_text().replace(f"{SIZE[0]},", "99999999,")),
        lambda path: path.write_text(path.read_text().replace(f"{SIZE[0]},", "-1,")),
        lambda path: path.write_text(path.read_text().replace(f"{SIZE[0]},", "NaN,")),
        lambda path: path.write_text(path.read_text().replace("T", "?")),
    ],
)
def test_without_a_usable_description_the_header_serves(
    path: Path, spoil: Callable[[Path], object]
) -> None:
    spoil(path / "recording.json")
    recording = Recording.open(path)
    assert_holds(recording, list(range(FRAMES)))
    assert (recording.size, recording.meta.source) == (SIZE, CAMERA)


def test_without_a_usable_header_the_description_serves(path: Path) -> None:
    edit(path / "keypoints.bin", lambda data: data.__setitem__(slice(0, 50), b"\0" * 50))
    assert_holds(Recording.open(path), list(range(FRAMES)))


def test_without_either_it_is_an_error(path: Path) -> None:
    (path / "recording.json").write_text("{")
    edit(path / "keypoints.bin", lambda data: data.__setitem__(slice(0, 50), b"\0" * 50))
    with pytest.raises(RecordingError, match="damaged beyond use"):
        Recording.open(path)
    (path / "recording.json").unlink()
    with pytest.raises(RecordingError, match="is not a recording"):
        Recording.open(path)


@pytest.mark.parametrize("where", ["recording.json", "keypoints.bin"])
def test_a_newer_format_is_said_to_be_newer(path: Path, where: str) -> None:
    edit(path / where, lambda data: data.__setitem__(
        slice(None), bytes(data).replace(b'"version": 1', b'"version": 2', 1)
    ))  # fmt: skip
    with pytest.raises(RecordingError, match=r"newer mixpose .* Update the program"):
        Recording.open(path)


def test_what_is_no_recording_is_said(tmp_path: Path) -> None:
    (tmp_path / "file.mixpose").touch()
    (tmp_path / "empty.mixpose").mkdir()
    for name in ("none.mixpose", "file.mixpose", "empty.mixpose"):
        with pytest.raises(RecordingError, match="is not a recording"):
            Recording.open(tmp_path / name)


@pytest.mark.parametrize("length", [0, 10, HEADER_BYTES, HEADER_BYTES + ROW.itemsize - 1])
def test_a_recording_without_a_whole_row_is_said_to_be_empty(path: Path, length: int) -> None:
    cut(path / "keypoints.bin", length)
    with pytest.raises(RecordingError, match="no whole frame"):
        Recording.open(path)


def test_an_impossible_length_is_refused_before_it_is_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "_MAX_ROWS", FRAMES - 1)
    with pytest.raises(RecordingError, match="claims 12 frames"):
        Recording.open(path)


def test_absurd_values_with_a_right_checksum_are_not_seen(path: Path) -> None:
    strange = packet(FRAMES)
    xy, conf = strange.xy.copy(), strange.conf.copy()
    xy[0], xy[1], xy[2, 0] = np.inf, 1e30, np.nan
    conf[3:7] = np.nan, -1, 7, np.inf
    strange = replace(strange, xy=xy, conf=conf)
    with (path / "keypoints.bin").open("ab") as file:
        file.write(rows.pack(strange, dropped=0, video_frame=10**6))
    recording = Recording.open(path)
    kept = recording.keypoints
    assert np.isnan(kept.xy[-1, :3]).all()
    assert kept.conf[-1, :7].tolist() == [0, 0, 0, 0, 0, 1, 1]
    np.testing.assert_array_equal(kept.conf[-1, 7:], strange.conf[7:])
    assert recording.picture(FRAMES) is None


def test_an_absurd_clock_falls_back_to_the_description(path: Path) -> None:
    def turn(data: bytearray) -> None:
        found = np.frombuffer(data, ROW, offset=HEADER_BYTES).copy()
        found["captured_unix_s"] = 1e300
        for at, row in enumerate(found):
            body = row.tobytes()[4:]
            start = HEADER_BYTES + at * ROW.itemsize
            data[start : start + ROW.itemsize] = rows.zlib.crc32(body).to_bytes(4, "little") + body

    edit(path / "keypoints.bin", turn)
    recording = Recording.open(path)
    assert recording.recovered is None
    assert recording.started_at == recording.meta.started_at
    assert abs(recording.started_at - datetime.now().astimezone()) < timedelta(minutes=5)


def test_a_damaged_video_does_not_keep_the_recording_shut(path: Path) -> None:
    (path / "video.mkv").write_bytes(b"\x1a\x45\xdf\xa3" + b"\xff" * 1000)
    recording = Recording.open(path)
    assert recording.picture(0) is None
    (path / "video.mkv").unlink()
    recording = Recording.open(path)
    assert recording.video_path is None
    assert recording.picture(0) is None


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_damaged_no_wrong_frame_is_shown(
    pristine: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = Path(shutil.copytree(pristine, tmp_path_factory.mktemp("spoiled") / "take.mixpose"))
    name = data.draw(st.sampled_from(sorted(found.name for found in path.iterdir())))
    content = bytearray((path / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + 1] = data.draw(st.binary(min_size=0, max_size=1))
        if not content:
            break
    (path / name).write_bytes(content)
    try:
        recording = Recording.open(path)
    except RecordingError:
        return
    assert_holds(recording, recording.keypoints.index.tolist())
    for row in range(len(recording.keypoints.index)):
        recording.picture(row)
