"""The layout of ``keypoints.bin``: a header, then one fixed-size row per captured frame.

Everything is little-endian.  The first 4096 bytes are one line of JSON, padded with spaces, that
describes the rows; the rows follow without a gap until the end of the file.  It can be read without
this program::

    import json, numpy as np
    with open("keypoints.bin", "rb") as file:
        header = json.loads(file.read(4096))
        data = file.read()
    dtype = np.dtype([(name, kind, tuple(shape)) for name, kind, shape in header["fields"]])
    rows = np.frombuffer(data, dtype, count=len(data) // dtype.itemsize)

``rows["time_s"]``, ``rows["xy"]`` … are then arrays.  Where ``rows["person"]`` changes, another
person's motion begins; in older files, whose header has no such field, these bytes are 0.  Each row
begins with the CRC-32 of the rest of it (``zlib.crc32(row.tobytes()[4:])``).  A row is written by
one call and never changed, so only the last one can be truncated by a kill or a power cut, and its
checksum reveals that.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.packets import Keypoints2D
from app.recording.storage import load_json
from models.skeleton import JOINT_COUNT, LANDMARK_COUNT

VERSION: Final = 1
FORMAT: Final = "mixpose keypoints"
HEADER_BYTES: Final = 4096
_FIELDS: Final[tuple[tuple[str, str, tuple[int, ...]], ...]] = (
    ("crc32", "<u4", ()),
    # Counts the frames the source delivered, as Frame.index; the first row's need not be 0.
    ("index", "<u4", ()),
    # Seconds since the source's first frame; strictly increasing from row to row.
    ("time_s", "<f8", ()),
    # Seconds since 1970 (UTC) by the computer's clock, which may be adjusted at any time.
    ("captured_unix_s", "<f8", ()),
    # Total number of frames that the source lost before this one.
    ("dropped", "<u4", ()),
    # The picture's number in video.mkv, or -1 where it was not kept.
    ("video_frame", "<i4", ()),
    ("tracked", "u1", ()),
    ("reserved", "u1", (1,)),
    # Counts up (modulo 65536) whenever another person is followed from this frame on.
    ("person", "<u2", ()),
    # x, y and z in pixels, visibility, presence.
    ("landmarks", "<f4", (LANDMARK_COUNT, 5)),
    # MediaPipe's world landmarks in metres.
    ("world", "<f4", (LANDMARK_COUNT, 3)),
    ("xy", "<f4", (JOINT_COUNT, 2)),
    ("conf", "<f4", (JOINT_COUNT,)),
)
ROW: Final = np.dtype([(name, kind, shape) for name, kind, shape in _FIELDS])
_CRC_BYTES: Final = 4
_PEOPLE: Final = 2**16

Rows = NDArray[np.void]
"""(N,) rows of dtype :data:`ROW`."""


def header(description: Mapping[str, object]) -> bytes:
    """Return the file's first 4096 bytes: the layout, and ``description``, a JSON object."""
    line = json.dumps(
        {
            "format": FORMAT,
            "version": VERSION,
            "header_bytes": HEADER_BYTES,
            "row_bytes": ROW.itemsize,
            "fields": _FIELDS,
            **description,
        }
    ).encode()
    if len(line) >= HEADER_BYTES:
        raise ValueError(f"the description makes the header {len(line)} bytes long")
    return line.ljust(HEADER_BYTES - 1) + b"\n"


def read_header(data: bytes) -> dict[str, Any] | None:
    """Return what :func:`header` wrote, or None if it is damaged or something else."""
    try:
        found = load_json(data[:HEADER_BYTES])
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.get("format") == FORMAT else None


def pack(keypoints: Keypoints2D, *, dropped: int, video_frame: int) -> bytes:
    """Return one row with its checksum.  Raises ValueError if an array has another shape."""
    row = np.zeros((), ROW)
    row["index"] = keypoints.index
    row["time_s"] = keypoints.time_s
    row["captured_unix_s"] = time.time() - (time.perf_counter() - keypoints.captured_at)
    row["dropped"] = dropped
    row["video_frame"] = video_frame
    row["tracked"] = keypoints.tracked
    row["person"] = keypoints.people_in_view.followed % _PEOPLE
    for name in ("landmarks", "world", "xy", "conf"):
        value = getattr(keypoints, name)
        if value.shape != ROW[name].shape:
            raise ValueError(f"{name} has shape {value.shape}, not {ROW[name].shape}")
        row[name] = value
    body = row.tobytes()[_CRC_BYTES:]
    return zlib.crc32(body).to_bytes(_CRC_BYTES, "little") + body


def intact(rows: Rows) -> NDArray[np.bool_]:
    """Return which of the (N,) rows are valid: checksum right, time later than all before."""
    data = np.ascontiguousarray(rows).view(np.uint8).reshape(-1).data
    size = ROW.itemsize
    found = np.fromiter(
        (zlib.crc32(data[at + _CRC_BYTES : at + size]) for at in range(0, len(data), size)),
        np.uint32,
        count=len(rows),
    )
    good: NDArray[np.bool_] = found == rows["crc32"]
    time_s = rows["time_s"]
    good &= np.isfinite(time_s)
    latest_before = np.maximum.accumulate(np.where(good, time_s, -np.inf))
    good[1:] &= time_s[1:] > latest_before[:-1]
    return good


@dataclass(frozen=True, slots=True, eq=False)
class KeypointArrays:
    """The detector's output in N recorded frames."""

    index: NDArray[np.int64]
    """(N,) the source's frame numbers; a gap is a damaged row that was left out."""
    time_s: NDArray[np.float64]
    """(N,) seconds since the source's first frame, strictly increasing."""
    captured_unix_s: NDArray[np.float64]
    """(N,) the computer's clock when the frame was captured, seconds since 1970 (UTC)."""
    dropped: NDArray[np.int64]
    """(N,) total number of frames that the source lost before this one."""
    video_frame: NDArray[np.int64]
    """(N,) the picture's number in the video, -1 where it was not kept."""
    tracked: NDArray[np.bool_]
    """(N,) whether a person was detected."""
    landmarks: NDArray[np.float32]
    """(N, 33, 5) x, y and z in pixels, visibility, presence."""
    world: NDArray[np.float32]
    """(N, 33, 3) MediaPipe's world landmarks in metres."""
    xy: NDArray[np.float32]
    """(N, 17, 2) joints in pixels, NaN where there are none."""
    conf: NDArray[np.float32]
    """(N, 17) confidence in [0, 1]."""
    person: NDArray[np.int64]
    """(N,) the person of each frame: changes whenever another person is followed."""
    sides_known: NDArray[np.bool_]
    """(N,) whether the user confirmed left and right, which the lifter then does not repair."""
