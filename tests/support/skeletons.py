"""People to be exported as skeletons, and where the joints of exported ones are."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.export.rig import BONE, JOINT_OF, PARENTS
from app.export.skeleton_pose import SkeletonMotion
from app.motion.data import MotionData
from app.synthetic.performer.motion import Motion
from app.synthetic.performer.retargeting import Take
from app.synthetic.performer.variation import variation
from models.skeleton import JOINT, JOINT_COUNT
from models.training.motion.bvh import read_bvh
from models.training.motion.kinematics import place
from tests.support.motion import motion
from tests.support.recordings import MadeUpPoses

Array = NDArray[np.float64]


@cache
def performed(seconds: float, *, seed: int = 0, rate: float = 30.0, rigid: bool = False) -> Array:
    """(N, 17, 3) metres, y up, pelvis at the origin: the performer's joints.

    The performer's shoulders rise with the arms and the trunk bends; ``rigid`` has neither.
    """
    chosen = variation(seed)
    actor: Motion | Take = Motion(chosen)
    times = np.arange(round(seconds * rate)) / rate
    xyz = np.stack([actor.at(time).joints for time in times])
    if rigid:
        actor = Take(chosen.proportions, xyz, rate)
        xyz = np.stack([actor.at(time).joints for time in times])
    xyz = np.asarray(xyz - xyz[:, :1])
    xyz.flags.writeable = False
    return xyz


def as_motion(
    xyz: Array,
    *,
    rate: float = 30.0,
    time_s: Array | None = None,
    missing: NDArray[np.bool_] | None = None,
    filled: NDArray[np.bool_] | None = None,
) -> MotionData:
    """What an exporter is given for (N, 17, 3) joints, metres and y up."""
    nothing = np.zeros((len(xyz), JOINT_COUNT), bool)
    lifted = MadeUpPoses(
        xyz=(xyz * (1, -1, -1)).astype(np.float32),
        filled=nothing if filled is None else filled,
        missing=nothing if missing is None else missing,
        swapped=np.zeros(len(xyz), bool),
    )
    return MotionData.from_lifted(
        time_s=np.arange(len(xyz)) / rate if time_s is None else time_s,
        tracked=np.ones(len(xyz), bool),
        conf=np.ones((len(xyz), JOINT_COUNT), np.float32),
        xy=np.full((len(xyz), JOINT_COUNT, 2), np.nan, np.float32),
        size=(640, 480),
        lifted=lifted,
        provenance=motion(1).provenance,
    )


def solved(skeleton: SkeletonMotion) -> tuple[Array, Array]:
    """(N, 19, 4, 4) matrices of the bones, one joint after another, and (N, 3) the nose."""
    count, bones, _ = skeleton.turns.shape
    found = np.zeros((count, bones, 4, 4))
    for bone, parent in enumerate(PARENTS):
        shift = skeleton.root if parent < 0 else skeleton.rig.offsets[bone]
        local = rigid_matrix(shift, skeleton.turns[:, bone])
        found[:, bone] = local if parent < 0 else found[:, parent] @ local
    nose = found[:, BONE["Head"]] @ np.append(skeleton.rig.nose, 1.0)
    return found, nose[:, :3]


def joints_of(skeleton: SkeletonMotion) -> Array:
    """(N, 17, 3) where our joints are in a skeleton, metres, pelvis at the origin."""
    found, nose = solved(skeleton)
    xyz = np.zeros((len(found), JOINT_COUNT, 3))
    for bone, joint in JOINT_OF.items():
        xyz[:, JOINT[joint]] = found[:, BONE[bone], :3, 3]
    xyz[:, JOINT["nose"]] = nose
    return xyz - xyz[:, :1]


def rigid_matrix(shift: Any, quaternion: Any) -> Array:
    """(..., 4, 4) from shifts and quaternions x, y, z, w."""
    quaternion = np.asarray(quaternion, float)
    matrix = np.zeros((*quaternion.shape[:-1], 4, 4))
    matrix[..., :3, 3], matrix[..., 3, 3] = shift, 1.0
    vector, w = quaternion[..., :3], quaternion[..., 3:]
    for axis, along in enumerate(np.eye(3)):
        # The image of an axis is q * axis * conj(q).
        twice = 2 * np.cross(vector, along)
        matrix[..., :3, axis] = along + w * twice + np.cross(vector, twice)
    return matrix


def bvh_joints(path: Path, frame: int = 0) -> dict[str, Array]:
    """Our joints' names -> (3,) in the file's unit."""
    take = read_bvh(path)
    bones = {take.names.index(bone): joint for bone, joint in JOINT_OF.items()}
    placed = place(take, bones)
    return {joint: placed[index].position[frame] for index, joint in bones.items()}


def glb_joints(path: Path, frame: int = 0) -> dict[str, Array]:
    """Our joints' names -> (3,) metres."""
    glb = read_glb(path)
    world = glb.solved(frame)
    names = [node["name"] for node in glb.json["nodes"]]
    return {joint: world[names.index(bone)][:3, 3] for bone, joint in JOINT_OF.items()}


@dataclass(frozen=True)
class Glb:
    """A binary glTF file, as far as the specification makes every reader go."""

    json: dict[str, Any]
    binary: bytes

    def array(self, accessor: int) -> NDArray[Any]:
        """(count, parts) the numbers of an accessor."""
        found = self.json["accessors"][accessor]
        view = self.json["bufferViews"][found["bufferView"]]
        kind = {5121: "<u1", 5123: "<u2", 5125: "<u4", 5126: "<f4"}[found["componentType"]]
        parts = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}[found["type"]]
        start = view.get("byteOffset", 0) + found.get("byteOffset", 0)
        values = np.frombuffer(self.binary, kind, found["count"] * parts, start)
        return values.reshape(-1, parts)

    def solved(self, frame: int | None) -> list[Array]:
        """(4, 4) of every node at a key of the animation; at rest for None."""
        nodes = [dict(node) for node in self.json["nodes"]]
        (animation,) = self.json["animations"]
        for channel in animation["channels"] if frame is not None else ():
            sampler = animation["samplers"][channel["sampler"]]
            values = self.array(sampler["output"])
            nodes[channel["target"]["node"]][channel["target"]["path"]] = values[frame]
        world = [np.eye(4) for _ in nodes]

        def put(node: int, parent: Array) -> None:
            shift = nodes[node].get("translation", (0, 0, 0))
            world[node] = parent @ rigid_matrix(shift, nodes[node].get("rotation", (0, 0, 0, 1)))
            for child in nodes[node].get("children", ()):
                put(child, world[node])

        for root in self.json["scenes"][self.json["scene"]]["nodes"]:
            put(root, np.eye(4))
        return world


def read_glb(path: Path) -> Glb:
    """The two chunks of a binary glTF file."""
    content = path.read_bytes()
    magic, version, length = struct.unpack_from("<4sII", content)
    assert (magic, version, length) == (b"glTF", 2, len(content))
    chunks = {}
    place = 12
    while place < length:
        size, kind = struct.unpack_from("<I4s", content, place)
        assert size % 4 == 0
        chunks[kind] = content[place + 8 : place + 8 + size]
        place += 8 + size
    assert list(chunks) == [b"JSON", b"BIN\0"]
    return Glb(json.loads(chunks[b"JSON"]), chunks[b"BIN\0"])
