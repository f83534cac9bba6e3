"""Joint angles written next to the joints in the 3D view."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from app.motion.angles import ANGLE, ANGLES, joint_angles
from app.render.request import SkeletonRequest
from app.ui.angle_groups import JOINTS
from models.skeleton import JOINT, PELVIS

_WIDTH_LINES: Final = 3.0
"""Largest width of a number, relative to its height."""


@dataclass(frozen=True, slots=True)
class JointNumber:
    """One angle and its position."""

    text: str
    place: tuple[float, float]
    """Position of the joint, pixels in the picture."""
    rightward: bool
    """Whether it is written to the right of the joint, which is the side away from the body."""


def joint_numbers(
    request: SkeletonRequest, size: tuple[int, int], wanted: Collection[str]
) -> list[JointNumber]:
    """Return the angles to be written into a picture of the 3D view.

    Args:
        request: the rendered scene.
        size: the picture's (width, height) in pixels.
        wanted: keys of :data:`JOINTS`.

    Returns:
        The angles that are known and whose joints are drawn and in front of the camera.
    """
    body = request.body
    if body is None or not wanted:
        return []
    feet = None if body.feet is None else body.feet[None]
    degrees = joint_angles(body.joints[None], ~body.drawn[None], feet)[0]
    places, _ = request.view.project(body.joints, size)
    found = []
    for angle in ANGLES:
        key = angle.name.removeprefix(f"{angle.side}_")
        if key not in wanted or not math.isfinite(degrees[ANGLE[angle.name]]):
            continue
        joint = JOINT[JOINTS[key] if angle.side == "middle" else f"{angle.side}_{JOINTS[key]}"]
        x, y = places[joint].tolist()
        if body.drawn[joint] and math.isfinite(x):
            text = f"{round(degrees[ANGLE[angle.name]])}°".replace("-", "−")
            found.append(JointNumber(text, (x, y), bool(x >= places[PELVIS][0])))
    return found


def without_overlap(numbers: list[JointNumber], line: float) -> list[JointNumber]:
    """Move numbers that would overlap below one another, each ``line`` pixels high.

    In a side view, the numbers of left and right joints would otherwise cover each other.
    """
    placed: list[JointNumber] = []
    for each in sorted(numbers, key=lambda number: number.place[1]):
        x, y = each.place
        for above in placed:
            near = abs(x - above.place[0]) < _WIDTH_LINES * line
            if near and above.rightward is each.rightward and y - above.place[1] < line:
                y = above.place[1] + line
        placed.append(replace(each, place=(x, y)))
    return placed
