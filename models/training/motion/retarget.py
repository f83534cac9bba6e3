"""Conversion of a take of any skeleton to the 17 joints in metres, +Y up, with plausibility checks:
size, uprightness, left and right, sudden jumps.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from models.skeleton import JOINT, JOINT_COUNT
from models.training.motion.clips import derive_midpoints
from models.training.motion.joint_maps import (
    HEAD_ABOVE_SKULL,
    LIMB_JOINTS,
    NOSE_ABOVE_SKULL,
    JointMap,
    Source,
    find,
)
from models.training.motion.kinematics import Array, Placed, Take, place
from models.training.motion.text import MotionFileError

_STATURE_M: Final = 1.70
_ALONG_AXIS: Final = 0.9
"""Cosine of 26 degrees: in rest poses trunks may bend a little, and legs may be apart."""
_PLAUSIBLE_M: Final = (1.25, 2.15)
"""Plausible statures: at most one of the units below gives such a body, as they differ by a factor
of at least 1.77."""

_UNITS: Final = {
    "metres": 1.0,
    "feet": 0.3048,
    "decimetres": 0.1,
    "the CMU database's units of 56 mm": 0.0254 / 0.45,
    "inches": 0.0254,
    "centimetres": 0.01,
    "millimetres": 0.001,
}
_Z_UP: Final = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


def to_joints(
    take: Take, joint_map: JointMap, path: Path
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Convert a take to positions (frames, 17, 3) in metres, +Y up; also return correction notes.

    If the map has no nose or head, they are placed at ``NOSE_ABOVE_SKULL`` and
    ``HEAD_ABOVE_SKULL`` from the skull joint.  The skull's up and forward axes are those of the
    rest pose if that is aligned with a coordinate axis, else the mean axes of the trunk over the
    take, which assumes that people look ahead on average.  For the five CMU takes named there, the
    first method places the nose 1 to 3 mm from its position in the packs, the second 12 to 45 mm.

    The map must fit the skeleton (``joint_maps.require``).

    Raises:
        MotionFileError: the skeleton's size is zero or not finite.
    """
    names = take.names
    index = {name: _index(name, names) for name in joint_map.wanted()}
    toes = _toes(take, joint_map, index)
    placed = _place_upright(take, {*index.values(), *toes}, joint_map)
    solved = {name: placed[number] for name, number in index.items()}
    xyz = np.zeros((take.frames, JOINT_COUNT, 3))
    for joint in LIMB_JOINTS:
        xyz[:, JOINT[joint]] = _mean(joint_map.sources[joint], solved)
    size = stature(xyz)
    if not (math.isfinite(size) and size > 0):
        raise MotionFileError(f"Cannot read {path}: its skeleton has no size.")
    unit, notes = _unit(size, take, joint_map)
    _offset(xyz, take, joint_map, solved, size / _STATURE_M)
    feet = [placed[toe].position - placed[take.joints[toe].parent].position for toe in toes]
    notes += [*upright_note(xyz), *facing_note(xyz, feet)]
    metres = derive_midpoints(torch.from_numpy((xyz * unit).astype(np.float32))).numpy()
    skipped = frames_of_another_pose(metres, take.rate)
    if skipped:
        notes.append("It begins with a pose from which it jumps; that is left out.")
    return metres[skipped:], take.notes + tuple(notes)


def _place_upright(take: Take, wanted: Iterable[int], joint_map: JointMap) -> dict[int, Placed]:
    """Compute joints with Y up; for a file with Z up, rotations are converted as well."""
    placed = place(take, set(wanted))
    if joint_map.up == "y":
        return placed
    return {
        index: Placed(each.position @ _Z_UP.T, _Z_UP @ each.rotation @ _Z_UP.T)
        for index, each in placed.items()
    }


def _index(name: str, names: tuple[str, ...]) -> int:
    index = find(name, names)
    if index is None:
        raise ValueError(f"{name} is not a joint of this skeleton")
    return index


def _toes(take: Take, joint_map: JointMap, index: dict[str, int]) -> list[int]:
    """Return the first child of each ankle."""
    ankles = [index[joint_map.sources[f"{side}_ankle"].joints[0]] for side in ("left", "right")]
    parents = [joint.parent for joint in take.joints]
    return [parents.index(ankle) for ankle in ankles if ankle in parents]


