"""A full-body OpenSim model of a person's size, built from the program's own skeleton.

Bodies, joints, coordinates, axes and signs are named as in Rajagopal et al. (IEEE Trans. Biomed.
Eng. 63, 2016), so that programs for motions of that model read ours: see :mod:`app.export.opensim`,
whose coordinates it has, and ``ankle_angle`` (dorsiflexion positive) and ``subtalar_angle``
(inversion positive) in addition.  Knees and elbows are simple hinges, shoulders do not move
relative to the trunk, and there are no muscles; head and hands are fixed to trunk and forearms.
The published models belong to their authors and are not part of the program.

Joints are where the detector locates them, and so are the markers, which are named after the
joints of ``models.skeleton``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from app.export.opensim import MODEL_LEG, PELVIS
from app.export.rig import BONE, Array, Rig
from models.feet import ANKLE_ABOVE, ANKLE_AHEAD, FLAT_DEG, LENGTH

Place = tuple[float, float, float]

_BACK: Final = 0.3
"""Position of the lumbar joint between hips and shoulders, as in Rajagopal's model."""
MASS_KG: Final = 70.0
_MASSES: Final = {
    "pelvis": 0.142, "torso": 0.436, "femur": 0.100, "tibia": 0.0465, "talus": 0.0015,
    "calcn": 0.0130, "humerus": 0.028, "ulna": 0.022,
}  # fmt: skip
"""Fractions of the body's mass (Winter, Biomechanics and Motor Control of Human Movement, 4th ed.,
table 4.1; the head's with the trunk, the hand's with the forearm)."""
_RADII: Final = {
    "pelvis": 0.09, "torso": 0.11, "femur": 0.06, "tibia": 0.045, "calcn": 0.03, "humerus": 0.04,
    "ulna": 0.03,
}  # fmt: skip
"""Metres, of the ellipsoids that represent bodies and define their inertia."""
_X, _Y, _Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
_SUBTALAR: Final = (0.787, 0.605, -0.121)
"""Of the right foot (Rajagopal et al.; after Inman 1976)."""
RANGES: Final = {
    "pelvis_tilt": (-180, 180), "pelvis_list": (-180, 180), "pelvis_rotation": (-3600, 3600),
    "hip_flexion": (-60, 150), "hip_adduction": (-90, 50), "hip_rotation": (-70, 70),
    "knee_angle": (-10, 160), "ankle_angle": (-60, 45), "subtalar_angle": (-45, 45),
    "lumbar_extension": (-100, 45), "lumbar_bending": (-45, 45), "lumbar_rotation": (-75, 75),
    "arm_flex": (-200, 200), "arm_add": (-200, 200), "arm_rot": (-200, 200),
    "elbow_flex": (-5, 160),
}  # fmt: skip
"""Degrees.  An arm raised sideways to overhead has no range in these angles."""
_SIDES: Final = (("r", 1.0, "right"), ("l", -1.0, "left"))


@dataclass(frozen=True, slots=True)
class Body:
    """A body jointed to its parent."""

    name: str
    parent: str
    joint: str
    place: Place
    """Position of the joint, metres in the parent's axes."""
    turns: tuple[tuple[str, Place], ...]
    """Coordinate and axis, the outermost first."""
    end: Place
    """Its far end, in its own axes."""
    markers: tuple[tuple[str, Place], ...] = ()

    @property
    def kind(self) -> str:
        """Its name without the side."""
        return self.name.rpartition("_")[0] or self.name


