"""The soft shadow of a body on the floor."""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from app.render.camera import View
from app.render.layers import Picture

_HALF_SIDE_M: Final = 1.5
"""Half the side of the square of floor that contains the shadow."""
_CELLS: Final = 64
_COARSE: Final = 4
"""The shadow is soft, so it is computed for one pixel in 4 x 4."""
_FAINTEST: Final = 0.008


class _Region(NamedTuple):
    """A part of the picture in coarse pixels, and the position on the floor of each of them."""

    top: int
    left: int
    x: NDArray[np.float64]
    z: NDArray[np.float64]


def paint_shadow(
    picture: Picture,
    view: View,
    points: NDArray[np.floating],
    weights: NDArray[np.floating],
    *,
    colour: tuple[int, int, int],
    strength: float,
) -> None:
    """Darken the floor below a body, in place.

    Args:
        picture: (height, width, 3) RGB, seen through ``view``, which must not be rolled.
        points: (J, 3) the body's joints in world axes; the floor is at y = 0.
        weights: (J,) opacity of each joint.
        colour: RGB of the shadow.
        strength: fraction of that colour where the shadow is darkest.
    """
    middle = np.median(points, axis=0) * (1.0, 0.0, 1.0)
    region = _floor_in(picture, view, middle)
    if region is None:
        return
    dark = shadow_map(points - middle, weights)
    to_cell = _CELLS / (2 * _HALF_SIDE_M)
    column = ((region.x - middle[0] + _HALF_SIDE_M) * to_cell - 0.5).astype(np.float32)
    row = ((region.z - middle[2] + _HALF_SIDE_M) * to_cell - 0.5).astype(np.float32)
    share = cv2.remap(dark, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    rows, columns = (np.flatnonzero(share.max(axis=axis) > _FAINTEST) for axis in (1, 0))
    if not rows.size:
        return
    share = share[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    y, x = (region.top + int(rows[0])) * _COARSE, (region.left + int(columns[0])) * _COARSE
    part = picture[y : y + share.shape[0] * _COARSE, x : x + share.shape[1] * _COARSE]
    size = (part.shape[1], part.shape[0])
    fine = cv2.resize(share * np.float32(strength), size, interpolation=cv2.INTER_LINEAR)
    fine = fine[..., None]
    mixed = part * (1 - fine) + fine * np.array(colour, dtype=np.float32)
    np.copyto(part, (mixed + np.float32(0.5)).astype(np.uint8))


def shadow_map(points: NDArray[np.floating], weights: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the darkness in [0, 1] of a square of floor, (cells, cells), indexed [z, x].

    Args:
        points: (J, 3) relative to the square's centre; higher ones are fainter and wider.
        weights: (J,) opacity.
    """
    cells = (np.arange(_CELLS) + 0.5) * (2 * _HALF_SIDE_M / _CELLS) - _HALF_SIDE_M
    height = np.maximum(points[:, 1], 0.0)
    width = (0.07 + 0.13 * height)[:, None]
    strength = weights * 0.8 / (1 + 6 * height)
    across = np.exp(-0.5 * ((cells - points[:, :1]) / width) ** 2)
    along = np.exp(-0.5 * ((cells - points[:, 2:]) / width) ** 2)
    through = 1 - strength[:, None, None] * along[:, :, None] * across[:, None, :]
    dark = 1 - through.prod(axis=0)
    # Fades out at the border of the square; otherwise its outline would be visible.
    edge = np.clip(3 * (1 - np.abs(cells) / _HALF_SIDE_M), 0.0, 1.0)
    result: NDArray[np.float32] = (dark * edge[:, None] * edge[None, :]).astype(np.float32)
    return result


def _floor_in(picture: Picture, view: View, middle: NDArray[np.float64]) -> _Region | None:
    """Return the part of the picture that can show the square around ``middle``."""
    height, width = picture.shape[:2]
    if view.eye[1] <= 0:
        return None
    corners = middle + _HALF_SIDE_M * np.array([(a, 0, b) for a in (-1, 1) for b in (-1, 1)])
    pixels, _ = view.project(corners, (width, height))
    low, high = np.zeros(2), np.array([width, height], dtype=np.float64)
    if np.isfinite(pixels).all():
        low, high = np.maximum(low, pixels.min(axis=0)), np.minimum(high, pixels.max(axis=0))
    left, top = (int(value) // _COARSE for value in low)
    right, bottom = (-(-int(np.ceil(value)) // _COARSE) for value in high)
    focal = view.focal(height)
    x = ((np.arange(left, right) + 0.5) * _COARSE - width / 2) / focal
    y = ((np.arange(top, bottom) + 0.5) * _COARSE - height / 2) / focal
    to_right, down, away = view.rotation()
    # Without roll, either all or none of a row of the picture intersects the floor.
    fall = away[1] + y * down[1]
    meets = np.flatnonzero(fall < -1e-3)
    if not meets.size or not x.size:
        return None
    distance = (view.eye[1] / -fall[meets])[:, None]
    ray = away + y[meets, None, None] * down + x[None, :, None] * to_right
    floor_x = view.eye[0] + distance * ray[..., 0]
    floor_z = view.eye[2] + distance * ray[..., 2]
    return _Region(top + int(meets[0]), left, floor_x, floor_z)
