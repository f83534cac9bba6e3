"""BVH (Biovision hierarchy): a skeleton, then one line of channel values per frame.

The format is described by Meredith and Maddock ("Motion Capture File Formats Explained", 2001): a
joint's rotation is the product of its channels' matrices in the listed order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from models.training.motion.kinematics import Array, Joint, Take
from models.training.motion.text import MotionFileError, fault, numbers, read_lines, whole_number

_MOST_JOINTS: Final = 2000
_DEEPEST: Final = 200
_MOST_FRAMES: Final = 10_000_000
_RATES: Final = (1.0, 2000.0)
_CHANNEL: Final = re.compile(r"([xyz])(position|rotation)", re.IGNORECASE)


@dataclass
class _Node:
    name: str
    parent: int
    shift: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    channels: list[tuple[int, bool]] = field(default_factory=list)
    """(axis, whether it is a rotation) of each."""


class _Header:
    """The hierarchy, parsed line by line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.nodes: list[_Node] = []
        self._open: list[int] = []
        self._next: _Node | None = None

    def take(self, text: str, line: int) -> None:
        """Parse one statement or brace."""
        words = text.split()
        keyword = words[0].upper()
        if keyword in ("ROOT", "JOINT", "END"):
            self._begin(keyword, text.split(maxsplit=1)[1:], line)
        elif keyword == "{":
            self._enter(line)
        elif keyword == "}":
            if self._next or not self._open:
                raise fault(self.path, line, "there is a closing brace too many")
            self._open.pop()
        elif keyword == "OFFSET":
            if len(words) != 4:
                raise fault(self.path, line, "an OFFSET has three numbers")
            self._here(line).shift = numbers(words[1:], self.path, line)
        elif keyword == "CHANNELS":
            self._channels(words[1:], line)
        elif keyword != "HIERARCHY":
            raise fault(self.path, line, f"{words[0][:40]!r} was not expected in a BVH hierarchy")

    def finish(self, line: int) -> None:
        """Require that the hierarchy is complete where the motion begins."""
        if self._open or self._next or not self.nodes:
            raise fault(self.path, line, "the hierarchy is not complete before MOTION")

    def _begin(self, keyword: str, rest: list[str], line: int) -> None:
        if self._next:
            raise fault(self.path, line, "an opening brace is missing")
        if keyword == "ROOT" and self.nodes:
            what = "a second ROOT begins; export each skeleton into a file of its own"
            raise fault(self.path, line, what)
        if keyword != "ROOT" and not self._open:
            raise fault(self.path, line, "a joint stands outside the skeleton")
        if len(self.nodes) >= _MOST_JOINTS or len(self._open) >= _DEEPEST:
            limits = f"{_MOST_JOINTS} joints or {_DEEPEST} levels"
            raise fault(self.path, line, f"the skeleton has more than {limits}")
        parent = self._open[-1] if self._open else -1
        name = f"{self.nodes[parent].name} end" if keyword == "END" else "".join(rest).strip()
        if not name:
            raise fault(self.path, line, "a joint has no name")
        self._next = _Node(name, parent)

    def _enter(self, line: int) -> None:
        if self._next is None:
            raise fault(self.path, line, "there is an opening brace too many")
        self._open.append(len(self.nodes))
        self.nodes.append(self._next)
        self._next = None

    def _here(self, line: int) -> _Node:
        if self._next or not self._open:
            raise fault(self.path, line, "this belongs between the braces of a joint")
        return self.nodes[self._open[-1]]

    def _channels(self, words: list[str], line: int) -> None:
        node = self._here(line)
        count = whole_number(words[0] if words else "", 6, self.path, line)
        matches = [_CHANNEL.fullmatch(word) for word in words[1:]]
        if node.channels or len(matches) != count or None in matches:
            what = "CHANNELS has a number up to 6, then as many names like Xposition or Zrotation"
            raise fault(self.path, line, what)
        node.channels = [
            ("xyz".index(match[1].lower()), match[2].lower() == "rotation")
            for match in matches
            if match
        ]


