"""The floor of the 3D view: a grid that fades with distance, small axes, a shadow, a ring.

Drawn with OpenCV's antialiased lines: as triangles, lines this thin would flicker.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from app.render.camera import NEAREST_M, View
from app.render.colours import SceneTheme, rgb
from app.render.layers import Picture
from app.render.request import Body
from app.render.shadow import paint_shadow
from models.skeleton import JOINT

_REACH_M: Final = 5.0
_STEP_M: Final = 0.5
_LEVELS: Final = 10
_SHIFT: Final = 4
"""Fractional bits of OpenCV's fixed-point numbers: a sixteenth of a pixel."""
_FAR_OUTSIDE: Final = 3
"""Lines that reach this many picture sizes away are left out: the fixed-point
range would overflow."""
_AXIS_M: Final = 0.3
_ANKLES: Final = (JOINT["left_ankle"], JOINT["right_ankle"])
_LIFTED_M: Final = 0.1
"""A foot that is this much higher than the other has 1/e of its weight."""
_RING_M: Final = 0.42

Segments = NDArray[np.float64]
"""(N, 2, 3) start and end points in world axes."""


def paint_floor(size: tuple[int, int], view: View, theme: SceneTheme) -> Picture:
    """Return a picture of the empty scene, (height, width, 3) RGB."""
    width, height = size
    picture = np.empty((height, width, 3), dtype=np.uint8)
    picture[:] = rgb(theme.background)
    thickness = max(1, round(height / 900))
    for colour, segments in _grid(view, theme):
        _paint_lines(picture, view, segments, colour, thickness)
    _paint_axes(picture, view, theme, thickness)
    return picture


class FloorPictures:
    """A cache of the empty scene's picture."""

    def __init__(self) -> None:
        self._picture: Picture | None = None
        self._of: tuple[tuple[int, int], View, SceneTheme] | None = None

    def of(self, size: tuple[int, int], view: View, theme: SceneTheme) -> Picture:
        """Return the result of :func:`paint_floor`; it must not be changed."""
        wanted = (size, view, theme)
        if self._picture is None or self._of != wanted:
            self._picture, self._of = paint_floor(*wanted), wanted
        return self._picture


def _grid(view: View, theme: SceneTheme) -> Iterator[tuple[NDArray[np.float64], Segments]]:
    """Yield line pieces with their colour, faintest first, around the floor below the target."""
    middle = np.array([view.target[0], view.target[2]])
    snapped = np.round(middle)
    steps = np.arange(-_REACH_M, _REACH_M + _STEP_M / 2, _STEP_M)
    ground = np.array(rgb(theme.background), dtype=np.float64)
    for strong in (False, True):
        line = np.array(rgb(theme.strong_line if strong else theme.line), dtype=np.float64)
        kept = steps[np.isclose(steps % 1.0, 0.0) == strong]
        segments = _line_pieces(kept, steps) + np.array([snapped[0], 0.0, snapped[1]])
        away = np.linalg.norm(segments.mean(axis=1)[:, [0, 2]] - middle, axis=-1)
        fade = np.clip(1 - away / _REACH_M, 0.0, 1.0) ** 1.3
        level = np.ceil(fade * _LEVELS).astype(int)
        for value in range(1, _LEVELS + 1):
            colour = ground + (line - ground) * value / _LEVELS
            yield colour, segments[level == value]


def _line_pieces(lines: NDArray[np.float64], cuts: NDArray[np.float64]) -> Segments:
    """Return the lines x = each value and z = each value, cut into pieces."""
    fixed, start = np.meshgrid(lines, cuts[:-1], indexing="ij")
    end = start + (cuts[1] - cuts[0])
    zero = np.zeros_like(fixed)
    along_z = np.stack([np.stack([fixed, zero, t], axis=-1) for t in (start, end)], axis=-2)
    along_x = along_z[..., ::-1]
    return np.concatenate([along_z.reshape(-1, 2, 3), along_x.reshape(-1, 2, 3)])


