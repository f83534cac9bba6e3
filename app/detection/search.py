"""Searches for people beside those already known, which the detector does not do by itself.

Asked for several people (``num_poses``), MediaPipe finds one: in five of eight pictures of two
performers, and in all 120 of two who cross, a second one who is in full view is suppressed as
overlapping or is too small for its detector, which sees the whole picture in 224 pixels.  It also
costs 29 ms a picture instead of 17 with one person in view, and gives up smoothing, which makes the
joints of one person jitter 2.3 times as much, and of two 5 to 13 times.  So the tracked person has
a detector of their own, and the others are searched for in single pictures in which those who are
known are painted over, whole and in parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import numpy as np

from app.detection.person import Person, Picture, alike, clipped, same, without

_AROUND: Final = 2.6
"""How far around the middle of a trunk the rest of the body is, in lengths of the trunk."""
_PART: Final = 0.6
"""Of the longer side: people half as tall as those found in the whole are found in parts."""
_SMALL_PART: Final = 0.45
_TURNS: Final = 3
_REACHES: Final = (0.6, 0.35, 0.2)
"""Of the longer side: where to look for whoever was pointed at, first for large people."""
_TOO_SMALL: Final = 0.55
"""Of the picture's height: below it the detector may not find somebody again in the whole
picture."""
_WINDOW: Final = 3.0
_AGAIN: Final = ((2.2, True), (1.4, False), (3.5, False))
"""How large a part of the picture is looked at once more, relative to the body in it, and whether
mirrored: then it is another picture also where the body fills the whole one."""
_OFF: Final = 1.5
"""Lengths of the trunk between who was found first and who is found then, at most."""
Region = tuple[int, int, int, int]
"""Left, top, right and bottom, whole pixels."""


class Landmarkers(Protocol):
    """The detector's two tasks, as the tracker uses them."""

    def track(self, picture: Picture) -> Person | None:
        """Find the person of the picture before, wherever they went; or else anybody."""

    def forget(self) -> None:
        """Let the next picture begin anew."""

    def find(self, picture: Picture) -> Person | None:
        """Find anybody in a single picture."""


class Recheck(NamedTuple):
    """The result of detecting a person again."""

    person: Person | None
    """The person on whom the detections agree."""
    somebody: bool
    """Whether they found anybody."""


