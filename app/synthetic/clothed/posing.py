"""Poses a body by captured motion: the motion's directions, the body's own lengths.

Axial rotations of limbs and the orientation of feet come from the performer, to which the motion is
retargeted (``app.synthetic.performer.retargeting``).  The body's bones are rotated as the
performer's, and then corrected so that its *keypoints* lie in the motion's directions: a straight
leg in the motion is straight in the ground truth, whatever the course of the body's bones.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.synthetic.clothed.body import Figure
from app.synthetic.performer.motion import BONE
from app.synthetic.performer.retargeting import Take
from app.synthetic.performer.variation import Proportions
from models.skeleton import JOINT

Array = NDArray[np.float64]

_PROPORTIONS: Final = Proportions()
_SPINE: Final = {"spine05": 0.15, "spine04": 0.4, "spine03": 0.65, "spine02": 0.9, "spine01": 1.0}
"""Interpolation between the pelvis' and the chest's rotation for each bone of the spine."""
_NECK: Final = {"neck01": 0.25, "neck02": 0.5, "neck03": 0.75, "head": 1.0}
_LIMBS: Final = (
    ("hip", "knee", ("upperleg01", "upperleg02")),
    ("knee", "ankle", ("lowerleg01", "lowerleg02")),
    ("shoulder", "elbow", ("upperarm01", "upperarm02")),
    ("elbow", "wrist", ("lowerarm01", "lowerarm02")),
)
_ROUNDS: Final = 3
"""Iterations of the correction of limbs: straight legs are off by 0.03 degrees then."""
_SHRUG: Final = 0.22
"""Fraction of a raised upper arm's rotation that its clavicle follows."""
_FLESH_M: Final = {"knee": 0.06, "wrist": 0.03, "elbow": 0.04, "hip": 0.1}
"""Extent of the flesh below these joints of a person who kneels, sits or lies."""
_FACE_M: Final = 0.1
_HEEL_M, _TOE_M = -0.055, 0.125
"""From the performer's ankle forward to the ends of the sole."""


class Manner(NamedTuple):
    """What the motion's 17 joints do not determine, or not well."""

    turn: tuple[float, float]
    """Radians of axial rotation of the left and the right forearm."""
    curl: tuple[float, float]
    """Radians of flexion of each finger joint, left and right hand."""
    head: Array
    """(2, 3) radians of head rotation beyond the motion at the beginning and the end of the take:
    down, to the left, to the right shoulder."""


class Posed(NamedTuple):
    """The poses of a body in T frames."""

    matrices: Array
    """(T, B, 3, 4) transforms of the bones from rest to the world: +Y up, the floor at y = 0."""
    keypoints: Array
    """(T, K, 3) the detector's joints."""


def pose(figure: Figure, xyz: NDArray[np.floating], rate: float, manner: Manner) -> Posed:
    """Pose a body by captured motion (T, 17, 3), metres, +Y up; it moves around the origin."""
    take = Take(_PROPORTIONS, xyz, rate)
    poses = [take.at(frame / rate) for frame in range(len(xyz))]
    axes = np.stack([each.axes for each in poses])
    joints = np.stack([each.joints for each in poses])
    turns = _bone_rotations(figure, axes, manner)
    moments = figure.moments()
    scale = _leg(figure) / _PROPORTIONS.leg
    root = joints[:, JOINT["pelvis"]] * scale
    for _ in range(_ROUNDS):
        matrices = figure.transforms(turns, root)
        _correct(figure, turns, _keypoints(moments, matrices), joints)
    matrices = figure.transforms(turns, root)
    drop = _lowest(figure, matrices) - scale * _above_floor(axes, joints)
    matrices[..., 1, 3] -= drop[:, None]
    return Posed(matrices, _keypoints(moments, matrices))


def _leg(figure: Figure) -> float:
    k = figure.keypoints()
    return sum(
        float(np.linalg.norm(k[f"left_{a}"] - k[f"left_{b}"]))
        for a, b in (("hip", "knee"), ("knee", "ankle"))
    )


