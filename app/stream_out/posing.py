"""Joint positions -> turns of bones, one frame at a time, for receivers that move a skeleton."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.export.rig import BONE, BONES, PARENTS, Array, Rig, axes_in_room
from app.export.skeleton_pose import Before, posed

_MEASURED_OVER: Final = 300
"""Poses that bone lengths are the median of: ten seconds, in which noise is gone and a person who
changes the height in the settings does not wait long."""
_EVERY: Final = 30
"""Lengths are taken anew after so many poses: 1 ms for something that hardly changes."""
_FEET: Final = tuple(BONE[f"{side}Foot"] for side in ("Left", "Right"))


@dataclass(frozen=True, slots=True, eq=False)
class BonePose:
    """A skeleton at one moment; right-handed, y up, x to the image's right, z toward the camera."""

    rig: Rig
    hips: Array
    """(3,) metres, above a floor at y 0."""
    turns: Array
    """(19, 4) unit quaternions x, y, z, w of the bones against their parents, at rest none."""
    known: NDArray[np.bool_]
    """(19,) bones whose joints have been seen by now; the others are as at rest."""


class LivePoser:
    """Turns the bones as :func:`app.export.skeleton_pose.posed` does, from frame to frame.

    Nothing live says how high the hips are: they are put where the lower foot stands on the floor,
    so that one who squats or sits down goes down.
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
        """Take the next frame.

        Args:
            xyz: (17, 3) metres from the pelvis, in the axes of :class:`BonePose`.
            seen: (17,) joints the detector saw.
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
        known = np.array([_turned_with(bone) in self._before.turns for bone in BONES])
        hips = np.array([0.0, _hips_height(self._rig, turns), 0.0])
        return BonePose(self._rig, hips, turns, known)


def _turned_with(bone: str) -> str:
    """The bone whose turn says how this one lies: hands and feet only go along."""
    goes_along = bone.endswith(("Hand", "Foot"))
    return BONES[PARENTS[BONE[bone]]] if goes_along else bone


def _hips_height(rig: Rig, turns: Array) -> float:
    """Metres above the floor on which the lower foot stands as high as at rest."""
    world, places = axes_in_room(turns), np.zeros((len(BONES), 3))
    for bone, parent in enumerate(PARENTS[1:], start=1):
        places[bone] = places[parent] + world[parent] @ rig.offsets[bone]
    feet = places[_FEET, 1]
    at_rest = rig.at_rest()[_FEET[0], 1]
    return float(at_rest - feet.min())
