"""Binary glTF 2.0: the animated skeleton, with a mesh of its bones, octahedra as
Blender draws them, so that any viewer shows it.

Metres and seconds, y up, facing +z.  Frames are at their own times unless a rate is wanted.
Written as the specification has it (Khronos Group, glTF 2.0, sections 3.6 to 3.11 and 4.4).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from app import __version__
from app.errors import ExportError
from app.export.file_options import Destination, FileOptions, in_chunks
from app.export.named_rig import NamedMotion, at_rest_turned, named
from app.export.rig import BONE, BONES, ENDS, PARENTS, Array
from app.export.skeleton_pose import pose_skeleton
from app.export.skeleton_sidecar import differences
from app.motion.data import MotionData
from app.motion.rotations import unit
from app.render.colours import SIDE_COLOURS, rgb

UNITS: Final = {"position": "metre", "rotation": "quaternion x, y, z, w", "time": "second"}
_FLOAT: Final = 5126
_UNSIGNED_BYTE: Final = 5121
_VERTICES: Final = 34962
_BYTES_AT_ONCE: Final = 1 << 20
_KINDS: Final = {1: "SCALAR", 3: "VEC3", 4: "VEC4", 16: "MAT4"}


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`.  Raises ExportError if there are no frames."""
    motion = animated(data, to.options)
    scene = Scene(motion)
    scene.put_figure(motion)
    scene.write(to.file, to.progress)
    return differences(data, motion, units=UNITS)


def animated(data: MotionData, options: FileOptions) -> NamedMotion:
    """Return the skeleton, each frame at its own time or at the rate in ``options``.

    Raises ExportError if there are no frames.
    """
    if not len(data.frame):
        raise ExportError("There are no frames, and an animation cannot be empty. Export a table.")
    posed = pose_skeleton(data).with_gaps()
    return named(posed if options.fps is None else posed.at_rate(options.fps), options)


class Scene:
    """The parts of a file, numbered in the order of their addition, the moving bones first."""

    def __init__(self, motion: NamedMotion) -> None:
        self._chunks: list[bytes] = []
        self._length = 0
        self._json: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": f"mixpose {__version__}"},
            "scene": 0,
            "bufferViews": [],
            "accessors": [],
        }
        self._json["nodes"] = _nodes(motion)
        self._top = len(self._json["nodes"]) - 1 if motion.root else 0
        self._json["scenes"] = [{"nodes": [self._top]}]
        self._json["animations"] = [self._animation(motion)]

    def put_figure(self, motion: NamedMotion) -> None:
        """Add a mesh of the bones."""
        joints = list(range(len(self._json["nodes"])))
        skin = {
            "name": "Skeleton",
            "skeleton": self._top,
            "joints": joints,
            "inverseBindMatrices": self._array(_inverse_binds(motion)),
        }
        self._json["scenes"][0]["nodes"].append(len(self._json["nodes"]))
        self._json["nodes"].append({"name": "Figure", "mesh": 0, "skin": 0})
        self._json |= {
            "skins": [skin],
            "materials": [_material(side) for side in SIDE_COLOURS],
            "meshes": [{"name": "Bones", "primitives": self._primitives(motion)}],
        }

    def put_extension(self, name: str, content: dict[str, Any]) -> None:
        """Add an extension of the whole file."""
        self._json |= {"extensionsUsed": [name], "extensions": {name: content}}

    def write(self, file: BinaryIO, progress: Callable[[float], None]) -> None:
        """Write the file, binary."""
        content = memoryview(self._content())
        for part in in_chunks(len(content), progress, _BYTES_AT_ONCE):
            file.write(content[part])

    def _content(self) -> bytes:
        self._json["buffers"] = [{"byteLength": self._length}]
        text = json.dumps(self._json, separators=(",", ":"), allow_nan=False).encode("ascii")
        text += b" " * (-len(text) % 4)
        total = 12 + 8 + len(text) + 8 + self._length
        head = struct.pack("<4sII", b"glTF", 2, total) + struct.pack("<I4s", len(text), b"JSON")
        return b"".join([head, text, struct.pack("<I4s", self._length, b"BIN\0"), *self._chunks])

    def _primitives(self, motion: NamedMotion) -> list[dict[str, Any]]:
        result = []
        for material, side in enumerate(SIDE_COLOURS):
            mesh = bone_mesh(motion, side)
            joints = np.zeros((len(mesh.bones), 4), np.uint8)
            joints[:, 0] = mesh.bones
            weights = np.zeros(joints.shape, np.float32)
            weights[:, 0] = 1.0
            attributes = {
                "POSITION": self._array(mesh.positions, target=_VERTICES, bounds=True),
                "NORMAL": self._array(mesh.normals, target=_VERTICES),
                "JOINTS_0": self._array(joints, target=_VERTICES),
                "WEIGHTS_0": self._array(weights, target=_VERTICES),
            }
            result.append({"attributes": attributes, "material": material})
        return result

    def _animation(self, motion: NamedMotion) -> dict[str, Any]:
        times = self._array(motion.time_s[:, None], bounds=True)
        moved = [(0, "translation", motion.place)]
        moved += [
            (bone, "rotation", motion.turns[:, bone])
            for bone, ours in enumerate(motion.ours)
            if ours is not None
        ]
        return {
            "name": "Motion",
            "samplers": [
                {"input": times, "output": self._array(values), "interpolation": "LINEAR"}
                for _, _, values in moved
            ],
            "channels": [
                {"sampler": sampler, "target": {"node": node, "path": path}}
                for sampler, (node, path, _) in enumerate(moved)
            ],
        }

    def _array(
        self, values: NDArray[Any], *, target: int | None = None, bounds: bool = False
    ) -> int:
        """Add an array (N, 1, 3, 4 or 16), as bytes or 32-bit floats; return its accessor."""
        small = values.dtype == np.uint8
        values = np.ascontiguousarray(values, np.uint8 if small else "<f4")
        content = values.tobytes()
        view = {"buffer": 0, "byteOffset": self._length, "byteLength": len(content)}
        accessor = {
            "bufferView": len(self._json["bufferViews"]),
            "componentType": _UNSIGNED_BYTE if small else _FLOAT,
            "count": len(values),
            "type": _KINDS[values.shape[1]],
        }
        if bounds:
            accessor |= {"min": values.min(axis=0).tolist(), "max": values.max(axis=0).tolist()}
        self._json["bufferViews"].append(view if target is None else view | {"target": target})
        self._json["accessors"].append(accessor)
        self._chunks.append(content)
        self._length += len(content)
        return len(self._json["accessors"]) - 1