def _keypoints(moments: Array, matrices: Array) -> Array:
    result: Array = np.einsum("kbj,tbij->tki", moments, matrices, optimize=True)
    return result


def _bone_rotations(figure: Figure, axes: Array, manner: Manner) -> Array:
    """Return (T, B, 3, 3) the rotation of each bone relative to the rest pose."""
    rest = figure.keypoints()
    turns: dict[str, Array] = {}
    pelvis, chest, head = (axes[:, BONE[name]] for name in ("pelvis", "chest", "head"))
    share = np.linspace(0.0, 1.0, len(axes))[:, None]
    beyond = (1 - share) * manner.head[0] + share * manner.head[1]
    head = head @ Rotation.from_euler("xyz", beyond).as_matrix()
    turns["root"] = pelvis
    turns |= {name: _between(pelvis, chest, share) for name, share in _SPINE.items()}
    turns |= {name: _between(chest, head, share) for name, share in _NECK.items()}
    for side, letter in (("left", "L"), ("right", "R")):
        turns |= _leg_turns(axes, rest, side, letter)
        turns |= _arm_turns(axes, rest, side, letter, manner)
    result = np.zeros((len(axes), len(figure.heads), 3, 3))
    for name, bone in figure.rig.bones.items():
        own = turns.get(name)
        result[:, bone] = result[:, figure.rig.parents[bone]] if own is None else own
    _curl(figure, result, manner)
    return result


def _leg_turns(axes: Array, rest: dict[str, Array], side: str, letter: str) -> dict[str, Array]:
    left = np.array([1.0, 0.0, 0.0])
    hip, knee, ankle = (rest[f"{side}_{part}"] for part in ("hip", "knee", "ankle"))
    thigh = axes[:, BONE[f"{side}_thigh"]] @ _limb(knee - hip, left).T
    shank = axes[:, BONE[f"{side}_shank"]] @ _limb(ankle - knee, left).T
    return {
        f"upperleg01.{letter}": thigh,
        f"upperleg02.{letter}": thigh,
        f"lowerleg01.{letter}": shank,
        f"lowerleg02.{letter}": shank,
        f"foot.{letter}": axes[:, BONE[f"{side}_foot"]],
    }


def _arm_turns(
    axes: Array, rest: dict[str, Array], side: str, letter: str, manner: Manner
) -> dict[str, Array]:
    shoulder, elbow, wrist = (rest[f"{side}_{part}"] for part in ("shoulder", "elbow", "wrist"))
    hinge = np.cross(wrist - elbow, elbow - shoulder)
    upper = axes[:, BONE[f"{side}_upper_arm"]] @ _limb(elbow - shoulder, hinge).T
    fore = axes[:, BONE[f"{side}_forearm"]]
    turn = manner.turn["LR".index(letter)]
    at_rest = _limb(wrist - elbow, hinge).T
    half, whole = (
        fore @ Rotation.from_euler("y", turn * s).as_matrix() @ at_rest for s in (0.4, 1)
    )
    chest = axes[:, BONE["chest"]]
    raised = _shortest(chest @ (elbow - shoulder), -axes[:, BONE[f"{side}_upper_arm"], :, 1])
    collar = Rotation.from_rotvec(_SHRUG * raised.as_rotvec()).as_matrix() @ chest
    return {
        f"clavicle.{letter}": collar,
        f"shoulder01.{letter}": collar,
        f"upperarm01.{letter}": upper,
        f"upperarm02.{letter}": upper,
        f"lowerarm01.{letter}": half,
        f"lowerarm02.{letter}": whole,
        f"wrist.{letter}": whole,
    }


