"""Soft light, computed at the corners of a mesh; OpenGL only blends the result between them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray


def _direction(x: float, y: float, z: float) -> NDArray[np.float64]:
    vector: NDArray[np.float64] = np.array([x, y, z]) / np.linalg.norm([x, y, z])
    return vector


_TOWARD_KEY: Final = _direction(-0.5, -0.8, -0.7)
"""From above the viewer's left shoulder, in camera axes."""
_HALFWAY: Final = _direction(*(_TOWARD_KEY - (0.0, 0.0, 1.0)))
"""Between the light and the viewer: where a surface shines."""


def studio(normals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Brightness (..., 1) of surfaces with unit normals (..., 3) in camera axes, about 0.5 to 1.15.

    The light moves with the viewer, so a skeleton looks the same from every side.
    """
    key = np.clip(0.5 + 0.5 * (normals @ _TOWARD_KEY), 0.0, 1.0) ** 1.5
    facing = np.clip(-normals[..., 2], 0.0, 1.0)
    brightness: NDArray[np.float64] = (0.42 + 0.6 * key + 0.16 * facing)[..., None]
    return brightness


def gloss(normals: NDArray[np.float64]) -> NDArray[np.float64]:
    """A small highlight to add (..., 1), 0 to 0.2."""
    result: NDArray[np.float64] = 0.2 * np.clip(normals @ _HALFWAY, 0.0, 1.0)[..., None] ** 24
    return result
