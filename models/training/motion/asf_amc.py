"""ASF and AMC (Acclaim): one file with a person's skeleton, and one file for each take.

Jeff Lander, "Working with Motion Capture File Formats" (Game Developer, 1998), describes both.  A
bone rotates about its own axes, which ``axis`` defines at rest: with C the matrix of those and M
that of the frame's angles, its rotation relative to its parent is ``C M C^-1``.  Rotations listed
as x, y, z are applied in that order, so that the matrix is ``Rz Ry Rx``.  Limits are not applied;
takes may exceed them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from models.training.motion.kinematics import Array, Joint, Take, rotation_about
from models.training.motion.text import MotionFileError, fault, numbers, read_lines, whole_number

CMU_RATE: Final = 120.0
"""Frames per second of the CMU database's takes; AMC files do not contain it."""

_INCH_M: Final = 0.0254
_MOST_BONES: Final = 2000
_MOST_FRAMES: Final = 10_000_000
_TURNS: Final = ("rx", "ry", "rz")
_FREEDOMS: Final = ("tx", "ty", "tz", *_TURNS)
_AXES: Final = re.compile(r"[XYZ]{3}")

_Words = tuple[int, list[str]]
"""A line's number and its words."""


@dataclass
class Bone:
    """A bone: ``shift`` is (3,), from its start to its end; angles are in radians."""

    name: str
    direction: Array = field(default_factory=lambda: np.zeros(3))
    length: float = 0.0
    frame: Array = field(default_factory=lambda: np.eye(3))
    freedoms: tuple[str, ...] = ()
    parent: str = ""

    @property
    def shift(self) -> Array:
        """(3,) vector from the bone's start to its end."""
        return self.length * self.direction


@dataclass(frozen=True)
class Skeleton:
    """An ASF file: bones by name, parents first, the root among them; ``unit`` in metres."""

    path: Path
    bones: dict[str, Bone]
    unit: float
    degrees: bool


def read_asf(path: Path) -> Skeleton:
    """Read the skeleton of a person.

    Raises:
        MotionFileError: the file cannot be read or is not a whole skeleton.
    """
    sections = _sections(path, read_lines(path))
    for name in ("root", "bonedata", "hierarchy"):
        if name not in sections:
            raise MotionFileError(f"Cannot read {path}: it has no section ':{name}'.")
    units = {words[0].lower(): (line, words[1:]) for line, words in sections.get("units", [])}
    length = _one_number(path, *units["length"]) if "length" in units else 1.0
    if length <= 0:
        raise fault(path, units["length"][0], "the unit of length is not above zero")
    angle = units.get("angle")
    if angle is not None and len(angle[1]) != 1:
        raise fault(path, angle[0], "one unit of angles was expected: deg or rad")
    degrees = angle is None or not angle[1][0].lower().startswith("rad")
    bones = {"root": _root(path, sections["root"], degrees)}
    for bone in _bones(path, sections["bonedata"], degrees):
        if bone.name in bones:
            raise MotionFileError(f"Cannot read {path}: two bones are named {bone.name!r}.")
        bones[bone.name] = bone
    ordered = _hierarchy(path, sections["hierarchy"], bones)
    # In the CMU files, a length divided by the unit of length is in inches.
    return Skeleton(path, ordered, _INCH_M / length, degrees)


def read_amc(path: Path, skeleton: Skeleton, rate: float = CMU_RATE) -> Take:
    """Read one take of the person whose skeleton is given, at ``rate`` frames a second.

    Raises:
        MotionFileError: the file cannot be read or is a take of another skeleton.
    """
    parsed = _frames(path, skeleton)
    values = parsed.values()
    to_radians = np.pi / 180 if parsed.degrees else 1.0
    indices = {name: index for index, name in enumerate(skeleton.bones)}
    joints = [
        _joint(bone, skeleton, indices, values.get(bone.name), to_radians)
        for bone in skeleton.bones.values()
    ]
    parents = {bone.parent for bone in skeleton.bones.values()}
    joints += [
        Joint(f"{bone.name} end", indices[bone.name], bone.shift)
        for bone in skeleton.bones.values()
        if bone.name not in parents
    ]
    frames = len(values["root"])
    return Take(tuple(joints), frames, rate, skeleton.unit, tuple(parsed.notes))


