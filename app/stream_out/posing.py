"""Bone rotations from joint positions, frame by frame, for receivers that move a skeleton."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.export.rig import BONE, BONES, PARENTS, Array, Rig, axes_in_room
from app.export.skeleton_pose import Before, posed

_MEASURED_OVER: Final = 300
"""Number of poses over which the median of bone lengths is taken: ten seconds, long enough to
remove noise, short enough to follow a change of the height in the settings."""
_EVERY: Final = 30
"""Bone lengths are updated after this many poses: it takes 1 ms, and they hardly change."""
_FEET: Final = tuple(BONE[f"{side}Foot"] for side in ("Left", "Right"))


@dataclass(frozen=True, slots=True, eq=False)
class BonePose:
    """A skeleton at one moment; right-handed, y up, x to the image's right, z toward the camera."""

    rig: Rig
    hips: Array
    """(3,) metres, above a floor at y 0."""
    turns: Array
    """(19, 4) unit quaternions x, y, z, w of the bones relative to their parents and
    the rest pose."""
    known: NDArray[np.bool_]
    """(19,) bones whose joints have been seen so far; the others are in the rest pose."""


class LivePoser:
    """Computes bone rotations as :func:`app.export.skeleton_pose.posed`, frame by frame.

    The height of the hips is not measured live: it is chosen so that the lower foot stands on the
    floor, which lowers a person who squats or sits down.
    """

    def __init__(self) -> None:
        self._before = Before()
        self._recent: deque[tuple[Array, NDArray[np.bool_], NDArray[np.bool_]]] = deque(
            maxlen=_MEASURED_OVER
        )
        self._rig: Rig | None = None
        self._count = 0

    def pose(
        self,
        xyz: Array,
        seen: NDArray[np.bool_],
        missing: NDArray[np.bool_],
        time_s: float,
        feet: Array | None = None,
    ) -> BonePose:
        """Return the pose of the next frame.

        Args:
            xyz: (17, 3) metres from the pelvis, in the axes of :class:`BonePose`.
            seen: (17,) joints that were detected.
            missing: (17,) joints that are not known.
            time_s: seconds, increasing from frame to frame.
            feet: (4, 3) heels and toes, in the axes of ``xyz``, NaN where they are not known.
        """
        self._recent.append((xyz, seen, missing))
        if self._rig is None or self._count < _EVERY or self._count % _EVERY == 0:
            self._rig = Rig.fitted(*(np.stack(each) for each in zip(*self._recent, strict=True)))
        self._count += 1
        at = np.array([time_s])
        soles = None if feet is None else feet[None]
        pose = posed(self._rig, xyz[None], missing[None], at, self._before, soles)
        turns = pose.turns[0]
        known = np.array([_measured_bone(bone) in self._before.turns for bone in BONES])
        hips = np.array([0.0, _hips_height(self._rig, turns), 0.0])
        return BonePose(self._rig, hips, turns, known)


def _measured_bone(bone: str) -> str:
    """Return the bone whose rotation defines this one's: hands and feet follow their parents."""
    follows = bone.endswith(("Hand", "Foot"))
    return BONES[PARENTS[BONE[bone]]] if follows else bone


def _hips_height(rig: Rig, turns: Array) -> float:
    """Return the height of the hips if the lower foot is as high as in the rest pose, metres."""
    world, places = axes_in_room(turns), np.zeros((len(BONES), 3))
    for bone, parent in enumerate(PARENTS[1:], start=1):
        places[bone] = places[parent] + world[parent] @ rig.offsets[bone]
    feet = places[_FEET, 1]
    at_rest = rig.at_rest()[_FEET[0], 1]
    return float(at_rest - feet.min())
