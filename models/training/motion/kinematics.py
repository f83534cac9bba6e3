"""Forward kinematics of any skeleton: where its joints are, from how they turn.

A joint's position is where its bone begins; what lies beyond the last joint of a limb is an end
site, named after that joint: ``"Head end"``.  Axes and lengths are the file's own here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Joint:
    """One joint of a take.

    ``shift`` is (3,) or (frames, 3), from the parent joint in the parent's axes.  ``turns`` are
    (axis 0-2, angles in radians of shape (frames,)), the leftmost matrix first: turns about z, x
    and y make ``Rz @ Rx @ Ry``.  They are made about the axes that ``frame`` (3, 3) holds in its
    columns, or about the parent's where there is none.
    """

    name: str
    parent: int
    shift: Array
    turns: tuple[tuple[int, Array], ...] = ()
    frame: Array | None = None


@dataclass(frozen=True)
class Take:
    """One skeleton in motion; parents stand before their children, and only the first has none.

    ``unit`` is the metres that a length of 1 means, where the file says so.  ``notes`` are what
    the reader of the file had to put right, in sentences.
    """

    joints: tuple[Joint, ...]
    frames: int
    rate: float
    unit: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all joints and end sites."""
        return tuple(joint.name for joint in self.joints)


@dataclass(frozen=True)
class Placed:
    """Where a joint is, (frames, 3), and how it is turned, (frames, 3, 3) with axes in columns."""

    position: Array
    rotation: Array


def rotation_about(axis: int, angles: Array) -> Array:
    """Matrices (..., 3, 3) that turn by ``angles`` (...) radians about x, y or z (0, 1 or 2)."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrices = np.zeros((*angles.shape, 3, 3))
    matrices[..., axis, axis] = 1.0
    matrices[..., first, first] = matrices[..., second, second] = np.cos(angles)
    matrices[..., second, first] = np.sin(angles)
    matrices[..., first, second] = -matrices[..., second, first]
    return matrices


def place(take: Take, wanted: Collection[int]) -> dict[int, Placed]:
    """Solve the joints with the indices ``wanted``, and no others but their ancestors."""
    needed = set(wanted)
    for index in reversed(range(len(take.joints))):
        if index in needed and take.joints[index].parent >= 0:
            needed.add(take.joints[index].parent)
    placed: dict[int, Placed] = {}
    for index in sorted(needed):
        joint = take.joints[index]
        rotation = _local_rotation(joint, take.frames)
        shift = np.broadcast_to(joint.shift, (take.frames, 3))
        if joint.parent >= 0:
            parent = placed[joint.parent]
            shift = parent.position + np.einsum("nij,nj->ni", parent.rotation, shift)
            rotation = parent.rotation @ rotation
        placed[index] = Placed(shift, rotation)
    return {index: placed[index] for index in wanted}


def _local_rotation(joint: Joint, frames: int) -> Array:
    rotation = np.broadcast_to(np.eye(3), (frames, 3, 3))
    for axis, angles in joint.turns:
        rotation = rotation @ rotation_about(axis, angles)
    if joint.frame is not None:
        rotation = joint.frame @ rotation @ joint.frame.T
    return rotation
