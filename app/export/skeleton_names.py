"""Names of the bones of :mod:`app.export.rig` in other programs, one table per skeleton.

Each of our bones becomes one of theirs, or several in a row: the first has the head and the
rotation of ours, the others lie along it without rotation.  So ``"Spine1 Spine2"`` for our chest
are Mixamo's two upper bones of the back, with neck and shoulders on the second.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_TRUNK: Final = ("Hips", "Spine", "Chest", "Neck", "Head")
_LIMBS: Final = ("Shoulder", "Arm", "ForeArm", "Hand", "UpLeg", "Leg", "Foot")
ARMS: Final = ("Arm", "ForeArm", "Hand")
"""Bones that are rotated in a rest pose with lowered arms."""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Names and rest pose."""

    label: str
    """Name shown to the user."""
    bones: Mapping[str, tuple[str, ...]]
    """Our bone -> theirs, starting at the head of ours."""
    ends: str = "{last}_end"
    """Name pattern of the end of a chain, whose last bone is ``last``; ours is ``{ours}``."""
    root: str | None = None
    """Name of a root bone on the floor at the origin, if any."""
    lowered: bool = False
    """Whether its default rest pose has lowered arms."""
    lowered_deg: float = 45.0
    """Angle of lowered arms below the horizontal."""


def _bones(
    trunk: str, limbs: str, pattern: str, sides: tuple[str, str]
) -> dict[str, tuple[str, ...]]:
    def chains(text: str) -> Iterator[tuple[str, ...]]:
        return (tuple(chain.split()) for chain in text.split("|"))

    bones = dict(zip(_TRUNK, chains(trunk), strict=True))
    for ours, side in zip(("Left", "Right"), sides, strict=True):
        for bone, chain in zip(_LIMBS, chains(limbs), strict=True):
            named = tuple(pattern.format(bone=each, side=side) for each in chain)
            bones[f"{ours}{bone}"] = named
    return bones


MOTIONBUILDER: Final = "motionbuilder"
SKELETONS: Final = {
    MOTIONBUILDER: Skeleton(
        "MotionBuilder",
        _bones(
            "Hips | Spine | Chest | Neck | Head",
            "Shoulder | Arm | ForeArm | Hand | UpLeg | Leg | Foot",
            "{side}{bone}",
            ("Left", "Right"),
        ),
        ends="{ours}",
    ),
    # As in its downloadable characters; the back at 22, 44 and 64 % of the way to the neck.
    "mixamo": Skeleton(
        "Mixamo",
        _bones(
            "mixamorig:Hips | mixamorig:Spine | mixamorig:Spine1 mixamorig:Spine2"
            " | mixamorig:Neck | mixamorig:Head",
            "Shoulder | Arm | ForeArm | Hand | UpLeg | Leg | Foot ToeBase",
            "mixamorig:{side}{bone}",
            ("Left", "Right"),
        ),
        ends="mixamorig:{ours}",
    ),
    # UE5's Manny and Quinn, without twist bones, fingers and IK bones.  The back bends at 6, 18,
    # 31, 46 and 79 % of the way to the neck; the upper arms are 55 degrees below the horizontal.
    "unreal": Skeleton(
        "Unreal (UE5 Manny)",
        _bones(
            "pelvis | spine_01 spine_02 spine_03 | spine_04 spine_05 | neck_01 neck_02 | head",
            "clavicle | upperarm | lowerarm | hand | thigh | calf | foot ball",
            "{bone}_{side}",
            ("l", "r"),
        ),
        root="root",
        lowered=True,
        lowered_deg=55.0,
    ),
    # UnityEngine.HumanBodyBones; UpperChest is optional there and left out.
    "unity": Skeleton(
        "Unity (Humanoid)",
        _bones(
            "Hips | Spine | Chest | Neck | Head",
            "Shoulder | UpperArm | LowerArm | Hand | UpperLeg | LowerLeg | Foot Toes",
            "{side}{bone}",
            ("Left", "Right"),
        ),
    ),
    # Blender's "Human (Meta-Rig)"; its upper arms are 29 degrees below the horizontal.
    "rigify": Skeleton(
        "Rigify (Blender)",
        _bones(
            "spine | spine.001 | spine.002 spine.003 | spine.004 spine.005 | spine.006",
            "shoulder | upper_arm | forearm | hand | thigh | shin | foot toe",
            "{bone}.{side}",
            ("L", "R"),
        ),
        lowered_deg=29.0,
    ),
    # Human bones of VRM 1.0; upperChest is optional there and left out.
    "vrm": Skeleton(
        "VRM 1.0",
        _bones(
            "hips | spine | chest | neck | head",
            "Shoulder | UpperArm | LowerArm | Hand | UpperLeg | LowerLeg | Foot Toes",
            "{side}{bone}",
            ("left", "right"),
        ),
    ),
}