def _curl(figure: Figure, turns: Array, manner: Manner) -> None:
    """Bend the fingers, since people do not keep them straight all the time."""
    bones = figure.rig.bones
    for letter, angle in zip("LR", manner.curl, strict=True):
        place = {b: figure.heads[bones[f"{b}.{letter}"]] for b in ("finger2-1", "finger5-1")}
        across = place["finger5-1"] - place["finger2-1"]
        # Toward the palm, which lies away from the thumb's and the index' back on either hand.
        axis = across / np.linalg.norm(across) * (1.0 if letter == "L" else -1.0)
        for finger in range(2, 6):
            for joint in range(1, 4):
                bend = Rotation.from_rotvec(axis * angle * joint).as_matrix()
                turns[:, bones[f"finger{finger}-{joint}.{letter}"]] = (
                    turns[:, bones[f"wrist.{letter}"]] @ bend
                )


def _correct(figure: Figure, turns: Array, keypoints: Array, joints: Array) -> None:
    """Rotate the limbs so that their keypoints lie in the directions of the joints."""
    names, bones = figure.rig.keypoints, figure.rig.bones
    for side, letter in (("left", "L"), ("right", "R")):
        for start, end, moved in _LIMBS:
            a, b = f"{side}_{start}", f"{side}_{end}"
            is_ = keypoints[:, names[b]] - keypoints[:, names[a]]
            wanted = joints[:, JOINT[b]] - joints[:, JOINT[a]]
            turn = _shortest(is_, wanted).as_matrix()
            for name in moved:
                bone = bones[f"{name}.{letter}"]
                turns[:, bone] = turn @ turns[:, bone]


def _lowest(figure: Figure, matrices: Array) -> Array:
    """Return (T,) the height of the lowest vertex."""
    flat = matrices[:, :, 1].transpose(1, 0, 2).reshape(len(figure.heads), -1)
    used = np.unique(figure.rig.faces)
    blended = (figure.rig.weights[used] @ flat).reshape(len(used), len(matrices), 4)
    vertices = figure.vertices[used, None]
    lowest: Array = ((blended[..., :3] * vertices).sum(-1) + blended[..., 3]).min(axis=0)
    return lowest


def _above_floor(axes: Array, joints: Array) -> Array:
    """Return (T,) the height of the performer's lowest part above the floor."""
    low = [joints[:, JOINT["nose"], 1] - _FACE_M]
    for side in ("left", "right"):
        foot, ankle = axes[:, BONE[f"{side}_foot"]], joints[:, JOINT[f"{side}_ankle"]]
        soles = [(0.0, -_PROPORTIONS.ankle, along) for along in (_HEEL_M, _TOE_M)]
        low += [(ankle + foot @ np.array(sole))[:, 1] for sole in soles]
        low += [joints[:, JOINT[f"{side}_{part}"], 1] - m for part, m in _FLESH_M.items()]
    above: Array = np.maximum(np.min(low, axis=0), 0.0)
    return above


def _limb(direction: Array, hinge: Array) -> Array:
    """Return (3, 3) axes of a limb along -y that bends about x."""
    y = -direction / np.linalg.norm(direction)
    x = hinge - (hinge @ y) * y
    x = x / np.linalg.norm(x)
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def _between(first: Array, second: Array, share: float) -> Array:
    """Return (T, 3, 3) rotations interpolated by ``share`` between two."""
    start = Rotation.from_matrix(first)
    way = (Rotation.from_matrix(second) * start.inv()).as_rotvec()
    result: Array = (Rotation.from_rotvec(share * way) * start).as_matrix()
    return result


def _shortest(start: Array, end: Array) -> Rotation:
    """Return the shortest rotations between (T, 3) directions; none between opposite ones."""
    start = start / np.linalg.norm(start, axis=-1, keepdims=True)
    end = end / np.linalg.norm(end, axis=-1, keepdims=True)
    axis = np.cross(start, end)
    sine = np.linalg.norm(axis, axis=-1, keepdims=True)
    angle = np.arctan2(sine, (start * end).sum(-1, keepdims=True))
    return Rotation.from_rotvec(axis / np.maximum(sine, 1e-9) * angle)
