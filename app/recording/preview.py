"""A representative frame of a recording, found without reading it completely."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from app.errors import RecordingError
from app.recording import rows as rows_file
from app.recording import video
from app.recording.names import KEYPOINTS_FILE
from app.recording.reader import read_description
from app.recording.rows import HEADER_BYTES, ROW, Rows
from app.recording.storage import open_regular

_TRIED: Final = 40
"""Frames on either side of the middle, evenly spaced, that are searched for a person."""


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """A frame near the middle, with a person if one was found."""

    size: tuple[int, int]
    """(width, height) of the pictures that were recorded."""
    picture: NDArray[np.uint8] | None
    """(height, width, 3) RGB, made smaller; None if it was not kept, or is damaged."""
    xy: NDArray[np.float32]
    """(17, 2) joints in pixels of ``size``."""
    conf: NDArray[np.float32]
    """(17,) in [0, 1]."""
    tracked: bool
    """Whether a person was detected in it."""


def preview(path: Path, longest: int) -> Preview:
    """Return a frame of the recording ``path``, its picture at most ``longest`` pixels per side.

    Raises RecordingError if it is no recording, or has no complete frame.
    """
    size = read_description(path).size
    try:
        row = _middle(path / KEYPOINTS_FILE)[0]
        picture = _picture(path / video.FILE_NAME, size, int(row["video_frame"]))
    except (OSError, ValueError) as error:
        raise RecordingError(f"{path.name} cannot be read ({error}).") from error
    if picture is not None:
        picture = _smaller(picture, longest)
    conf = np.nan_to_num(row["conf"]).clip(0, 1)
    return Preview(size, picture, row["xy"], conf, bool(row["tracked"]))


def _middle(path: Path) -> Rows:
    """Return (1,) the row nearest to the middle with a person, or else nearest to the middle."""
    found: Rows | None = None
    with open_regular(path, "rb") as file:
        count = max(0, file.seek(0, 2) - HEADER_BYTES) // ROW.itemsize
        steps = sorted(range(-_TRIED, _TRIED + 1), key=abs)
        for at in dict.fromkeys(count // 2 + step * count // (2 * _TRIED + 2) for step in steps):
            if not 0 <= at < count:
                continue
            file.seek(HEADER_BYTES + at * ROW.itemsize)
            rows = np.fromfile(file, ROW, count=1)
            if len(rows) and rows_file.intact(rows)[0]:
                found = rows if found is None else found
                if rows["tracked"][0]:
                    return rows
    if found is None:
        raise ValueError("it has no whole frame")
    return found


def _picture(path: Path, size: tuple[int, int], number: int) -> NDArray[np.uint8] | None:
    if number < 0 or not path.exists():
        return None
    return video.Pictures(path, size).read(number)


def _smaller(picture: NDArray[np.uint8], longest: int) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    scale = min(1.0, longest / max(height, width))
    wanted = (max(1, round(scale * width)), max(1, round(scale * height)))
    return np.asarray(cv2.resize(picture, wanted, interpolation=cv2.INTER_AREA), np.uint8)
