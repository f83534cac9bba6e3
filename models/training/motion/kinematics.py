"""Forward kinematics of any skeleton: joint positions from joint rotations.

A joint's position is the start of its bone; the end of a limb's last bone is an end site, named
after that joint: ``"Head end"``.  Axes and lengths are those of the file.
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
    rotations (axis 0-2, angles in radians of shape (frames,)), the leftmost matrix first: rotations
    about z, x and y give ``Rz @ Rx @ Ry``.  Their axes are the columns of ``frame`` (3, 3), or the
    parent's axes if there is none.
    """

    name: str
    parent: int
    shift: Array
    turns: tuple[tuple[int, Array], ...] = ()
    frame: Array | None = None


@dataclass(frozen=True)
class Take:
    """One skeleton in motion; parents precede their children, and only the first has none.

    ``unit`` is the length of 1 in metres, if the file defines it.  ``notes`` are sentences about
    faults that were corrected while reading the file.
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
    """A joint's position, (frames, 3), and rotation, (frames, 3, 3) with axes in columns."""

    position: Array
    rotation: Array


def rotation_about(axis: int, angles: Array) -> Array:
    """Return (..., 3, 3) rotations by ``angles`` (...) radians about x, y or z (0, 1 or 2)."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrices = np.zeros((*angles.shape, 3, 3))
    matrices[..., axis, axis] = 1.0
    matrices[..., first, first] = matrices[..., second, second] = np.cos(angles)
    matrices[..., second, first] = np.sin(angles)
    matrices[..., first, second] = -matrices[..., second, first]
    return matrices


def place(take: Take, wanted: Collection[int]) -> dict[int, Placed]:
    """Compute position and rotation of the joints with the indices ``wanted``."""
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
