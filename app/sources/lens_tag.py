"""How wide a telephone saw when it filmed, from what it wrote into the video file.

QuickTime and MP4 files keep such notes in ``meta`` boxes, of the film or of a track: names in
``keys``, values in ``ilst`` (QuickTime File Format, "Metadata").
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from app.sources.container import FIRST_BOXES

_KEY: Final = b"com.apple.quicktime.camera.focal_length.35mm_equivalent"
_FILM_DIAGONAL_MM: Final = 43.27
"""Of the 24 x 36 mm that such a focal length is told for."""
_FOCAL_MM: Final = (5.0, 500.0)
_INSIDE: Final = (b"moov", b"trak", b"udta")
_DEEPEST: Final = 6
_MOST_BOXES: Final = 10_000
"""Looked at in one file, at any depth: more of them are damage, not a video."""
_LONGEST_NOTE: Final = 2**20
_NUMBERS: Final = {22: "unsigned", 21: "signed", 23: ">f", 24: ">d"}
"""Types of values (the same, table "Well-known types"); 1 is text."""
_TEXT: Final = 1

_Box = tuple[bytes, int, int]
"""Kind, where its contents begin, and where they end."""


def noted_fov_deg(path: Path, size: tuple[int, int]) -> float | None:
    """The angle that the longer side of pictures of ``size`` spans; None if the file does not say.

    Raises OSError.
    """
    with path.open("rb") as file:
        length = file.seek(0, os.SEEK_END)
        left = [_MOST_BOXES]
        first = next(_boxes(file, 0, length, left), None)
        if first is None or first[0] not in FIRST_BOXES:
            return None
        try:
            focal_mm = _focal_mm(file, 0, length, left, 0)
        except (struct.error, ValueError):
            return None
    if focal_mm is None or not _FOCAL_MM[0] <= focal_mm <= _FOCAL_MM[1]:
        return None
    share = max(size) / math.hypot(*size)
    return 2 * math.degrees(math.atan(0.5 * share * _FILM_DIAGONAL_MM / focal_mm))


def _boxes(file: BinaryIO, start: int, end: int, left: list[int]) -> Iterator[_Box]:
    """The boxes of a stretch of the file; ``left`` counts down how many more are looked at."""
    while start + 8 <= end and left[0] > 0:
        left[0] -= 1
        file.seek(start)
        head = file.read(16)
        if len(head) < 8:
            return
        size, begin = int(struct.unpack(">I", head[:4])[0]), start + 8
        if size == 1 and len(head) == 16:
            size, begin = int(struct.unpack(">Q", head[8:])[0]), start + 16
        stop = start + size if size else end
        if stop < begin or stop > end:
            return
        yield head[4:8], begin, stop
        start = stop


def _focal_mm(file: BinaryIO, start: int, end: int, left: list[int], depth: int) -> float | None:
    """The first note of it in a box or those inside."""
    if depth > _DEEPEST:
        return None
    for kind, begin, stop in _boxes(file, start, end, left):
        found = None
        if kind == b"meta":
            found = _noted(file, begin, stop, left)
        elif kind in _INSIDE:
            found = _focal_mm(file, begin, stop, left, depth + 1)
        if found is not None:
            return found
    return None


def _noted(file: BinaryIO, start: int, end: int, left: list[int]) -> float | None:
    file.seek(start)
    # In MP4 four bytes of version come first, in QuickTime the first box does.
    start += 0 if file.read(8)[4:] == b"hdlr" else 4
    inside = {kind: (begin, stop) for kind, begin, stop in _boxes(file, start, end, left)}
    if b"keys" not in inside or b"ilst" not in inside:
        return None
    begin, stop = inside[b"keys"]
    names = [
        _contents(file, first, last) for _, first, last in _boxes(file, begin + 8, stop, left)
    ]  # the space of each name stands where the kind of a box does
    if _KEY not in names:
        return None
    number = struct.pack(">I", names.index(_KEY) + 1)
    for kind, first, last in _boxes(file, *inside[b"ilst"], left):
        if kind == number:
            return _value(_contents(file, first, last))
    return None


def _contents(file: BinaryIO, begin: int, end: int) -> bytes:
    file.seek(begin)
    return file.read(min(end - begin, _LONGEST_NOTE))


def _value(box: bytes) -> float | None:
    """The number in a ``data`` box: size, kind, type, language, value."""
    if box[4:8] != b"data":
        return None
    kind, value = int(struct.unpack(">I", box[8:12])[0]), box[16:]
    if kind == _TEXT:
        return float(value)
    form = _NUMBERS.get(kind)
    if form is None:
        return None
    if form in ("signed", "unsigned"):
        return float(int.from_bytes(value[:8], "big", signed=form == "signed"))
    return float(struct.unpack(form, value)[0])
