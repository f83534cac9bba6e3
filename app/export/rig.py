"""The exported skeleton: rigid bones with MotionBuilder's names.

The rest pose is a T-pose on the floor, facing +z, y up, the left arm along +x, with identity
rotations.  19 bones, and 5 ends that define the lengths of the last bones:

======================= ================================ =========================================
bone                    begins at                        our joint there
======================= ================================ =========================================
Hips                    the middle of the hips           pelvis
Spine                   a tenth up the trunk             none: a bone of no length has no direction
Chest                   half-way up the trunk            spine
Neck                    the middle of the shoulders      thorax
Head                    the middle of the ears           head
LeftShoulder            the middle of the shoulders      thorax
LeftArm                 the shoulder                     left_shoulder
LeftForeArm             the elbow                        left_elbow
LeftHand                the wrist                        left_wrist
LeftUpLeg               the hip                          left_hip
LeftLeg                 the knee                         left_knee
LeftFoot                the ankle                        left_ankle
======================= ================================ =========================================

and Right… likewise.  The nose is not a bone: it is at ``Rig.nose`` in the axes of the head.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.motion.ground import ANKLE_M
from app.motion.rotations import matrices
from models.skeleton import JOINT

Array = NDArray[np.float64]

BONES: Final = (
    "Hips", "Spine", "Chest", "Neck", "Head",
    "LeftShoulder", "LeftArm", "LeftForeArm", "LeftHand",
    "RightShoulder", "RightArm", "RightForeArm", "RightHand",
    "LeftUpLeg", "LeftLeg", "LeftFoot", "RightUpLeg", "RightLeg", "RightFoot",
)  # fmt: skip
"""Each followed by its descendants, as in hierarchy files."""
BONE: Final = {name: index for index, name in enumerate(BONES)}
PARENTS: Final = (-1, 0, 1, 2, 3, 2, 5, 6, 7, 2, 9, 10, 11, 0, 13, 14, 0, 16, 17)
ENDS: Final = {
    "Head": "HeadTop_End",
    "LeftHand": "LeftHand_End",
    "RightHand": "RightHand_End",
    "LeftFoot": "LeftToe_End",
    "RightFoot": "RightToe_End",
}
"""Bone -> its end."""
JOINT_OF: Final = {
    "Hips": "pelvis", "Chest": "spine", "Neck": "thorax", "Head": "head",
    "LeftShoulder": "thorax", "RightShoulder": "thorax",
} | {
    f"{side.title()}{bone}": f"{side}_{joint}"
    for side in ("left", "right")
    for bone, joint in (
        ("Arm", "shoulder"), ("ForeArm", "elbow"), ("Hand", "wrist"),
        ("UpLeg", "hip"), ("Leg", "knee"), ("Foot", "ankle"),
    )
}  # fmt: skip
"""Bone -> the joint of ``models.skeleton`` at its head."""
SIDES: Final = (("Left", 1.0), ("Right", -1.0))
"""Sides with the sign of x."""

SPINE_UP: Final = 0.1
"""Start of the spine between pelvis and thorax.

Engines refuse bones of zero length, so it cannot begin at the pelvis; the higher it begins, the
more a trunk bent sideways misses the thorax: 3 mm at 20 degrees, 8 mm at 30.
"""
NOSE_PITCH: Final = 0.156
"""Radians by which the line from the ears to the nose points down when the head is level: 20 mm on
127 mm, as on the performer's head."""

_MEASURED: Final = {
    "hip": (("pelvis", "left_hip"), ("pelvis", "right_hip")),
    "thigh": (("left_hip", "left_knee"), ("right_hip", "right_knee")),
    "shank": (("left_knee", "left_ankle"), ("right_knee", "right_ankle")),
    "trunk": (("pelvis", "thorax"),),
    "neck": (("thorax", "head"),),
    "face": (("head", "nose"),),
    "shoulder": (("thorax", "left_shoulder"), ("thorax", "right_shoulder")),
    "upper_arm": (("left_shoulder", "left_elbow"), ("right_shoulder", "right_elbow")),
    "forearm": (("left_elbow", "left_wrist"), ("right_elbow", "right_wrist")),
}
_USUAL: Final = {
    "hip": 0.096, "thigh": 0.425, "shank": 0.425, "trunk": 0.495, "neck": 0.224, "face": 0.129,
    "shoulder": 0.178, "upper_arm": 0.285, "forearm": 0.25,
}  # fmt: skip
"""The performer's lengths in metres, which replace unknown ones, scaled to the known ones."""
_LEAST_M: Final = 0.01

