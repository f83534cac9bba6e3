"""Antialiased drawing of a figure over a finished picture.

Open3D's off-screen pictures are not antialiased.  Drawing everything at twice the size would cost
four times as much, so only the rectangle around the figure is drawn, scaled to the whole window,
and averaged down: several samples a pixel at the cost of a plain picture.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from app.render.camera import NEAREST_M
from app.render.gl_window import NOTHING, Crop, GlWindow
from app.render.shapes import Triangles

Picture = NDArray[np.uint8]
"""(height, width, 3) RGB."""


def paint_figure(
    picture: Picture,
    window: GlWindow,
    points: NDArray[np.float64],
    colours: NDArray[np.float64],
    focal: float,
) -> None:
    """Draw the mesh that ``window`` shows over ``picture``, in place.

    Args:
        picture: the background; its middle is the principal point.
        window: shows the figure's triangles.
        points: (N, 3) in camera axes, metres.
        colours: (N, 3) RGB in [0, 1].
        focal: focal length of the picture in pixels.
    """
    height, width = picture.shape[:2]
    centre = (width / 2, height / 2)
    crop = covering_crop(points, focal, (width, height))
    if crop is None:
        return
    drawn = window.draw(points, colours, focal=focal, centre=centre, crop=crop)
    behind = picture[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width]
    _lay_over(behind, drawn)


def paint_scenery(
    size: tuple[int, int],
    points: NDArray[np.float64],
    triangles: Triangles,
    colours: NDArray[np.float64],
    focal: float,
    samples: int,
) -> Picture:
    """Draw a mesh with ``samples`` squared samples a pixel, in a separate window.

    For static scenery: it takes a tenth of a second or more.  Arguments as for
    :func:`paint_figure`.  Raises RenderError.
    """
    width, height = size
    picture = np.zeros((height, width, 3), dtype=np.uint8)
    window = GlWindow((width * samples, height * samples))
    try:
        window.show(triangles, len(points))
        whole = Crop(0, 0, width, height)
        centre = (width / 2, height / 2)
        _lay_over(picture, window.draw(points, colours, focal=focal, centre=centre, crop=whole))
    finally:
        window.close()
    return picture


def covering_crop(points: NDArray[np.float64], focal: float, size: tuple[int, int]) -> Crop | None:
    """Return the part of the picture where points (N, 3) in camera axes appear, or None."""
    width, height = size
    depth = points[:, 2]
    if depth.max() <= NEAREST_M:
        return None
    if depth.min() <= NEAREST_M:
        return Crop(0, 0, width, height)
    pixels = points[:, :2] * (focal / depth[:, None]) + (width / 2, height / 2)
    low = np.maximum(np.floor(pixels.min(axis=0)).astype(int) - 1, 0)
    high = np.minimum(np.ceil(pixels.max(axis=0)).astype(int) + 1, (width, height))
    if (high <= low).any():
        return None
    return Crop(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))


def _lay_over(behind: Picture, drawn: NDArray[np.float32]) -> None:
    """Average ``drawn`` down to the size of ``behind`` and blend it over, in place."""
    height, width = behind.shape[:2]
    covered = (drawn[..., 0] > NOTHING).astype(np.float32)
    # With black outside, the averaged colour is already multiplied by the covered fraction.
    colour = cv2.resize(drawn, (width, height), interpolation=cv2.INTER_AREA)
    share = cv2.resize(covered, (width, height), interpolation=cv2.INTER_AREA)
    blended = behind * (1 - share[..., None]) + colour * np.float32(255)
    np.copyto(behind, (blended + np.float32(0.5)).astype(np.uint8))
