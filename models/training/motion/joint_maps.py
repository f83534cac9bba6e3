"""Which joints of a skeleton the 17 are taken from.

A joint of ours is the mean of one or more of theirs, moved by an offset in the axes of the first.
Offsets are metres on a body 1.70 m tall and grow with the body.  Pelvis, spine and thorax are
midpoints and never mapped.

A user's map is a JSON file.  Names are the file's; what lies beyond the last joint of a limb is
called ``"NAME end"``::

    {"joints": {"left_hip": "thigh_l", "left_knee": "calf_l", ..., "right_wrist": "hand_r"},
     "skull": "head"}

``"base": "cmu-motionbuilder"`` begins with a built-in map, of which only differences need telling.
An entry of ``joints`` is a name, a list of names, or ``{"joints": [...], "offset": [x, y, z]}``.
``skull`` is the joint that the head turns with; nose and head are placed from it unless ``joints``
has them.  ``unit`` gives the metres of a length of 1 where guessing it from the body's size fails,
``"up": "z"`` a file whose Z axis points up; it is read as if it had been exported with Y up, and
offsets count in those axes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from models.training.motion.text import MotionFileError

_PARTS: Final = ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
LIMB_JOINTS: Final = tuple(f"{side}_{part}" for side in ("left", "right") for part in _PARTS)
"""The joints every map must have."""

NOSE_ABOVE_SKULL: Final = (0.045, 0.100)
HEAD_ABOVE_SKULL: Final = (0.055, 0.010)
"""How far up and forwards nose and midpoint of the ears are from the joint that the head turns
with, the base of the skull.  Measured in the CMU takes 02_02, 02_03, 07_01, 10_01 and 13_30, of
which packs hold nose and ears: they stay at this place in the head's axes to within 0.5 mm."""

_MOST_BYTES: Final = 1 << 20
_MOST_LISTED: Final = 80


@dataclass(frozen=True)
class Source:
    """The mean of ``joints``, moved by ``offset`` (metres at 1.70 m) in the axes of the first."""

    joints: tuple[str, ...]
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class JointMap:
    """Sources of the 12 limb joints, and of nose and head or the skull they are placed from."""

    name: str
    sources: Mapping[str, Source] = field(default_factory=dict)
    skull: str | None = None
    unit: float | None = None
    up: str = "y"

    def wanted(self) -> list[str]:
        """The names that a skeleton must have."""
        names = [name for source in self.sources.values() for name in source.joints]
        return list(dict.fromkeys(names + ([self.skull] if self.skull else [])))


def _built_in(
    name: str,
    limbs: Sequence[str],
    head: str,
    offsets: tuple[tuple[float, float, float], tuple[float, float, float]],
) -> JointMap:
    """``limbs`` has ``{}`` for the side; ``head`` begins with the two ways to write it."""
    left, right, joint = head.split()
    sources = {
        f"{side}_{part}": Source((pattern.format(letter),))
        for side, letter in (("left", left), ("right", right))
        for part, pattern in zip(_PARTS, limbs, strict=True)
    }
    sources["nose"] = Source((joint,), offsets[0])
    sources["head"] = Source((joint,), offsets[1])
    return JointMap(name, sources)


# The head's axes of these: x left, y up, z forwards.
_UPRIGHT: Final = ((0.0, *NOSE_ABOVE_SKULL), (0.0, *HEAD_ABOVE_SKULL))

BUILT_IN: Final = {
    joint_map.name: joint_map
    for joint_map in (
        _built_in(
            "cmu-daz",
            ("{}Thigh", "{}Shin", "{}Foot", "{}Shldr", "{}ForeArm", "{}Hand"),
            "l r head",
            _UPRIGHT,
        ),
        _built_in(
            "cmu-motionbuilder",
            ("{}UpLeg", "{}Leg", "{}Foot", "{}Arm", "{}ForeArm", "{}Hand"),
            "Left Right Head",
            _UPRIGHT,
        ),
        _built_in(
            "cmu-asf",
            ("{}femur", "{}tibia", "{}foot", "{}humerus", "{}radius", "{}wrist"),
            "l r head",
            _UPRIGHT,
        ),
        # Made with FreeMoCap: "face" is the midpoint of the ears and its bone points to the nose.
        _built_in(
            "reactidle",
            ("thigh.{}", "shin.{}", "foot.{}", "upper_arm.{}", "forearm.{}", "forearm.{} end"),
            "L R face",
            ((0.0, -0.020, 0.088), (0.0, 0.0, 0.0)),
        ),
        # The head's axes: x up, y forwards, z left.
        _built_in(
            "bandai-namco",
            ("UpperLeg_{}", "LowerLeg_{}", "Foot_{}", "UpperArm_{}", "LowerArm_{}", "Hand_{}"),
            "L R Head",
            ((*NOSE_ABOVE_SKULL, 0.0), (*HEAD_ABOVE_SKULL, 0.0)),
        ),
    )
}
"""By name.  ``cmu-motionbuilder`` also fits what else follows MotionBuilder's names (LaFAN1,
Mixamo); prefixes such as ``mixamorig:`` and capitals do not matter."""


