"""Runs the shipped detector's three model sizes on the same pictures."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.detection.landmarker import Landmarker
from app.detection.models import SIZES, Size, bundle
from app.detection.no_telemetry import silenced
from app.detection.person import Person
from app.errors import DetectorError
from models.skeleton import LANDMARK_COUNT

_EMPTY: Final[NDArray[np.uint8]] = np.zeros((64, 64, 3), np.uint8)
_PAUSE_MS: Final = 2000
"""An empty picture so long after makes MediaPipe forget its track and start its smoothing anew."""


class Seen(NamedTuple):
    """What a detector said of T frames."""

    landmarks: NDArray[np.float32]
    """(T, 33, 5) x, y, z in pixels, visibility, presence; NaN and 0 where nobody was found."""
    world: NDArray[np.float32]
    """(T, 33, 3) metres, camera axes, hips at the origin; NaN where nobody was found."""
    tracked: NDArray[np.bool_]
    """(T,)"""


class DetectorSet:
    """Detectors of several sizes that follow a film; to be used as a context.

    Args:
        sizes: of the detector's model.

    Raises:
        DetectorError: a model is missing or damaged.
    """

    def __init__(self, sizes: Sequence[Size] = SIZES) -> None:
        self._bundles = {size: bundle(size) for size in sizes}
        self._people: dict[Size, list[Person | None]] = {}

    def __enter__(self) -> DetectorSet:
        with ExitStack() as stack:
            stack.enter_context(silenced())
            try:
                self._landmarkers = {
                    size: Landmarker(content, size, follow=True)
                    for size, content in self._bundles.items()
                }
            except (ImportError, OSError, RuntimeError, ValueError) as error:
                raise DetectorError(f"The pose detector cannot start: {error}") from error
            for landmarker in self._landmarkers.values():
                stack.callback(landmarker.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def begin(self) -> None:
        """Another take: forget whoever was followed.

        Raises:
            DetectorError: MediaPipe failed.
        """
        self._people = {size: [] for size in self._landmarkers}
        self.look(_EMPTY, _PAUSE_MS)
        for people in self._people.values():
            people.clear()

    def look(self, picture: NDArray[np.uint8], step_ms: int) -> None:
        """Show (height, width, 3) RGB to all of them, ``step_ms`` after the picture before.

        Raises:
            DetectorError: MediaPipe failed.
        """
        try:
            for size, landmarker in self._landmarkers.items():
                self._people[size].append(landmarker.run(picture, step_ms))
        except (RuntimeError, ValueError) as error:
            raise DetectorError(f"MediaPipe's pose landmarker failed: {error}") from error

    def seen(self) -> dict[Size, Seen]:
        """What each of them has said since :meth:`begin`."""
        return {size: _gathered(people) for size, people in self._people.items()}


def _gathered(people: list[Person | None]) -> Seen:
    landmarks = np.full((len(people), LANDMARK_COUNT, 5), np.nan, np.float32)
    landmarks[..., 3:] = 0.0
    world = np.full((len(people), LANDMARK_COUNT, 3), np.nan, np.float32)
    for frame, person in enumerate(people):
        if person is not None:
            landmarks[frame], world[frame] = person.landmarks, person.world
    return Seen(landmarks, world, np.array([person is not None for person in people]))
