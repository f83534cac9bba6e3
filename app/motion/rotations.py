"""Rotations of many frames at once.

Matrices are (N, 3, 3) with the turned axes as columns, quaternions (N, 4) in the order x, y, z, w,
angles radians.  What is not a number in a frame stays so in that frame and in no other.
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
    """(N, 3) directions; not a number of vectors shorter than ``least``."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    length[length < least] = np.nan
    result: Array = vectors / length
    return result


def across(wanted: Array, along: Array, least: float = _NO_LENGTH) -> Array:
    """The direction of the part of (N, 3) ``wanted`` that is across the unit vectors ``along``; not
    a number where that part is shorter than ``least``."""
    return unit(wanted - (wanted * along).sum(-1, keepdims=True) * along, least)


def cross(first: Array, second: Array) -> Array:
    """(N, 3) cross products.  For a frame at a time, as live, a tenth of the time of NumPy's."""
    right, left = first.take(_NEXT, axis=-1), first.take(_LAST, axis=-1)
    result: Array = right * second.take(_LAST, axis=-1) - left * second.take(_NEXT, axis=-1)
    return result


def axes(x: Array, y: Array) -> Array:
    """(N, 3, 3) right-handed axes from unit x and y that are across each other."""
    return np.stack([x, y, cross(x, y)], axis=-1)


def carried(vectors: Array, start: Array, end: Array) -> Array:
    """Vectors turned as the shortest rotation turns unit ``start`` into unit ``end``.

    There is none from a direction to its opposite; what is returned then is of unit length no more.
    """
    cosine = (start * end).sum(-1, keepdims=True)
    axis = cross(start, end)
    share = (axis * vectors).sum(-1, keepdims=True) / np.maximum(1 + cosine, 1e-9)
    result: Array = cosine * vectors + cross(axis, vectors) + share * axis
    return result


def transposed(matrices: Array) -> Array:
    """The inverses of rotations."""
    return np.swapaxes(matrices, -1, -2)


def quaternions(matrices: Array) -> Array:
    """Unit quaternions of rotations, by whichever part is the largest (Shepperd, 1978)."""
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
    """Rotations of (..., 4) unit quaternions."""
    x, y, z, w = np.moveaxis(quaternion, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def without_jumps(quaternion: Array) -> Array:
    """(N, ..., 4) the same rotations, each with the sign that is nearest to the one before."""
    dots = (quaternion[1:] * quaternion[:-1]).sum(-1, keepdims=True)
    signs = np.cumprod(np.where(dots < 0, -1.0, 1.0), axis=0)
    return np.concatenate([quaternion[:1], quaternion[1:] * signs])


def between(first: Array, second: Array, share: Array) -> Array:
    """The rotation ``share`` (..., 1) of the shortest way from one to another, at even speed."""
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
    """(N, 3) angles about z, x and y with ``matrix = Rz @ Rx @ Ry``, each without jumps.

    Every rotation has two such triples; from frame to frame the nearer one is taken, and whole
    turns are added, so that curves drawn through the angles have no steps.
    """
    m = matrices
    x = np.arcsin(np.clip(m[:, 2, 1], -1.0, 1.0))
    y = np.arctan2(-m[:, 2, 0], m[:, 2, 2])
    z = np.arctan2(-m[:, 0, 1], m[:, 1, 1])
    # With x at a right angle z and y turn about the same axis: all of it is given to z.
    locked = np.hypot(m[:, 2, 0], m[:, 2, 2]) < 1e-6
    z = np.where(locked, np.arctan2(m[:, 1, 0], m[:, 0, 0]), z)
    angles = np.stack([z, x, np.where(locked, 0.0, y)], axis=-1)
    other = np.stack([z + np.pi, np.pi - x, angles[:, 2] + np.pi], axis=-1)
    stay, change = (_apart(each[1:], angles[:-1]) for each in (angles, other))
    # The nearer triple of the next frame is the same one or the other one, whichever of the two
    # is taken now; how often it changed says which one it is.
    swapped = np.concatenate([[0], np.cumsum(change < stay)])[: len(m)] % 2 == 1
    return np.unwrap(np.where(swapped[:, None], other, angles), axis=0)


def _apart(first: Array, second: Array) -> Array:
    """(N,) how far two triples of angles are apart, whole turns aside."""
    result: Array = np.abs((first - second + np.pi) % (2 * np.pi) - np.pi).sum(-1)
    return result
