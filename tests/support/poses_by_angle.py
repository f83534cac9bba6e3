"""Bodies put together from joint angles, by rotations in the order that the ISB defines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from models.skeleton import JOINT, JOINT_COUNT

Array = NDArray[np.float64]

UPRIGHT = dict.fromkeys(
    [f"trunk_{name}" for name in ("flexion", "bending", "rotation")]
    + [
        f"{side}_{name}"
        for side in ("left", "right")
        for name in (
            "hip_flexion", "hip_adduction", "hip_rotation", "knee_flexion",
            "shoulder_elevation", "shoulder_plane", "shoulder_rotation", "elbow_flexion",
        )
    ],
    0.0,
)  # fmt: skip
_LENGTHS = {"hip": 0.1, "shoulder": 0.18, "trunk": 0.5}
_UP = np.array([0.0, 1.0, 0.0])


def body(heading: float = 0.0, **degrees: float) -> Array:
    """(17, 3) metres, y up, the pelvis at the origin: a body with these angles, others 0.

    It faces the camera (+z) and ``heading`` degrees to its left.
    """
    unknown = degrees.keys() - UPRIGHT.keys()
    assert not unknown, f"no such angles: {unknown}"
    angle = UPRIGHT | degrees
    facing = Rotation.from_euler("y", heading - 90, degrees=True).as_matrix()
    forward, right = facing[:, 0], facing[:, 2]
    lean, aside = np.radians(angle["trunk_flexion"]), np.radians(angle["trunk_bending"])
    trunk = np.cos(aside) * (np.sin(lean) * forward + np.cos(lean) * _UP) + np.sin(aside) * right
    pelvis = _axes(right, trunk, exact_z=True)
    turned = Rotation.from_rotvec(np.radians(angle["trunk_rotation"]) * trunk)
    thorax = turned.as_matrix() @ _axes(right, trunk, exact_z=False)
    joints = np.zeros((JOINT_COUNT, 3))

    def put(name: str, place: Array) -> Array:
        joints[JOINT[name]] = place
        return place

    put("thorax", _LENGTHS["trunk"] * trunk)
    put("spine", _LENGTHS["trunk"] / 2 * trunk)
    put("head", (_LENGTHS["trunk"] + 0.22) * trunk)
    put("nose", joints[JOINT["head"]] + 0.12 * thorax[:, 0])
    for side, outward in (("left", -1.0), ("right", 1.0)):
        mine = {
            name.removeprefix(f"{side}_"): value
            for name, value in angle.items()
            if name.startswith(side)
        }
        mirror = np.array([1.0, 1.0, outward])
        hip = put(f"{side}_hip", _LENGTHS["hip"] * outward * pelvis[:, 2])
        upper, lower = _limb("ZXY", [mine[f"hip_{n}"] for n in _HIP], -mine["knee_flexion"])
        knee = put(f"{side}_knee", hip + 0.42 * pelvis @ (upper * mirror))
        put(f"{side}_ankle", knee + 0.41 * pelvis @ (lower * mirror))
        across = _LENGTHS["shoulder"] * outward * thorax[:, 2]
        shoulder = put(f"{side}_shoulder", joints[JOINT["thorax"]] + across)
        plane, raised, twist = (
            mine[f"shoulder_{name}"] for name in ("plane", "elevation", "rotation")
        )
        upper, lower = _limb("YXY", [plane, -raised, twist], mine["elbow_flexion"])
        elbow = put(f"{side}_elbow", shoulder + 0.28 * thorax @ (upper * mirror))
        put(f"{side}_wrist", elbow + 0.25 * thorax @ (lower * mirror))
    return joints


_HIP = ("flexion", "adduction", "rotation")


def _limb(order: str, degrees: list[float], bend: float) -> tuple[Array, Array]:
    """Directions of a right limb's two bones in the axes of what it hangs on."""
    upper = Rotation.from_euler(order, degrees, degrees=True)
    lower = upper * Rotation.from_euler("Z", bend, degrees=True)
    return upper.apply(-_UP), lower.apply(-_UP)


def _axes(z: Array, y: Array, *, exact_z: bool) -> Array:
    """x forward, y up, z to the right as columns; one of y and z as given, the other near."""
    x = np.cross(y, z)
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z] if exact_z else [x, y, np.cross(x, y)], axis=-1)