_BODY: Final = {"leg": 0.491, "toe": 0.110, "hand": 0.108, "crown": 0.064}
"""Fractions of the body's height (Winter, Biomechanics and Motor Control of Human Movement, 4th
ed., figure 4.1): hip to ankle, ankle to toes (0.152 less the heel), hand, eyes to the top of the
head.  The ends are not joints; they follow from the legs.  Soles are as in
:mod:`app.motion.ground`, otherwise people placed in the room would stand above its floor."""


@dataclass(frozen=True, slots=True)
class Rig:
    """A person's bones at rest, in metres."""

    offsets: Array
    """(19, 3) head of each bone relative to its parent's; zero for the hips."""
    ends: Array
    """(5, 3) each end relative to its bone's head, in the order of ``ENDS``."""
    nose: Array
    """(3,) position relative to the head bone."""
    hips_height: float
    """Height of the hips above the floor."""

    @classmethod
    def fitted(cls, xyz: Array, seen: NDArray[np.bool_], missing: NDArray[np.bool_]) -> Rig:
        """Return lengths for the whole recording, equal for left and right.

        Each is the median over the frames in which both joints were seen, or else interpolated; an
        unknown one is that of an average adult, scaled to the others.

        Args:
            xyz: (N, 17, 3) metres.
            seen: (N, 17) joints that were detected.
            missing: (N, 17) joints that are unknown.
        """
        found = {name: _median(xyz, seen, missing, pairs) for name, pairs in _MEASURED.items()}
        ratios = [length / _USUAL[name] for name, length in found.items() if length > _LEAST_M]
        size = float(np.median(ratios)) if ratios else 1.0
        return cls._built(
            {
                name: length if length > _LEAST_M else size * _USUAL[name]
                for name, length in found.items()
            }
        )

    @classmethod
    def _built(cls, length: dict[str, float]) -> Rig:
        height = (length["thigh"] + length["shank"]) / _BODY["leg"]
        offsets = np.zeros((len(BONES), 3))
        along = {"Spine": SPINE_UP, "Chest": 0.5 - SPINE_UP, "Neck": 0.5}
        for bone, share in along.items():
            offsets[BONE[bone], 1] = share * length["trunk"]
        offsets[BONE["Head"], 1] = length["neck"]
        ends = {"Head": (0.0, _BODY["crown"] * height, 0.0)}
        for name, side in SIDES:
            offsets[BONE[f"{name}Shoulder"]] = offsets[BONE["Neck"]]
            for bone, part in (("Arm", "shoulder"), ("ForeArm", "upper_arm"), ("Hand", "forearm")):
                offsets[BONE[f"{name}{bone}"], 0] = side * length[part]
            offsets[BONE[f"{name}UpLeg"], 0] = side * length["hip"]
            offsets[BONE[f"{name}Leg"], 1] = -length["thigh"]
            offsets[BONE[f"{name}Foot"], 1] = -length["shank"]
            ends[f"{name}Hand"] = (side * _BODY["hand"] * height, 0.0, 0.0)
            ends[f"{name}Foot"] = (0.0, -ANKLE_M, _BODY["toe"] * height)
        nose = (0.0, -math.sin(NOSE_PITCH), math.cos(NOSE_PITCH))
        return cls(
            offsets=offsets,
            ends=np.array([ends[bone] for bone in ENDS]),
            nose=length["face"] * np.array(nose),
            hips_height=length["thigh"] + length["shank"] + ANKLE_M,
        )

    def at_rest(self) -> Array:
        """Return (19, 3) heads of the bones at rest, floor at y 0."""
        places = np.zeros((len(BONES), 3))
        places[0, 1] = self.hips_height
        for bone, parent in enumerate(PARENTS[1:], start=1):
            places[bone] = places[parent] + self.offsets[bone]
        return places


def axes_in_room(turns: Array) -> list[Array]:
    """Return the (N, 3, 3) axes of each bone in the room, for (N, 19, 4) rotations relative to the
    parents; for (19, 4) of one frame (3, 3) each."""
    found: list[Array] = []
    for bone, parent in enumerate(PARENTS):
        local = matrices(turns[..., bone, :])
        found.append(local if parent < 0 else found[parent] @ local)
    return found


def _median(
    xyz: Array,
    seen: NDArray[np.bool_],
    missing: NDArray[np.bool_],
    pairs: tuple[tuple[str, str], ...],
) -> float:
    """Return the median length of equal bones, from the best frames; 0 if unknown."""
    for known in (seen, ~missing):
        lengths = [
            np.linalg.norm(xyz[both, JOINT[one]] - xyz[both, JOINT[other]], axis=-1)
            for one, other in pairs
            for both in [known[:, JOINT[one]] & known[:, JOINT[other]]]
        ]
        every = np.concatenate(lengths)
        if len(every):
            return float(np.median(every))
    return 0.0
