"""The 3D view without OpenGL: the figure as 2D strokes over the floor, farthest first, antialiased
and with opacity, which OpenCV's lines do not support.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from app.render.camera import View
from app.render.colours import DRAWN_SIDES, of_sides, rgb
from app.render.figure import DRAWN_BONES
from app.render.floor import FloorPictures, paint_below
from app.render.layers import Picture
from app.render.request import Body, SkeletonRequest
from models.skeleton import JOINT_COUNT

BONE_M: Final = 0.055
_THIN_FOOT: Final = 0.6


class PaintedScene:
    """Draws :class:`SkeletonRequest` pictures with OpenCV, similar to ``SkeletonScene``."""

    def __init__(self) -> None:
        self._floors = FloorPictures()

    def draw(self, request: SkeletonRequest, size: tuple[int, int]) -> Picture:
        """Return a new picture, (height, width, 3) RGB, of this (width, height)."""
        view = request.view
        picture: Picture = self._floors.of(size, view, request.theme).copy()
        for body in request.bodies:
            paint_below(picture, view, request.theme, body)
        for body in request.bodies:
            sides = of_sides(body.colour)
            for bone in bones(body, view, size):
                colour = rgb(sides[bone.side])
                stroke(picture, bone.start, bone.end, shade(colour, 0.67), bone.opacity, bone.width)
                stroke(picture, bone.start, bone.end, colour, bone.opacity, bone.width * 0.72)
        return picture


@dataclass(frozen=True, slots=True)
class Bone:
    """One bone with its thickness in pixels."""

    start: tuple[float, float]
    end: tuple[float, float]
    width: float
    side: str
    opacity: float


def bones(body: Body, view: View, size: tuple[int, int]) -> list[Bone]:
    """Return bones and, as bones without length, joints; the farthest first."""
    whole = body.whole
    opacity = whole.opacity
    pixels, depth = view.project(whole.joints, size)
    scale = view.focal(size[1]) * BONE_M
    ok = whole.drawn & np.isfinite(pixels).all(axis=1)
    found: list[tuple[float, Bone]] = []
    for a, b in DRAWN_BONES:
        if ok[a] and ok[b]:
            middle = float(depth[a] + depth[b]) / 2
            weak = float(min(opacity[a], opacity[b]))
            width = scale / middle * (_THIN_FOOT if b >= JOINT_COUNT else 1.0)
            bone = Bone(_pair(pixels[a]), _pair(pixels[b]), width, DRAWN_SIDES[b], weak)
            found.append((middle, bone))
    for joint in range(JOINT_COUNT):  # bones with round ends already round a foot's corners
        if ok[joint]:
            spot = _pair(pixels[joint])
            width = 1.25 * scale / float(depth[joint])
            ball = Bone(spot, spot, width, DRAWN_SIDES[joint], float(opacity[joint]))
            found.append((float(depth[joint]) - 0.02, ball))
    found.sort(key=lambda pair: -pair[0])
    return [bone for _, bone in found]


def _pair(point: NDArray[np.floating]) -> tuple[float, float]:
    return float(point[0]), float(point[1])


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