def _joint(
    bone: Bone,
    skeleton: Skeleton,
    indices: dict[str, int],
    values: Array | None,
    to_radians: float,
) -> Joint:
    parent = skeleton.bones.get(bone.parent)
    # A joint is at its bone's start, which is the end of its parent's bone; the root is a point,
    # and its bone's shift is its position.
    shift = bone.shift if parent is None else parent.shift if parent.parent else np.zeros(3)
    if values is None:
        return Joint(bone.name, indices.get(bone.parent, -1), shift)
    moves = [(n, kind) for n, kind in enumerate(bone.freedoms) if kind[0] == "t"]
    if moves:
        shift = np.tile(shift, (len(values), 1))
        for column, kind in moves:
            shift[:, "xyz".index(kind[1])] += values[:, column]
    turns = tuple(
        ("xyz".index(kind[1]), values[:, column] * to_radians)
        for column, kind in reversed(list(enumerate(bone.freedoms)))
        if kind[0] == "r"
    )
    return Joint(bone.name, indices.get(bone.parent, -1), shift, turns, bone.frame)


def _sections(path: Path, lines: Sequence[str]) -> dict[str, list[_Words]]:
    sections: dict[str, list[_Words]] = {}
    current: list[_Words] | None = None
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if words[0].startswith(":"):
            current = sections.setdefault(words[0][1:].lower(), [])
        elif current is None:
            raise fault(path, number, "it is not an ASF file, whose sections begin with a colon")
        else:
            current.append((number, words))
    return sections


def _one_number(path: Path, line: int, words: list[str]) -> float:
    if len(words) != 1:
        raise fault(path, line, "one number was expected")
    return numbers(words, path, line)[0]


def _three(path: Path, line: int, words: list[str]) -> Array:
    if len(words) != 3:
        raise fault(path, line, "three numbers were expected")
    return np.array(numbers(words, path, line))


def _frame(path: Path, line: int, angles: Array, order: str, degrees: bool) -> Array:
    if not _AXES.fullmatch(order.upper()):
        raise fault(path, line, f"{order!r} is not an order of axes such as XYZ")
    frame = np.eye(3)
    for axis, angle in zip(order.upper(), np.radians(angles) if degrees else angles, strict=True):
        frame = rotation_about("XYZ".index(axis), np.asarray(angle)) @ frame
    return frame


def _root(path: Path, section: list[_Words], degrees: bool) -> Bone:
    entries = {words[0].lower(): (line, words[1:]) for line, words in section}
    if "order" not in entries:
        raise MotionFileError(f"Cannot read {path}: its ':root' does not tell the order of values.")
    root = Bone("root")
    root.freedoms = _freedoms(path, *entries["order"], _FREEDOMS)
    if "position" in entries:
        root.direction, root.length = _three(path, *entries["position"]), 1.0
    if "orientation" in entries:
        line, words = entries["orientation"]
        order = entries["axis"][1][0] if entries.get("axis", (0, []))[1] else "XYZ"
        root.frame = _frame(path, line, _three(path, line, words), order, degrees)
    return root


def _freedoms(path: Path, line: int, words: list[str], known: tuple[str, ...]) -> tuple[str, ...]:
    freedoms = tuple(word.lower() for word in words)
    if not set(freedoms) <= set(known) or len(set(freedoms)) < len(freedoms):
        raise fault(path, line, f"only {', '.join(known)} are read here, each once")
    return freedoms


def _bones(path: Path, section: list[_Words], degrees: bool) -> Iterator[Bone]:
    bone, count = None, 0
    for line, words in section:
        key, rest = words[0].lower(), words[1:]
        if key == "begin":
            bone, count = Bone(""), count + 1
            if count > _MOST_BONES:
                raise fault(path, line, f"the skeleton has more than {_MOST_BONES} bones")
        elif bone is None:
            raise fault(path, line, "this belongs between 'begin' and 'end'")
        elif key == "end":
            if not bone.name:
                raise fault(path, line, "the bone that ends here has no name")
            yield bone
            bone = None
        else:
            _describe(bone, key, rest, path, line, degrees)