def _nodes(motion: NamedMotion) -> list[dict[str, Any]]:
    """Return the bones, then the ends, then the root if there is one, all in the rest pose."""
    places = [*motion.offsets, *(end for _, _, end in motion.ends)]
    places[0] = motion.at_rest()[0]
    names = [*motion.names, *(name for name, _, _ in motion.ends)]
    nodes: list[dict[str, Any]] = [
        {"name": name, "translation": place.tolist()}
        for name, place in zip(names, places, strict=True)
    ]
    for node, parent in enumerate([*motion.parents, *(bone for _, bone, _ in motion.ends)]):
        if parent >= 0:
            nodes[parent].setdefault("children", []).append(node)
    if motion.root:
        nodes.append({"name": motion.root, "children": [0]})
    return nodes


def _inverse_binds(motion: NamedMotion) -> Array:
    """Return (nodes, 16) inverse bind matrices, column by column."""
    places = motion.at_rest()
    ends = [places[bone] + end for _, bone, end in motion.ends]
    root = np.zeros((1 if motion.root else 0, 3))
    places = np.concatenate([places, ends, root])
    inverse = np.tile(np.eye(4), (len(places), 1, 1))
    inverse[:, 3, :3] = -places
    return inverse.reshape(-1, 16)


def _material(side: str) -> dict[str, Any]:
    """Return the colour of a side; glTF's colours are linear, those on screens are not."""
    shown = np.array(rgb(SIDE_COLOURS[side])) / 255
    linear = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    return {
        "name": side,
        "pbrMetallicRoughness": {
            "baseColorFactor": [*linear.round(6).tolist(), 1.0],
            "metallicFactor": 0.0,
            "roughnessFactor": 0.8,
        },
    }


_THICK: Final = 0.11
"""Half the width of a bone over its length."""
_THICKEST_M: Final = 0.035
_WIDEST_AT: Final = 0.15
"""Fraction of the length at which a bone is thickest."""
_FACES: Final = np.array(
    [(0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 1), (5, 2, 1), (5, 3, 2), (5, 4, 3), (5, 1, 4)]
)


@dataclass(frozen=True, slots=True, eq=False)
class BoneMesh:
    """Triangles with flat shading, three corners each, in the rest pose."""

    positions: NDArray[np.float32]
    """(3T, 3) metres."""
    normals: NDArray[np.float32]
    """(3T, 3) unit normals, outwards; corners are anticlockwise."""
    bones: NDArray[np.uint8]
    """(3T,) the bone each corner goes along with."""


def bone_mesh(motion: NamedMotion, side: str) -> BoneMesh:
    """The bones of the ``side``: ``left``, ``right`` or ``middle``."""
    rig, lowered = motion.rig, at_rest_turned(motion.lowered_deg)
    places, named_places = rig.at_rest(), motion.at_rest()
    # The neck begins where both shoulders do: one of the three is enough to be seen.
    spans = [
        (parent, places[bone])
        for bone, parent in enumerate(PARENTS)
        if parent >= 0 and not BONES[bone].endswith("Shoulder")
    ]
    for name, end in zip(ENDS, rig.ends, strict=True):
        spans.append((BONE[name], places[BONE[name]] + end))
    spans.append((BONE["Head"], places[BONE["Head"]] + rig.nose))
    shown = [(bone, end) for bone, end in spans if _side(bone) == side]
    theirs = [motion.ours.index(BONES[bone]) for bone, _ in shown]
    corners = np.concatenate(
        [
            _octahedron(np.zeros(3), end - places[bone]) @ lowered[bone].T + named_places[own]
            for (bone, end), own in zip(shown, theirs, strict=True)
        ]
    )
    sides = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return BoneMesh(
        positions=corners.reshape(-1, 3).astype(np.float32),
        normals=np.repeat(unit(sides), 3, axis=0).astype(np.float32),
        bones=np.repeat(theirs, 3 * len(_FACES)).astype(np.uint8),
    )


def _side(bone: int) -> str:
    return next(
        (side for side in ("left", "right") if BONES[bone].lower().startswith(side)), "middle"
    )


def _octahedron(start: Array, end: Array) -> Array:
    """(8, 3, 3) corners of the triangles, anticlockwise from outside."""
    along = end - start
    length = float(np.linalg.norm(along))
    y = along / length
    x = np.eye(3)[np.argmin(np.abs(y))]
    x = x - (x @ y) * y
    x /= np.linalg.norm(x)
    z = np.cross(x, y)
    thick = min(_THICK * length, _THICKEST_M)
    ring = [start + _WIDEST_AT * along + thick * way for way in (x, z, -x, -z)]
    result: Array = np.array([start, *ring, end])[_FACES]
    return result
