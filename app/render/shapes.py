"""Triangle meshes as plain arrays: unit shapes, and several shapes merged into one.

Triangles wind counter-clockwise seen from outside, in right-handed axes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Triangles = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Vertices and triangles."""

    points: Points
    """(N, 3)."""
    triangles: Triangles
    """(M, 3) indices into ``points``."""


def tube_triangles(rings: int, segments: int, *, closed: bool = False) -> Triangles:
    """Return the triangles between ``rings`` rings of ``segments`` points, point index fastest.

    Rings follow each other along an axis, points within a ring are counter-clockwise seen from the
    axis' tip.  ``closed`` covers both ends with fans, which share the points of the end rings.
    """
    ring, point = np.meshgrid(np.arange(rings - 1), np.arange(segments), indexing="ij")
    after = (point + 1) % segments
    low, high = ring * segments, (ring + 1) * segments
    sides = [
        np.stack([low + point, low + after, high + after], axis=-1),
        np.stack([low + point, high + after, high + point], axis=-1),
    ]
    parts = [side.reshape(-1, 3) for side in sides]
    if closed:
        fan = np.arange(1, segments - 1)
        first = np.zeros_like(fan)
        parts.append(np.stack([first, fan + 1, fan], axis=-1))
        parts.append(np.stack([first, fan, fan + 1], axis=-1) + (rings - 1) * segments)
    return np.concatenate(parts).astype(np.int32)


def circle(segments: int) -> NDArray[np.float64]:
    """Return (segments, 2) points of the unit circle, counter-clockwise."""
    angle = np.arange(segments) * (2 * np.pi / segments)
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def sphere(rings: int, segments: int) -> Mesh:
    """Return a unit sphere around the z axis; its points are its normals.  A pole is a ring."""
    polar = np.linspace(np.pi, 0.0, rings)[:, None, None]
    around = np.broadcast_to(circle(segments), (rings, segments, 2))
    height = np.broadcast_to(np.cos(polar), (rings, segments, 1))
    points = np.concatenate([np.sin(polar) * around, height], axis=-1)
    return Mesh(points.reshape(-1, 3), tube_triangles(rings, segments))


def merged(parts: Sequence[Mesh]) -> Mesh:
    """Return one mesh of all parts, in their order."""
    offsets = np.cumsum([0] + [len(part.points) for part in parts[:-1]])
    triangles = [part.triangles + offset for part, offset in zip(parts, offsets, strict=True)]
    return Mesh(
        np.concatenate([part.points for part in parts]),
        np.concatenate(triangles).astype(np.int32),
    )


def repeated(triangles: Triangles, points: int, times: int) -> Triangles:
    """Return the triangles of ``times`` consecutive copies of a shape with ``points`` points."""
    offsets = (np.arange(times, dtype=np.int32) * points)[:, None, None]
    return (triangles[None] + offsets).reshape(-1, 3)


def frames_along(direction: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return right-handed unit axes (..., 3, 3) as rows, the last along each (..., 3) direction.

    A direction of zero length gets the world's axes.
    """
    length = np.linalg.norm(direction, axis=-1, keepdims=True)
    tip = np.where(length > 1e-9, direction / np.maximum(length, 1e-9), [0.0, 0.0, 1.0])
    helper = np.where(np.abs(tip[..., 1:2]) < 0.9, [0.0, 1.0, 0.0], [1.0, 0.0, 0.0])
    side = np.cross(helper, tip)
    side /= np.linalg.norm(side, axis=-1, keepdims=True)
    return np.stack([side, np.cross(tip, side), tip], axis=-2)
