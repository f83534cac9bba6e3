"""Reads MakeHuman's garments (``.mhclo`` with its ``.obj``) and fits them to a body."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from app.errors import ClothedError

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

_AXIS: Final = {"x_scale": 0, "y_scale": 1, "z_scale": 2}


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles with separate texture coordinates."""

    vertices: Array
    """(V, 3)"""
    uv: Array
    """(U, 2), at least one row."""
    faces: Indices
    """(F, 3) rows of ``vertices``."""
    face_uv: Indices
    """(F, 3) rows of ``uv``."""


@dataclass(frozen=True, eq=False)
class Garment:
    """A garment bound to MakeHuman's base mesh: every vertex depends on three of the body's."""

    mesh: Mesh
    bound_to: Indices
    """(V, 3) vertices of the body."""
    shares: Array
    """(V, 3) their weights."""
    offset: Array
    """(V, 3) offset from there, in units of ``scale``."""
    scale: dict[int, tuple[int, int, float]]
    """For an axis: two vertices of the body, and their distance on the base mesh."""
    hides: Indices
    """Vertices of the body that are covered by it."""

    def fitted(self, body: Array) -> Array:
        """Return (V, 3) vertices on a body (W, 3) at rest, metres."""
        unit = np.ones(3)
        for axis, (one, other, apart) in self.scale.items():
            unit[axis] = abs(body[one, axis] - body[other, axis]) / apart
        on_skin: Array = (body[self.bound_to] * self.shares[..., None]).sum(axis=1)
        return on_skin + self.offset * unit

    def weights(self, body: Any) -> Any:
        """Return (V, B) sparse skin weights from those of the body, (W, B)."""
        rows = np.repeat(np.arange(len(self.bound_to)), 3)
        shares = np.clip(self.shares, 0.0, None)
        shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-9)
        shape = len(self.bound_to), body.shape[0]
        binding = sparse.csr_matrix((shares.ravel(), (rows, self.bound_to.ravel())), shape=shape)
        return (binding @ body).tocsr()

    def parts(self) -> Indices:
        """Return (V,) each vertex' connected component: a shirt, its buttons, the trousers."""
        faces, count = self.mesh.faces, len(self.mesh.vertices)
        edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]]])
        graph = sparse.coo_matrix(
            (np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(count, count)
        )
        part: Indices = connected_components(graph, directed=False)[1]
        return part


def read_garment(path: Path) -> Garment:
    """Read a ``.mhclo`` file and the mesh it names.

    Raises:
        ClothedError: a file is missing or invalid.
    """
    try:
        garment = _read_garment(path)
    except (OSError, ValueError, IndexError, KeyError) as error:
        raise ClothedError(f"Cannot read the garment {path}: {error}.") from error
    if len(garment.bound_to) != len(garment.mesh.vertices):
        raise ClothedError(
            f"The garment {path} binds {len(garment.bound_to)} vertices, but its mesh has "
            f"{len(garment.mesh.vertices)}."
        )
    return garment


def _read_garment(path: Path) -> Garment:
    mesh = None
    scale: dict[int, tuple[int, int, float]] = {}
    rows: dict[str, list[list[str]]] = {"": [], "verts": [], "delete_verts": []}
    section = ""
    for words in _lines(path):
        if words[0] == "obj_file":
            mesh = read_obj(path.parent / " ".join(words[1:]))
        elif words[0] in _AXIS:
            scale[_AXIS[words[0]]] = int(words[1]), int(words[2]), float(words[3])
        elif words[0] in rows:
            section = words[0]
        elif words[0].isdecimal() or words[0] == "-":
            rows[section].append(words)
        elif words[0] == "weights":
            section = ""
    if mesh is None:
        raise ValueError("no obj_file is named")
    binding = np.array([_binding(words) for words in rows["verts"]])
    return Garment(
        mesh,
        binding[:, :3].astype(int),
        binding[:, 3:6],
        binding[:, 6:9],
        scale,
        _ranges(word for words in rows["delete_verts"] for word in words),
    )


def _binding(words: list[str]) -> list[float]:
    if len(words) == 1:
        return [float(words[0])] * 3 + [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    return [float(word) for word in words[:9]]


def _ranges(words: Iterable[str]) -> Indices:
    """``3 5 - 7`` is 3, 5, 6 and 7."""
    found: list[int] = []
    to = False
    for word in words:
        if word == "-":
            to = True
        elif to:
            found += range(found[-1] + 1, int(word) + 1)
            to = False
        else:
            found.append(int(word))
    return np.array(found, dtype=np.int64)


def read_obj(path: Path) -> Mesh:
    """Read a Wavefront mesh; faces with more than three corners are triangulated.

    Raises OSError and ValueError.
    """
    points: dict[str, list[list[float]]] = {"v": [], "vt": []}
    faces: list[list[int]] = []
    face_uv: list[list[int]] = []
    for words in _lines(path):
        if words[0] in points:
            points[words[0]].append([float(word) for word in words[1:]])
        elif words[0] == "f":
            corners = [word.split("/") for word in words[1:]]
            place = [int(corner[0]) - 1 for corner in corners]
            texture = [int(c[1]) - 1 if len(c) > 1 and c[1] else 0 for c in corners]
            for i in range(1, len(corners) - 1):
                faces.append([place[0], place[i], place[i + 1]])
                face_uv.append([texture[0], texture[i], texture[i + 1]])
    uv = np.array(points["vt"] or [[0.0, 0.0]])[:, :2]
    return Mesh(np.array(points["v"])[:, :3], uv, np.array(faces), np.array(face_uv))


def _lines(path: Path) -> Iterable[list[str]]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            words = line.split("#")[0].split()
            if words:
                yield words
