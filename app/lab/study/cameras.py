"""Webcams around the performer, distributed like those of ``models.training.cameras``."""

from __future__ import annotations

import math
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.synthetic.performer.camera import Pinhole, aim_camera
from models.skeleton import JOINT, PELVIS

Framing = Literal["whole", "cut", "any"]
"""The whole body in the picture; cut at the bottom, as at a desk; or any."""

_SIZES: Final = ((640, 480), (640, 360), (360, 640))
_DISTANCE_M: Final = (1.6, 6.0)
_HEIGHT_M: Final = (0.3, 2.2)
_DESK_HEIGHT_M: Final = (0.6, 1.6)
_AZIMUTH: Final = math.radians(25.0)
"""Largest angle of the camera from the room's axis: beyond are walls."""
_FOV_DEG: Final = (50.0, 90.0)
_AIM_M: Final = 0.3
_NEAREST_M: Final = 0.4
"""Minimum distance of any joint from the lens."""
_BEYOND_M: Final = 0.15
"""Extent of hands, feet and hair beyond the joints."""
_STEP: Final = 1.06
_FARTHEST_M: Final = 14.0


class Choice(NamedTuple):
    """Random choices that do not depend on the person's position."""

    framing: Framing
    size: tuple[int, int]
    azimuth: float
    """Direction of the camera in radians, 0 along +z."""
    yaw: float
    """Radians from facing the camera, positive to the person's left."""


def choose(random: np.random.Generator, framing: Framing | None = None) -> Choice:
    """Draw a choice: half of the people face the camera within 60 degrees, half of the views show
    the whole body.
    """
    kinds: tuple[Framing, ...] = ("whole", "whole", "cut", "any")
    drawn = kinds[random.integers(4)]
    yaw = random.uniform(-math.pi, math.pi)
    if random.random() < 0.5:
        yaw = random.uniform(-math.pi / 3, math.pi / 3)
    size = _SIZES[random.integers(3)]
    return Choice(framing or drawn, size, random.uniform(-_AZIMUTH, _AZIMUTH), yaw)


def place(choice: Choice, joints: NDArray[np.float64], random: np.random.Generator) -> Pinhole:
    """Return the camera for a take of joints (T, 17, 3) in world axes, the floor at y = 0."""
    fov = random.uniform(*_FOV_DEG)
    height = float(np.clip(random.normal(1.05, 0.45), *_HEIGHT_M))
    distance = math.exp(random.uniform(*np.log(_DISTANCE_M)))
    pelvis = joints[:, PELVIS].mean(axis=0)
    aim = pelvis + random.uniform(-_AIM_M, _AIM_M, 3)
    # Drawn for every framing, so that a take is otherwise the same in another one.
    desk = _Desk(joints, random)
    if choice.framing == "cut":
        height = float(np.clip(height, *_DESK_HEIGHT_M))
        return _step_back(choice, joints, pelvis, height, fov, desk.nearest_m, desk)
    return _step_back(choice, joints, pelvis, height, fov, distance, aim)


class _Desk:
    """A picture whose lower edge cuts the person at hips or knees."""

    nearest_m = 0.7

    def __init__(self, joints: NDArray[np.float64], random: np.random.Generator) -> None:
        part = ("hip", "knee")[random.integers(2)]
        cut = joints[:, [JOINT[f"left_{part}"], JOINT[f"right_{part}"]], 1].mean()
        self.bottom = float(cut) + random.normal(0.0, 0.07)
        self.top = float(joints[:, JOINT["head"], 1].max()) + 0.15
        self.filled = random.uniform(0.65, 1.05)
        """Fraction of the picture's height from the top of the head to the lower edge."""
        self.aside = random.uniform(-0.2, 0.2)


def _step_back(
    choice: Choice,
    joints: NDArray[np.float64],
    pelvis: NDArray[np.float64],
    height: float,
    fov: float,
    distance: float,
    aim: NDArray[np.float64] | _Desk,
) -> Pinhole:
    """Return the camera at ``distance``, or farther away, until everything required fits."""
    s, c = math.sin(choice.azimuth), math.cos(choice.azimuth)
    while True:
        eye = (float(pelvis[0]) + distance * s, height, float(pelvis[2]) + distance * c)
        if isinstance(aim, _Desk):
            camera, fits = _at_desk(choice, eye, pelvis, distance, fov, aim)
        else:
            x, y, z = (float(value) for value in aim)
            camera = aim_camera(eye, (x, y, z), fov, choice.size)
            fits = choice.framing != "whole" or _holds(camera, joints)
        near = float(camera.to_camera(joints)[..., 2].min()) < _NEAREST_M
        if (fits and not near) or distance > _FARTHEST_M:
            return camera
        distance *= _STEP


def _at_desk(
    choice: Choice,
    eye: tuple[float, float, float],
    pelvis: NDArray[np.float64],
    distance: float,
    fov: float,
    desk: _Desk,
) -> tuple[Pinhole, bool]:
    """Return the camera tilted so that its lower edge is at the cut, and whether the head is low
    enough in the picture."""
    s, c = math.sin(choice.azimuth), math.cos(choice.azimuth)
    level = aim_camera(eye, (float(pelvis[0]), eye[1], float(pelvis[2])), fov, choice.size)
    upright = math.radians(level.view.fov_deg)
    low = math.atan2(desk.bottom - eye[1], distance)
    extent = math.atan2(desk.top - eye[1], distance) - low
    rise = distance * math.tan(low + upright / 2)
    target = (
        float(pelvis[0]) + desk.aside * c,
        eye[1] + rise,
        float(pelvis[2]) - desk.aside * s,
    )
    return aim_camera(eye, target, fov, choice.size), extent <= desk.filled * upright


def _holds(camera: Pinhole, joints: NDArray[np.float64]) -> bool:
    """Return whether the whole body is in the picture in every frame."""
    reach = _BEYOND_M * np.array([(0, 1, 0), (0, -0.6, 0), (1, 0, 0), (-1, 0, 0)])
    points = camera.to_camera(joints[:, :, None] + reach)
    if points[..., 2].min() < _NEAREST_M:
        return False
    pixels = camera.project(points)
    return bool((pixels >= 0).all() and (pixels <= camera.size).all())
