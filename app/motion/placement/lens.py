"""The camera model: an ideal pinhole with its principal point in the middle of the picture.

The focal length cannot be estimated from the motion.  Over 66 takes with lenses of 52 to 90
degrees, the angle at which the lifted poses fit the picture best had a correlation of 0.13 with the
true one, because the poses were lifted with the assumed lens; and steps along the line of sight,
whose length grows with the focal length relative to the lifted legs, gave focal lengths off by up
to 70 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from models import ASSUMED_FOCAL

NARROWEST_DEG: Final = 10.0
WIDEST_DEG: Final = 150.0


@dataclass(frozen=True, slots=True)
class Lens:
    """A pinhole camera without distortion, with square pixels."""

    focal: float
    """In pixels."""
    size: tuple[int, int]
    """(width, height) of the picture in pixels."""
    origin: Literal["given", "source", "assumed"]
    """Where the focal length comes from."""

    @classmethod
    def of(cls, size: tuple[int, int], given_deg: float | None, source_deg: float | None) -> Lens:
        """Return the lens for a field of view of the longer side: the user's, or else the source's,
        or else the usual one.

        An impossible angle of the source is ignored.  Raises ValueError if the given
        angle is impossible.
        """
        fov_deg = source_deg if given_deg is None else given_deg
        possible = fov_deg is not None and NARROWEST_DEG <= fov_deg <= WIDEST_DEG
        if fov_deg is None or (given_deg is None and not possible):
            return cls(ASSUMED_FOCAL * max(size), size, "assumed")
        if not possible:
            raise ValueError(
                f"an angle of view is from {NARROWEST_DEG:g} to {WIDEST_DEG:g} degrees, not "
                f"{fov_deg:g}"
            )
        focal = 0.5 * max(size) / math.tan(math.radians(fov_deg) / 2)
        return cls(focal, size, "source" if given_deg is None else "given")

    @property
    def fov_deg(self) -> float:
        """Field of view along the picture's longer side."""
        return 2 * math.degrees(math.atan(0.5 * max(self.size) / self.focal))

    def slopes(self, xy: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return (..., 2) slopes x / z and y / z in camera axes of (..., 2) pixels."""
        result: NDArray[np.float64] = (np.asarray(xy, np.float64) - np.divide(self.size, 2.0)) / (
            self.focal
        )
        return result
