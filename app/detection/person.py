"""One person as the detector found them in one picture, and where in the picture that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from app.detection.models import FOR_LIVE, Size
from models.skeleton import (
    JOINT,
    LANDMARK_MIRROR,
    confidence_from_landmarks,
    joints_from_landmarks,
)
from models.visibility import calibrated

Picture = NDArray[np.uint8]
"""(height, width, 3) RGB."""

_TRUNK: Final = [
    JOINT[f"{side}_{part}"] for part in ("shoulder", "hip") for side in ("left", "right")
]
_HEAD_AND_TRUNK: Final = [JOINT["nose"], *_TRUNK]
_ELBOWS: Final = [JOINT["left_elbow"], JOINT["right_elbow"]]
_FEWEST: Final = 4
"""Of the 17 joints."""
_SEEN: Final = 0.5
_SURE: Final = 0.8
_GREY: Final = (114, 114, 114)
_HAIR: Final = 0.45
"""How far a head reaches past the landmarks of the face, and a body past its joints, relative to
the trunk."""


@dataclass(frozen=True, eq=False)
class Person:
    """The detector's output for one person in one picture."""

    landmarks: NDArray[np.float32]
    """(33, 5): x, y, z in pixels, visibility, presence."""
    world: NDArray[np.float32]
    """(33, 3) metres."""
    model: Size = FOR_LIVE
    """The landmark model that produced it."""

    @cached_property
    def xy(self) -> NDArray[np.float32]:
        """(17, 2) joints in pixels."""
        return joints_from_landmarks(self.landmarks[:, :2]).astype(np.float32)

    @cached_property
    def conf(self) -> NDArray[np.float32]:
        """(17,) in [0, 1]."""
        return confidence_from_landmarks(self.visibility).astype(np.float32)

    @cached_property
    def visibility(self) -> NDArray[np.float32]:
        """(33,) in [0, 1], calibrated to the same meaning for every model."""
        return calibrated(self.landmarks[:, 3], self.model)

    @cached_property
    def centre(self) -> NDArray[np.float64]:
        """(2,) pixels, the middle of the trunk, which is stable while arms and legs move."""
        centre: NDArray[np.float64] = self.xy[_TRUNK].mean(axis=0, dtype=np.float64)
        return centre

    @cached_property
    def size(self) -> float:
        """Length of the trunk in pixels, a measure of size even where the legs are hidden.

        Seen from above or bent forward the trunk is foreshortened; then the shoulder width counts.
        """
        xy = self.xy.astype(np.float64)
        trunk = np.linalg.norm(xy[JOINT["thorax"]] - xy[JOINT["pelvis"]])
        shoulders = np.linalg.norm(xy[_TRUNK[0]] - xy[_TRUNK[1]])
        return max(float(trunk), float(shoulders), 1.0)

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the visible part of the person, including the hair."""
        seen = self.visibility > _SEEN
        points = self.landmarks[seen if seen.sum() >= 4 else slice(None), :2].astype(np.float64)
        (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        around = 0.2 * self.size
        return left - around, top - _HAIR * self.size, right + around, bottom + around

    def moved(self, x: float, y: float) -> Person:
        """The same person in a picture whose corner lies ``(x, y)`` further left and up."""
        landmarks = self.landmarks.copy()
        landmarks[:, :2] += (x, y)
        return replace(self, landmarks=landmarks)

    def mirrored(self, width: int) -> Person:
        """The same person in the mirrored picture, which is ``width`` pixels wide."""
        landmarks, world = (each[list(LANDMARK_MIRROR)] for each in (self.landmarks, self.world))
        landmarks[:, 0] = width - landmarks[:, 0]
        world[:, 0] = -world[:, 0]
        return replace(self, landmarks=landmarks, world=world)

    def holds(self, point: tuple[float, float]) -> bool:
        """Whether a point of the picture is inside the person's box."""
        left, top, right, bottom = self.box
        return left <= point[0] <= right and top <= point[1] <= bottom

    def away(self, point: tuple[float, float] | NDArray[np.float64]) -> float:
        """Distance in pixels from a point to the middle of the trunk."""
        return float(np.linalg.norm(self.centre - point))

    def in_view(self, picture: Picture) -> bool:
        """Whether more of the person is in the picture than an arm or a leg.

        MediaPipe reports a person who has left for another half second, complete but outside the
        picture, with unchanged confidence.
        """
        height, width = picture.shape[:2]
        x = self.xy[_HEAD_AND_TRUNK, 0]
        inside = ((self.xy >= 0) & (self.xy < (width, height))).all(axis=-1)
        return not ((x < 0).all() or (x >= width).all()) and int(inside.sum()) >= _FEWEST

    def meets(self, other: Person) -> bool:
        """Whether two people's boxes overlap."""
        a, b = self.box, other.box
        return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]

    def convincing(self) -> bool:
        """Whether this is confidently a person.

        A stack of chairs is detected with shoulders, hips and face at 0.97, but without arms.
        """
        shoulders, arms = self.conf[_TRUNK[:2]].min(), self.conf[_ELBOWS].max()
        return bool(shoulders > _SURE and arms > _SEEN)


def same(one: Person, other: Person) -> bool:
    """Whether two detections in one picture are of the same body: most joints coincide."""
    away = np.linalg.norm(one.xy - other.xy, axis=-1)
    return float(np.median(away)) < 0.3 * max(one.size, other.size)


def alike(one: Person, other: Person) -> bool:
    """Whether two detections in one picture may be of the same body, though limbs differ."""
    larger, smaller = max(one.size, other.size), min(one.size, other.size)
    return one.away(other.centre) < 0.7 * larger and larger < 2 * smaller


def without(picture: Picture, people: Sequence[Person], keep: Person | None = None) -> Picture:
    """A copy of ``picture`` in which ``people`` are painted over, except the one to ``keep``."""
    result: Picture = picture.copy()
    for person in people:
        _fill(result, person, _GREY)
    if keep is not None:
        kept = np.zeros(picture.shape[:2], np.uint8)
        _fill(kept, keep, (1,))
        result[kept > 0] = picture[kept > 0]
    return result


def _fill(canvas: NDArray[np.uint8], person: Person, colour: tuple[int, ...]) -> None:
    """Fill the hull of the person's landmarks, enlarged by hair, clothes and shoes."""
    hull = cv2.convexHull(np.round(person.landmarks[:, :2]).astype(np.int32))
    thick = max(1, round(2 * _HAIR * person.size))
    cv2.fillConvexPoly(canvas, hull, colour)
    cv2.polylines(canvas, [hull], True, colour, thick)


def only(picture: Picture, person: Person) -> Picture:
    """A copy of ``picture`` in which all but this person and their surroundings is painted over."""
    left, top, right, bottom = clipped(person.box, picture, 0.5 * person.size)
    result: Picture = np.full(picture.shape, _GREY[0], dtype=np.uint8)
    result[top:bottom, left:right] = picture[top:bottom, left:right]
    return result


def clipped(
    box: tuple[float, float, float, float], picture: Picture, around: float = 0.0
) -> tuple[int, int, int, int]:
    """A box in whole pixels, enlarged by ``around``, inside the picture and never empty."""
    height, width = picture.shape[:2]
    left = int(np.clip(box[0] - around, 0, width - 1))
    top = int(np.clip(box[1] - around, 0, height - 1))
    right = int(np.clip(np.ceil(box[2] + around), left + 1, width))
    bottom = int(np.clip(np.ceil(box[3] + around), top + 1, height))
    return left, top, right, bottom
