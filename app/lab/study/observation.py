"""What one detector said of one take, beside what it truly was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.detection.models import Size


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
