"""Several performers in one picture, each of whose joints is known: who is who is no matter of
opinion."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from app.packets import Frame
from app.synthetic.performer.camera import aim_camera
from app.synthetic.performer.retargeting import Take
from app.synthetic.performer.source import PerformerSource
from app.synthetic.performer.variation import variation
from tests.support.shared_folder import made_once
from tests.support.walking import walker

Picture = NDArray[np.uint8]

SIZE = (640, 480)
RATE = 15.0
"""Each picture is drawn once for every person: half of a camera's rate is enough."""
CAMERA = aim_camera((0.0, 1.3, 4.2), (0.0, 0.85, 0.0), 66.0, SIZE)
_FAR_M = 80.0
"""Beside the room: nobody there is in the picture."""


@dataclass(frozen=True)
class Role:
    """What one performer does.

    Places are metres on the floor: x to the right of the picture, z towards the camera.
    """

    seed: int
    """Body and clothes."""
    path: Callable[[float], tuple[float, float]]
    """Seconds -> (x, z)."""
    facing: float = 0.0
    """Degrees from facing the camera, positive to the person's left."""
    steps: float = 1.0
    """How far arms and legs swing; 0 stands still."""


@dataclass(frozen=True, eq=False)
class Acted:
    """Frames of several performers, and where each of them truly is."""

    pictures: list[Picture]
    alone: list[list[Picture]]
    """The same without anybody but this person, for each."""
    joints: NDArray[np.float64]
    """(people, frames, 17, 2) pixels."""

    def errors(self, xy: NDArray[np.floating], index: int) -> NDArray[np.float64]:
        """(people,) how far (17, 2) detected joints of a frame are from each person's, typically;
        NaN where nothing was detected."""
        away = np.linalg.norm(self.joints[:, index] - xy, axis=-1)
        result: NDArray[np.float64] = np.median(away, axis=-1)
        return result


def act(roles: Sequence[Role], seconds: float) -> Acted:
    """Draw the roles into one room; who is nearer to the camera hides who is behind."""
    count = round(seconds * RATE)
    empty = _drawn(roles[0].seed, np.full((count, 17, 3), _FAR_M), 1)[0][0]
    drawn = [_drawn(role.seed, _world(role, count), count) for role in roles]
    pictures = []
    for index in range(count):
        picture = empty.astype(np.float32)
        for person in sorted(range(len(roles)), key=lambda each: roles[each].path(index / RATE)[1]):
            alone = drawn[person][0][index]
            matte = _matte(alone, empty)
            picture += matte[..., None] * (alone.astype(np.float32) - picture)
        pictures.append(np.ascontiguousarray(np.round(picture), dtype=np.uint8))
    return Acted(pictures, [alone for alone, _ in drawn], np.stack([joints for _, joints in drawn]))


def frames(pictures: Sequence[Picture]) -> list[Frame]:
    """Pictures as a source would deliver them."""
    return [Frame(index, index / RATE, picture, 0.0) for index, picture in enumerate(pictures)]


NEAR, BEHIND = 0, 1
"""The people of :func:`crossing`."""
MEET_S = 1.4
"""When one hides the other."""


@cache
def crossing() -> Acted:
    """Two who walk past each other, one nearer, so that the other is hidden for a moment."""
    roles = [
        Role(3, lambda t: (-1.3 + 0.95 * t, 0.6), facing=40),
        Role(5, lambda t: (1.4 - 0.95 * t, -0.4), facing=-40),
    ]
    return made_once("crossing", lambda: act(roles, 2.8))


def _world(role: Role, count: int) -> NDArray[np.float64]:
    """(count, 17, 3) in the room's axes."""
    xyz = walker(count, RATE).xyz.astype(np.float64)
    local = xyz - xyz[:, :1] * (1.0, 0.0, 1.0)
    rest = local[:1]
    local = rest + role.steps * (local - rest)
    c, s = math.cos(math.radians(role.facing)), math.sin(math.radians(role.facing))
    turned = local @ np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]]).T
    places = np.array([role.path(index / RATE) for index in range(count)])
    turned[..., 0] += places[:, :1]
    turned[..., 2] += places[:, 1:]
    return turned


def _drawn(
    seed: int, xyz: NDArray[np.float64], count: int
) -> tuple[list[Picture], NDArray[np.float64]]:
    """Pictures of one person alone, and the (count, 17, 2) joints in them."""
    # A take is moved until its mean stands over the origin; a last frame that is never shown
    # brings the mean there beforehand.
    plan = xyz[:, 0].sum(axis=0) * (1.0, 0.0, 1.0)
    counterweight = xyz[-1:] - xyz[-1:, :1] * (1.0, 0.0, 1.0) - plan
    take = Take(variation(seed).proportions, np.concatenate([xyz, counterweight]), RATE)
    with PerformerSource(SIZE, RATE, seed=seed, take=take, camera=CAMERA) as source:
        read = [source.read() for _ in range(count)]
        joints = np.array([source.project(source.truth(index)) for index in range(count)])
    return [frame.image for frame in read if frame is not None], joints


def _matte(alone: Picture, empty: Picture) -> NDArray[np.float32]:
    """(height, width) how much of each pixel is the person; shadows are left out."""
    away = np.abs(alone.astype(np.int16) - empty).max(axis=-1)
    solid = (away > 24).astype(np.uint8)
    solid = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    outlines, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(solid)
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    return cv2.GaussianBlur(filled.astype(np.float32), (3, 3), 0)
