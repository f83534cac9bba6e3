"""The furniture of the performer's room, and the simple shapes of which it is built, in world axes
(metres, y up).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from app.render.shapes import Mesh, circle, sphere, tube_triangles
from app.synthetic.performer.rotations import Array
from app.synthetic.performer.skin import Colour

Vec = tuple[float, float, float]


class Surface(NamedTuple):
    """A part of the room before lighting; N vertices."""

    mesh: Mesh
    normals: Array
    colours: Array


def patch(corner: Vec, along: Vec, up: Vec, colour: Colour | Array, cell: float) -> Surface:
    """Return a parallelogram divided into cells, facing along x up."""
    start, first, second = (np.array(v, dtype=np.float64) for v in (corner, along, up))
    columns = max(1, round(float(np.linalg.norm(first)) / cell)) + 1
    rows = max(1, round(float(np.linalg.norm(second)) / cell)) + 1
    u, v = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    points = start + u[..., None] * first + v[..., None] * second
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b = index[:-1, :-1].ravel(), index[:-1, 1:].ravel()
    c, d = index[1:, 1:].ravel(), index[1:, :-1].ravel()
    triangles = np.concatenate([np.stack([a, b, c], -1), np.stack([a, c, d], -1)])
    normal = np.cross(first, second)
    normal /= np.linalg.norm(normal)
    count = rows * columns
    return Surface(
        Mesh(points.reshape(-1, 3), triangles.astype(np.int32)),
        np.tile(normal, (count, 1)),
        np.tile(np.asarray(colour, dtype=np.float64), (count, 1)),
    )


def box(low: Vec, high: Vec, colour: Colour, cell: float = 0.15) -> list[Surface]:
    """Return five sides of a box; its bottom is never visible."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    w, h, d = x1 - x0, y1 - y0, z1 - z0
    return [
        patch((x0, y0, z1), (w, 0, 0), (0, h, 0), colour, cell),
        patch((x1, y0, z0), (-w, 0, 0), (0, h, 0), colour, cell),
        patch((x0, y0, z0), (0, 0, d), (0, h, 0), colour, cell),
        patch((x1, y0, z1), (0, 0, -d), (0, h, 0), colour, cell),
        patch((x0, y1, z1), (w, 0, 0), (0, 0, -d), colour, cell),
    ]


def blob(centre: Vec, half: Vec, colour: Colour, power: float = 1.0) -> Surface:
    """Return an ellipsoid; ``power`` below 1 makes it a cushion."""
    ball = sphere(11, 18)
    shape = np.sign(ball.points) * np.abs(ball.points) ** power
    normals = ball.points / half
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    points = shape * half + centre
    return Surface(Mesh(points, ball.triangles), normals, np.tile(colour, (len(points), 1)))


def pipe(centre: Vec, radii: tuple[float, float], height: float, colour: Colour) -> Surface:
    """Return an upright pipe or cone from ``centre``, open at both ends."""
    ring = circle(16)
    around = np.stack([ring[:, 1], 0 * ring[:, 0], ring[:, 0]], axis=-1)
    points = np.concatenate([around * radii[0], around * radii[1] + (0, height, 0)]) + centre
    normals = np.concatenate([around, around])
    return Surface(Mesh(points, tube_triangles(2, 16)), normals, np.tile(colour, (32, 1)))


BACK_WALL_Z: Final = -2.1
_WHITE: Final = (0.94, 0.93, 0.91)
_DARK_WOOD: Final = (0.42, 0.30, 0.21)
_SOFA: Final = (0.45, 0.53, 0.55)
_RUG: Final = (0.74, 0.70, 0.64)
_FRAME: Final = (0.24, 0.20, 0.17)

_SOFA_AT: Final = (-1.55, -1.55)
_SHELF_AT: Final = (1.75, -1.88)
_PLANT_AT: Final = (2.75, -1.35)
FOOTPRINTS: Final = (
    (*_SOFA_AT, 1.0, 0.48),
    (*_SHELF_AT, 0.56, 0.2),
    (*_PLANT_AT, 0.17, 0.17),
)
"""(x, z, half width, half depth) of furniture on the floor, which darkens it."""
_PICTURES: Final = (
    (-2.15, 1.62, 0.30, 0.38, (0.66, 0.71, 0.70)),
    (-1.45, 1.66, 0.24, 0.32, (0.83, 0.70, 0.55)),
    (-0.86, 1.60, 0.20, 0.26, (0.52, 0.60, 0.66)),
)
"""(x, y, half width, half height, colour)."""


def furniture() -> list[Surface]:
    """Return all furniture."""
    return [*_rug(), *_sofa(), *_shelf(), *_plant(), *_pictures(), *_lamp()]


def _rug() -> list[Surface]:
    stripe = (0.55, 0.36, 0.33)
    return [
        patch((-1.5, 0.004, 1.15), (3.0, 0, 0), (0, 0, -2.0), _RUG, 0.12),
        patch((-1.44, 0.006, 1.09), (2.88, 0, 0), (0, 0, -0.05), stripe, 0.12),
        patch((-1.44, 0.006, -0.74), (2.88, 0, 0), (0, 0, -0.05), stripe, 0.12),
    ]