def _paint_lines(
    picture: Picture, view: View, segments: Segments, colour: NDArray[np.float64], thickness: int
) -> None:
    height, width = picture.shape[:2]
    ends = _in_front(view.to_camera(segments))
    pixels = ends[..., :2] * (view.focal(height) / ends[..., 2:]) + (width / 2, height / 2)
    inside = (np.abs(pixels) < _FAR_OUTSIDE * max(width, height)).all(axis=(1, 2))
    pieces = list(_fixed_point(pixels[inside]))
    cv2.polylines(picture, pieces, False, colour.tolist(), thickness, cv2.LINE_AA, _SHIFT)


def _in_front(ends: Segments) -> Segments:
    """Cut segments in camera axes at the near plane; leave out those entirely behind it."""
    near = 2 * NEAREST_M
    depth = ends[..., 2]
    ends = ends[(depth > near).any(axis=1)]
    start, end = ends[:, 0], ends[:, 1]
    span = end[:, 2] - start[:, 2]
    share = (near - start[:, 2]) / np.where(np.abs(span) > 1e-9, span, 1.0)
    cut = start + share[:, None] * (end - start)
    return np.where(ends[..., 2:] > near, ends, cut[:, None])


def _paint_axes(picture: Picture, view: View, theme: SceneTheme, thickness: int) -> None:
    """Draw grey axes with letters: other colours have a meaning."""
    height, width = picture.shape[:2]
    colour = np.array(rgb(theme.text), dtype=np.float64)
    tips = np.eye(3) * _AXIS_M
    _paint_lines(picture, view, np.stack([np.zeros((3, 3)), tips], axis=1), colour, thickness + 1)
    pixels, _ = view.project(tips * 1.25, (width, height))
    scale = height / 1500
    for letter, (x, y) in zip("xyz", pixels, strict=True):
        if not (np.isfinite([x, y]).all() and 0 <= x < width and 0 <= y < height):
            continue
        (text_width, text_height), _ = cv2.getTextSize(letter, 0, scale, thickness)
        corner = (round(x - text_width / 2), round(y + text_height / 2))
        cv2.putText(picture, letter, corner, 0, scale, colour.tolist(), thickness, cv2.LINE_AA)


def paint_below(picture: Picture, view: View, theme: SceneTheme, body: Body) -> None:
    """Draw the body's shadow and the ring below it, in place."""
    if not body.drawn.any():
        return
    joints = body.joints[body.drawn].astype(np.float64)
    paint_shadow(
        picture, view, joints, body.opacity[body.drawn].astype(np.float64),
        colour=rgb(theme.shadow), strength=theme.shadow_strength,
    )  # fmt: skip
    _paint_ring(picture, view, body.colour or theme.strong_line, point_below(body))


def point_below(body: Body) -> NDArray[np.float64]:
    """Return the (3,) point on the floor below the body: below the feet, weighted to the lower one,
    or below the median of the drawn joints if there are no feet."""
    feet = [joint for joint in _ANKLES if body.drawn[joint]]
    if not feet:
        return np.asarray(np.median(body.joints[body.drawn].astype(np.float64), axis=0) * (1, 0, 1))
    ankles = body.joints[feet].astype(np.float64)
    weight = np.exp(-(ankles[:, 1] - ankles[:, 1].min()) / _LIFTED_M)
    return np.asarray((weight[:, None] * ankles).sum(axis=0) / weight.sum() * (1, 0, 1))


def _paint_ring(picture: Picture, view: View, colour: str, middle: NDArray[np.float64]) -> None:
    height, width = picture.shape[:2]
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    ring = middle + _RING_M * np.stack([np.cos(angle), 0 * angle, np.sin(angle)], axis=-1)
    pixels, _ = view.project(ring, (width, height))
    # The ring is not visible if it surrounds the eye.
    if not np.isfinite(pixels).all() or np.abs(pixels).max() > _FAR_OUTSIDE * max(width, height):
        return
    thickness = max(2, round(height / 400))
    fixed = _fixed_point(pixels)
    cv2.polylines(picture, [fixed], True, rgb(colour), thickness, cv2.LINE_AA, _SHIFT)


def _fixed_point(pixels: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return OpenCV's fixed-point coordinates, whose origin is the centre of the first pixel."""
    return np.round((pixels - 0.5) * (1 << _SHIFT)).astype(np.int32)
