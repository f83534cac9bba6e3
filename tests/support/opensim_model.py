"""MOT files, and a body with the joints of OpenSim's full-body models to be moved by them.

The joints' axes and their order are those of Rajagopal et al. (2016); lengths are given.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.motion.data import MotionData
from models.skeleton import JOINT

Array = NDArray[np.float64]
Axis = tuple[float, float, float]

HIP = (-0.0563, -0.0785, 0.0773)
"""The right one in the pelvis of a person of 1.70 m."""


@dataclass(frozen=True)
class Mot:
    """A motion file."""

    header: dict[str, str]
    time_s: Array
    columns: dict[str, Array]


def mot(path: Path) -> Mot:
    """As OpenSim's documentation describes it: a header until ``endheader``, labels, numbers."""
    head, _, table = path.read_text("ascii").partition("\nendheader\n")
    assert head.startswith("Coordinates\n")
    header = dict(line.split("=") for line in head.split("\n") if "=" in line)
    labels, *rows = table.removesuffix("\n").split("\n")
    names = labels.split("\t")
    values = np.array([[float(cell) for cell in row.split("\t")] for row in rows])
    assert values.shape == (int(header["nRows"]), int(header["nColumns"]))
    assert names[0] == "time"
    return Mot(header, values[:, 0], dict(zip(names[1:], values[:, 1:].T, strict=True)))


@dataclass(frozen=True)
class Segment:
    """A body that hangs on another one, and how it can turn."""

    name: str
    parent: str
    place: Axis
    """Of the joint, in the parent's axes."""
    turns: tuple[tuple[str, Axis], ...]
    """Coordinate and axis, the outermost first."""
    end: Axis
    """Where the next joint is, in its own axes."""


def segments(length: dict[str, float]) -> list[Segment]:
    """The bodies below the pelvis, parents first."""
    result = [_segment("torso", "pelvis", (HIP[0], HIP[1], 0.0), "lumbar", 1.0, length["trunk"])]
    for side, sign in (("r", 1.0), ("l", -1.0)):
        hip, shoulder = (*HIP[:2], sign * HIP[2]), (0.0, length["trunk"], sign * length["shoulder"])
        result += [
            _segment(f"femur_{side}", "pelvis", hip, "hip", sign, -length["thigh"]),
            _segment(f"humerus_{side}", "torso", shoulder, "arm", sign, -length["upper_arm"]),
        ]
        for name, above, coordinate, axis in (
            ("tibia", "femur", "knee_angle", (0.0, 0.0, -1.0)),
            ("radius", "humerus", "elbow_flex", (0.0, 0.0, 1.0)),
        ):
            upper, lower = ("thigh", "shank") if name == "tibia" else ("upper_arm", "forearm")
            turns = ((f"{coordinate}_{side}", axis),)
            place, end = (0.0, -length[upper], 0.0), (0.0, -length[lower], 0.0)
            result.append(Segment(f"{name}_{side}", f"{above}_{side}", place, turns, end))
    return result


PELVIS = (
    ("pelvis_tilt", (0.0, 0.0, 1.0)),
    ("pelvis_list", (1.0, 0.0, 0.0)),
    ("pelvis_rotation", (0.0, 1.0, 0.0)),
)
_NAMES = {
    "lumbar": ("lumbar_extension", "lumbar_bending", "lumbar_rotation"),
    "hip": ("hip_flexion", "hip_adduction", "hip_rotation"),
    "arm": ("arm_flex", "arm_add", "arm_rot"),
}


def _segment(
    name: str, parent: str, place: Axis, joint: str, sign: float, length: float
) -> Segment:
    end = name.removeprefix(name.rstrip("lr")) if joint != "lumbar" else ""
    names = [f"{each}_{end}" if end else each for each in _NAMES[joint]]
    axes = ((0.0, 0.0, 1.0), (sign, 0.0, 0.0), (0.0, sign, 0.0))
    return Segment(name, parent, place, tuple(zip(names, axes, strict=True)), (0.0, length, 0.0))


def lengths(data: MotionData) -> dict[str, float]:
    """A person's, from the first frame's right side."""
    xyz = data.relative()[0]

    def between(one: str, other: str) -> float:
        return float(np.linalg.norm(xyz[JOINT[one]] - xyz[JOINT[other]]))

    return {
        "trunk": between("pelvis", "thorax"),
        "shoulder": between("thorax", "right_shoulder"),
        "thigh": between("right_hip", "right_knee"),
        "shank": between("right_knee", "right_ankle"),
        "upper_arm": between("right_shoulder", "right_elbow"),
        "forearm": between("right_elbow", "right_wrist"),
    }


def places(found: Mot, length: dict[str, float], row: int = 0) -> dict[str, Array]:
    """Our joints' names -> (3,) metres on the ground's axes: the model's, moved by one row."""
    at = {name: float(values[row]) for name, values in found.columns.items()}
    axes = {"pelvis": _turned(PELVIS, at)}
    origin = {"pelvis": np.array([at[f"pelvis_t{axis}"] for axis in "xyz"])}
    ends = {}
    scale = (length["thigh"] + length["shank"]) / (0.491 * 1.70)
    for each in segments(length):
        size = scale if each.parent == "pelvis" else 1.0
        origin[each.name] = origin[each.parent] + axes[each.parent] @ (size * np.array(each.place))
        axes[each.name] = axes[each.parent] @ _turned(each.turns, at)
        ends[each.name] = origin[each.name] + axes[each.name] @ np.array(each.end)
    result = {"pelvis": origin["torso"], "thorax": ends["torso"]}
    result["spine"] = (result["pelvis"] + result["thorax"]) / 2
    result["head"] = ends["torso"] + axes["torso"] @ (0.0, 0.22, 0.0)
    for side, name in (("r", "right"), ("l", "left")):
        result |= {
            f"{name}_hip": origin[f"femur_{side}"], f"{name}_knee": ends[f"femur_{side}"],
            f"{name}_ankle": ends[f"tibia_{side}"], f"{name}_shoulder": origin[f"humerus_{side}"],
            f"{name}_elbow": ends[f"humerus_{side}"], f"{name}_wrist": ends[f"radius_{side}"],
        }  # fmt: skip
    return result


def _turned(turns: tuple[tuple[str, Axis], ...], at: dict[str, float]) -> Array:
    matrix = np.eye(3)
    for name, axis in turns:
        matrix = matrix @ Rotation.from_rotvec(np.radians(at[name]) * np.array(axis)).as_matrix()
    return matrix
