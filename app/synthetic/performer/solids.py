"""The simple shapes of which the room is built, in world axes (metres, y up)."""

from __future__ import annotations

from typing import NamedTuple

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
