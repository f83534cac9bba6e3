"""The room's light, baked into vertex colours: a window on the left, a bright sky, dark corners."""

from __future__ import annotations

from typing import Final

import numpy as np

from app.synthetic.performer.rotations import Array, unit

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
