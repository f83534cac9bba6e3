"""The layout of ``keypoints.bin``, read as a stranger would, and damaged bit by bit."""

from __future__ import annotations

import json
import textwrap
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from app.packets import Keypoints2D, PeopleInView
from app.recording import rows
from app.recording.meta import Meta
from app.recording.reader import Recording
from tests.support.recordings import CAMERA, SIZE, packet, record

ANY_FLOAT = st.floats(width=32, allow_nan=True, allow_infinity=True)


def packed(*packets: Keypoints2D) -> rows.Rows:
    data = b"".join(rows.pack(each, dropped=0, video_frame=-1) for each in packets)
    return np.frombuffer(bytearray(data), rows.ROW)


@st.composite
def any_keypoints(draw: st.DrawFn) -> Keypoints2D:
    base = packet(0)
    values = {
        name: draw(arrays.arrays(np.float32, getattr(base, name).shape, elements=ANY_FLOAT))
        for name in ("landmarks", "world", "xy", "conf")
    }
    return replace(
        base,
        index=draw(st.integers(0, 2**32 - 1)),
        time_s=draw(st.floats(allow_nan=False, allow_infinity=False)),
        tracked=draw(st.booleans()),
        people_in_view=PeopleInView(followed=draw(st.integers(0, 2**16 - 1))),
        **values,
    )


@given(any_keypoints(), st.integers(0, 2**32 - 1), st.integers(-1, 2**31 - 1))
def test_a_row_gives_back_every_bit(keypoints: Keypoints2D, dropped: int, number: int) -> None:
    data = rows.pack(keypoints, dropped=dropped, video_frame=number)
    row = np.frombuffer(data, rows.ROW)
    assert rows.intact(row).all()
    assert row["index"][0] == keypoints.index
    assert row["time_s"][0] == keypoints.time_s
    assert (row["dropped"][0], row["video_frame"][0]) == (dropped, number)
    assert bool(row["tracked"][0]) is keypoints.tracked
    assert row["person"][0] == keypoints.people_in_view.followed
    for name in ("landmarks", "world", "xy", "conf"):
        assert row[name][0].tobytes() == getattr(keypoints, name).tobytes(), name


def test_the_wall_clock_is_that_of_the_capture() -> None:
    captured_at = time.perf_counter() - 5.0
    row = packed(replace(packet(0), captured_at=captured_at))
    assert row["captured_unix_s"][0] == pytest.approx(time.time() - 5.0, abs=0.5)


def test_more_people_than_fit_are_still_told_from_those_before() -> None:
    many = [
        replace(packet(i), people_in_view=PeopleInView(followed=2**16 - 2 + i)) for i in range(4)
    ]
    assert (np.diff(packed(*many)["person"].astype(int)) != 0).all()


def test_rows_of_before_there_was_a_person_are_of_one(tmp_path: Path) -> None:
    path = record(tmp_path, 5)
    data = bytearray((path / "keypoints.bin").read_bytes())
    header = json.loads(data[: rows.HEADER_BYTES])
    fields = [field for field in header["fields"] if field[0] != "person"]
    header["fields"] = [["reserved", "u1", [3]] if f[0] == "reserved" else f for f in fields]
    data[: rows.HEADER_BYTES] = json.dumps(header).encode().ljust(rows.HEADER_BYTES - 1) + b"\n"
    (path / "keypoints.bin").write_bytes(data)
    old = np.dtype([(name, kind, tuple(shape)) for name, kind, shape in header["fields"]])
    assert old.itemsize == rows.ROW.itemsize == header["row_bytes"]
    opened = Recording.open(path)
    assert opened.recovered is None
    assert opened.keypoints.person.tolist() == [0] * 5


def test_a_misshapen_array_is_refused() -> None:
    with pytest.raises(ValueError, match=r"xy has shape \(16, 2\), not \(17, 2\)"):
        rows.pack(replace(packet(0), xy=np.zeros((16, 2), np.float32)), dropped=0, video_frame=-1)


@given(st.integers(0, 3 * rows.ROW.itemsize * 8 - 1))
def test_one_flipped_bit_spoils_one_row(bit: int) -> None:
    found = packed(packet(0), packet(1), packet(2))
    found.view(np.uint8)[bit // 8] ^= 1 << (bit % 8)
    expected = np.ones(3, bool)
    expected[bit // 8 // rows.ROW.itemsize] = False
    assert rows.intact(found).tolist() == expected.tolist()


def test_blocks_of_zeros_are_no_rows() -> None:
    # What a file system leaves where it had no time to write before the power went.
    assert not rows.intact(np.zeros(4, rows.ROW)).any()


def test_rows_that_go_back_in_time_are_left_out() -> None:
    found = packed(*(packet(index, time_s=at) for index, at in enumerate([1, 2, 2, 1.5, 3])))
    assert rows.intact(found).tolist() == [True, True, False, False, True]


def test_a_row_without_a_time_is_left_out() -> None:
    found = packed(packet(0, time_s=float("nan")), packet(1), packet(2, time_s=float("inf")))
    assert rows.intact(found).tolist() == [False, True, False]


@pytest.mark.parametrize("label", ["", "cam", "\N{VIDEO CAMERA}" * 5000, '"\\' * 5000])
def test_the_header_describes_the_rows_whatever_the_source_is_called(label: str) -> None:
    meta = Meta(datetime.now().astimezone(), SIZE, replace(CAMERA, label=label))
    data = rows.header({"recording": meta.brief()})
    assert len(data) == rows.HEADER_BYTES
    assert data.endswith(b"\n")
    found = rows.read_header(data)
    assert found is not None
    assert found["row_bytes"] == rows.ROW.itemsize
    assert Meta.from_json(found["recording"]).size == SIZE


@pytest.mark.parametrize("data", [b"", b"\x00" * 4096, b"[" * 4096, b"[]", b"{}", b"\xff\xfe"])
def test_what_is_no_header_is_none(data: bytes) -> None:
    assert rows.read_header(data) is None


def test_the_documented_lines_read_a_real_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = record(tmp_path, 5)
    assert rows.__doc__ is not None
    snippet = textwrap.dedent(rows.__doc__.split("::\n", 1)[1].split("\n\n``rows", 1)[0])
    monkeypatch.chdir(path)
    names: dict[str, np.ndarray] = {"json": json, "np": np}
    exec(snippet, names)  # the lines are ours, from the docstring
    found = names["rows"]
    assert found["index"].tolist() == [0, 1, 2, 3, 4]
    for row, expected in zip(found, map(packet, range(5)), strict=True):
        np.testing.assert_array_equal(row["xy"], expected.xy)
        np.testing.assert_array_equal(row["landmarks"], expected.landmarks)
