"""A small mesh that shows a skeleton in any viewer: octahedra, as Blender draws bones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.export.named_rig import NamedMotion, at_rest_turned
from app.export.rig import BONE, BONES, ENDS, PARENTS, Array
from app.motion.rotations import unit

_THICK: Final = 0.11
"""Half the width of a bone over its length."""
_THICKEST_M: Final = 0.035
_WIDEST_AT: Final = 0.15
"""Share of the length at which a bone is thickest."""
_FACES: Final = np.array(
    [(0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 1), (5, 2, 1), (5, 3, 2), (5, 4, 3), (5, 1, 4)]
)


@dataclass(frozen=True, slots=True, eq=False)
class BoneMesh:
    """Triangles with flat faces, three corners each, in the pose at rest."""

    positions: NDArray[np.float32]
    """(3T, 3) metres."""
    normals: NDArray[np.float32]
    """(3T, 3) unit, outwards; the corners run anticlockwise around them."""
    bones: NDArray[np.uint8]
    """(3T,) the bone each corner goes along with."""


def bone_mesh(motion: NamedMotion, side: str) -> BoneMesh:
    """The bones of the ``side``: ``left``, ``right`` or ``middle``."""
    rig, lowered = motion.rig, at_rest_turned(motion.lowered_deg)
    places, named_places = rig.at_rest(), motion.at_rest()
    # The neck begins where both shoulders do: one of the three is enough to be seen.
    spans = [
        (parent, places[bone])
        for bone, parent in enumerate(PARENTS)
        if parent >= 0 and not BONES[bone].endswith("Shoulder")
    ]
    for name, end in zip(ENDS, rig.ends, strict=True):
        spans.append((BONE[name], places[BONE[name]] + end))
    spans.append((BONE["Head"], places[BONE["Head"]] + rig.nose))
    shown = [(bone, end) for bone, end in spans if _side(bone) == side]
    theirs = [motion.ours.index(BONES[bone]) for bone, _ in shown]
    corners = np.concatenate(
        [
            _octahedron(np.zeros(3), end - places[bone]) @ lowered[bone].T + named_places[own]
            for (bone, end), own in zip(shown, theirs, strict=True)
        ]
    )
    sides = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return BoneMesh(
        positions=corners.reshape(-1, 3).astype(np.float32),
        normals=np.repeat(unit(sides), 3, axis=0).astype(np.float32),
        bones=np.repeat(theirs, 3 * len(_FACES)).astype(np.uint8),
    )


def _side(bone: int) -> str:
    return next(
        (side for side in ("left", "right") if BONES[bone].lower().startswith(side)), "middle"
    )


def _octahedron(start: Array, end: Array) -> Array:
    """(8, 3, 3) corners of the triangles, anticlockwise from outside."""
    along = end - start
    length = float(np.linalg.norm(along))
    y = along / length
    x = np.eye(3)[np.argmin(np.abs(y))]
    x = x - (x @ y) * y
    x /= np.linalg.norm(x)
    z = np.cross(x, y)
    thick = min(_THICK * length, _THICKEST_M)
    ring = [start + _WIDEST_AT * along + thick * way for way in (x, z, -x, -z)]
    result: Array = np.array([start, *ring, end])[_FACES]
    return result
