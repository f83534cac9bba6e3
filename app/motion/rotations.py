"""Rotations of many frames at once.

Matrices are (N, 3, 3) with the rotated axes as columns, quaternions (N, 4) in the order x, y, z, w,
angles radians.  NaN in one frame affects no other frame.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_NO_LENGTH: Final = 1e-6
_NEXT: Final = np.array([1, 2, 0])
_LAST: Final = np.array([2, 0, 1])


def unit(vectors: Array, least: float = _NO_LENGTH) -> Array:
    """Return (N, 3) unit vectors; NaN for vectors shorter than ``least``."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    length[length < least] = np.nan
    result: Array = vectors / length
    return result


def across(wanted: Array, along: Array, least: float = _NO_LENGTH) -> Array:
    """Return the unit component of (N, 3) ``wanted`` orthogonal to the unit vectors ``along``; NaN
    where that component is shorter than ``least``."""
    return unit(wanted - (wanted * along).sum(-1, keepdims=True) * along, least)


def cross(first: Array, second: Array) -> Array:
    """Return (N, 3) cross products.

    For one frame, as in live use, it takes a tenth of the time of :func:`numpy.cross`.
    """
    right, left = first.take(_NEXT, axis=-1), first.take(_LAST, axis=-1)
    result: Array = right * second.take(_LAST, axis=-1) - left * second.take(_NEXT, axis=-1)
    return result


def axes(x: Array, y: Array) -> Array:
    """Return (N, 3, 3) right-handed axes from orthogonal unit vectors x and y."""
    return np.stack([x, y, cross(x, y)], axis=-1)


def carried(vectors: Array, start: Array, end: Array) -> Array:
    """Return vectors rotated by the shortest rotation from unit ``start`` to unit ``end``.

    It is undefined between opposite directions; the result does not keep its length then.
    """
    cosine = (start * end).sum(-1, keepdims=True)
    axis = cross(start, end)
    share = (axis * vectors).sum(-1, keepdims=True) / np.maximum(1 + cosine, 1e-9)
    result: Array = cosine * vectors + cross(axis, vectors) + share * axis
    return result


def transposed(matrices: Array) -> Array:
    """Return the inverses of rotation matrices."""
    return np.swapaxes(matrices, -1, -2)


def quaternions(matrices: Array) -> Array:
    """Return the unit quaternions of rotation matrices, from the largest part (Shepperd, 1978)."""
    m = matrices
    xx, yy, zz = m[:, 0, 0], m[:, 1, 1], m[:, 2, 2]
    # Row k is the quaternion times four of its part k.
    rows = np.empty((len(m), 4, 4))
    rows[:, 0, 0], rows[:, 1, 1] = 1 + xx - yy - zz, 1 - xx + yy - zz
    rows[:, 2, 2], rows[:, 3, 3] = 1 - xx - yy + zz, 1 + xx + yy + zz
    for a, b, c in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        rows[:, a, b] = rows[:, b, a] = m[:, a, b] + m[:, b, a]
        rows[:, 3, c] = rows[:, c, 3] = m[:, b, a] - m[:, a, b]
    largest = np.argmax(np.diagonal(rows, axis1=1, axis2=2), axis=1)
    chosen = rows[np.arange(len(m)), largest]
    result: Array = chosen / np.linalg.norm(chosen, axis=-1, keepdims=True)
    return result


def matrices(quaternion: Array) -> Array:
    """Return the (..., 3, 3) rotation matrices of (..., 4) unit quaternions."""
    x, y, z, w = np.moveaxis(quaternion, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def without_jumps(quaternion: Array) -> Array:
    """Return (N, ..., 4) the same rotations, each with the sign nearest to the one before."""
    dots = (quaternion[1:] * quaternion[:-1]).sum(-1, keepdims=True)
    signs = np.cumprod(np.where(dots < 0, -1.0, 1.0), axis=0)
    return np.concatenate([quaternion[:1], quaternion[1:] * signs])


def between(first: Array, second: Array, share: Array) -> Array:
    """Return quaternions interpolated spherically (slerp); ``share`` (..., 1) is the parameter."""
    dot = (first * second).sum(-1, keepdims=True)
    second = np.where(dot < 0, -second, second)
    angle = np.arccos(np.clip(np.abs(dot), 0.0, 1.0))
    sine = np.sin(angle)
    close = sine < 1e-6
    whole = np.where(close, 1.0, sine)
    mixed = np.where(close, 1 - share, np.sin((1 - share) * angle) / whole) * first
    mixed = mixed + np.where(close, share, np.sin(share * angle) / whole) * second
    result: Array = mixed / np.linalg.norm(mixed, axis=-1, keepdims=True)
    return result


def zxy(matrices: Array) -> Array:
    """Return (N, 3) Euler angles about z, x and y with ``matrix = Rz @ Rx @ Ry``, without jumps.

    Every rotation has two such triples; the one nearer to the frame before is chosen, and multiples
    of 360 degrees are added, so that the curves of the angles have no steps.
    """
    m = matrices
    x = np.arcsin(np.clip(m[:, 2, 1], -1.0, 1.0))
    y = np.arctan2(-m[:, 2, 0], m[:, 2, 2])
    z = np.arctan2(-m[:, 0, 1], m[:, 1, 1])
    # Gimbal lock: with x at a right angle z and y rotate about the same axis; z gets all of it.
    locked = np.hypot(m[:, 2, 0], m[:, 2, 2]) < 1e-6
    z = np.where(locked, np.arctan2(m[:, 1, 0], m[:, 0, 0]), z)
    angles = np.stack([z, x, np.where(locked, 0.0, y)], axis=-1)
    other = np.stack([z + np.pi, np.pi - x, angles[:, 2] + np.pi], axis=-1)
    stay, change = (_angle_distance(each[1:], angles[:-1]) for each in (angles, other))
    # Whether the nearer triple in the next frame is of the same kind does not depend on which of
    # the two is chosen now, so the parity of the number of changes gives the choice.
    swapped = np.concatenate([[0], np.cumsum(change < stay)])[: len(m)] % 2 == 1
    return np.unwrap(np.where(swapped[:, None], other, angles), axis=0)


def _angle_distance(first: Array, second: Array) -> Array:
    """Return (N,) sums of the absolute differences of two triples of angles, modulo 2 pi."""
    result: Array = np.abs((first - second + np.pi) % (2 * np.pi) - np.pi).sum(-1)
    return result
