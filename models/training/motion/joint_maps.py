"""Mappings from a skeleton's joints to the 17 joints.

Each of our joints is the mean of one or more of the skeleton's joints, plus an offset in the axes
of the first.  Offsets are in metres for a body 1.70 m tall and scale with the body.  Pelvis, spine
and thorax are midpoints and never mapped.

A user's map is a JSON file.  Names are those of the motion file; the end of a limb's last bone is
called ``"NAME end"``::

    {"joints": {"left_hip": "thigh_l", "left_knee": "calf_l", ..., "right_wrist": "hand_r"},
     "skull": "head"}

``"base": "cmu-motionbuilder"`` starts from a built-in map, so that only differences are listed.  An
entry of ``joints`` is a name, a list of names, or ``{"joints": [...], "offset": [x, y, z]}``.
``skull`` is the joint that the head rotates with; nose and head are placed relative to it unless
``joints`` contains them.  ``unit`` is the length of 1 in metres, for files where it cannot be
inferred from the body's size.  ``"up": "z"`` is for files whose Z axis points up; they are read as
if they had been exported with Y up, and offsets are in those axes.
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
"""Offsets, up and forwards, of the nose and the midpoint of the ears from the joint that the head
rotates with, the base of the skull.  Measured in the CMU takes 02_02, 02_03, 07_01, 10_01 and
13_30, for which packs contain nose and ears: in the head's axes they are constant to 0.5 mm."""

_MOST_BYTES: Final = 1 << 20
_MOST_LISTED: Final = 80


@dataclass(frozen=True)
class Source:
    """The mean of ``joints`` plus ``offset`` (metres at 1.70 m) in the axes of the first."""

    joints: tuple[str, ...]
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class JointMap:
    """Sources of the 12 limb joints, and of nose and head, or the skull that determines them."""

    name: str
    sources: Mapping[str, Source] = field(default_factory=dict)
    skull: str | None = None
    unit: float | None = None
    up: str = "y"

    def wanted(self) -> list[str]:
        """Return the joint names that a skeleton must have."""
        names = [name for source in self.sources.values() for name in source.joints]
        return list(dict.fromkeys(names + ([self.skull] if self.skull else [])))


def _built_in(
    name: str,
    limbs: Sequence[str],
    head: str,
    offsets: tuple[tuple[float, float, float], tuple[float, float, float]],
) -> JointMap:
    """Build a map; ``limbs`` has ``{}`` for the side, ``head`` begins with its two spellings."""
    left, right, joint = head.split()
    sources = {
        f"{side}_{part}": Source((pattern.format(letter),))
        for side, letter in (("left", left), ("right", right))
        for part, pattern in zip(_PARTS, limbs, strict=True)
    }
    sources["nose"] = Source((joint,), offsets[0])
    sources["head"] = Source((joint,), offsets[1])
    return JointMap(name, sources)


# Offsets for skeletons whose head has these axes: x left, y up, z forwards.
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
"""Built-in maps by name.  ``cmu-motionbuilder`` also fits other skeletons with MotionBuilder's
names (LaFAN1, Mixamo); prefixes such as ``mixamorig:`` and letter case are ignored."""


def find(name: str, names: Sequence[str]) -> int | None:
    """Find a joint's index by its name, or else ignoring prefix and letter case."""
    for plain in (lambda text: text, _plain):
        found = [index for index, other in enumerate(names) if plain(other) == plain(name)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _plain(name: str) -> str:
    return name.rpartition(":")[2].casefold()


def missing(joint_map: JointMap, names: Sequence[str]) -> list[str]:
    """List the names of a map that a skeleton lacks, or has more than once."""
    return [name for name in joint_map.wanted() if find(name, names) is None]


def choose(names: Sequence[str], path: Path) -> JointMap:
    """Choose the built-in map whose joints are all present.

    Raises:
        MotionFileError: none fits; the message lists the names and says how to write a map.
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
    """Require that the skeleton has all joints of the map.

    Raises:
        MotionFileError: it lacks some.
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
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(content, dict):
            raise ValueError("it is not a JSON object")
        return _parsed(path.name, content)
    except (OSError, ValueError, RecursionError) as error:
        raise MotionFileError(f"Cannot read the joint map {path}: {error}.") from error


def _parsed(name: str, content: dict[str, Any]) -> JointMap:
    unknown = set(content) - {"base", "joints", "skull", "unit", "up"}
    if unknown:
        raise ValueError(f"{sorted(unknown)[0]!r} is not base, joints, skull, unit or up")
    base = content.get("base")
    if base is not None and base not in BUILT_IN:
        raise ValueError(f"base is one of {', '.join(BUILT_IN)}, not {base!r}")
    result = replace(BUILT_IN[base], name=name) if base else JointMap(name)
    joints = content.get("joints", {})
    if not isinstance(joints, dict):
        raise ValueError("joints is not an object of names")
    sources = {joint: _source(joint, value) for joint, value in joints.items()}
    skull, unit, up = content.get("skull"), content.get("unit"), content.get("up", "y")
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
