"""Antialiased strokes with opacity over a picture, which OpenCV's lines do not support."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
Colour = tuple[int, int, int]
"""RGB."""
_SHIFT: Final = 4
"""Fractional bits of OpenCV's fixed-point numbers: a sixteenth of a pixel."""


def stroke(
    picture: NDArray[np.uint8],
    start: Point,
    end: Point,
    colour: Colour,
    opacity: float,
    width: float,
) -> None:
    """Draw a line with round ends, ``width`` pixels wide, in place; from a point to itself, a dot.

    Points are in pixels, x right, y down, the origin at the corner of the first pixel.  Strokes are
    clipped to the picture.
    """
    reach = width / 2 + 2
    low = np.floor(np.minimum(start, end) - reach)
    high = np.ceil(np.maximum(start, end) + reach)
    height, across = picture.shape[:2]
    left, top = (int(side) for side in np.clip(low, 0, (across, height)))
    right, bottom = (int(side) for side in np.clip(high, 0, (across, height)))
    if right <= left or bottom <= top:
        return
    # OpenCV's origin is the centre of the first pixel.
    ends = np.array([start, end]) - (left + 0.5, top + 0.5)
    # Clipped far outside the picture: distant points would overflow the fixed-point range.
    fixed = np.round(np.clip(ends, -8192, 8192) * (1 << _SHIFT)).astype(int)
    mask = np.zeros((bottom - top, right - left), np.uint8)
    if start == end:
        radius = round(width / 2 * (1 << _SHIFT))
        cv2.circle(mask, fixed[0].tolist(), radius, 255, cv2.FILLED, cv2.LINE_AA, _SHIFT)
    else:
        thickness = max(1, round(width))
        a, b = fixed.tolist()
        cv2.line(mask, a, b, 255, thickness, cv2.LINE_AA, _SHIFT)
    share = mask[..., None] * np.float32(opacity / 255)
    behind = picture[top:bottom, left:right]
    blended = behind + share * (np.array(colour, np.float32) - behind)
    np.copyto(behind, (blended + np.float32(0.5)).astype(np.uint8))


def shade(colour: Colour, share: float) -> Colour:
    """Return a colour darkened (``share`` below 1) or lightened (above 1, at most 2)."""
    if share <= 1:
        red, green, blue = (round(part * share) for part in colour)
    else:
        red, green, blue = (round(part + (255 - part) * (share - 1)) for part in colour)
    return red, green, blue