def _describe(bone: Bone, key: str, rest: list[str], path: Path, line: int, degrees: bool) -> None:
    """Parse one line of a bone; ``id`` and ``limits`` are not needed."""
    if key == "name":
        bone.name = " ".join(rest)
    elif key == "direction":
        direction = _three(path, line, rest)
        if not direction.any():
            raise fault(path, line, "the direction has no length")
        bone.direction = direction / np.linalg.norm(direction)
    elif key == "length":
        bone.length = _one_number(path, line, rest)
    elif key == "axis":
        if len(rest) != 4:
            raise fault(path, line, "an axis has three angles and their order")
        bone.frame = _frame(path, line, _three(path, line, rest[:3]), rest[3], degrees)
    elif key == "dof":
        bone.freedoms = _freedoms(path, line, rest, _TURNS)


def _hierarchy(path: Path, section: list[_Words], bones: dict[str, Bone]) -> dict[str, Bone]:
    ordered = {"root": bones["root"]}
    for line, words in section:
        if words[0].lower() in ("begin", "end"):
            continue
        if words[0] not in ordered:
            raise fault(path, line, f"{words[0]!r} is not joined to the root before this line")
        for name in words[1:]:
            if name not in bones or name in ordered:
                raise fault(path, line, f"{name!r} is not a bone, or has a parent already")
            bones[name].parent = words[0]
            ordered[name] = bones[name]
    return ordered


class _Frames:
    """The frames of a take, parsed line by line."""

    def __init__(self, path: Path, skeleton: Skeleton) -> None:
        self.path = path
        self.degrees = skeleton.degrees
        self.notes: list[str] = []
        self._skeleton = skeleton.path.name
        self._widths = {b.name: len(b.freedoms) for b in skeleton.bones.values() if b.freedoms}
        self._rows: list[dict[str, list[float]]] = []
        self._count = 0

    def take(self, line: int, words: list[str]) -> bool:
        """Parse one line; return False if the following lines cannot be used."""
        if words[0].startswith(":"):
            self.degrees = {":degrees": True, ":radians": False}.get(words[0].lower(), self.degrees)
        elif words[0].isdecimal() and len(words) == 1:
            self._require_whole(line)
            number = whole_number(words[0], _MOST_FRAMES, self.path, line)
            if self._rows and number != self._count + 1:
                self.notes.append(f"Its frames stop counting up at line {line}; it is cut there.")
                return False
            self._count = number
            self._rows.append({})
        elif not self._rows:
            raise fault(self.path, line, "values stand before the first frame's number")
        else:
            self._bone(words[0], words[1:], line)
        return True

    def _bone(self, name: str, words: list[str], line: int) -> None:
        if name not in self._widths or name in self._rows[-1]:
            what = f"{name[:40]!r} was not expected; perhaps {self._skeleton} is another skeleton"
            raise fault(self.path, line, what)
        row = numbers(words, self.path, line)
        if len(row) == self._widths[name]:
            self._rows[-1][name] = row
        elif len(row) > self._widths[name]:
            raise fault(self.path, line, f"{name} has {self._widths[name]} values, not {len(row)}")

    def _require_whole(self, line: int) -> None:
        missing = [name for name in self._widths if self._rows and name not in self._rows[-1]]
        if missing:
            raise fault(self.path, line, f"the frame before this line lacks {missing[0]}")

    def values(self) -> dict[str, Array]:
        """Return each bone's values, (frames, its freedoms); a truncated last frame is left out."""
        if self._rows and len(self._rows[-1]) < len(self._widths):
            self._rows.pop()
            self.notes.append("Its last frame is cut short and left out.")
        if not self._rows:
            raise MotionFileError(f"Cannot read {self.path}: it has no frames.")
        return {name: np.array([row[name] for row in self._rows]) for name in self._widths}


def _frames(path: Path, skeleton: Skeleton) -> _Frames:
    frames = _Frames(path, skeleton)
    lines = read_lines(path)
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].split()
        try:
            if words and not frames.take(number, words):
                break
        except MotionFileError:
            # A last line without a line end may be truncated within a word.
            if number < len(lines):
                raise
    return frames
