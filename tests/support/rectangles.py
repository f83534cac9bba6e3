"""People who are drawn as plain rectangles of colour, found where the test puts them."""

from __future__ import annotations

import numpy as np

from app.detection.person import Person
from models.skeleton import LANDMARK_NAMES

Colour = tuple[int, int, int]

RED, BLUE = (200, 40, 40), (40, 40, 200)
TABLE: Colour = (40, 120, 40)
"""Furniture, which is taken for somebody in films."""
_PLACES = {
    "shoulder": -50.0,
    "elbow": -20.0,
    "wrist": 10.0,
    "pinky": 15.0,
    "index": 15.0,
    "thumb": 15.0,
    "hip": 0.0,
    "knee": 45.0,
    "ankle": 90.0,
    "heel": 95.0,
    "foot_index": 95.0,
}


def person(x: float, y: float = 120.0, size: float = 1.0) -> Person:
    """Somebody upright whose pelvis is at ``(x, y)``; the trunk is 50 pixels long."""
    marks = np.zeros((33, 5), np.float32)
    for index, name in enumerate(LANDMARK_NAMES):
        side = -12.0 if "right" in name else 12.0 if "left" in name else 0.0
        down = next((_PLACES[part] for part in _PLACES if name.endswith(part)), -70.0)
        marks[index, :2] = x + size * side, y + size * down
    marks[:, 3:] = 0.95
    return Person(marks, np.zeros((33, 3), np.float32))


def painted(*people: tuple[Person, Colour]) -> np.ndarray:
    picture = np.full((240, 640, 3), 128, np.uint8)
    for each, colour in people:
        left, top, right, bottom = (round(side) for side in each.box)
        picture[max(0, top) : bottom, max(0, left) : right] = colour
    return picture


class PaintedEyes:
    """Finds the first of the people painted; in films, furniture too."""

    people: tuple[Colour, ...] = (RED, BLUE)

    def track(self, picture: np.ndarray) -> Person | None:
        return _first(picture, (*self.people, TABLE))

    def forget(self) -> None:
        """Nothing is remembered."""

    def find(self, picture: np.ndarray) -> Person | None:
        return _first(picture, self.people)


class FollowingEyes(PaintedEyes):
    """Follows one colour for as long as it is to be seen."""

    def __init__(self) -> None:
        self._colour: Colour | None = None

    def track(self, picture: np.ndarray) -> Person | None:
        wanted = (*self.people, TABLE) if self._colour is None else (self._colour,)
        for colour in wanted:
            found = _first(picture, (colour,))
            if found is not None:
                self._colour = colour
                return found
        self.forget()
        return None

    def forget(self) -> None:
        self._colour = None


def _first(picture: np.ndarray, colours: tuple[Colour, ...]) -> Person | None:
    for colour in colours:
        rows, columns = np.nonzero((picture == colour).all(axis=-1))
        if len(rows) > 200:
            return _filling(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    return None


def _filling(left: float, top: float, right: float, bottom: float) -> Person:
    """Whose box that is."""
    usual = person(0.0, 0.0).box
    size = (bottom - top) / (usual[3] - usual[1])
    return person((left + right) / 2, top - size * usual[1], size)
