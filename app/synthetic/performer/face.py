"""Neck, head, hair and face, which the detector's first stage needs to find a person."""

from __future__ import annotations

from typing import Final

import numpy as np

from app.render.shapes import Mesh, sphere
from app.synthetic.performer.motion import EAR_M, NOSE_M
from app.synthetic.performer.rotations import Array
from app.synthetic.performer.skin import UPWARD, Colour, Ring, SkinBuilder
from app.synthetic.performer.variation import Look, Proportions

_MIDDLE: Final = np.array([0.0, 0.097, 0.016])
"""Centre of the skull, from the joint of head and neck."""
_HALF: Final = np.array([0.079, 0.118, 0.095])
_NECK_M: Final = 0.055
_HAIR: Final = 1.075
"""Size of the hair relative to the skull; where there is no hair, its surface lies inside."""
_WHITE: Final = (0.93, 0.92, 0.90)
_IRIS: Final = (0.16, 0.12, 0.10)


def add_head(builder: SkinBuilder, body: Proportions, look: Look, neck_base: float) -> None:
    """Add everything above the collar."""
    atlas = body.waist + body.chest + body.neck
    size = body.head
    _add_neck(builder, atlas, neck_base, look)
    ball = sphere(17, 22)
    skull = _skull(_upright(ball.points))
    origin = np.array([0.0, atlas, 0.0])

    def place(points: Array) -> Array:
        placed: Array = points * size + origin
        return placed

    builder.mesh(Mesh(place(skull), ball.triangles), "head", look.skin)
    builder.mesh(Mesh(place(_hair(_upright(ball.points))), ball.triangles), "head", look.hair)

    def blob(centre: Array, half: tuple[float, float, float], colour: Colour) -> None:
        x, y, z = (float(value) for value in place(centre))
        a, b, c = (float(value * size) for value in half)
        builder.blob((x, y, z), (a, b, c), "head", colour)

    # At low resolution the face is recognised by these details: without the dark area below the
    # nose and strong lips MediaPipe places nose and ears 3 cm too high.
    below = _darker(_mixed(look.skin, (0.4, 0.2, 0.17), 0.6), 0.75)
    blob(np.array(NOSE_M) - (0.0, 0.012, 0.012), (0.014, 0.004, 0.010), below)
    lips = _mixed(look.skin, (0.56, 0.20, 0.19), 0.8)
    blob(np.array(NOSE_M) - (0.0, -0.001, 0.016), (0.015, 0.012, 0.016), look.skin)
    blob(_on_face(0.0, 0.093) - (0.0, 0.0, 0.001), (0.010, 0.026, 0.013), look.skin)
    blob(_on_face(0.0, 0.034) - (0.0, 0.0, 0.001), (0.026, 0.009, 0.008), lips)
    brows = _mixed(look.skin, look.hair, 0.65)
    for side in (1.0, -1.0):
        blob(np.multiply(EAR_M, (side, 1.0, 1.0)), (0.011, 0.031, 0.019), _darker(look.skin, 0.95))
        eye = _on_face(side * 0.031, 0.109)
        blob(eye - (0.0, 0.0, 0.001), (0.0175, 0.0095, 0.007), _WHITE)
        blob(eye - (0.0, 0.0, -0.002), (0.0088, 0.0092, 0.006), _IRIS)
        blob(_on_face(side * 0.032, 0.130), (0.018, 0.0035, 0.006), brows)


def _add_neck(builder: SkinBuilder, atlas: float, neck_base: float, look: Look) -> None:
    neck = [
        Ring((0.0, neck_base - 0.03, 0.0), (0.060, 0.064), "chest"),
        Ring((0.0, neck_base + 0.02, 0.004), (_NECK_M, _NECK_M), "chest", "head", 0.2),
        Ring((0.0, atlas - 0.01, 0.010), (_NECK_M, _NECK_M), "chest", "head", 0.6),
        Ring((0.0, atlas + 0.04, 0.014), (_NECK_M, _NECK_M), "head"),
    ]
    builder.loft(neck, UPWARD, _darker(look.skin, 0.92), segments=14)


def _upright(points: Array) -> Array:
    """Rotate the sphere's poles from z to y."""
    return np.stack([points[:, 1], points[:, 2], points[:, 0]], axis=-1)


def _skull(directions: Array) -> Array:
    """Deform a unit sphere to a head: a narrower jaw, the chin forward, a round back."""
    x, y, z = directions.T
    below = np.clip(-y, 0.0, 1.0)
    narrow = 1 - 0.30 * below**1.6
    shaped = np.stack([x * narrow, y, z * (1 - 0.12 * below**2) + 0.10 * below], axis=-1)
    result: Array = _MIDDLE + shaped * _HALF
    return result


def _hair(directions: Array) -> Array:
    """Return the hair's surface: outside the skull above the hairline, inside it below."""
    x, y, z = directions.T
    # From the forehead over the temples, behind the ears, down to the neck.
    above = y + 0.42 * np.abs(x) ** 3 - 0.95 * z
    edge = np.clip((above + 0.16) / 0.22, 0.0, 1.0)
    front = np.clip(z, 0.0, 1.0) * np.clip(0.85 - y, 0.0, 1.0)
    thick = 0.90 + (_HAIR - 0.90) * np.where(front > 0.12, 0.0, edge)
    result: Array = _MIDDLE + (_skull(directions) - _MIDDLE) * thick[:, None]
    return result


def _on_face(x: float, y: float) -> Array:
    """Return the point of the face at (x, y) from the joint of head and neck."""
    up = (y - _MIDDLE[1]) / _HALF[1]
    below = max(0.0, -up)
    aside = x / (_HALF[0] * (1 - 0.30 * below**1.6))
    depth = float(np.sqrt(max(0.0, 1 - up**2 - aside**2)))
    shaped = depth * (1 - 0.12 * below**2) + 0.10 * below
    return np.array([x, y, float(_MIDDLE[2] + shaped * _HALF[2])])


def _darker(colour: Colour, share: float) -> Colour:
    return colour[0] * share, colour[1] * share, colour[2] * share


def _mixed(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (a + share * (b - a) for a, b in zip(first, second, strict=True))
    return red, green, blue
