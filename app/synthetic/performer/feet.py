"""Orientation of a captured person's feet, which the captured joints do not include.

In the air a foot is perpendicular to its shank.  Near the floor it rotates about its toes or its
heel so that it neither penetrates the floor nor floats: with the ankle at its lowest the
foot is flat.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from app.synthetic.performer.motion import BONE, SIDES
from app.synthetic.performer.rotations import Array
from app.synthetic.performer.variation import Proportions

_TOE_M: Final = 0.125
_HEEL_M: Final = 0.055
"""From the ankle forward to the ball, and back to the heel, as in ``gait``."""
_NEAR_M: Final = 0.16
"""An ankle this much higher than in a flat stance is not influenced by the floor."""
_STANDS: Final = (0.35, 0.75)
"""Range of the shank's upward component: below it, as in kneeling, the foot follows the shank;
above it, the foot adapts to the floor."""
_POINTED: Final = np.radians(55.0)
"""Plantar flexion when the shank is horizontal."""


def feet_axes(origins: Array, axes: Array, body: Proportions) -> Array:
    """Return (N, 2, 3, 3) axes of both feet from the bones' origins (N, 15, 3) and axes."""
    both = []
    for name, _ in SIDES:
        shank, ankle = axes[:, BONE[f"{name}_shank"]], origins[:, BONE[f"{name}_foot"], 1]
        rise = shank[:, 1, 1]
        stands = _smooth((rise - _STANDS[0]) / (_STANDS[1] - _STANDS[0]))
        free = _pitched(shank, _POINTED * (1 - stands))
        above = np.maximum(ankle - body.ankle, 0.0)
        near = stands * (1 - _smooth(above / _NEAR_M))
        both.append(_mixed(free, _on_floor(shank, above, body), near))
    return np.stack(both, axis=1)


def _on_floor(shank: Array, above: Array, body: Proportions) -> Array:
    """Return (N, 3, 3) axes of an upright foot with the shank's heading, pitched as far as the
    floor allows."""
    left = shank[..., 0] * (1.0, 0.0, 1.0)
    length = np.linalg.norm(left, axis=-1, keepdims=True)
    left = np.where(length > 1e-3, left / np.maximum(length, 1e-3), (1.0, 0.0, 0.0))
    up = np.broadcast_to((0.0, 1.0, 0.0), left.shape)
    level = np.stack([left, up, np.cross(left, up)], axis=-1)
    wanted = np.arcsin(np.clip(-shank[:, 1, 2], -1.0, 1.0))
    toes = np.arcsin(np.clip(above / (_TOE_M * body.head), 0.0, 0.9))
    heel = np.arcsin(np.clip(above / (_HEEL_M * body.head), 0.0, 0.9))
    return _pitched(level, np.clip(wanted, -heel, toes))


def _pitched(axes: Array, angle: Array) -> Array:
    """Return (N, 3, 3) axes rotated about their own x by (N,) radians, positive is toes down."""
    c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
    up, forward = axes[..., 1], axes[..., 2]
    return np.stack([axes[..., 0], c * up + s * forward, c * forward - s * up], axis=-1)


def _mixed(first: Array, second: Array, share: Array) -> Array:
    """Return (N, 3, 3) axes interpolated by ``share`` (N,) from the first to the second."""
    w = share[:, None]
    x = (1 - w) * first[..., 0] + w * second[..., 0]
    y = (1 - w) * first[..., 1] + w * second[..., 1]
    lost = (np.linalg.norm(x, axis=-1) < 0.1) | (np.linalg.norm(np.cross(x, y), axis=-1) < 0.01)
    x[lost], y[lost] = first[lost, :, 0], first[lost, :, 1]
    x /= np.linalg.norm(x, axis=-1, keepdims=True)
    y -= (x * y).sum(-1, keepdims=True) * x
    y /= np.linalg.norm(y, axis=-1, keepdims=True)
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def _smooth(share: Array) -> Array:
    share = np.clip(share, 0.0, 1.0)
    result: Array = share * share * (3 - 2 * share)
    return result
