"""The performer's camera: a pinhole with exactly known parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.render.camera import Vector, View
from app.synthetic.performer.motion import Motion, Pose
from app.synthetic.performer.retargeting import Take
from app.synthetic.performer.variation import Proportions, Variation

_AIM = 0.42
"""Height at which the camera aims, as a fraction of the highest reach."""
_MARGIN = 0.05
"""Least margin around the joints, as a fraction of the picture."""
_BEYOND_M = 0.2
"""Distance by which fingers, feet and hair reach beyond the joints."""
_SAMPLES_PER_S = 4


class Actor(Protocol):
    """The moving person: :class:`~.motion.Motion` or :class:`~.retargeting.Take`."""

    body: Proportions
    duration_s: float

    def at(self, time_s: float) -> Pose:
        """Return the pose at a time; the motion loops."""


@dataclass(frozen=True, slots=True)
class Performance:
    """The setup of the drawing process; with the time it determines the picture."""

    variation: Variation
    view: View
    take: Take | None = None
    """Captured motion to show, in its own body; otherwise the variation's acts."""

    def actor(self) -> Actor:
        """Return the moving person."""
        return Motion(self.variation) if self.take is None else self.take


@dataclass(frozen=True, slots=True, eq=False)
class Pinhole:
    """An ideal camera: no distortion, square pixels, the principal point in the centre."""

    size: tuple[int, int]
    """(width, height) in pixels."""
    focal: float
    """In pixels."""
    view: View

    @property
    def fov_deg(self) -> float:
        """Field of view along the picture's longer side."""
        return 2 * math.degrees(math.atan(0.5 * max(self.size) / self.focal))

    @property
    def matrix(self) -> NDArray[np.float64]:
        """K, (3, 3); pixel coordinates start at the corner of the first pixel."""
        width, height = self.size
        return np.array(
            [[self.focal, 0.0, width / 2], [0.0, self.focal, height / 2], [0.0, 0.0, 1.0]]
        )

    def to_camera(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return (..., 3) world points (floor at y = 0) in camera axes (y down, z away), metres."""
        return self.view.to_camera(points)

    def project(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Project (..., 3) points in camera axes, in front of the camera, to (..., 2) pixels."""
        image = points @ self.matrix.T
        result: NDArray[np.float64] = image[..., :2] / image[..., 2:]
        return result


def aim_camera(eye: Vector, target: Vector, fov_deg: float, size: tuple[int, int]) -> Pinhole:
    """Return a camera at ``eye`` looking at ``target``, both in metres and world axes.

    Args:
        eye: position of the lens; not straight above or below the target.
        target: the point in the centre of the picture.
        fov_deg: field of view along the picture's longer side.
        size: (width, height) in pixels.
    """
    focal = 0.5 * max(size) / math.tan(math.radians(fov_deg) / 2)
    upright = 2 * math.degrees(math.atan(0.5 * size[1] / focal))
    return Pinhole(size, focal, View(eye, target, fov_deg=upright))


def place_camera(variation: Variation, motion: Actor, size: tuple[int, int]) -> Pinhole:
    """Return the closest camera that keeps the whole performance in the picture."""
    times = np.arange(0.0, motion.duration_s, 1 / _SAMPLES_PER_S)
    joints = np.concatenate([motion.at(float(time)).joints for time in times])
    low, high = joints.min(axis=0) - _BEYOND_M, joints.max(axis=0) + _BEYOND_M
    low[1] = 0.0
    near, far = 1.5, 12.0
    while far - near > 0.01:
        middle = (near + far) / 2
        if _contains(_view(variation, middle, low, high), joints, size):
            far = middle
        else:
            near = middle
    view = _view(variation, far, low, high)
    return Pinhole(size, view.focal(size[1]), view)


def _view(
    variation: Variation, distance: float, low: NDArray[np.float64], high: NDArray[np.float64]
) -> View:
    middle = (low + high) / 2
    s, c = math.sin(variation.camera_azimuth), math.cos(variation.camera_azimuth)
    x, _, z = (float(value) for value in middle)
    eye = (x + distance * s, variation.camera_height_m, z + distance * c)
    target = (x, _AIM * float(high[1]), z)
    return View(eye, target, fov_deg=variation.camera_fov_deg)


def _contains(view: View, joints: NDArray[np.float64], size: tuple[int, int]) -> bool:
    """Whether all joints are inside the picture, with margin for what reaches beyond them."""
    offsets = _BEYOND_M * np.array([(0, 1, 0), (0, -0.5, 0), (1, 0, 0), (-1, 0, 0)])
    pixels, depth = view.project(joints[:, None] + offsets, size)
    if depth.min() < 1.0:
        return False
    low, high = np.multiply(size, _MARGIN), np.multiply(size, 1 - _MARGIN)
    return bool((pixels >= low).all() and (pixels <= high).all())
