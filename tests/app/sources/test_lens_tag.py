from __future__ import annotations

import math
import struct
import time
from pathlib import Path

import av
import numpy as np
import pytest

from app.sources.headers import noted_focal_mm
from app.sources.video import VideoFile

NAME = "com.apple.quicktime.camera.focal_length.35mm_equivalent"
SIZE = (64, 48)


def _filmed(path: Path, focal_mm: str | None) -> Path:
    """A short video as FFmpeg writes it, with the note of a telephone."""
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as container:
        if focal_mm is not None:
            container.metadata["com.apple.quicktime.make"] = "Somebody"
            container.metadata[NAME] = focal_mm
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height = SIZE
        for _ in range(3):
            picture = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


def _wide(focal_mm: float, size: tuple[int, int] = SIZE) -> float:
    diagonal = 2 * math.atan(43.27 / 2 / focal_mm)
    share = max(size) / math.hypot(*size)
    return math.degrees(2 * math.atan(math.tan(diagonal / 2) * share))


def _fov_deg(path: Path) -> float | None:
    with VideoFile(path) as video:
        return video.fov_deg


@pytest.mark.parametrize("ending", [".mp4", ".mov"])
def test_the_note_of_a_film_is_read(tmp_path: Path, ending: str) -> None:
    assert _fov_deg(_filmed(tmp_path / f"clip{ending}", "26")) == pytest.approx(_wide(26))


def test_a_file_without_the_note_says_nothing(tmp_path: Path) -> None:
    assert _fov_deg(_filmed(tmp_path / "clip.mp4", None)) is None


@pytest.mark.parametrize("words", ["0", "9000", "-26", "wide", "nan", ""])
def test_a_note_of_nonsense_says_nothing(tmp_path: Path, words: str) -> None:
    assert _fov_deg(_filmed(tmp_path / "clip.mp4", words)) is None


def _box(kind: bytes, contents: bytes) -> bytes:
    return struct.pack(">I", 8 + len(contents)) + kind + contents


def _note(kind: int, value: bytes, version: bytes = b"") -> bytes:
    """What a telephone notes of its lens in a track, in QuickTime's form, as its second note."""
    names = [b"com.apple.quicktime.camera.lens_model", NAME.encode()]
    keys = struct.pack(">II", 0, len(names)) + b"".join(_box(b"mdta", name) for name in names)
    text = _box(b"data", struct.pack(">II", 1, 0) + b"back camera")
    number = _box(b"data", struct.pack(">II", kind, 0) + value)
    notes = _box(struct.pack(">I", 1), text) + _box(struct.pack(">I", 2), number)
    hdlr = _box(b"hdlr", bytes(8) + b"mdta" + bytes(13))
    return _box(b"meta", version + hdlr + _box(b"keys", keys) + _box(b"ilst", notes))


def _telephone(kind: int, value: bytes) -> bytes:
    """A film of nothing but that note."""
    film = _box(b"ftyp", b"qt  " + bytes(4)) + _box(b"moov", _box(b"trak", _note(kind, value)))
    return film + _box(b"mdat", bytes(64))


def _add_to_track(path: Path, note: bytes) -> None:
    """Put a note at the end of the track of a film, whose index comes last."""
    data = bytearray(path.read_bytes())
    film, track = data.index(b"moov") - 4, data.index(b"trak") - 4
    (length,) = struct.unpack_from(">I", data, track)
    data[track + length : track + length] = note
    for place in (film, track):
        (length,) = struct.unpack_from(">I", data, place)
        struct.pack_into(">I", data, place, length + len(note))
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (1, b"26"),
        (21, struct.pack(">i", 26)),
        (21, b"\x1a"),
        (22, b"\x1a"),
        (23, struct.pack(">f", 26.0)),
        (24, struct.pack(">d", 26.0)),
        (67, struct.pack(">i", 26)),
    ],
)
@pytest.mark.parametrize(("ending", "version"), [(".mov", b""), (".mp4", bytes(4))])
def test_notes_of_a_track_are_read(
    tmp_path: Path, ending: str, version: bytes, kind: int, value: bytes
) -> None:
    path = _filmed(tmp_path / f"clip{ending}", None)
    _add_to_track(path, _note(kind, value, version))
    assert _fov_deg(path) == pytest.approx(_wide(26))


def test_damage_says_nothing_and_takes_no_time(tmp_path: Path) -> None:
    whole = _telephone(21, struct.pack(">i", 26))
    random = np.random.default_rng(7)
    path = tmp_path / "clip.mov"
    for _ in range(300):
        broken = bytearray(whole)
        for place in random.integers(0, len(whole), 3):
            broken[place] = random.integers(256)
        path.write_bytes(bytes(broken[: random.integers(1, len(broken) + 1)]))
        found = noted_focal_mm(path)
        assert found is None or isinstance(found, float)


def test_notes_made_of_millions_of_boxes_take_no_time(tmp_path: Path) -> None:
    path = tmp_path / "crafted.mov"
    many = _box(b"meta", bytes(4) + _box(b"hdlr", b"") + b"\0\0\0\x08free" * 2_000_000)
    path.write_bytes(_box(b"ftyp", b"qt  ") + _box(b"moov", many))
    start = time.process_time()
    assert noted_focal_mm(path) is None
    assert time.process_time() - start < 1


@pytest.mark.parametrize("contents", [b"", b"\x1a\x45\xdf\xa3" + bytes(40), b"RIFF" + bytes(60)])
def test_other_files_say_nothing(tmp_path: Path, contents: bytes) -> None:
    path = tmp_path / "clip.bin"
    path.write_bytes(contents)
    assert noted_focal_mm(path) is None
