"""Cuboids: floors, walls, furniture."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.synthetic.clothed.fabrics import Texture
from app.synthetic.performer.rotations import about_y

Array = NDArray[np.float64]

_SQUARE: Final = np.array([(-1, -1), (1, -1), (1, 1), (-1, -1), (1, 1), (-1, 1)], dtype=float)
_SIDES: Final = tuple((axis, sign) for axis in range(3) for sign in (-1.0, 1.0))


class Box(NamedTuple):
    """One cuboid, rotated about the vertical."""

    centre: Array
    """(3,) metres, world axes."""
    half: Array
    """(3,) metres."""
    yaw: float
    texture: Texture
    repeat: float
    """Repetitions of the texture per metre."""

    def hides(self, eye: Array, points: Array) -> NDArray[np.bool_]:
        """Return which of (N, 3) points it hides from ``eye`` (3,)."""
        turn = about_y(self.yaw)
        start, end = (eye - self.centre) @ turn, (points - self.centre) @ turn
        way = end - start
        way = np.where(np.abs(way) < 1e-9, 1e-9, way)
        one, other = (-self.half - start) / way, (self.half - start) / way
        enters = np.minimum(one, other).max(axis=-1)
        leaves = np.maximum(one, other).min(axis=-1)
        hidden: NDArray[np.bool_] = (enters < leaves) & (leaves > 0) & (enters < 1)
        return hidden

    def triangles(self) -> NDArray[np.float32]:
        """Return (36, 8) vertices of its triangles: position, normal, texture coordinates."""
        turn = about_y(self.yaw)
        rows = []
        for axis, sign in _SIDES:
            others = [each for each in range(3) if each != axis]
            corner, normal = np.zeros((6, 3)), np.zeros((6, 3))
            corner[:, axis] = normal[:, axis] = sign
            # Counter-clockwise seen from outside.
            corner[:, others] = _SQUARE if sign * (-1) ** axis > 0 else _SQUARE[::-1]
            corner = corner * self.half
            uv = corner[:, others] * self.repeat
            rows.append(np.hstack([corner @ turn.T + self.centre, normal @ turn.T, uv]))
        return np.concatenate(rows).astype(np.float32)
