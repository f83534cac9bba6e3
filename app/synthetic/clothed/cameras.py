"""Cameras around a person: from low to high, from all sides, tilted, near and far."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Array = NDArray[np.float64]
Framing = Literal["whole", "cut", "any"]
"""The whole body in the picture; cut by its lower edge, as at a desk; or arbitrary."""

_SIZES: Final = ((640, 480), (640, 360), (360, 640))
_SMALLER: Final = (1.0, 0.75, 0.5)
_SMALLER_SHARES: Final = (0.7, 0.15, 0.15)
_FRAMINGS: Final[tuple[Framing, ...]] = ("whole", "cut", "any")
_FRAMING_SHARES: Final = (0.6, 0.25, 0.15)
_PITCHED: Final = 0.7
_PITCH_DEG: Final = (-30.0, 50.0)
_DESK_M: Final = (0.4, 1.7)
_FOV_DEG: Final = (35.0, 75.0)
_ROLLED: Final = 0.33
_ROLL_DEG: Final = 8.0
_HEIGHT_PX: Final = (100.0, 450.0)
_ROUNDS: Final = 30
_DAMPED: Final = 0.7
"""Damping of the iteration that aims and levels the camera: a person who comes nearer to the edge
of the picture appears larger, so full steps would overshoot."""
_NEAR_ENOUGH_PX: Final = 2.0
_FILLED: Final = 0.94
"""Largest extent of a whole body, as a fraction of the picture."""
_FORESHORTENED: Final = 1.6
_NEAREST_M: Final = 0.35
"""No part of the body comes closer to the lens."""
_DISTANCE_M: Final = (0.6, 25.0)
_HALVINGS: Final = 10
"""Bisection steps to find the nearest distance from which everything wanted fits."""
_NEAR_PLANE_M: Final = 0.05
_FAR_PLANE_M: Final = 60.0
_AROUND_M: Final = 0.07
"""Distance by which flesh, hair and shoes reach beyond the keypoints."""


@dataclass(frozen=True, eq=False)
class Camera:
    """An ideal camera: no distortion, square pixels, the principal point in the centre."""

    size: tuple[int, int]
    """(width, height) in pixels."""
    focal: float
    """In pixels."""
    rotation: Array
    """(3, 3) from world axes (+Y up) to camera axes: x right, y down, z away."""
    eye: Array
    """(3,) metres, world axes, the floor at y = 0."""

    @property
    def up(self) -> Array:
        """(3,) the up direction, a unit vector in camera axes."""
        up: Array = self.rotation[:, 1].copy()
        return up

    def to_camera(self, points: NDArray[np.floating]) -> Array:
        """Return (..., 3) world points in camera axes, metres."""
        result: Array = (points - self.eye) @ self.rotation.T
        return result

    def project(self, points: NDArray[np.floating]) -> Array:
        """Project (..., 3) points in camera axes to (..., 2) pixels, origin at the corner."""
        middle = np.array(self.size) / 2
        depth = np.maximum(points[..., 2:], 1e-3)
        result: Array = middle + self.focal * points[..., :2] / depth
        return result

    def projection(self, left: float, top: float, right: float, bottom: float) -> Array:
        """Return the (4, 4) matrix from the world to OpenGL's clip space for
        a picture rectangle."""
        w, h = right - left, bottom - top
        x, y = self.size[0] / 2 - left, self.size[1] / 2 - top
        near, far = _NEAR_PLANE_M, _FAR_PLANE_M
        lens = np.array(
            [
                [2 * self.focal / w, 0, 2 * x / w - 1, 0],
                [0, -2 * self.focal / h, 1 - 2 * y / h, 0],
                [0, 0, (far + near) / (far - near), -2 * far * near / (far - near)],
                [0, 0, 1, 0],
            ]
        )
        place = np.eye(4)
        place[:3, :3] = self.rotation
        place[:3, 3] = -self.rotation @ self.eye
        result: Array = lens @ place
        return result


def place_camera(
    keypoints: Array, heading: float, random: np.random.Generator
) -> tuple[Camera, Framing]:
    """Return a random camera for a take.

    Args:
        keypoints: (T, K, 3) metres in world axes, the floor at y = 0.
        heading: facing direction of the person: radians, 0 along +z, positive to the left.
        random: source of all random choices.
    """
    choice = _CameraChoice(heading, random)
    points = _body_points(keypoints)
    near, far = np.log(_DISTANCE_M)
    camera = choice.aimed(points, math.exp(far))
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        closer = choice.aimed(points, math.exp(middle))
        if choice.fits(closer, points):
            camera, far = closer, middle
        else:
            near = middle
    return camera, choice.framing


class _CameraChoice:
    """The random choices made before the distance of the camera is known."""

    def __init__(self, heading: float, random: np.random.Generator) -> None:
        self.framing: Framing = _FRAMINGS[int(random.choice(3, p=_FRAMING_SHARES))]
        smaller = float(random.choice(_SMALLER, p=_SMALLER_SHARES))
        width, height = _SIZES[random.integers(len(_SIZES))]
        self.size = int(width * smaller) // 2 * 2, int(height * smaller) // 2 * 2
        self.focal = self.size[1] / 2 / math.tan(math.radians(random.uniform(*_FOV_DEG)) / 2)
        self._azimuth = heading + _azimuth(random)
        self.roll = math.radians(random.uniform(-_ROLL_DEG, _ROLL_DEG))
        # With a body cut by the picture's edge, a tilted camera would often show legs alone.
        if self.framing == "whole" and random.random() < _ROLLED:
            self.roll = random.uniform(-math.pi, math.pi)
        self._pitch = None
        if random.random() < _PITCHED:
            self._pitch = math.radians(random.uniform(*_PITCH_DEG))
        self._desk = float(np.clip(random.normal(1.05, 0.3), *_DESK_M))
        tall = math.exp(random.uniform(*np.log(_HEIGHT_PX)))
        self._share = random.uniform(0.05, 0.95, 2)
        self._cut = random.uniform(0.42, 0.75)
        filled = random.uniform(0.7, 1.0)
        self._off = random.uniform(-0.35, 0.35, 2)
        w, h = self.size
        self._extent = {
            "whole": np.array([_FILLED * w, min(tall, _FILLED * h)]),
            "cut": np.array([1.3 * w, filled * h / self._cut]),
            "any": np.array([1.2 * w, min(max(tall, 150.0), 1.2 * h)]),
        }[self.framing]
        """(2,) largest extent of the body in pixels."""

    def aimed(self, points: Array, distance: float) -> Camera:
        """Return a camera at this distance from (N, 3) points, in the wanted direction, aimed so
        that they appear at the wanted position."""
        camera = self._centred(points, distance)
        for _ in range(_ROUNDS):
            # Panning a camera that looks down also rolls it.
            camera = _rolled(camera, self.roll)
            seen = camera.to_camera(points)
            if seen[:, 2].min() < _NEAREST_M:
                break
            pixels = camera.project(seen)
            low, high = pixels.min(axis=0), pixels.max(axis=0)
            start, end = (low + high) / 2, self._middle(high - low)
            if np.abs(end - start).max() < _NEAR_ENOUGH_PX:
                break
            camera = _panned(camera, start, start + _DAMPED * (end - start))
        return camera

    def fits(self, camera: Camera, points: Array) -> bool:
        """Whether (N, 3) points are as far away and as small as wanted."""
        seen = camera.to_camera(points)
        if seen[:, 2].min() < _NEAREST_M:
            return False
        pixels = camera.project(seen)
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        if self.framing == "whole" and ((low < 0).any() or (high > self.size).any()):
            return False
        # A person seen from above or from the feet looks short; that must not bring the camera
        # closer.
        span = float(np.linalg.norm(np.ptp(points, axis=0)))
        tall = self.focal * span / float(seen[:, 2].mean())
        small = tall <= _FORESHORTENED * self._extent[1]
        return bool(small and (high - low <= self._extent).all())

    def _centred(self, points: Array, distance: float) -> Camera:
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        down = self._pitch
        if down is None:
            down = math.asin(float(np.clip((self._desk - middle[1]) / distance, -0.6, 0.8)))
        level, azimuth = math.cos(down), self._azimuth
        back = np.array([math.sin(azimuth) * level, math.sin(down), math.cos(azimuth) * level])
        return Camera(self.size, self.focal, _looking(-back), middle + distance * back)

    def _middle(self, extent: Array) -> Array:
        """Return (2,) the wanted centre of a body with this extent, in pixels."""
        size = np.array(self.size)
        if self.framing == "whole":
            return extent / 2 + self._share * (size - extent)
        if self.framing == "cut":
            across = size[0] * (0.5 + 0.4 * (self._share[0] - 0.5))
            return np.array([across, size[1] + (0.5 - self._cut) * extent[1]])
        return size / 2 * (1 + self._off)


def _azimuth(random: np.random.Generator) -> float:
    """Return the azimuth from the facing direction: front and back equally often, sides seldom."""
    drawn = random.random()
    if drawn < 0.4:
        return random.uniform(-math.pi / 3, math.pi / 3)
    if drawn < 0.8:
        return math.pi + random.uniform(-math.pi / 3, math.pi / 3)
    return math.copysign(random.uniform(math.pi / 3, 2 * math.pi / 3), random.random() - 0.5)


def _body_points(keypoints: Array) -> Array:
    """Return (N, 3) points around the space that the take fills."""
    around = _AROUND_M * np.array([(1, 0, 0), (-1, 0, 0), (0, 1.4, 0), (0, 0, 1), (0, 0, -1)])
    result: Array = (keypoints[:, :, None] + around).reshape(-1, 3)
    return result


def _looking(forward: Array) -> Array:
    right = np.cross(forward, (0.0, 1.0, 0.0))
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forward, right), forward])


def _rolled(camera: Camera, roll: float) -> Camera:
    """Return the camera rotated about its axis to this roll."""
    x, y, _ = camera.up
    off = roll - math.atan2(x, -y)
    turn = Rotation.from_euler("z", off).as_matrix()
    return Camera(camera.size, camera.focal, turn @ camera.rotation, camera.eye)


def _panned(camera: Camera, start: Array, end: Array) -> Camera:
    """Return the camera rotated so that what is at pixel ``start`` appears at ``end``."""
    middle = np.array(camera.size) / 2
    a, b = (np.append((pixel - middle) / camera.focal, 1.0) for pixel in (start, end))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    axis = np.cross(a, b)
    sine = float(np.linalg.norm(axis))
    if sine < 1e-9:
        return camera
    turn = Rotation.from_rotvec(axis / sine * math.atan2(sine, float(a @ b))).as_matrix()
    return Camera(camera.size, camera.focal, turn @ camera.rotation, camera.eye)
