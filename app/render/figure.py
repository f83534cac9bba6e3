"""The skeleton as one mesh: thick round bones, a ball at each joint, a head.

The triangles never change; a joint or bone that is not drawn collapses into a point.  Light is soft
and computed per vertex; OpenGL only interpolates between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.render import shapes
from app.render.camera import View
from app.render.colours import DRAWN_SIDES, of_sides, rgb
from app.render.request import Body
from models.skeleton import FOOT_JOINT_COUNT, JOINT, JOINT_COUNT, PARENTS


def _direction(x: float, y: float, z: float) -> NDArray[np.float64]:
    vector: NDArray[np.float64] = np.array([x, y, z]) / np.linalg.norm([x, y, z])
    return vector


_TOWARD_KEY: Final = _direction(-0.5, -0.8, -0.7)
"""Direction to the key light, above the viewer's left shoulder, in camera axes."""
_HALFWAY: Final = _direction(*(_TOWARD_KEY - (0.0, 0.0, 1.0)))
"""Half-way vector between light and viewer, for the highlight."""


def studio(normals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the brightness (..., 1), about 0.5 to 1.15, of surfaces with (..., 3) unit normals.

    Normals are in camera axes.  The light moves with the viewer, so a skeleton looks the same from
    every side.
    """
    key = np.clip(0.5 + 0.5 * (normals @ _TOWARD_KEY), 0.0, 1.0) ** 1.5
    facing = np.clip(-normals[..., 2], 0.0, 1.0)
    brightness: NDArray[np.float64] = (0.42 + 0.6 * key + 0.16 * facing)[..., None]
    return brightness


def gloss(normals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a small highlight (..., 1), 0 to 0.2, to be added to the colour."""
    result: NDArray[np.float64] = 0.2 * np.clip(normals @ _HALFWAY, 0.0, 1.0)[..., None] ** 24
    return result


_SEGMENTS: Final = 18
_JOINT_M: Final = 0.036
_WRIST_M: Final = 0.031
_NOSE_M: Final = 0.018
_FOOT_M: Final = 0.018
_HEAD_M: Final = (0.082, 0.082, 0.106)
"""Semi-axes of the head's ellipsoid; the last one is along the neck."""
_BONE_M: Final = 0.0275
_PROFILE: Final = ((0.0, 0.88), (0.18, 1.08), (0.5, 1.0), (1.0, 0.78))
"""(position along a bone, fraction of its thickness): thicker near the root."""


def _drawn_bones() -> tuple[tuple[int, int], ...]:
    """Return (parent, child) pairs: the skeleton's, but the neck leads to the head, not the nose.

    The skeleton's chain thorax, nose, head suits the network, but looks odd.
    """
    nose, head = JOINT["nose"], JOINT["head"]
    parents = {joint: parent for joint, parent in enumerate(PARENTS) if parent >= 0}
    parents[head] = parents[nose]
    parents[nose] = head
    return (*((parent, joint) for joint, parent in parents.items()), *FOOT_BONES)


def _foot_bones() -> Iterator[tuple[int, int]]:
    """Yield the triangle of ankle, heel and toe of each foot."""
    for foot, side in enumerate(("left", "right")):
        ankle, heel, toe = JOINT[f"{side}_ankle"], JOINT_COUNT + foot, JOINT_COUNT + 2 + foot
        yield from ((ankle, heel), (ankle, toe), (heel, toe))


FOOT_BONES: Final = tuple(_foot_bones())
"""(parent, child) pairs of ankles, heels and toes, the latter as joints 17 to 20."""
DRAWN_BONES: Final = _drawn_bones()
"""(parent, child) pairs of the 17 joints, and of heels and toes as joints 17 to 20."""
DRAWN_JOINTS: Final = JOINT_COUNT + FOOT_JOINT_COUNT
_PARENT: Final = np.array([parent for parent, _ in DRAWN_BONES])
_CHILD: Final = np.array([child for _, child in DRAWN_BONES])
_THIN_FOOT: Final = 0.6
_THIN: Final = {"nose": 0.55, "left_shoulder": 0.9, "right_shoulder": 0.9}


class _Corners(NamedTuple):
    """A part of the mesh in world axes, one entry per vertex."""

    points: NDArray[np.float64]
    normals: NDArray[np.float64]
    colours: NDArray[np.float64]
    opacity: NDArray[np.float64]


@cache
def _colours(colour: str | None) -> NDArray[np.float64]:
    """Return (21, 3) RGB in [0, 1] of each joint, and of the bone that ends in it."""
    sides = of_sides(colour)
    return np.array([rgb(sides[side]) for side in DRAWN_SIDES]) / 255


class SkeletonFigure:
    """Converts poses to the vertices of one mesh."""

    def __init__(self) -> None:
        self._ball = shapes.sphere(10, _SEGMENTS)
        self._radii = np.full(DRAWN_JOINTS, _JOINT_M)
        self._radii[JOINT_COUNT:] = _FOOT_M
        self._radii[[JOINT["left_wrist"], JOINT["right_wrist"]]] = _WRIST_M
        self._radii[JOINT["nose"]] = _NOSE_M
        self._bone_radii = np.full(len(DRAWN_BONES), _BONE_M)
        for bone, (_, child) in enumerate(DRAWN_BONES):
            for name, share in _THIN.items():
                if child == JOINT[name]:
                    self._bone_radii[bone] *= share
            if child >= JOINT_COUNT:
                self._bone_radii[bone] *= _THIN_FOOT
        tube = shapes.tube_triangles(len(_PROFILE), _SEGMENTS)
        bones = shapes.repeated(tube, len(_PROFILE) * _SEGMENTS, len(DRAWN_BONES))
        balls = shapes.repeated(self._ball.triangles, len(self._ball.points), DRAWN_JOINTS)
        bone_points = len(_PROFILE) * _SEGMENTS * len(DRAWN_BONES)
        self.triangles = np.concatenate([bones, balls + bone_points])
        self.count = bone_points + DRAWN_JOINTS * len(self._ball.points)

    def corners(
        self, body: Body, view: View, background: str
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the mesh of one pose: (N, 3) points in camera axes and (N, 3) colours in [0,
        1]."""
        body = body.whole
        # Joints not drawn collapse onto one that is; otherwise they would enlarge the drawn area.
        anchor = body.joints[int(np.argmax(body.drawn))]
        joints = np.where(body.drawn[:, None], body.joints, anchor).astype(np.float64)
        colours_of = _colours(body.colour)
        bones = self._bones(joints, body, colours_of)
        balls = self._balls(joints, body, colours_of)
        points, normals, colours, opacity = (
            np.concatenate(parts) for parts in zip(bones, balls, strict=True)
        )
        normals = normals @ view.rotation().T
        lit = colours * studio(normals) + gloss(normals)
        ground = np.array(rgb(background)) / 255
        share = np.clip(opacity, 0.0, 1.0)[:, None]
        return view.to_camera(points), ground + share * (lit - ground)

    def _bones(
        self, joints: NDArray[np.float64], body: Body, colours: NDArray[np.float64]
    ) -> _Corners:
        start, end = joints[_PARENT], joints[_CHILD]
        axes = shapes.frames_along(end - start)
        turned = np.einsum("sa,bac->bsc", shapes.circle(_SEGMENTS), axes[:, :2])
        drawn = body.drawn[_PARENT] & body.drawn[_CHILD]
        along, thick = np.array(_PROFILE).T
        radius = np.outer(self._bone_radii * drawn, thick)
        core = start[:, None] + along[:, None] * (end - start)[:, None] * drawn[:, None, None]
        points = core[:, :, None] + radius[:, :, None, None] * turned[:, None]
        fade = body.opacity[_PARENT, None] * (1 - along) + body.opacity[_CHILD, None] * along
        return _Corners(
            points.reshape(-1, 3),
            np.broadcast_to(turned[:, None], points.shape).reshape(-1, 3),
            np.broadcast_to(colours[_CHILD, None, None], points.shape).reshape(-1, 3),
            np.broadcast_to(fade[..., None], points.shape[:-1]).reshape(-1),
        )

    def _balls(
        self, joints: NDArray[np.float64], body: Body, colours: NDArray[np.float64]
    ) -> _Corners:
        unit = self._ball.points
        semi_axes = np.repeat((self._radii * body.drawn)[:, None], 3, axis=1)
        head, thorax = JOINT["head"], JOINT["thorax"]
        semi_axes[head] = np.multiply(_HEAD_M, body.drawn[head])
        axes = np.tile(np.eye(3), (DRAWN_JOINTS, 1, 1))
        if body.drawn[head] and body.drawn[thorax]:
            axes[head] = shapes.frames_along(joints[head] - joints[thorax])
        offsets = np.einsum("ni,ji,jik->jnk", unit, semi_axes, axes)
        inverse = 1 / np.maximum(semi_axes, 1e-6)
        normals = np.einsum("ni,ji,jik->jnk", unit, inverse, axes)
        normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
        points = joints[:, None] + offsets
        count = len(unit)
        return _Corners(
            points.reshape(-1, 3),
            normals.reshape(-1, 3),
            np.repeat(colours, count, axis=0),
            np.repeat(body.opacity.astype(np.float64), count),
        )
