"""The performer's surface: lofted parts that deform with the bones they are attached to.

Parts are built standing straight with the arms down, in metres, the pelvis at the origin, x to the
person's left, y up, z forward.  Every vertex follows one bone or a mixture of two (linear blend
skinning); in this pose no bone is rotated, so posing takes a single product.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.render.shapes import Mesh, Triangles, circle, merged, sphere, tube_triangles
from app.synthetic.performer.motion import BONE, Pose
from app.synthetic.performer.rotations import Array

Colour = tuple[float, float, float]


class Ring(NamedTuple):
    """One cross-section of a loft."""

    centre: tuple[float, float, float]
    half: tuple[float, float]
    """Half width along the loft's first and second axis."""
    bone: str
    other: str | None = None
    share: float = 0.0
    """Weight of ``other``, 0 to 1."""


UPWARD = ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0))
"""Axes of cross-sections that follow each other upward: depth, width."""
DOWNWARD = ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
"""Downward: width, depth."""
FORWARD = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
"""Forward: width, height."""
Axes = tuple[tuple[float, float, float], tuple[float, float, float]]


class Skin(NamedTuple):
    """A surface attached to bones; N vertices."""

    triangles: Triangles
    first: Array
    """(N, 3) vertex relative to its first bone's root."""
    second: Array
    """(N, 3) the same vertex relative to its second bone's root."""
    bones: tuple[Array, Array]
    """(N,) index of each vertex' first and second bone."""
    share: Array
    """(N, 1) weight of the second bone."""
    normals: Array
    """(N, 3) unit."""
    colours: Array
    """(N, 3) RGB in [0, 1]."""

    def posed(self, pose: Pose) -> tuple[Array, Array]:
        """Return (N, 3) vertices and (N, 3) unit normals in world axes."""
        one, two = self.bones
        turned = pose.axes[one]
        points = pose.origins[one] + np.einsum("nij,nj->ni", turned, self.first)
        bent = np.flatnonzero(self.share[:, 0])
        other = pose.axes[two[bent]]
        moved = pose.origins[two[bent]] + np.einsum("nij,nj->ni", other, self.second[bent])
        share = self.share[bent]
        points[bent] += share * (moved - points[bent])
        normals = np.einsum("nij,nj->ni", turned, self.normals)
        normals[bent] += share * (
            np.einsum("nij,nj->ni", other, self.normals[bent]) - normals[bent]
        )
        normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
        return points, normals


class SkinBuilder:
    """Collects parts; ``roots`` are the bones' roots in the pose in which parts are built."""

    def __init__(self, roots: dict[str, Array]) -> None:
        self._roots = np.array([roots[name] for name in BONE])
        self._meshes: list[Mesh] = []
        self._ties: list[tuple[Array, Array, Array]] = []
        self._colours: list[Array] = []

    def loft(
        self,
        rings: Sequence[Ring],
        axes: Axes,
        colour: Colour,
        *,
        segments: int = 16,
        power: float = 2.0,
    ) -> Array:
        """Add a closed surface through cross-sections; return its (R, S, 3) vertices.

        ``power`` 2 gives ellipses, more gives rounded rectangles.
        """
        around = circle(segments)
        radius = (np.abs(around) ** power).sum(axis=-1, keepdims=True) ** (-1 / power)
        around = around * radius
        half = np.array([ring.half for ring in rings])
        centre = np.array([ring.centre for ring in rings])
        across = np.array(axes)
        points = centre[:, None] + (around[None] * half[:, None]) @ across
        triangles = tube_triangles(len(rings), segments, closed=True)
        self._meshes.append(Mesh(points.reshape(-1, 3), triangles))
        one = np.array([BONE[ring.bone] for ring in rings]).repeat(segments)
        two = np.array([BONE[ring.other or ring.bone] for ring in rings]).repeat(segments)
        share = np.array([ring.share for ring in rings]).repeat(segments)
        self._ties.append((one, two, share))
        colours = np.tile(np.array(colour), (len(points), segments, 1)).astype(np.float64)
        self._colours.append(colours.reshape(-1, 3))
        shaped: Array = points
        return shaped

    def blob(
        self,
        centre: tuple[float, float, float],
        half: tuple[float, float, float],
        bone: str,
        colour: Colour,
    ) -> None:
        """Add an ellipsoid."""
        ball = sphere(7, 10)
        self.mesh(Mesh(ball.points * half + centre, ball.triangles), bone, colour)

    def mesh(self, mesh: Mesh, bone: str, colour: Colour | Array) -> None:
        """Add any surface, attached to one bone."""
        count = len(mesh.points)
        index = np.full(count, BONE[bone])
        self._meshes.append(mesh)
        self._ties.append((index, index, np.zeros(count)))
        self._colours.append(np.broadcast_to(np.asarray(colour), (count, 3)))

    def recolour_last(self, where: NDArray[np.bool_], colour: Colour) -> None:
        """Change the colour of those vertices of the last part for which ``where`` (N,) holds."""
        self._colours[-1] = np.where(where.reshape(-1, 1), colour, self._colours[-1])

    def finish(self) -> Skin:
        """Return all parts as one skin."""
        whole = merged(self._meshes)
        one, two, share = (np.concatenate(column) for column in zip(*self._ties, strict=True))
        return Skin(
            triangles=whole.triangles,
            first=whole.points - self._roots[one],
            second=whole.points - self._roots[two],
            bones=(one, two),
            share=share[:, None],
            normals=corner_normals(whole),
            colours=np.concatenate(self._colours),
        )


def corner_normals(mesh: Mesh) -> Array:
    """Return (N, 3) unit normals: the mean of the adjoining triangles', weighted by area."""
    a, b, c = (mesh.points[mesh.triangles[:, corner]] for corner in range(3))
    faces = np.cross(b - a, c - a)
    normals = np.zeros_like(mesh.points)
    for corner in range(3):
        np.add.at(normals, mesh.triangles[:, corner], faces)
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    result: Array = normals / np.maximum(length, 1e-12)
    result[length[:, 0] < 1e-12] = (0.0, 1.0, 0.0)
    return result
