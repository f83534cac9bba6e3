"""Small rotations.  Matrices are (3, 3) with the turned axes as columns; angles are radians.

Body axes: x to the person's left, y up, z forward.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def about_x(angle: float) -> Array:
    """Positive leans forward: up turns toward forward."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def about_y(angle: float) -> Array:
    """Positive turns to the left: forward turns toward the left."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def about_z(angle: float) -> Array:
    """Positive leans to the right: the left side rises."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def unit(vector: Array) -> Array:
    """The direction of a vector that has one."""
    result: Array = vector / math.sqrt(float(vector @ vector))
    return result


def cross(first: Array, second: Array) -> Array:
    """The cross product of two single vectors; NumPy's own takes ten times as long for these."""
    a, b, c = first.tolist()
    x, y, z = second.tolist()
    return np.array([b * z - c * y, c * x - a * z, a * y - b * x])


def between(first: Array, second: Array, share: float) -> Array:
    """The direction ``share`` of the way from one unit vector to another, at even speed."""
    angle = math.acos(min(max(float(first @ second), -1.0), 1.0))
    if angle < 1e-6:
        return first
    mixed: Array = math.sin((1 - share) * angle) * first + math.sin(share * angle) * second
    return mixed / math.sin(angle)


def limb_axes(direction: Array, hinge: Array) -> Array:
    """Axes of a limb that hangs along -y when unturned, points along ``direction``, and bends
    about x, which ``hinge`` (orthogonal to the direction) becomes."""
    up = -direction
    axes: Array = np.array([hinge, up, cross(hinge, up)]).T
    return axes


def hinge_of(direction: Array, bend_toward: Array) -> Array:
    """The unit x axis about which a limb along ``direction`` turns toward ``bend_toward``."""
    return unit(cross(bend_toward, direction))


def reach(root: Array, goal: Array, upper: float, lower: float, bend_toward: Array) -> Array:
    """Where the middle joint of a two-bone limb is, by the law of cosines.

    A goal out of reach is reached for: the limb is straight and too short.
    """
    line = goal - root
    distance = float(np.linalg.norm(line))
    along = line / distance
    span = min(distance, 0.9999 * (upper + lower))
    reach_along = (upper**2 - lower**2 + span**2) / (2 * span)
    aside = math.sqrt(max(upper**2 - reach_along**2, 0.0))
    sideways = unit(bend_toward - (bend_toward @ along) * along)
    return root + reach_along * along + aside * sideways
