"""A posed skeleton with the bones, names and rest pose of another program.

At rest the axes of every bone are those of the room: the rest pose is defined by the bones' heads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.export.file_options import FileOptions
from app.export.rig import BONE, BONES, ENDS, PARENTS, SIDES, Array, Rig
from app.export.skeleton_names import ARMS, SKELETONS, Skeleton
from app.export.skeleton_pose import SkeletonMotion
from app.motion.rotations import matrices, quaternions, without_jumps

_BALL: Final = np.array([1.0, 1.0, 0.63])
"""Position of the toe joint between the ankle and the tips of the toes: on the floor, at the ball
of the foot, at 73 % of its length (ANSUR II), of which 28 % are behind the ankle."""


@dataclass(frozen=True, slots=True, eq=False)
class NamedMotion:
    """N frames of B bones, each followed by its descendants."""

    rig: Rig
    names: tuple[str, ...]
    parents: tuple[int, ...]
    """Index of each bone's parent, -1 for the first."""
    ours: tuple[str | None, ...]
    """For each bone the corresponding one of ``app.export.rig``; None if it only lies along one."""
    offsets: Array
    """(B, 3) head of each bone at rest relative to its parent's, metres; zero for the first."""
    ends: tuple[tuple[str, int, Array], ...]
    """Ends of the last bones: name, bone, and (3,) relative to its head."""
    root: str | None
    """Name of a root bone on the floor at the origin, if any."""
    lowered_deg: float
    """Angle of the arms at rest below the horizontal."""
    time_s: NDArray[np.float64]
    """(N,) seconds, strictly increasing."""
    place: Array
    """(N, 3) position of the first bone, metres, y up, floor at y 0."""
    turns: Array
    """(N, B, 4) unit quaternions x, y, z, w of each bone relative to its parent, identity at
    rest."""
    held: NDArray[np.bool_]
    """(N, B) bones that keep their rotation because joints are missing."""

    def at_rest(self) -> Array:
        """Return (B, 3) heads of the bones at rest, floor at y 0."""
        places = np.zeros((len(self.names), 3))
        places[0, 1] = self.rig.hips_height
        for bone, parent in enumerate(self.parents[1:], start=1):
            places[bone] = places[parent] + self.offsets[bone]
        return places


def named(motion: SkeletonMotion, options: FileOptions) -> NamedMotion:
    """Return ``motion`` with the bones that ``options`` ask for."""
    skeleton = SKELETONS[options.skeleton]
    lowered = skeleton.lowered if options.rest is None else options.rest == "a"
    lowered_deg = skeleton.lowered_deg if lowered else 0.0
    turned = at_rest_turned(lowered_deg)
    bones = _Bones(motion.rig, skeleton, turned)
    turns = np.tile((0.0, 0.0, 0.0, 1.0), (len(motion.time_s), len(bones.names), 1))
    held = np.zeros(turns.shape[:2], bool)
    for index, ours in enumerate(bones.ours):
        if ours is not None:
            turns[:, index] = _turns(motion, BONE[ours], turned)
            held[:, index] = motion.held[:, BONE[ours]]
    return NamedMotion(
        rig=motion.rig,
        names=tuple(bones.names),
        parents=tuple(bones.parents),
        ours=tuple(bones.ours),
        offsets=np.array(bones.offsets),
        ends=tuple(bones.ends),
        root=skeleton.root,
        lowered_deg=lowered_deg,
        time_s=motion.time_s,
        place=motion.root,
        turns=turns,
        held=held,
    )


def at_rest_turned(lowered_deg: float) -> Array:
    """Return (19, 3, 3) rotations of each bone from a T-pose to lowered arms."""
    turned = np.tile(np.eye(3), (len(BONES), 1, 1))
    for side, sign in SIDES:
        angle = -sign * math.radians(lowered_deg)
        c, s = math.cos(angle), math.sin(angle)
        for bone in ARMS:
            turned[BONE[f"{side}{bone}"]] = [[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]
    return turned


def _turns(motion: SkeletonMotion, bone: int, turned: Array) -> Array:
    """Return (N, 4) rotations of one of our bones relative to its rotated rest pose."""
    from_t = motion.turns[:, bone]
    parent = PARENTS[bone]
    if parent < 0 or np.array_equal(turned[bone], np.eye(3)):
        return from_t
    return without_jumps(quaternions(turned[parent] @ matrices(from_t) @ turned[bone].T))


class _Bones:
    """A skeleton's bones at rest, in the order of :class:`NamedMotion`."""

    def __init__(self, rig: Rig, skeleton: Skeleton, turned: Array) -> None:
        self.names: list[str] = []
        self.parents: list[int] = []
        self.ours: list[str | None] = []
        self.offsets: list[Array] = []
        self.ends: list[tuple[str, int, Array]] = []
        last: list[int] = []  # of each of ours, their last bone along it,
        begins: list[Array] = []  # and where that begins, from where ours does
        for bone, (ours, parent) in enumerate(zip(BONES, PARENTS, strict=True)):
            chain = skeleton.bones[ours]
            step = turned[bone] @ _reach(rig, bone) / len(chain)
            if ours.endswith("Foot"):
                step = turned[bone] @ _reach(rig, bone) * _BALL
            hangs_on, offset = -1, np.zeros(3)
            if parent >= 0:
                hangs_on = last[parent]
                offset = turned[parent] @ rig.offsets[bone] - begins[parent]
            for number, name in enumerate(chain):
                self.names.append(name)
                self.parents.append(len(self.names) - 2 if number else hangs_on)
                self.ours.append(None if number else ours)
                self.offsets.append(step if number else offset)
            last.append(len(self.names) - 1)
            begins.append(step * (len(chain) - 1))
            if ours in ENDS:
                end = turned[bone] @ rig.ends[list(ENDS).index(ours)] - begins[bone]
                called = skeleton.ends.format(ours=ENDS[ours], last=chain[-1])
                self.ends.append((called, last[bone], end))


def _reach(rig: Rig, bone: int) -> Array:
    """Return (3,) from the head of one of our bones to its end, or to its child's head."""
    if BONES[bone] in ENDS:
        end: Array = rig.ends[list(ENDS).index(BONES[bone])]
        return end
    next_begins: Array = rig.offsets[PARENTS.index(bone)]
    return next_begins
