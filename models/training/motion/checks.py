"""Plausibility checks of motion: size, uprightness, left and right, sudden jumps.

Positions are (frames, 17, 3), +Y up, in any unit unless stated otherwise; pelvis, thorax, spine,
nose and head are not used.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.skeleton import JOINT
from models.training.motion.kinematics import Array

_SUM_OF_BONES: Final = 1.85
"""Sum of trunk, thighs, shanks, upper arms and forearms over stature (see ``training.bodies``)."""

# Metres, metres per second, and ratios to the steps that follow.
_JUMP_M: Final = 0.10
_JUMP_SPEED: Final = 10.0
_JUMP_RATIO: Final = 4.0
_USUAL_SPEED: Final = 3.0
_USUAL_RATIO: Final = 1.3
_MOST_DROPPED: Final = 10


def stature(xyz: Array) -> float:
    """Estimate the body's stature in the unit of ``xyz`` from its bone lengths."""
    trunk = _middle(xyz, "shoulder") - _middle(xyz, "hip")
    total = np.linalg.norm(trunk, axis=-1)
    for side in ("left", "right"):
        for chain in (("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist")):
            for upper, lower in itertools.pairwise(chain):
                bone = xyz[:, JOINT[f"{side}_{upper}"]] - xyz[:, JOINT[f"{side}_{lower}"]]
                total = total + np.linalg.norm(bone, axis=-1)
    return float(np.median(total)) / _SUM_OF_BONES


def frames_of_another_pose(metres: NDArray[np.float32], rate: float) -> int:
    """Return the number of frames at the beginning (at most 10) that belong to an artificial pose.

    Converted files begin with a T-pose, which those of the CMU database blend into the take: in
    07_01, 10_01 and 13_30 joints move by 0.22 to 0.49 m in the first 1/120 s, 0.05 m in the fifth,
    and 0.02 m or 0.03 m from then on.  Kicks and throws, of 20 m/s at most, do not start abruptly.
    """
    limbs = np.delete(metres[:32], [JOINT["nose"], JOINT["head"]], axis=1)
    steps = np.linalg.norm(np.diff(limbs, axis=0), axis=-1).max(axis=-1)
    if len(steps) < 3:
        return 0
    usual = float(np.median(steps[min(_MOST_DROPPED, len(steps) // 2) :]))
    if steps[0] < max(_JUMP_M, _JUMP_SPEED / rate, _JUMP_RATIO * usual):
        return 0
    fast = steps[:_MOST_DROPPED] > max(_USUAL_SPEED / rate, _USUAL_RATIO * usual)
    return int(np.argmin(fast)) if not fast.all() else 1


def upright_note(xyz: Array) -> list[str]:
    """Return a sentence if the body is not upright along +Y in most frames."""
    along = _middle(xyz, "shoulder") - _middle(xyz, "ankle")
    length = np.linalg.norm(along, axis=-1)
    if np.median(along[:, 1] / np.maximum(length, 1e-12)) > 0.3:
        return []
    return [
        "Its person does not stand along +Y; if Z points up in the file, "
        'say "up": "z" in a joint map.'
    ]


def facing_note(xyz: Array, feet: Sequence[Array]) -> list[str]:
    """Return a sentence if left and right are exchanged: feet, or else knees, point backwards.

    ``feet`` are the vectors from ankles to toes, (frames, 3) each; empty if the skeleton ends at
    the ankles.
    """
    left = xyz[:, JOINT["left_hip"]] - xyz[:, JOINT["right_hip"]]
    forwards = np.cross(left, _middle(xyz, "shoulder") - _middle(xyz, "hip"))
    pointers = [foot for foot in feet if np.linalg.norm(foot[0]) > 0] or [
        2 * xyz[:, JOINT[f"{side}_knee"]]
        - xyz[:, JOINT[f"{side}_hip"]]
        - xyz[:, JOINT[f"{side}_ankle"]]
        for side in ("left", "right")
    ]
    ahead = np.mean([np.sign((pointer * forwards).sum(axis=-1)) for pointer in pointers])
    if ahead >= 0:
        return []
    return [
        "Its feet point backwards, as if left and right were exchanged; "
        "a joint map can exchange them."
    ]


def _middle(xyz: Array, part: str) -> Array:
    return np.asarray((xyz[:, JOINT[f"left_{part}"]] + xyz[:, JOINT[f"right_{part}"]]) / 2)