def _mean(source: Source, solved: dict[str, Placed]) -> Array:
    return np.asarray(np.mean([solved[name].position for name in source.joints], axis=0))


def _unit(size: float, take: Take, joint_map: JointMap) -> tuple[float, list[str]]:
    """Return the length of 1 in metres, for a body whose stature is ``size`` in the file's unit."""
    low, high = _PLAUSIBLE_M
    if joint_map.unit is not None:
        return joint_map.unit, []
    if take.unit is not None and low <= size * take.unit <= high:
        return take.unit, []
    for name, unit in _UNITS.items():
        if low <= size * unit <= high:
            return unit, [] if unit == 1 else [f"Its lengths are read as {name}."]
    what = f"In no known unit is its body of human size; it is scaled to {_STATURE_M:.2f} m."
    return _STATURE_M / size, [what]


def _offset(
    xyz: Array, take: Take, joint_map: JointMap, solved: dict[str, Placed], scale: float
) -> None:
    """Add the sources' offsets, and place nose and head; ``scale`` is file units per metre."""
    for joint, source in joint_map.sources.items():
        rotated = solved[source.joints[0]].rotation @ (np.array(source.offset) * scale)
        xyz[:, JOINT[joint]] = _mean(source, solved) + rotated
    if joint_map.skull is None:
        return
    skull = solved[joint_map.skull]
    up, forwards = _rest_skull_axes(take, joint_map) or _mean_skull_axes(xyz, skull.rotation)
    for joint, (above, before) in (("nose", NOSE_ABOVE_SKULL), ("head", HEAD_ABOVE_SKULL)):
        if joint not in joint_map.sources:
            rotated = skull.rotation @ ((above * up + before * forwards) * scale)
            xyz[:, JOINT[joint]] = skull.position + rotated


def _rest_skull_axes(take: Take, joint_map: JointMap) -> tuple[Array, Array] | None:
    """Return up and forwards, (3,) each, of a skeleton whose rest pose is standing; else None."""
    joints = tuple(
        replace(joint, shift=np.median(np.atleast_2d(joint.shift), axis=0), turns=())
        for joint in take.joints
    )
    index = {name: _index(name, take.names) for name in joint_map.wanted()}
    placed = _place_upright(Take(joints, 1, take.rate), index.values(), joint_map)
    middle = {}
    for part in ("hip", "ankle", "shoulder"):
        sides = [
            _mean(joint_map.sources[f"{side}_{part}"], {n: placed[i] for n, i in index.items()})[0]
            for side in ("left", "right")
        ]
        middle[part] = np.mean(sides, axis=0)
        left = sides[0] - sides[1]
    trunk, legs = middle["shoulder"] - middle["hip"], middle["hip"] - middle["ankle"]
    up, across = _nearest_axis(trunk), _nearest_axis(left)
    if up is None or across is None or _unit_vector(legs) @ up < _ALONG_AXIS:
        return None
    return up, np.cross(across, up)


def _nearest_axis(vector: Array) -> Array | None:
    """Return the signed coordinate axis nearest to a vector (3,); None if none is near enough."""
    unit = _unit_vector(vector)
    axis = np.rint(unit)
    return axis if unit @ axis > _ALONG_AXIS else None


def _mean_skull_axes(xyz: Array, rotation: Array) -> tuple[Array, Array]:
    """Return up and forwards, (3,) each, in the axes of a skull rotated by (frames, 3, 3)."""
    left = xyz[:, JOINT["left_shoulder"]] - xyz[:, JOINT["right_shoulder"]]
    hips = xyz[:, JOINT["left_hip"]] + xyz[:, JOINT["right_hip"]]
    trunk = xyz[:, JOINT["left_shoulder"]] + xyz[:, JOINT["right_shoulder"]] - hips
    forwards = _unit_vector(np.cross(left, trunk))
    skull_forwards = _unit_vector(np.einsum("nji,nj->ni", rotation, forwards).mean(axis=0))
    skull_up = np.einsum("nji,nj->ni", rotation, _unit_vector(trunk)).mean(axis=0)
    skull_up = _unit_vector(skull_up - skull_forwards * (skull_up @ skull_forwards))
    return skull_up, skull_forwards


def _unit_vector(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12))


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