class Search:
    """Searches for people in single pictures."""

    def __init__(self, landmarkers: Landmarkers) -> None:
        self._landmarkers = landmarkers
        self._turn = 0

    def everywhere(self, picture: Picture, known: Sequence[Person], most: int = 3) -> list[Person]:
        """All who can be found beside the ``known``, at most so many."""
        found: list[Person] = []
        for region in _regions(picture):
            while len(found) < most:
                person = self.within(picture, region, [*known, *found])
                if person is None:
                    break
                found.append(person)
        return found

    def closely(self, picture: Picture) -> list[Person]:
        """People as small as a tenth of the picture's height, while nobody is known.

        Looks at a third of the small parts of the picture, by turns.
        """
        self._turn += 1
        parts = _small_parts(picture)[self._turn % _TURNS :: _TURNS]
        found = (self.within(picture, region, []) for region in parts)
        return [person for person in found if person is not None]

    def at(
        self, picture: Picture, point: tuple[float, float], known: Sequence[Person]
    ) -> list[Person]:
        """All near a point of the picture, whatever their size, beside the ``known``."""
        height, width = picture.shape[:2]
        found: list[Person] = []
        for reach in (share * max(height, width) for share in _REACHES):
            x, y = point
            region = clipped((x - reach, y - reach, x + reach, y + reach), picture)
            person = self.within(picture, region, [*known, *found])
            if person is not None:
                found.append(person)
        return found

    def next(self, picture: Picture, known: Sequence[Person]) -> Person | None:
        """Somebody beside the ``known``; looks at the whole picture and at its parts by turns."""
        regions = _regions(picture)
        self._turn += 1
        return self.within(picture, regions[self._turn % len(regions)], known)

    def around(self, picture: Picture, person: Person, known: Sequence[Person]) -> Person | None:
        """Somebody near ``person``'s place and not much larger, beside the ``known``."""
        x, y = (float(value) for value in person.centre)
        reach = _AROUND * person.size
        region = clipped((x - reach, y - reach, x + reach, y + reach), picture)
        return self.within(picture, region, known)

    def recheck(self, picture: Picture, person: Person, known: Sequence[Person]) -> Recheck:
        """Look once more at ``person``, and twice more unless found at the same place.

        Then two of the looks must agree on who is about there: of small and half hidden people the
        joints found first are often wrong.  ``known`` are other people nearby.
        """
        found: list[Person] = []
        somebody = False
        for looks, (side, mirrored) in enumerate(_AGAIN):
            if looks == 2 and not found:
                break  # the last one alone would prove nothing
            other = self._once_more(picture, person, known, side, mirrored=mirrored)
            if other is None:
                continue
            somebody = True
            if mirrored and same(other, person):
                return Recheck(person, True)
            if any(alike(other, each) for each in found):
                return Recheck(other, True)
            if person.away(other.centre) < _OFF * max(person.size, other.size):
                found.append(other)
        return Recheck(None, somebody)

    def _once_more(
        self,
        picture: Picture,
        person: Person,
        known: Sequence[Person],
        side: float,
        *,
        mirrored: bool,
    ) -> Person | None:
        low, high = person.landmarks[:, :2].min(axis=0), person.landmarks[:, :2].max(axis=0)
        (x, y), reach = (low + high) / 2, side / 2 * float((high - low).max())
        left, top, right, bottom = region = clipped(
            (x - reach, y - reach, x + reach, y + reach), picture
        )
        others = [each.moved(-left, -top) for each in known if _touches(each, region)]
        part = picture[top:bottom, left:right]
        if others:
            part = without(part, others, keep=person.moved(-left, -top))
        found = self._landmarkers.find(np.ascontiguousarray(part[:, ::-1] if mirrored else part))
        if found is not None and mirrored:
            found = found.mirrored(right - left)
        return None if found is None else found.moved(left, top)

    def within(self, picture: Picture, region: Region, known: Sequence[Person]) -> Person | None:
        """Somebody within a part of the picture, beside the ``known``."""
        left, top, right, bottom = region
        part = picture[top:bottom, left:right]
        moved = [person.moved(-left, -top) for person in known if _touches(person, region)]
        part = without(part, moved) if moved else np.ascontiguousarray(part)
        found = self._landmarkers.find(part)
        if found is None or not found.convincing():
            return None
        found = found.moved(left, top)
        if not found.in_view(picture) or any(same(found, person) for person in known):
            return None
        return found


def window(picture: Picture, person: Person) -> Region | None:
    """A part of the picture in which a small person is large enough to be found again."""
    left, top, right, bottom = clipped(person.box, picture)
    height, width = picture.shape[:2]
    extent = max(right - left, bottom - top)
    if extent >= _TOO_SMALL * height:
        return None
    side = min(round(_WINDOW * extent), height, width)
    x = min(max((left + right - side) // 2, 0), width - side)
    y = min(max((top + bottom - side) // 2, 0), height - side)
    return x, y, x + side, y + side


def _regions(picture: Picture) -> list[Region]:
    """The whole picture, and two parts that together cover it."""
    height, width = picture.shape[:2]
    if width >= height:
        part = round(_PART * width)
        parts = [(0, 0, part, height), (width - part, 0, width, height)]
    else:
        part = round(_PART * height)
        parts = [(0, 0, width, part), (0, height - part, width, height)]
    return [(0, 0, width, height), *parts]


def _small_parts(picture: Picture) -> list[Region]:
    """Nine parts that together cover it."""
    height, width = picture.shape[:2]
    high, wide = round(_SMALL_PART * height), round(_SMALL_PART * width)
    return [
        (left, top, left + wide, top + high)
        for top in (0, (height - high) // 2, height - high)
        for left in (0, (width - wide) // 2, width - wide)
    ]


def _touches(person: Person, region: Region) -> bool:
    left, top, right, bottom = person.box
    return left < region[2] and right > region[0] and top < region[3] and bottom > region[1]
