"""Cameras for the 3D view: their position, and the projection of points into the picture.

World axes: metres, x to the right, y up, z toward the camera, so that the world seen from azimuth
and elevation zero looks as the webcam saw it.  Pictures: pixels, x right, y down, the origin at the
*corner* of the first pixel.  The painted fallback and the Open3D view share this module.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Vector = tuple[float, float, float]

LENS_DEG: Final = 60.0
NEAREST_M: Final = 0.05
"""Points closer to the eye than this are not drawn."""
MIDDLE_M: Final = 0.9
"""Height of the centre of a standing person, at which the presets are aimed."""
MIN_DISTANCE_M: Final = 0.4
MAX_DISTANCE_M: Final = 30.0
_LOWEST_RAD: Final = math.radians(-30.0)
_HIGHEST_RAD: Final = math.radians(90.0)


@dataclass(frozen=True, slots=True)
class View:
    """A camera with all that is needed to draw a picture."""

    eye: Vector
    target: Vector
    up: Vector = (0.0, 1.0, 0.0)
    """Any direction that is not the line of sight."""
    fov_deg: float = LENS_DEG
    """Vertical field of view; the horizontal one follows from the picture's aspect ratio."""

    def rotation(self) -> NDArray[np.float64]:
        """Return the (3, 3) rotation, read-only: from world to camera axes (right, down, away)."""
        return _rotation(self.eye, self.target, self.up)

    def to_camera(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return world points (..., 3) in camera axes, metres from the eye."""
        result: NDArray[np.float64] = (points - np.asarray(self.eye)) @ self.rotation().T
        return result

    def focal(self, height: int) -> float:
        """Return the focal length in pixels for a picture ``height`` pixels high."""
        return 0.5 * height / math.tan(math.radians(self.fov_deg) / 2)

    def project(
        self, points: NDArray[np.floating], size: tuple[int, int]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Project points into the picture.

        Args:
            points: (..., 3) in world axes.
            size: (width, height) of the picture.

        Returns:
            (..., 2) pixels, NaN for points not in front of the eye, and (...) depths in metres.
        """
        seen = self.to_camera(points)
        depth = seen[..., 2]
        safe = np.where(depth > NEAREST_M, depth, np.nan)
        centre = np.array([size[0] / 2, size[1] / 2])
        return centre + self.focal(size[1]) * seen[..., :2] / safe[..., None], depth


@dataclass(frozen=True, slots=True)
class OrbitCamera:
    """A camera that orbits a point, controlled by the mouse.  Every method returns a new camera."""

    azimuth: float
    """Radians; 0 is the front, positive toward the person's left, which is right in the picture."""
    elevation: float
    distance: float = 2.4
    target: Vector = (0.0, MIDDLE_M, 0.0)

    def view(self, fov_deg: float = LENS_DEG) -> View:
        """Return the camera as eye, target and up; also valid straight from above."""
        sin_a, cos_a = math.sin(self.azimuth), math.cos(self.azimuth)
        sin_e, cos_e = math.sin(self.elevation), math.cos(self.elevation)
        back = (sin_a * cos_e, sin_e, cos_a * cos_e)
        up = (-sin_a * sin_e, cos_e, -cos_a * sin_e)
        x, y, z = (t + self.distance * b for t, b in zip(self.target, back, strict=True))
        return View((x, y, z), self.target, up, fov_deg)

    def orbited(self, dx: float, dy: float, height: int) -> OrbitCamera:
        """Drag by (dx, dy) pixels in a view ``height`` pixels high, which is 180 degrees."""
        turn = math.pi / height
        elevation = min(max(self.elevation + dy * turn, _LOWEST_RAD), _HIGHEST_RAD)
        azimuth = math.remainder(self.azimuth - dx * turn, math.tau)
        return replace(self, azimuth=azimuth, elevation=elevation)

    def panned(self, dx: float, dy: float, height: int) -> OrbitCamera:
        """Drag the scene by (dx, dy) pixels; the target stays under the pointer."""
        view = self.view()
        metres = self.distance / view.focal(height)
        right, down, _ = view.rotation()
        moved = np.asarray(self.target) - metres * (dx * right + dy * down)
        return self.aimed_at(moved.tolist())

    def zoomed(self, steps: float) -> OrbitCamera:
        """Move closer by ``steps`` notches of the wheel (negative: away), a tenth each."""
        distance = self.distance * 0.9**steps
        return replace(self, distance=min(max(distance, MIN_DISTANCE_M), MAX_DISTANCE_M))

    def aimed_at(self, target: Sequence[float]) -> OrbitCamera:
        """Return the camera aimed at another point, with the same direction and distance."""
        x, y, z = (float(value) for value in target)
        return replace(self, target=(x, y, z))


_CHEST_RAD: Final = math.radians(8.0)
"""Puts the eye at chest height, 1.23 m, at the presets' distance."""
THREE_QUARTER: Final = OrbitCamera(azimuth=math.radians(35.0), elevation=_CHEST_RAD)
FRONT: Final = OrbitCamera(azimuth=0.0, elevation=_CHEST_RAD)
SIDE: Final = OrbitCamera(azimuth=math.pi / 2, elevation=_CHEST_RAD)
"""From the person's left."""
TOP: Final = OrbitCamera(azimuth=0.0, elevation=math.pi / 2)
PRESETS: Final = {"front": FRONT, "side": SIDE, "top": TOP, "three-quarter": THREE_QUARTER}


@lru_cache(maxsize=16)
def _rotation(eye: Vector, target: Vector, up: Vector) -> NDArray[np.float64]:
    """As ``View.rotation``.  Kept, because to paint one picture it is asked for some 25 times."""
    away = _unit(np.subtract(target, eye))
    right = _unit(np.cross(away, up))
    rotation = np.stack([right, np.cross(away, right), away])
    rotation.flags.writeable = False
    return rotation


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    length = np.linalg.norm(vector)
    if not length > 1e-9:
        raise ValueError("the eye and the target are one point, or up is the line of sight")
    result: NDArray[np.float64] = vector / length
    return result
