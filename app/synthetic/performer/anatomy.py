"""The performer's body, built from :class:`~app.synthetic.performer.skin.SkinBuilder` parts; neck,
head, hair and face are what the detector's first stage looks for.

Tables are in metres for a model of default proportions; limbs are scaled with their bones.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from app.render.shapes import Mesh, sphere
from app.synthetic.performer.motion import EAR_M, NOSE_M
from app.synthetic.performer.rotations import Array
from app.synthetic.performer.skin import DOWNWARD, FORWARD, UPWARD, Colour, Ring, Skin, SkinBuilder
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


_TRUNK: Final = (
    (-0.015, 0.150, 0.104), (-0.010, 0.174, 0.121), (0.04, 0.168, 0.116),
    (0.10, 0.157, 0.110), (0.16, 0.150, 0.106), (0.22, 0.151, 0.107), (0.30, 0.160, 0.115),
    (0.38, 0.169, 0.121), (0.44, 0.173, 0.116), (0.485, 0.172, 0.104), (0.515, 0.158, 0.092),
    (0.535, 0.136, 0.083), (0.552, 0.106, 0.075), (0.570, 0.081, 0.067), (0.585, 0.068, 0.063),
    (0.588, 0.055, 0.052),
)  # fmt: skip
"""Shirt: (height above the hips, half width, half depth)."""
_SEAT: Final = (
    (-0.092, 0.060, 0.060), (-0.072, 0.120, 0.092), (-0.03, 0.160, 0.112), (0.05, 0.158, 0.108),
)  # fmt: skip
_TRUNK_TOP_M: Final = 0.495
"""Shoulder height for which the trunk's table was made."""
_UPPER_ARM: Final = ((0.3, 0.030), (0.32, 0.046), (0.6, 0.043), (0.85, 0.039), (1.0, 0.038))
"""(fraction of the bone, radius)."""
_FOREARM: Final = ((0.15, 0.040), (0.32, 0.040), (0.6, 0.034), (0.85, 0.027), (1.02, 0.024))
_SLEEVE: Final = (
    (-0.165, 0.006), (-0.155, 0.024), (-0.12, 0.040), (-0.05, 0.053), (0.06, 0.060), (0.3, 0.058),
    (0.58, 0.056), (0.60, 0.054), (0.60, 0.046),
)  # fmt: skip
_THIGH: Final = (
    (-0.16, 0.046), (-0.10, 0.064), (0.0, 0.077), (0.15, 0.084), (0.4, 0.080), (0.7, 0.069),
    (0.9, 0.063), (1.0, 0.062),
)  # fmt: skip
_SHANK: Final = (
    (0.1, 0.063), (0.3, 0.063), (0.55, 0.057), (0.8, 0.053), (0.98, 0.054), (0.99, 0.040),
)  # fmt: skip
_SHOE: Final = (
    (-0.078, 0.022, 0.024), (-0.066, 0.035, 0.038), (-0.03, 0.039, 0.050), (0.02, 0.040, 0.050),
    (0.06, 0.043, 0.040), (0.10, 0.047, 0.030), (0.14, 0.044, 0.025), (0.165, 0.034, 0.020),
    (0.178, 0.018, 0.014),
)  # fmt: skip
"""(in front of the ankle, half width, half height)."""
_PALM: Final = (
    (0.0, 0.019, 0.025), (0.03, 0.017, 0.033), (0.065, 0.016, 0.040), (0.092, 0.013, 0.039),
)  # fmt: skip
"""(below the wrist, half thickness, half width)."""
_FINGERS: Final = ((0.029, 0.068), (0.010, 0.078), (-0.010, 0.073), (-0.028, 0.056))
"""(in front of the hand's centre, length)."""
_FINGER: Final = ((0.0, 0.010, 0.0), (0.5, 0.009, 0.006), (1.0, 0.0065, 0.020))
"""(fraction of the length, radius, bend toward the palm)."""


def build(body: Proportions, look: Look) -> Skin:
    """Return the whole person."""
    builder = SkinBuilder(building_roots(body))
    _add_trunk(builder, body, look)
    add_head(builder, body, look, neck_base=body.waist + body.chest + 0.07)
    for name, side in (("left", 1.0), ("right", -1.0)):
        _add_arm(builder, name, side, body, look)
        _add_hand(builder, name, side, body, look)
        _add_leg(builder, name, side, body, look)
        _add_shoe(builder, name, side, body, look)
    return builder.finish()


def building_roots(body: Proportions) -> dict[str, Array]:
    """Return each bone's root, standing straight with the arms down, the pelvis at the origin."""
    shoulder = body.waist + body.chest
    roots = {
        "pelvis": (0.0, 0.0, 0.0),
        "chest": (0.0, body.waist, 0.0),
        "head": (0.0, shoulder + body.neck, 0.0),
    }
    for name, side in (("left", 1.0), ("right", -1.0)):
        hip, arm = side * body.hip, side * body.shoulder
        roots |= {
            f"{name}_upper_arm": (arm, shoulder, 0.0),
            f"{name}_forearm": (arm, shoulder - body.upper_arm, 0.0),
            f"{name}_hand": (arm, shoulder - body.upper_arm - body.forearm, 0.0),
            f"{name}_thigh": (hip, 0.0, 0.0),
            f"{name}_shank": (hip, -body.thigh, 0.0),
            f"{name}_foot": (hip, -body.leg, 0.0),
        }
    return {name: np.array(root) for name, root in roots.items()}


