"""BVH files for the tests, and where their joints are by 4x4 matrices, one joint after another."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

POSITIONS = ("Xposition", "Yposition", "Zposition")
ZXY = ("Zrotation", "Xrotation", "Yrotation")


@dataclass(frozen=True)
class Node:
    """A joint; one without channels is an end site."""

    name: str
    parent: str
    offset: tuple[float, float, float]
    channels: tuple[str, ...] = ZXY


def person() -> list[Node]:
    """Somebody 1.75 m tall, in centimetres: a T at rest, facing z, with MotionBuilder's names."""
    nodes = [
        Node("Hips", "", (0, 0, 0), POSITIONS + ZXY),
        Node("Spine", "Hips", (0, 20, 0)),
        Node("Spine1", "Spine", (0, 18, 0)),
        Node("Neck", "Spine1", (0, 14, 0)),
        Node("Head", "Neck", (0, 9, 1)),
        Node("", "Head", (0, 18, 0), ()),
    ]
    for side, sign in (("Left", 1), ("Right", -1)):
        nodes += [
            Node(f"{side}UpLeg", "Hips", (9 * sign, -3, 0)),
            Node(f"{side}Leg", f"{side}UpLeg", (0, -42, 0)),
            Node(f"{side}Foot", f"{side}Leg", (0, -41, 0)),
            Node("", f"{side}Foot", (0, -5, 14), ()),
            Node(f"{side}Shoulder", "Spine1", (3 * sign, 11, 0)),
            Node(f"{side}Arm", f"{side}Shoulder", (14 * sign, 0, 0)),
            Node(f"{side}ForeArm", f"{side}Arm", (28 * sign, 0, 0)),
            Node(f"{side}Hand", f"{side}ForeArm", (25 * sign, 0, 0)),
            Node("", f"{side}Hand", (8 * sign, 0, 0), ()),
        ]
    return nodes


def in_order(nodes: Sequence[Node]) -> list[Node]:
    """The joints as a file has them: each followed by all that hangs on it."""

    def below(parent: str) -> list[Node]:
        found = []
        for node in nodes:
            if node.parent == parent:
                found += [node, *(below(node.name) if node.name else [])]
        return found

    return below("")


def column(nodes: Sequence[Node], name: str) -> int:
    """Where in a frame the channels of a joint begin."""
    before = itertools.takewhile(lambda node: node.name != name, in_order(nodes))
    return width(list(before))


def width(nodes: Sequence[Node]) -> int:
    """How many numbers a frame has."""
    return sum(len(node.channels) for node in nodes)


def frames(nodes: Sequence[Node], count: int, seed: int = 0) -> NDArray[np.float64]:
    """Somebody who sways: (count, channels), the pelvis at 90 cm, turns of up to 0.3 rad."""
    generator = np.random.default_rng(seed)
    time = np.arange(count)[:, None] / 30
    phase, size = generator.uniform(0, 6.28, (1, width(nodes))), generator.uniform(5, 17)
    values = size * np.sin(2 * time + phase)
    values[:, :3] = [3.0, 90.0, -5.0] + values[:, :3] * 0.1
    return values


def text(
    nodes: Sequence[Node],
    values: NDArray[np.float64],
    *,
    seconds: float = 1 / 30,
    declared: int | None = None,
) -> str:
    """The file's text."""
    lines = ["HIERARCHY"]

    def write(node: Node, depth: int) -> None:
        pad = "\t" * depth
        kind = "ROOT" if depth == 0 else "JOINT"
        lines.append(pad + (f"{kind} {node.name}" if node.name else "End Site"))
        lines.append(pad + "{")
        lines.append(f"{pad}\tOFFSET {' '.join(repr(float(x)) for x in node.offset)}")
        if node.channels:
            lines.append(f"{pad}\tCHANNELS {len(node.channels)} {' '.join(node.channels)}")
        if node.name:
            for child in nodes:
                if child.parent == node.name:
                    write(child, depth + 1)
        lines.append(pad + "}")

    write(nodes[0], 0)
    lines += ["MOTION", f"Frames:\t{len(values) if declared is None else declared}"]
    lines.append(f"Frame Time:\t{seconds:.7f}")
    lines += [" ".join(repr(float(value)) for value in row) for row in values]
    return "\n".join(lines) + "\n"


def write_person(
    path: Path, count: int = 40, *, seed: int = 0, scale: float = 1.0, prefix: str = ""
) -> Path:
    """Write a swaying person; lengths are centimetres times ``scale``."""
    nodes = [
        Node(
            prefix + node.name if node.name else "",
            prefix + node.parent if node.parent else "",
            (node.offset[0] * scale, node.offset[1] * scale, node.offset[2] * scale),
            node.channels,
        )
        for node in person()
    ]
    values = frames(nodes, count, seed)
    values[:, :3] *= scale
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(nodes, values), encoding="utf-8")
    return path


def matrix(channel: str, value: float) -> NDArray[np.float64]:
    """The 4x4 matrix of one channel, degrees."""
    c, s = math.cos(math.radians(value)), math.sin(math.radians(value))
    result = np.eye(4)
    if channel.endswith("position"):
        result["XYZ".index(channel[0]), 3] = value
    elif channel[0] == "X":
        result[:3, :3] = [[1, 0, 0], [0, c, -s], [0, s, c]]
    elif channel[0] == "Y":
        result[:3, :3] = [[c, 0, s], [0, 1, 0], [-s, 0, c]]
    else:
        result[:3, :3] = [[c, -s, 0], [s, c, 0], [0, 0, 1]]
    return result


def positions(nodes: Sequence[Node], row: Sequence[float]) -> dict[str, NDArray[np.float64]]:
    """Where each joint is in one frame; end sites are called ``"NAME end"``."""
    left = list(row)
    world: dict[str, NDArray[np.float64]] = {"": np.eye(4)}
    for node in in_order(nodes):
        local = np.eye(4)
        if not any(channel.endswith("position") for channel in node.channels):
            local[:3, 3] = node.offset
        for channel in node.channels:
            local = local @ matrix(channel, left.pop(0))
        world[node.name or f"{node.parent} end"] = world[node.parent] @ local
    return {name: place[:3, 3] for name, place in world.items() if name}
