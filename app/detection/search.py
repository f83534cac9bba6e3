"""Search for people other than those already known, which the detector does not do itself.

Asked for several people (``num_poses``), MediaPipe often finds one: in five of eight pictures of
two performers, and in all 120 of two who cross, the second person, in full view, is suppressed as
overlapping or is too small for its detector, which scales the whole picture to 224 pixels.  It also
costs 29 ms a picture instead of 17 with one person in view, and has no smoothing, so that the
joints of one person jitter 2.3 times as much, those of two 5 to 13 times.  The tracked person
therefore has a landmarker of their own, and the others are searched for in single pictures, whole
and in parts, in which the known people are painted over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import numpy as np

from app.detection.person import Person, Picture, alike, clipped, same, without

_AROUND: Final = 2.6
"""Trunk lengths around the middle of the trunk that contain the rest of the body."""
_PART: Final = 0.6
"""Of the longer side: parts this large reveal people half as tall as the whole picture does."""
_SMALL_PART: Final = 0.45
_TURNS: Final = 3
_REACHES: Final = (0.6, 0.35, 0.2)
"""Of the longer side: regions around a chosen point, for large people first."""
_TOO_SMALL: Final = 0.55
"""Of the picture's height: a smaller person may not be found again in the whole picture."""
_WINDOW: Final = 3.0
_AGAIN: Final = ((2.2, True), (1.4, False), (3.5, False))
"""Region of a second detection, relative to the body, and whether it is mirrored: then it is a
different picture even where the body fills the whole one."""
_OFF: Final = 1.5
"""Trunk lengths, at most, between the first and the second detection of a person."""
Region = tuple[int, int, int, int]
"""Left, top, right and bottom, whole pixels."""


class Landmarkers(Protocol):
    """The detector's two tasks, as the tracker uses them."""

    def track(self, picture: Picture) -> Person | None:
        """Find the person of the previous picture or, without one, any person."""

    def forget(self) -> None:
        """Start again with the next picture."""

    def find(self, picture: Picture) -> Person | None:
        """Find a person in a single picture."""


class Recheck(NamedTuple):
    """The result of detecting a person again."""

    person: Person | None
    """The person on whom the detections agree."""
    somebody: bool
    """Whether any of them found a person."""


class Search:
    """Searches for people in single pictures."""

    def __init__(self, landmarkers: Landmarkers) -> None:
        self._landmarkers = landmarkers
        self._turn = 0

    def everywhere(self, picture: Picture, known: Sequence[Person], most: int = 3) -> list[Person]:
        """Up to ``most`` people found other than the ``known``."""
        found: list[Person] = []
        for region in _regions(picture):
            while len(found) < most:
                person = self.within(picture, region, [*known, *found])
                if person is None:
                    break
                found.append(person)
        return found

    def closely(self, picture: Picture) -> list[Person]:
        """People as small as a tenth of the picture's height, while none are known.

        Each call searches another third of the small parts of the picture.
        """
        self._turn += 1
        parts = _small_parts(picture)[self._turn % _TURNS :: _TURNS]
        found = (self.within(picture, region, []) for region in parts)
        return [person for person in found if person is not None]

    def at(
        self, picture: Picture, point: tuple[float, float], known: Sequence[Person]
    ) -> list[Person]:
        """All people near a point, of any size, other than the ``known``."""
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
        """A person other than the ``known``; calls search the picture and its parts in turn."""
        regions = _regions(picture)
        self._turn += 1
        return self.within(picture, regions[self._turn % len(regions)], known)

    def around(self, picture: Picture, person: Person, known: Sequence[Person]) -> Person | None:
        """A person near ``person`` and not much larger, other than the ``known``."""
        x, y = (float(value) for value in person.centre)
        reach = _AROUND * person.size
        region = clipped((x - reach, y - reach, x + reach, y + reach), picture)
        return self.within(picture, region, known)

    def recheck(self, picture: Picture, person: Person, known: Sequence[Person]) -> Recheck:
        """Detect ``person`` a second time, and up to twice more unless at the same position.

        Then two of these detections must agree: the first joints of small and half hidden people
        are often wrong.  ``known`` are other people nearby.
        """
        found: list[Person] = []
        somebody = False
        for looks, (side, mirrored) in enumerate(_AGAIN):
            if looks == 2 and not found:
                break  # a single agreement in the last region would prove nothing
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
        """A person within a part of the picture, other than the ``known``."""
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
    """The region in which a small person is large enough to be found again; None if not small."""
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
