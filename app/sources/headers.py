"""Properties of a video file that FFmpeg does not report.

Whether it is as long as its outermost headers state, and the focal length that a phone recorded.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

FOCAL_KEY: Final = "com.apple.quicktime.camera.focal_length.35mm_equivalent"
"""Metadata key of the 35 mm equivalent focal length."""
_EBML: Final = b"\x1a\x45\xdf\xa3"
_SEGMENT: Final = b"\x18\x53\x80\x67"
_FIRST_BOXES: Final = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
"""Boxes with which an MP4 or MOV file can begin."""
_MOST_BOXES: Final = 100_000
"""Boxes read at most, in a quarter of a second: a video fragmented by the second has two for each
and is 14 hours long by then.  A malicious file can have millions, which would take minutes."""
_LONGEST_NOTE: Final = 2**16
_NUMBERS: Final = {21: "signed", 22: "unsigned", 23: ">f", 24: ">d", 67: "signed", 77: "unsigned"}
"""Types of values (QuickTime File Format, "Well-known types")."""

_Box = tuple[bytes, int, int]
"""Kind, and the offsets of the contents' start and end, perhaps beyond the end of the file."""


def is_cut_off(path: Path) -> bool:
    """Whether a file is shorter than its own headers state (MP4, MOV, Matroska, WebM, AVI).

    FFmpeg reads it as if it simply ended there.  Files that do not state their length, such as
    transport streams, count as complete.
    """
    end: int | None
    with path.open("rb") as file:
        head = file.read(64)
        if head.startswith(b"RIFF") and len(head) >= 8:
            end = int.from_bytes(head[4:8], "little") + 8
        elif head.startswith(_EBML):
            end = _segment_end(head)
        else:
            end = max((end for _, _, end in _outermost(file)), default=None)
    return end is not None and end > path.stat().st_size


def lacks_index(path: Path) -> bool:
    """Whether an MP4 or MOV file has no ``moov`` box, as its writer did not finish it."""
    with path.open("rb") as file:
        kinds = {kind for kind, _, _ in _outermost(file)}
    return bool(kinds) and b"moov" not in kinds


def _segment_end(head: bytes) -> int | None:
    """Offset of the end of Matroska's only top element; None if written without a size."""
    start = head.find(_SEGMENT) + len(_SEGMENT)
    if start < len(_SEGMENT) or not head[start : start + 1].strip(b"\0"):
        return None
    length = 9 - head[start].bit_length()  # in bytes: one more than the leading zero bits
    unknown = (1 << 7 * length) - 1
    size = int.from_bytes(head[start : start + length], "big") & unknown
    return None if size == unknown else start + length + size


def noted_focal_mm(path: Path) -> float | None:
    """The 35 mm equivalent focal length in a track's metadata of an MP4 or MOV file, or None.

    Phones store it there, in a ``meta`` box (QuickTime File Format, "Metadata"); FFmpeg reads such
    metadata of the whole file only.
    """
    with path.open("rb") as file:
        for kind, *film in _outermost(file):
            for _, *track in _named(file, b"trak", *film) if kind == b"moov" else ():
                for _, begin, end in _named(file, b"meta", *track):
                    # In MP4 four bytes of version precede the first box, in QuickTime nothing does.
                    mp4 = _contents(file, begin, begin + 8)[4:] != b"hdlr"
                    found = _focal_in(file, begin + (4 if mp4 else 0), end)
                    if found is not None:
                        return found
    return None


def _focal_in(file: BinaryIO, start: int, end: int) -> float | None:
    """The focal length in a ``meta`` box: keys are in its ``keys`` box, values in ``ilst``."""
    inside = {kind: contents for kind, *contents in _boxes(file, start, end)}
    if b"keys" not in inside or b"ilst" not in inside:
        return None
    first, last = inside[b"keys"]
    # A key's namespace takes the place of a box' kind; a value's box has the key's number as kind.
    for number, (_, *name) in enumerate(_boxes(file, first + 8, last), start=1):
        if _contents(file, *name) == FOCAL_KEY.encode():
            for _, *value in _named(file, struct.pack(">I", number), *inside[b"ilst"]):
                return _value(_contents(file, *value))
    return None


def _value(box: bytes) -> float | None:
    """The number in a ``data`` box: size, kind, type, language, value."""
    kind, value = int.from_bytes(box[8:12], "big"), box[16:]
    form = _NUMBERS.get(kind)
    try:
        if form in ("signed", "unsigned"):
            return float(int.from_bytes(value[:8], "big", signed=form == "signed"))
        return float(struct.unpack(form, value)[0]) if form else float(value)
    except (struct.error, ValueError):
        return None


def _contents(file: BinaryIO, begin: int, end: int) -> bytes:
    file.seek(begin)
    return file.read(min(end - begin, _LONGEST_NOTE))


def _outermost(file: BinaryIO) -> Iterator[_Box]:
    """The outermost boxes of a file of the MP4 family; none for other files."""
    file.seek(0)
    if file.read(8)[4:] in _FIRST_BOXES:
        yield from _boxes(file, 0, file.seek(0, 2))


def _named(file: BinaryIO, kind: bytes, begin: int, end: int) -> Iterator[_Box]:
    return (box for box in _boxes(file, begin, end) if box[0] == kind)


def _boxes(file: BinaryIO, begin: int, end: int) -> Iterator[_Box]:
    """The boxes between two offsets; the last may extend beyond the end of the file."""
    for _ in range(_MOST_BOXES):
        if begin + 8 > end:
            return
        file.seek(begin)
        head = file.read(16)
        size, start = int.from_bytes(head[:4], "big"), begin + 8
        if size == 1:
            size, start = int.from_bytes(head[8:], "big"), begin + 16
        begin = begin + size if size >= 8 else end  # 0: the box fills the rest
        yield head[4:8], start, begin
