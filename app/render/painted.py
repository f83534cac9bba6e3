"""The 3D view without OpenGL: the scene as 2D strokes, far ones first; pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.render.camera import View
from models.skeleton import BONES, JOINT_COUNT, SIDES

FLOOR_M: Final = 4.0
"""Half the width of the floor; it has faded to nothing there."""
_STEP_M: Final = 0.5
_PIECES: Final = 12
"""Straight pieces per floor line: each has one opacity, and is cut where it passes the eye."""
BONE_M: Final = 0.055
RING_M: Final = 0.32


@dataclass(frozen=True, slots=True)
class FloorLine:
    """One piece of the floor grid."""

    start: tuple[float, float]
    end: tuple[float, float]
    opacity: float
    strong: bool
    """On a whole metre."""


@dataclass(frozen=True, slots=True)
class Bone:
    """One bone with its thickness as seen."""

    start: tuple[float, float]
    end: tuple[float, float]
    width: float
    side: str
    opacity: float


def floor(view: View, size: tuple[int, int]) -> list[FloorLine]:
    """The grid, in pixels of a picture of this size."""
    ticks = np.arange(-FLOOR_M, FLOOR_M + 1e-6, _STEP_M)
    along = np.linspace(-FLOOR_M, FLOOR_M, _PIECES + 1)
    result: list[FloorLine] = []
    for across in (False, True):
        fixed, free = np.meshgrid(ticks, along, indexing="ij")
        points = np.stack([free, np.zeros_like(free), fixed], axis=-1)
        points = points[..., ::-1] if across else points
        pixels, depth = view.project(points, size)
        for row, tick in enumerate(ticks):
            for piece in range(_PIECES):
                if depth[row, piece] < 0.1 or depth[row, piece + 1] < 0.1:
                    continue
                middle = (points[row, piece] + points[row, piece + 1]) / 2
                opacity = max(0.0, 1 - float(np.hypot(middle[0], middle[2])) / FLOOR_M) ** 0.8
                if opacity > 0.02:
                    ends = pixels[row, piece], pixels[row, piece + 1]
                    strong = abs(tick - round(tick)) < 1e-6
                    result.append(FloorLine(_pair(ends[0]), _pair(ends[1]), opacity, strong))
    return result


def ring(
    view: View, size: tuple[int, int], centre: NDArray[np.floating]
) -> list[tuple[float, float]]:
    """The ring on the floor below ``centre`` (3,), as a closed outline in pixels."""
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    points = np.stack(
        [
            centre[0] + RING_M * np.cos(turn),
            np.zeros_like(turn),
            centre[2] + RING_M * np.sin(turn),
        ],
        axis=-1,
    )
    pixels, _ = view.project(points, size)
    return [_pair(pixel) for pixel in pixels] if np.isfinite(pixels).all() else []


def axes(
    view: View, size: tuple[int, int], length: float = 0.35
) -> list[tuple[str, tuple[float, float], tuple[float, float]]]:
    """Letter, start and end of the three axes at the world's origin."""
    ends = np.vstack([np.zeros(3), np.eye(3) * length])
    pixels, _ = view.project(ends, size)
    if not np.isfinite(pixels).all():
        return []
    return [(letter, _pair(pixels[0]), _pair(pixels[k + 1])) for k, letter in enumerate("xyz")]


def bones(
    joints: NDArray[np.floating],
    drawn: NDArray[np.bool_],
    opacity: NDArray[np.floating],
    view: View,
    size: tuple[int, int],
) -> list[Bone]:
    """Bones and, as bones without length, joints; the farthest first.

    Args:
        joints: (17, 3) world axes, metres.
        drawn: (17,) whether the joint is there at all.
        opacity: (17,) in [0, 1].
    """
    pixels, depth = view.project(joints, size)
    scale = view.focal(size[1]) * BONE_M
    ok = drawn & np.isfinite(pixels).all(axis=1)
    found: list[tuple[float, Bone]] = []
    for a, b in BONES:
        if ok[a] and ok[b]:
            middle = float(depth[a] + depth[b]) / 2
            weak = float(min(opacity[a], opacity[b]))
            bone = Bone(_pair(pixels[a]), _pair(pixels[b]), scale / middle, SIDES[b], weak)
            found.append((middle, bone))
    for joint in range(JOINT_COUNT):
        if ok[joint]:
            spot = _pair(pixels[joint])
            width = 1.25 * scale / float(depth[joint])
            ball = Bone(spot, spot, width, SIDES[joint], float(opacity[joint]))
            found.append((float(depth[joint]) - 0.02, ball))
    found.sort(key=lambda pair: -pair[0])
    return [bone for _, bone in found]


def _pair(point: NDArray[np.floating]) -> tuple[float, float]:
    return float(point[0]), float(point[1])