def bodies(rig: Rig) -> list[Body]:
    """Return all bodies at the size of ``rig``, parents first."""
    offsets = rig.offsets
    leg, hip = -float(offsets[[BONE["LeftLeg"], BONE["LeftFoot"]], 1].sum()), -PELVIS * _size(rig)
    trunk = float(offsets[[BONE["Spine"], BONE["Chest"], BONE["Neck"]], 1].sum())
    shoulder, half = float(offsets[BONE["LeftArm"], 0]), float(offsets[BONE["LeftUpLeg"], 0])
    back, top = (hip[0], hip[1] + _BACK * trunk, 0.0), (1 - _BACK) * trunk
    found = [
        Body(
            *("pelvis", "ground", "ground_pelvis", (0.0, 0.0, 0.0)),
            _three("pelvis_tilt pelvis_list pelvis_rotation"),
            back,
            markers=(("pelvis", _place(hip)),)
            + tuple((f"{side}_hip", (hip[0], hip[1], sign * half)) for _, sign, side in _SIDES),
        ),
        Body(
            *("torso", "pelvis", "back", back),
            _three("lumbar_extension lumbar_bending lumbar_rotation"),
            (0.0, top, 0.0),
            markers=(("thorax", (0.0, top, 0.0)),)
            + tuple((f"{side}_shoulder", (0.0, top, sign * shoulder)) for _, sign, side in _SIDES),
        ),
    ]
    for side in _SIDES:
        found += _leg(rig, side, (hip[0], hip[1], side[1] * half), leg)
        found += _arm(rig, side, (0.0, top, side[1] * shoulder))
    return found


def _leg(rig: Rig, side: tuple[str, float, str], hip: Place, leg: float) -> list[Body]:
    end, sign, name = side
    thigh, shank = (-float(rig.offsets[BONE[bone], 1]) for bone in ("LeftLeg", "LeftFoot"))
    knee, ankle = (0.0, -thigh, 0.0), (0.0, -shank, 0.0)
    heel, toe = _sole(leg)
    oblique = (sign * _SUBTALAR[0], sign * _SUBTALAR[1], _SUBTALAR[2])
    turns = _three(f"hip_flexion_{end} hip_adduction_{end} hip_rotation_{end}", sign)
    return [
        Body(f"femur_{end}", "pelvis", f"hip_{end}", hip, turns, knee),
        Body(
            *(f"tibia_{end}", f"femur_{end}", f"walker_knee_{end}", knee),
            ((f"knee_angle_{end}", (0.0, 0.0, -1.0)),),
            ankle,
            markers=((f"{name}_knee", (0.0, 0.0, 0.0)), (f"{name}_ankle", ankle)),
        ),
        Body(
            *(f"talus_{end}", f"tibia_{end}", f"ankle_{end}", ankle),
            ((f"ankle_angle_{end}", _Z),),
            (0.0, 0.0, 0.0),
        ),
        Body(
            *(f"calcn_{end}", f"talus_{end}", f"subtalar_{end}", (0.0, 0.0, 0.0)),
            ((f"subtalar_angle_{end}", oblique),),
            toe,
            markers=((f"{name}_heel", heel), (f"{name}_toe", toe)),
        ),
    ]


def _arm(rig: Rig, side: tuple[str, float, str], shoulder: Place) -> list[Body]:
    end, sign, name = side
    upper, lower = (float(rig.offsets[BONE[bone], 0]) for bone in ("LeftForeArm", "LeftHand"))
    elbow, wrist = (0.0, -upper, 0.0), (0.0, -lower, 0.0)
    turns = _three(f"arm_flex_{end} arm_add_{end} arm_rot_{end}", sign)
    return [
        Body(f"humerus_{end}", "torso", f"acromial_{end}", shoulder, turns, elbow),
        Body(
            *(f"ulna_{end}", f"humerus_{end}", f"elbow_{end}", elbow),
            ((f"elbow_flex_{end}", _Z),),
            wrist,
            markers=((f"{name}_elbow", (0.0, 0.0, 0.0)), (f"{name}_wrist", wrist)),
        ),
    ]


def _three(names: str, sign: float = 1.0) -> tuple[tuple[str, Place], ...]:
    """Return names and axes of flexion, adduction and rotation; ``sign`` is that of z on its
    side."""
    axes = (_Z, (sign, 0.0, 0.0), (0.0, sign, 0.0))
    return tuple(zip(names.split(), axes, strict=True))