def _add_trunk(builder: SkinBuilder, body: Proportions, look: Look) -> None:
    tall = (body.waist + body.chest) / _TRUNK_TOP_M
    wide = body.shoulder / Proportions().shoulder
    rings = []
    for height, width, depth in _TRUNK:
        share = float(np.clip((height - 0.04) / 0.26, 0.0, 1.0))
        bend = share * share * (3 - 2 * share)
        centre = (0.0, height * tall, 0.006)
        rings.append(Ring(centre, (depth * wide, width * wide), "pelvis", "chest", bend))
    builder.loft(rings, UPWARD, look.shirt, segments=22, power=2.5)
    seat = [
        Ring((0.0, height * tall, 0.0), (depth * wide, width * wide), "pelvis")
        for height, width, depth in _SEAT
    ]
    builder.loft(seat, UPWARD, look.trousers, segments=18, power=2.4)


def _limb(
    top: Array, length: float, table: tuple[tuple[float, float], ...], bone: str, thick: float
) -> list[Ring]:
    x, y, z = (float(value) for value in top)
    return [
        Ring((x, y - share * length, z), (radius * thick, radius * thick), bone)
        for share, radius in table
    ]


def _bent(rings: list[Ring], at: float, reach: float, upper: str, lower: str) -> list[Ring]:
    """Blend the two bones around a joint at height ``at``, over ``reach`` metres on either side."""
    result = []
    for ring in rings:
        share = float(np.clip((at - ring.centre[1]) / (2 * reach) + 0.5, 0.0, 1.0))
        result.append(ring._replace(bone=upper, other=lower, share=share))
    return result


def _add_arm(builder: SkinBuilder, name: str, side: float, body: Proportions, look: Look) -> None:
    roots = building_roots(body)
    upper, lower = f"{name}_upper_arm", f"{name}_forearm"
    thick = body.upper_arm / Proportions().upper_arm
    rings = _limb(roots[upper], body.upper_arm, _UPPER_ARM, upper, thick)
    rings += _limb(roots[lower], body.forearm, _FOREARM, lower, thick)
    rings = _bent(rings, float(roots[lower][1]), 0.035, upper, lower)
    builder.loft(rings, DOWNWARD, look.skin, segments=14)
    sleeve = _limb(roots[upper], body.upper_arm, _SLEEVE, upper, thick)
    # Moved toward the neck, so that no gap opens between sleeve and trunk.
    inward = [-side * shift for shift in (0.045, 0.040, 0.028, 0.014, 0.004)]
    sleeve[:5] = [
        ring._replace(centre=(ring.centre[0] + shift, *ring.centre[1:]))
        for ring, shift in zip(sleeve, inward, strict=False)
    ]
    builder.loft(sleeve, DOWNWARD, look.shirt, segments=16)


def _add_hand(builder: SkinBuilder, name: str, side: float, body: Proportions, look: Look) -> None:
    bone = f"{name}_hand"
    x, y, _ = (float(value) for value in building_roots(body)[bone])
    size = body.head
    palm = [
        Ring((x, y - down * size, 0.0), (thick * size, wide * size), bone)
        for down, thick, wide in _PALM
    ]
    builder.loft(palm, DOWNWARD, look.skin, segments=12, power=2.4)
    for forward, length in _FINGERS:
        # Curled a little toward the palm, which faces the thigh.
        finger = [
            Ring(
                (x - side * curl * size, y - (0.08 + share * length) * size, forward * size),
                (r * size, r * size),
                bone,
            )
            for share, r, curl in _FINGER
        ]
        builder.loft(finger, DOWNWARD, look.skin, segments=6)
    thumb = [
        Ring((x - side * 0.008, y - down * size, forward * size), (r * size, r * size), bone)
        for down, forward, r in ((0.022, 0.020, 0.014), (0.05, 0.046, 0.012), (0.085, 0.060, 0.008))
    ]
    builder.loft(thumb, DOWNWARD, look.skin, segments=7)


def _add_leg(builder: SkinBuilder, name: str, side: float, body: Proportions, look: Look) -> None:
    del side
    roots = building_roots(body)
    upper, lower = f"{name}_thigh", f"{name}_shank"
    thick = body.thigh / Proportions().thigh
    rings = _limb(roots[upper], body.thigh, _THIGH, upper, thick)
    rings += _limb(roots[lower], body.shank, _SHANK, lower, thick)
    rings = _bent(rings, float(roots[lower][1]), 0.05, upper, lower)
    builder.loft(rings, DOWNWARD, look.trousers, segments=16)


def _add_shoe(builder: SkinBuilder, name: str, side: float, body: Proportions, look: Look) -> None:
    del side
    bone = f"{name}_foot"
    x, ankle, _ = (float(value) for value in building_roots(body)[bone])
    size, floor = body.head, ankle - body.ankle
    rings = [
        Ring((x, floor + high * size, forward * size), (wide * size, high * size), bone)
        for forward, wide, high in _SHOE
    ]
    points = builder.loft(rings, FORWARD, look.shoes, segments=14, power=2.6)
    sole = points[..., 1] < floor + 0.022 * size
    builder.recolour_last(sole, (0.86, 0.85, 0.82))
