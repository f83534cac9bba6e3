"""Where the bones of an animated skeleton begin in its first frame, from BVH and glTF.

Written against the formats' descriptions, with nothing of the program's: enough for its own files.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def turn(axis: str, degrees: float) -> Array:
    """The matrix of a right-handed turn about X, Y or Z."""
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    first, second = {"X": (1, 2), "Y": (2, 0), "Z": (0, 1)}[axis]
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = cosine
    matrix[second, first], matrix[first, second] = sine, -sine
    return matrix


def bvh_places(path: Path) -> dict[str, Array]:
    """Bone -> (3,), in the file's unit."""
    text, _, table = path.read_text("ascii").partition("MOTION")
    words = iter(text.split())
    numbers = iter(map(float, table.splitlines()[3].split()))
    places: dict[str, Array] = {}
    stack: list[tuple[Array, Array]] = [(np.zeros(3), np.eye(3))]
    name = ""
    for word in words:
        if word in ("ROOT", "JOINT", "End"):
            name = next(words)
        elif word == "OFFSET":
            origin, turned = stack[-1]
            offset = np.array([float(next(words)) for _ in range(3)])
            stack.append((origin + turned @ offset, turned))
            places[name] = stack[-1][0]
        elif word == "CHANNELS":
            origin, turned = stack.pop()
            moved = np.zeros(3)
            for channel in [next(words) for _ in range(int(next(words)))]:
                if channel.endswith("position"):
                    moved["XYZ".index(channel[0])] = next(numbers)
                else:
                    turned = turned @ turn(channel[0], next(numbers))
            stack.append((origin + moved, turned))
            places[name] = stack[-1][0]
        elif word == "}":
            stack.pop()
    assert next(numbers, None) is None, "a number for each channel"
    return places


def glb_places(path: Path) -> dict[str, Array]:
    """Bone -> (3,), metres, with the first sample of every channel of the animation."""
    content = path.read_bytes()
    magic, version, length, size, kind = struct.unpack_from("<4sII I4s", content)
    assert (magic, version, length, kind) == (b"glTF", 2, len(content), b"JSON")
    scene = json.loads(content[20 : 20 + size])
    binary = content[20 + size + 8 :]
    (animation,) = scene["animations"]
    for channel in animation["channels"]:
        accessor = scene["accessors"][animation["samplers"][channel["sampler"]]["output"]]
        view = scene["bufferViews"][accessor["bufferView"]]
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        width = {"VEC3": 3, "VEC4": 4}[accessor["type"]]
        target = channel["target"]
        first = np.frombuffer(binary, "<f4", width, start).astype(float)
        scene["nodes"][target["node"]][target["path"]] = first
    places: dict[str, Array] = {}
    for root in scene["scenes"][scene.get("scene", 0)]["nodes"]:
        _descend(scene["nodes"], root, np.eye(4), places)
    return places


def _descend(nodes: list[Any], number: int, outer: Array, places: dict[str, Array]) -> None:
    node = nodes[number]
    x, y, z, w = node.get("rotation", (0.0, 0.0, 0.0, 1.0))
    inner = np.eye(4)
    inner[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    inner[:3, 3] = node.get("translation", (0.0, 0.0, 0.0))
    here = outer @ inner
    places[node.get("name", str(number))] = here[:3, 3]
    for child in node.get("children", ()):
        _descend(nodes, child, here, places)
