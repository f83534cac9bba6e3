"""Draws takes and lets the detectors look at them; one process, no windows on the screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.detection.models import SIZES, Size
from app.lab.study.detectors import DetectorSet


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """One take of T frames, as one detector saw it and as it was."""

    detector: Size
    """Of the model."""
    landmarks: NDArray[np.float32]
    """(T, 33, 5) x, y, z in pixels, visibility (as said, not calibrated), presence; NaN and 0 where
    nobody was found."""
    world: NDArray[np.float32]
    """(T, 33, 3) the detector's own 3D, metres, camera axes, hips at the origin; NaN as above."""
    tracked: NDArray[np.bool_]
    """(T,) whether a person was found."""
    truth: NDArray[np.float32]
    """(T, 17, 3) the drawn joints, metres from the lens, camera axes."""
    feet: NDArray[np.float32]
    """(T, 4, 3) left heel, right heel, left toes and right toes, as ``truth``."""
    size: tuple[int, int]
    """(width, height) in pixels."""
    focal: float
    """In pixels; the principal point is the picture's middle."""
    up: tuple[float, float, float]
    """The unit vector of the world's up in camera axes."""
    rate: float
    """Frames a second."""
    kind: str
    """Of posture."""
    framing: str
    """``whole``, ``cut`` or ``any``."""
    clip: str
    split: str
    people: str
    """``performer`` or ``clothed``."""
    seed: int
    """Of the body and the look."""
    index: int
    """Which take of the run it is."""


class Take(Protocol):
    """A take ready to be drawn: T frames."""

    size: tuple[int, int]
    focal: float
    up: tuple[float, float, float]
    kind: str
    framing: str
    clip: str
    split: str
    people: str
    seed: int

    def truth(self) -> NDArray[np.float32]:
        """(T, 17, 3) metres from the lens, camera axes."""

    def feet(self) -> NDArray[np.float32]:
        """(T, 4, 3) left heel, right heel, left toes and right toes, as :meth:`truth`."""

    def pictures(self) -> Iterator[NDArray[np.uint8]]:
        """T pictures, (height, width, 3) RGB; each may be overwritten by the next."""


class TakeSource(Protocol):
    """Generates the takes of a run."""

    rate: float
    """Frames a second."""

    def take(self, index: int) -> Take:
        """Take ``index`` of the run; the same whichever takes are made besides it."""


def observe(
    stage: TakeSource, count: int, *, first: int = 0, detectors: Sequence[Size] = SIZES
) -> Iterator[list[Observation]]:
    """Takes ``first`` to ``count`` - 1 of a run, one after the other, as each detector saw them.

    Raises:
        RenderError, ClothedError: nothing can be drawn here.
        DetectorError: MediaPipe cannot start or failed.
    """
    step_ms = round(1000 / stage.rate)
    with DetectorSet(detectors) as detectors_running:
        for index in range(first, count):
            take = stage.take(index)
            detectors_running.begin()
            for picture in take.pictures():
                detectors_running.look(picture, step_ms)
            truth, feet = take.truth(), take.feet()
            yield [
                Observation(
                    detector=detector,
                    landmarks=seen.landmarks,
                    world=seen.world,
                    tracked=seen.tracked,
                    truth=truth,
                    feet=feet,
                    size=take.size,
                    focal=take.focal,
                    up=take.up,
                    rate=stage.rate,
                    kind=take.kind,
                    framing=take.framing,
                    clip=take.clip,
                    split=take.split,
                    people=take.people,
                    seed=take.seed,
                    index=index,
                )
                for detector, seen in detectors_running.seen().items()
            ]