def _sofa() -> list[Surface]:
    x, z = _SOFA_AT
    dark = (0.40, 0.47, 0.49)
    parts = box((x - 0.98, 0.08, z - 0.42), (x + 0.98, 0.36, z + 0.40), dark)
    parts += box((x - 0.98, 0.36, z - 0.45), (x + 0.98, 0.84, z - 0.22), dark)
    parts += box((x - 1.0, 0.08, z - 0.42), (x - 0.80, 0.60, z + 0.42), _SOFA)
    parts += box((x + 0.80, 0.08, z - 0.42), (x + 1.0, 0.60, z + 0.42), _SOFA)
    for seat in (-0.40, 0.40):
        parts.append(blob((x + seat, 0.40, z + 0.08), (0.40, 0.10, 0.36), _SOFA, 0.45))
        parts.append(blob((x + seat, 0.68, z - 0.17), (0.39, 0.22, 0.10), _SOFA, 0.5))
    parts.append(blob((x - 0.55, 0.64, z + 0.02), (0.20, 0.19, 0.08), (0.80, 0.62, 0.36), 0.6))
    parts.append(blob((x + 0.60, 0.63, z + 0.02), (0.19, 0.18, 0.08), (0.85, 0.83, 0.78), 0.6))
    return parts


def _shelf() -> list[Surface]:
    x, z = _SHELF_AT
    half, depth, height = 0.55, 0.17, 1.92
    parts = box((x - half, 0, z - depth), (x - half + 0.03, height, z + depth), _DARK_WOOD)
    parts += box((x + half - 0.03, 0, z - depth), (x + half, height, z + depth), _DARK_WOOD)
    back = (x - half, 0.0, z - depth + 0.01)
    parts.append(patch(back, (2 * half, 0, 0), (0, height, 0), (0.30, 0.21, 0.15), 0.2))
    boards = np.linspace(0.06, height - 0.02, 6)
    for board in boards:
        low, high = float(board) - 0.015, float(board) + 0.015
        parts += box((x - half, low, z - depth), (x + half, high, z + depth), _DARK_WOOD)
    return parts + _books(x - half + 0.05, x + half - 0.05, z, boards[:-1])


def _books(left: float, right: float, z: float, boards: Array) -> list[Surface]:
    random = np.random.default_rng(3)
    covers = np.array(
        [(0.55, 0.24, 0.20), (0.25, 0.34, 0.42), (0.78, 0.72, 0.60), (0.30, 0.40, 0.30),
         (0.72, 0.52, 0.25), (0.36, 0.30, 0.38), (0.82, 0.80, 0.76)]
    )  # fmt: skip
    parts: list[Surface] = []
    for board in boards:
        x = left
        end = right - random.uniform(0.0, 0.45)
        while x < end:
            thick, high = random.uniform(0.02, 0.05), random.uniform(0.20, 0.30)
            red, green, blue = covers[random.integers(len(covers))] * random.uniform(0.85, 1.1)
            deep = random.uniform(0.02, 0.07)
            parts += box(
                (x, board + 0.015, z - 0.12), (x + thick - 0.003, board + high, z + 0.15 - deep),
                (float(red), float(green), float(blue)), 0.3,
            )  # fmt: skip
            x += thick
    return parts


def _plant() -> list[Surface]:
    x, z = _PLANT_AT
    random = np.random.default_rng(11)
    parts = [
        pipe((x, 0.0, z), (0.13, 0.17), 0.32, (0.80, 0.77, 0.72)),
        blob((x, 0.30, z), (0.16, 0.03, 0.16), (0.25, 0.18, 0.13)),
    ]
    for leaf in range(26):
        angle, rise = leaf * 2.4, float(random.uniform(0.45, 1.15))
        reach = 0.10 + 0.28 * np.sin(np.pi * (rise - 0.3) / 1.1)
        green = (0.20, float(random.uniform(0.36, 0.50)), 0.22)
        where = (x + reach * np.cos(angle), rise, z + reach * np.sin(angle))
        wide = 0.05 + 0.07 * abs(np.cos(angle))
        parts.append(blob(where, (wide, 0.15, 0.04 + 0.07 * abs(np.sin(angle))), green))
    parts.append(pipe((x, 0.3, z), (0.02, 0.012), 0.7, (0.35, 0.27, 0.18)))
    return parts


def _pictures() -> list[Surface]:
    parts: list[Surface] = []
    wall = BACK_WALL_Z + 0.005
    for x, y, half, tall, tone in _PICTURES:
        parts += box((x - half, y - tall, wall), (x + half, y + tall, wall + 0.03), _FRAME)
        for share, colour, front in ((0.9, _WHITE, 0.031), (0.65, tone, 0.032)):
            w, h = share * half, share * tall
            corner = (x - w, y - h, wall + front)
            parts.append(patch(corner, (2 * w, 0, 0), (0, 2 * h, 0), colour, 0.2))
        middle = (x + 0.2 * half, y - 0.1 * tall, wall + 0.03)
        parts.append(blob(middle, (0.4 * half, 0.35 * tall, 0.006), (0.72, 0.75, 0.74)))
    return parts


def _lamp() -> list[Surface]:
    x, z = -2.85, -1.65
    return [
        blob((x, 0.01, z), (0.15, 0.02, 0.15), (0.25, 0.24, 0.23)),
        pipe((x, 0.0, z), (0.013, 0.013), 1.45, (0.25, 0.24, 0.23)),
        pipe((x, 1.40, z), (0.21, 0.15), 0.28, (1.25, 1.12, 0.90)),
    ]
