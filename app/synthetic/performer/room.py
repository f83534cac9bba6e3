"""A living room behind the performer, with its light baked into vertex colours: a window on the
left, a bright sky, dark corners.  It is static, so it may be drawn slowly and well.

World axes: metres, x right, y up, z toward the camera; the performer moves around the origin.
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

import numpy as np

from app.render.shapes import Mesh, merged
from app.synthetic.performer.furniture import (
    BACK_WALL_Z,
    FOOTPRINTS,
    Surface,
    box,
    furniture,
    patch,
)
from app.synthetic.performer.rotations import Array, unit

_HALF_WIDTH: Final = 3.3
_FRONT: Final = 7.0
_HEIGHT: Final = 2.75
_PLANK_M: Final = 0.16
_WALL: Final = (0.86, 0.83, 0.78)
_SIDE_WALL: Final = (0.72, 0.75, 0.74)
_CEILING: Final = (1.75, 1.74, 1.70)
"""Brighter than white: its light comes from below, which ``light`` does not model."""
_WHITE: Final = (0.94, 0.93, 0.91)
_OAK: Final = (0.70, 0.53, 0.37)


class Room(NamedTuple):
    """The complete room."""

    mesh: Mesh
    colours: Array
    """(N, 3) RGB, light included."""


@cache
def build() -> Room:
    """Return the room with its furniture; the same arrays every time, for reading only."""
    parts = [*_shell(), *_window(), *furniture()]
    mesh = merged([part.mesh for part in parts])
    colours = np.concatenate([_shaded(part) for part in parts])
    return Room(mesh, np.clip(colours, 0.0, 1.0))


def _shaded(part: Surface) -> Array:
    points = part.mesh.points
    return lit(part.colours, part.normals, open_air=_openness(points, part.normals))


def _openness(points: Array, normals: Array) -> Array:
    """Return the ambient occlusion: less than 1 near walls, floor and furniture."""
    x, y, z = points.T
    result = np.ones(len(points))
    for distance, facing in (
        (y, normals[:, 1]),
        (_HEIGHT - y, -normals[:, 1]),
        (z - BACK_WALL_Z, normals[:, 2]),
        (x + _HALF_WIDTH, normals[:, 0]),
        (_HALF_WIDTH - x, -normals[:, 0]),
    ):
        across = 1 - np.clip(np.abs(facing), 0.0, 1.0)
        result *= 1 - 0.30 * across * np.exp(-np.clip(distance, 0.0, None) / 0.28)
    on_floor = (y < 0.02) & (normals[:, 1] > 0.5)
    on_back = (z < BACK_WALL_Z + 0.01) & (normals[:, 2] > 0.5)
    for centre_x, centre_z, half_x, half_z in FOOTPRINTS:
        away_x = np.clip(np.abs(x - centre_x) - half_x, 0.0, None)
        away_z = np.clip(np.abs(z - centre_z) - half_z, 0.0, None)
        near = np.exp(-np.hypot(away_x, away_z) / 0.16)
        result *= 1 - 0.55 * near * on_floor
        result *= 1 - 0.28 * np.exp(-away_x / 0.16) * on_back * (y < 1.95)
    return result


def _shell() -> list[Surface]:
    w, depth = 2 * _HALF_WIDTH, _FRONT - BACK_WALL_Z
    left, right = -_HALF_WIDTH, _HALF_WIDTH
    parts = [
        patch((left, 0, BACK_WALL_Z), (w, 0, 0), (0, _HEIGHT, 0), _WALL, 0.15),
        patch((left, 0, _FRONT), (0, 0, -depth), (0, _HEIGHT, 0), _SIDE_WALL, 0.2),
        patch((right, 0, BACK_WALL_Z), (0, 0, depth), (0, _HEIGHT, 0), _SIDE_WALL, 0.2),
        patch((left, _HEIGHT, BACK_WALL_Z), (w, 0, 0), (0, 0, depth), _CEILING, 0.3),
        *box((left, 0, BACK_WALL_Z), (right, 0.09, BACK_WALL_Z + 0.02), _WHITE, 0.3),
        *box((left, 0, BACK_WALL_Z), (left + 0.02, 0.09, _FRONT), _WHITE, 0.3),
        *box((right - 0.02, 0, BACK_WALL_Z), (right, 0.09, _FRONT), _WHITE, 0.3),
    ]
    return parts + _planks(depth)


def _planks(depth: float) -> list[Surface]:
    """Return floor boards along z, each in its own shade, with dark joints between."""
    random = np.random.default_rng(7)
    parts = []
    count = int(np.ceil(2 * _HALF_WIDTH / _PLANK_M))
    for plank in range(count):
        x = -_HALF_WIDTH + plank * _PLANK_M
        z = _FRONT
        while z > BACK_WALL_Z:
            length = min(float(random.uniform(1.1, 2.2)), z - BACK_WALL_Z)
            shade = np.array(_OAK) * random.uniform(0.90, 1.06)
            board = (x + 0.004, 0.0, z)
            parts.append(
                patch(board, (_PLANK_M - 0.004, 0, 0), (0, 0, -(length - 0.005)), shade, 0.12)
            )
            z -= length
    ground = patch(
        (-_HALF_WIDTH, -0.002, _FRONT), (2 * _HALF_WIDTH, 0, 0), (0, 0, -depth),
        (0.40, 0.29, 0.20), 1.0,
    )  # fmt: skip
    return [ground, *parts]


def _window() -> list[Surface]:
    """Return the window in the left wall; ``light`` assumes its direction."""
    x, low, high, near, far = -_HALF_WIDTH + 0.01, 0.95, 2.25, 1.2, -0.6
    glass = patch((x, low, near), (0, 0, far - near), (0, high - low, 0), (2.0, 2.05, 2.1), 0.4)
    frame: list[Surface] = []
    for z in (near, (near + far) / 2, far):
        frame += box((x, low, z - 0.03), (x + 0.05, high, z + 0.03), _WHITE)
    for y in (low, high):
        frame += box((x, y - 0.03, far), (x + 0.06, y + 0.03, near), _WHITE)
    return [glass, *frame]


_TOWARD_WINDOW: Final = unit(np.array([-0.62, 0.55, 0.56]))
_SUN: Final = np.array([1.04, 1.0, 0.93])
_SKY: Final = np.array([0.97, 1.0, 1.04])


def lit(colours: Array, normals: Array, *, open_air: Array | float = 1.0) -> Array:
    """Return the lit colours (N, 3) of surfaces with unit normals (N, 3) in world axes.

    ``open_air`` is an ambient occlusion factor: 1 in the open, less in corners and folds.
    """
    key = np.clip(0.22 + 0.78 * (normals @ _TOWARD_WINDOW), 0.0, 1.0)[:, None]
    sky = (0.5 + 0.5 * normals[:, 1])[:, None]
    bounce = np.clip(normals[:, 2], 0.0, 1.0)[:, None]
    ambient = np.asarray(open_air).reshape(-1, 1) if np.ndim(open_air) else open_air
    light = 0.52 * key * _SUN + ambient * (0.36 + 0.20 * sky + 0.10 * bounce) * _SKY
    result: Array = colours * light
    return result
