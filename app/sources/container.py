"""Whether a video file is as long as it says it is, read from its outermost headers.

FFmpeg reads a file that was cut off as if it simply ended there, and OpenCV hides the little it
says.  The sizes in the outermost headers tell exactly.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

EBML: Final = b"\x1a\x45\xdf\xa3"
SEGMENT: Final = b"\x18\x53\x80\x67"
FIRST_BOXES: Final = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
"""What an MP4 or MOV file can begin with."""
_MOST_BOXES: Final = 100_000
"""Only these are looked at, a quarter of a second: a film written in pieces of a second has two for
each and is 14 hours long by then.  A file can be made of millions, which would take minutes."""


def is_cut_off(path: Path) -> bool:
    """Return whether a file ends before its own headers say so (MP4, MOV, Matroska, WebM, AVI).

    Kinds of files that do not say their length, such as MPEG transport streams, count as whole.
    """
    end = _stated_end(path)
    return end is not None and end > path.stat().st_size


def lacks_index(path: Path) -> bool:
    """Return whether an MP4 or MOV file has no ``moov``: its writer never got to close it."""
    begun = False
    with path.open("rb") as file:
        for kind, _ in _mp4_boxes(file):
            if kind == b"moov":
                return False
            begun = True
    return begun


def states_length(path: Path) -> bool:
    """Return whether a file's header says how long it lasts (Matroska, WebM).

    MP4 and MOV count pictures too that their edit list hides, AVI also such as were left out when
    it was recorded; others do not say it.
    """
    with path.open("rb") as file:
        return file.read(4) == EBML


def _stated_end(path: Path) -> int | None:
    with path.open("rb") as file:
        head = file.read(8)
        if head[:4] == b"RIFF" and len(head) == 8:
            return int(struct.unpack("<I", head[4:])[0]) + 8
        if head[:4] == EBML:
            return _segment_end(file)
        return max((end for _, end in _mp4_boxes(file)), default=None)


def _mp4_boxes(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield kind and end of each outermost box; nothing if the file is not of this family."""
    length, start = file.seek(0, os.SEEK_END), 0
    for _ in range(_MOST_BOXES):
        if start >= length:
            return
        file.seek(start)
        head = file.read(16)
        if len(head) < 8 or (not start and head[4:8] not in FIRST_BOXES):
            return
        size = int(struct.unpack(">I", head[:4])[0])
        if size == 1 and len(head) == 16:
            size = int(struct.unpack(">Q", head[8:])[0])
        start = start + size if size >= 8 else length  # 0: the box fills the rest of the file
        yield head[4:8], start


def _segment_end(file: BinaryIO) -> int | None:
    """Return where Matroska's only top element ends, or None if it was written without a size."""
    file.seek(4)
    file.seek(_vint(file) or 0, 1)
    if file.read(4) != SEGMENT:
        return None
    size = _vint(file)
    return None if size is None else file.tell() + size


def _vint(file: BinaryIO) -> int | None:
    """Read a number of Matroska's: as many bytes as the first has leading zero bits, plus one."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    length = 9 - first[0].bit_length()
    digits = first + file.read(length - 1)
    value = int.from_bytes(digits, "big") & ((1 << 7 * length) - 1)
    return None if value == (1 << 7 * length) - 1 else value