def find(name: str, names: Sequence[str]) -> int | None:
    """The index of a joint by its name, or by its name without prefix and capitals."""
    for plain in (lambda text: text, _plain):
        found = [index for index, other in enumerate(names) if plain(other) == plain(name)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _plain(name: str) -> str:
    return name.rpartition(":")[2].casefold()


def missing(joint_map: JointMap, names: Sequence[str]) -> list[str]:
    """Which names of a map a skeleton lacks, or has more than once."""
    return [name for name in joint_map.wanted() if find(name, names) is None]


def choose(names: Sequence[str], path: Path) -> JointMap:
    """The built-in map whose joints are all there.

    Raises:
        MotionFileError: none fits; the message has the names and how to write a map.
    """
    lacking = {name: missing(joint_map, names) for name, joint_map in BUILT_IN.items()}
    closest = min(lacking, key=lambda name: len(lacking[name]))
    if not lacking[closest]:
        return BUILT_IN[closest]
    raise MotionFileError(
        f"No built-in joint map fits {path}. Its joints are: {_listed(names)}. Write a joint map "
        '(--joint-map FILE) such as {"joints": {"left_hip": "NAME", …}, "skull": "NAME"} with '
        f"{', '.join(LIMB_JOINTS)}."
    )


def require(joint_map: JointMap, names: Sequence[str], path: Path) -> None:
    """Raises:
    MotionFileError: the skeleton lacks joints of the map.
    """
    lacking = missing(joint_map, names)
    if lacking:
        raise MotionFileError(
            f"The joint map {joint_map.name} does not fit {path}: "
            f"{_listed(lacking)} not there, or there twice. Its joints are: {_listed(names)}."
        )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(name[:60] for name in names[:_MOST_LISTED])
    more = len(names) - _MOST_LISTED
    return f"{shown} and {more} more" if more > 0 else shown


def read_joint_map(path: Path) -> JointMap:
    """Read a user's map.

    Raises:
        MotionFileError: the file cannot be read, or is not such a map.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError("it is over 1 MiB")
        told = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(told, dict):
            raise ValueError("it is not a JSON object")
        return _parsed(path.name, told)
    except (OSError, ValueError, RecursionError) as error:
        raise MotionFileError(f"Cannot read the joint map {path}: {error}.") from error


def _parsed(name: str, told: dict[str, Any]) -> JointMap:
    unknown = set(told) - {"base", "joints", "skull", "unit", "up"}
    if unknown:
        raise ValueError(f"{sorted(unknown)[0]!r} is not base, joints, skull, unit or up")
    base = told.get("base")
    if base is not None and base not in BUILT_IN:
        raise ValueError(f"base is one of {', '.join(BUILT_IN)}, not {base!r}")
    result = replace(BUILT_IN[base], name=name) if base else JointMap(name)
    joints = told.get("joints", {})
    if not isinstance(joints, dict):
        raise ValueError("joints is not an object of names")
    sources = {joint: _source(joint, value) for joint, value in joints.items()}
    skull, unit, up = told.get("skull"), told.get("unit"), told.get("up", "y")
    if not (skull is None or isinstance(skull, str)):
        raise ValueError("skull is not the name of a joint")
    if not (unit is None or (isinstance(unit, int | float) and 1e-6 < unit < 1e3)):
        raise ValueError("unit is not the metres of a length of 1")
    if up not in ("y", "z"):
        raise ValueError('up is "y" or "z"')
    kept = {n: s for n, s in result.sources.items() if not (skull and n in ("nose", "head"))}
    result = replace(result, sources=kept | sources, skull=skull, unit=unit, up=up)
    lacking = [joint for joint in LIMB_JOINTS if joint not in result.sources]
    if not skull:
        lacking += [joint for joint in ("nose", "head") if joint not in result.sources]
    if lacking:
        hint = "" if set(lacking) & set(LIMB_JOINTS) else ' ("skull" can stand for nose and head)'
        raise ValueError(f"it does not say where {', '.join(lacking)} come from{hint}")
    return result


def _source(joint: str, value: object) -> Source:
    if joint not in (*LIMB_JOINTS, "nose", "head"):
        raise ValueError(f"{joint!r} is not one of {', '.join(LIMB_JOINTS)}, nose, head")
    entry = value if isinstance(value, dict) else {"joints": value}
    names = entry.get("joints")
    names = [names] if isinstance(names, str) else names
    offset: object = entry.get("offset", [0.0, 0.0, 0.0])
    if set(entry) - {"joints", "offset"} or not isinstance(names, list) or not names:
        raise ValueError(f"{joint} is not a name, a list of names, or joints and an offset")
    if not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"{joint} is not made of names of joints")
    match offset:
        case [int() | float() as x, int() | float() as y, int() | float() as z]:
            if all(abs(value) <= 1 for value in (x, y, z)):
                return Source(tuple(names), (float(x), float(y), float(z)))
    raise ValueError(f"the offset of {joint} is not three numbers of metres up to 1")