def read_bvh(path: Path, rate: float | None = None) -> Take:
    """Read a BVH file, with any order of channels and three to six of them a joint.

    ``rate`` is used where the file's frame time is zero.

    Raises:
        MotionFileError: the file cannot be read, or holds several skeletons, or no frames.
    """
    lines = read_lines(path)
    header, start = _hierarchy(path, lines)
    declared, seconds, start = _motion_head(path, lines, start)
    values, notes = _values(path, lines, start, sum(len(node.channels) for node in header.nodes))
    if declared != len(values):
        notes.append(f"It says that it has {declared} frames and has {len(values)} whole ones.")
    if seconds <= 0 and rate is None:
        raise fault(path, start, "the frame time is not above zero; say the rate instead")
    used = 1 / seconds if seconds > 0 else float(rate or 0)
    if not _RATES[0] <= used <= _RATES[1]:
        raise fault(path, start, f"a rate of {used:g} frames a second cannot be meant")
    joints, first = [], 0
    for node in header.nodes:
        joints.append(_joint(node, values[:, first : first + len(node.channels)]))
        first += len(node.channels)
    return Take(tuple(joints), len(values), used, notes=tuple(notes))


def _hierarchy(path: Path, lines: list[str]) -> tuple[_Header, int]:
    """Return the hierarchy and the number of lines up to and including MOTION."""
    if next((line.split()[0].upper() for line in lines if line.strip()), "") != "HIERARCHY":
        raise MotionFileError(f"Cannot read {path}: it is not a BVH file, which begins HIERARCHY.")
    header = _Header(path)
    for number, line in enumerate(lines, start=1):
        if line.strip().upper() == "MOTION":
            header.finish(number)
            return header, number
        for part in re.split(r"([{}])", line):
            if part.strip():
                header.take(part.strip(), number)
    raise fault(path, len(lines), "the file ends before MOTION")


def _motion_head(path: Path, lines: list[str], start: int) -> tuple[int, float, int]:
    """Return the declared number of frames, seconds per frame, and the line where frames begin."""
    found: list[tuple[int, str]] = []
    for number, line in enumerate(lines[start:], start=start + 1):
        if line.strip():
            key, _, value = line.partition(":")
            wanted = ("frames", "frame time")[len(found)]
            if " ".join(key.lower().split()) != wanted:
                raise fault(path, number, f"'{wanted.capitalize()}:' was expected")
            found.append((number, value.strip()))
            if len(found) == 2:
                (first, frames), (last, seconds) = found
                declared = whole_number(frames, _MOST_FRAMES, path, first)
                return declared, numbers([seconds], path, last)[0], last
    raise fault(path, len(lines), "the file ends before the first frame")


def _values(path: Path, lines: list[str], start: int, channels: int) -> tuple[Array, list[str]]:
    """Return channel values (frames, channels) and notes; a truncated last frame is left out."""
    rows: list[Array] = []
    notes: list[str] = []
    last = max((n for n, line in enumerate(lines) if line.strip()), default=-1)
    for number, line in enumerate(lines[start:], start=start):
        words = line.split()
        if not words:
            continue
        if number == last and rows and _is_cut(words, channels, ended=last < len(lines) - 1):
            notes.append("Its last frame is cut short and left out.")
            break
        if len(words) != channels:
            what = f"a frame has {len(words)} numbers where the channels are {channels}"
            raise fault(path, number + 1, what)
        rows.append(np.array(numbers(words, path, number + 1)))
    if not rows:
        raise MotionFileError(f"Cannot read {path}: it has no frames.")
    return np.stack(rows), notes


def _is_cut(words: Sequence[str], channels: int, *, ended: bool) -> bool:
    """Return whether the last frame is truncated: too few numbers, or an incomplete one without a
    line end."""
    try:
        float(words[-1].replace(",", "."))
    except ValueError:
        return len(words) <= channels and not ended
    return len(words) < channels


def _joint(node: _Node, values: Array) -> Joint:
    turns = tuple(
        (axis, np.radians(values[:, column]))
        for column, (axis, turning) in enumerate(node.channels)
        if turning
    )
    shift = np.array(node.shift)
    places = [
        (axis, values[:, n]) for n, (axis, turning) in enumerate(node.channels) if not turning
    ]
    if places:
        moved = np.tile(shift, (len(values), 1))
        for axis, channel in places:
            moved[:, axis] = channel
        shift = moved + (shift if _adds_to_offset(shift, moved) else 0.0)
    return Joint(node.name, node.parent, shift, turns)


def _adds_to_offset(offset: Array, moved: Array) -> bool:
    """Return whether position channels are relative to the OFFSET, or replace it.

    In most files they replace it.  In some they are added to it (the roots of the ReActIdle files:
    OFFSET 0.72 up, positions about 0); then the positions have a small component along the OFFSET.
    """
    return bool(np.median(moved @ offset) < 0.5 * (offset @ offset))
