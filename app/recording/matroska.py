"""Pictures in an append-only Matroska file: writing it, and finding each picture again.

Every picture is a JPEG in a cluster of its own, with its time.  OpenCV's VideoWriter is not
suitable: it gives every picture the same duration, whatever the camera did; it keeps 256 KiB in
memory, so a killed process lost 42 of 150 pictures; and it cannot sync the file each second.  The
layout follows RFC 9559: a segment and clusters of unknown size are its "live" form, which FFmpeg,
VLC and OpenCV read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Final, NamedTuple

MAX_PICTURE_BYTES: Final = 64 * 2**20

_EBML: Final = 0x1A45DFA3
_SEGMENT: Final = 0x18538067
_INFO: Final = 0x1549A966
_TRACKS: Final = 0x1654AE6B
_CLUSTER: Final = 0x1F43B675
_TIMESTAMP: Final = 0xE7
_SIMPLE_BLOCK: Final = 0xA3
_UNKNOWN_SIZE: Final = b"\x01" + b"\xff" * 7
_BLOCK_HEADER: Final = b"\x81\x00\x00\x80"
"""Track 1, at the cluster's own time, a key frame."""


class PicturePlace(NamedTuple):
    """Position of one picture's JPEG in the file."""

    offset: int
    length: int
    time_ms: int


def opening(size: tuple[int, int], program: str) -> bytes:
    """Return the beginning of the file; ``size`` is (width, height) in pixels."""
    width, height = size
    return b"".join(
        (
            _element(
                _EBML,
                _number(0x4286, 1),  # EBMLVersion
                _number(0x42F7, 1),  # EBMLReadVersion
                _number(0x42F2, 4),  # EBMLMaxIDLength
                _number(0x42F3, 8),  # EBMLMaxSizeLength
                _element(0x4282, b"matroska"),  # DocType
                _number(0x4287, 4),  # DocTypeVersion
                _number(0x4285, 2),  # DocTypeReadVersion
            ),
            _identifier(_SEGMENT) + _UNKNOWN_SIZE,
            _element(
                _INFO,
                _number(0x2AD7B1, 1_000_000),  # TimestampScale: times are in milliseconds
                _element(0x4D80, program.encode()),  # MuxingApp
                _element(0x5741, program.encode()),  # WritingApp
            ),
            _element(
                _TRACKS,
                _element(
                    0xAE,  # TrackEntry
                    _number(0xD7, 1),  # TrackNumber
                    _number(0x73C5, 1),  # TrackUID
                    _number(0x83, 1),  # TrackType: video
                    _number(0x9C, 0),  # FlagLacing
                    _element(0x22B59C, b"und"),  # Language
                    _element(0x86, b"V_MJPEG"),  # CodecID
                    _element(0xE0, _number(0xB0, width), _number(0xBA, height)),  # Video
                ),
            ),
        )
    )


def cluster(jpeg: bytes, time_ms: int) -> bytes:
    """Return one picture to append; ``time_ms`` counts from the first picture."""
    return _element(
        _CLUSTER, _number(_TIMESTAMP, time_ms), _element(_SIMPLE_BLOCK, _BLOCK_HEADER, jpeg)
    )


def find_pictures(file: IO[bytes]) -> Iterator[PicturePlace]:
    """Yield the complete pictures in a file written by this module, up to the first damage.

    Only the few bytes around each picture are read.
    """
    end = file.seek(0, 2)
    file.seek(0)
    while (head := _read_head(file)) is not None:
        identifier, length = head
        at = file.tell()
        if identifier == _SEGMENT:
            continue
        if at + length > end:
            return
        if identifier == _CLUSTER:
            place = _read_cluster(file, at + length)
            if place is None:
                return
            yield place
        file.seek(at + length)


def _read_cluster(file: IO[bytes], end: int) -> PicturePlace | None:
    time_head = _read_head(file)
    if time_head is None or time_head[0] != _TIMESTAMP or time_head[1] > 8:
        return None
    time_ms = int.from_bytes(file.read(time_head[1]), "big")
    block_head = _read_head(file)
    if block_head is None or block_head[0] != _SIMPLE_BLOCK:
        return None
    offset = file.tell() + len(_BLOCK_HEADER)
    length = block_head[1] - len(_BLOCK_HEADER)
    if not 0 < length <= MAX_PICTURE_BYTES or offset + length != end:
        return None
    return PicturePlace(offset, length, time_ms)


def _read_head(file: IO[bytes]) -> tuple[int, int] | None:
    """Return an element's identifier and content length; None at the end or if invalid."""
    identifier = _read_variable(file, longest=4)
    length = _read_variable(file, longest=8)
    if identifier is None or length is None:
        return None
    marker = 1 << (7 * length[1])
    return identifier[0], length[0] - marker


def _read_variable(file: IO[bytes], longest: int) -> tuple[int, int] | None:
    """Return an EBML variable-size number with its marker bit, and its length in bytes."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    count = 9 - first[0].bit_length()
    rest = file.read(count - 1)
    if count > longest or len(rest) != count - 1:
        return None
    return int.from_bytes(first + rest, "big"), count


def _element(identifier: int, *content: bytes) -> bytes:
    body = b"".join(content)
    return _identifier(identifier) + _length(len(body)) + body


def _number(identifier: int, value: int) -> bytes:
    return _element(identifier, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _identifier(identifier: int) -> bytes:
    return identifier.to_bytes((identifier.bit_length() + 7) // 8, "big")


def _length(length: int) -> bytes:
    # All ones would mean "unknown", hence the + 1.
    count = next(count for count in range(1, 9) if (length + 1).bit_length() <= 7 * count)
    return (length | 1 << (7 * count)).to_bytes(count, "big")