def _sole(leg: float) -> tuple[Place, Place]:
    """Return heel and toe of a foot with a level sole, relative to the ankle."""
    c, s = np.cos(np.radians(FLAT_DEG)), np.sin(np.radians(FLAT_DEG))
    ahead, above = np.array([c, -s, 0.0]), np.array([s, c, 0.0])
    heel = -leg * (ANKLE_AHEAD * ahead + ANKLE_ABOVE * above)
    return _place(heel), _place(heel + leg * LENGTH * ahead)


def _size(rig: Rig) -> float:
    leg = -float(rig.offsets[[BONE["LeftLeg"], BONE["LeftFoot"]], 1].sum())
    return leg / MODEL_LEG


def _place(point: Array) -> Place:
    x, y, z = (float(value) for value in point)
    return x, y, z


def build(opensim: Any, rig: Rig) -> Any:
    """Return an ``opensim.Model`` of a person with these lengths; ``opensim`` is the package."""
    model = opensim.Model()
    model.setName("mixpose")
    model.set_credits("mixpose; names and axes after Rajagopal et al. 2016")
    made = {"ground": model.getGround()}
    for each in bodies(rig):
        made[each.name] = _body(opensim, model, each)
        model.addJoint(_joint(opensim, each, made[each.parent], made[each.name]))
        for marker, place in each.markers:
            vector = opensim.Vec3(*place)
            model.addMarker(opensim.Marker(marker, made[each.name], vector))
    model.finalizeConnections()
    _limit(model)
    return model


def _body(opensim: Any, model: Any, each: Body) -> Any:
    radius = _RADII.get(each.kind, 0.02)
    half = max(float(np.linalg.norm(each.end)) / 2, radius)
    mass = MASS_KG * _MASSES[each.kind]
    across, along = mass * (half**2 + radius**2) / 5, mass * 2 * radius**2 / 5
    middle = np.array(each.end) / 2
    sizes = (across, along, across, 0.0, 0.0, 0.0)
    body = opensim.Body(each.name, mass, opensim.Vec3(*middle), opensim.Inertia(*sizes))
    model.addBody(body)
    if each.kind in _RADII:
        frame = opensim.PhysicalOffsetFrame(body, opensim.Transform(opensim.Vec3(*middle)))
        frame.setName(f"{each.name}_shape")
        radii = (half, radius, radius) if each.kind == "calcn" else (radius, half, radius)
        frame.attachGeometry(opensim.Ellipsoid(*radii))
        body.addComponent(frame)
    return body


def _joint(opensim: Any, each: Body, parent: Any, child: Any) -> Any:
    """Return a joint that rotates about the axes of ``each`` in order; the pelvis' also
    translates."""
    transform = opensim.SpatialTransform()
    free = each.parent == "ground"
    spare = [("", axis) for axis in (_X, _Y)][: 3 - len(each.turns)]
    moves = [(f"pelvis_t{name}", axis) for name, axis in zip("xyz", (_X, _Y, _Z), strict=True)]
    for number, (coordinate, direction) in enumerate((*each.turns, *spare, *(moves * free))):
        axis = transform.updTransformAxis(number)
        axis.setAxis(opensim.Vec3(*direction))
        if coordinate:
            axis.setCoordinateNames(opensim.ArrayStr(coordinate, 1))
            axis.set_function(opensim.LinearFunction(1.0, 0.0))
    zero = opensim.Vec3(0)
    return opensim.CustomJoint(
        each.joint, parent, opensim.Vec3(*each.place), zero, child, zero, zero, transform
    )


def _limit(model: Any) -> None:
    """Set the ranges of coordinates; positions of the pelvis have none."""
    for turn in model.updCoordinateSet():
        limits = RANGES.get(turn.getName().removesuffix("_r").removesuffix("_l"))
        if limits is not None:
            turn.setRangeMin(float(np.radians(limits[0])))
            turn.setRangeMax(float(np.radians(limits[1])))
            turn.setDefaultClamped(True)
