"""Geometry of the picture and the 2D skeleton in the pane; pure arithmetic.

Mirroring happens only here: frames, keypoints and everything on disk are never mirrored.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.packets import Keypoints2D
from app.render.colours import DRAWN_SIDES
from app.render.figure import FOOT_BONES
from models.skeleton import BONES, FOOT_PARENTS, JOINT_COUNT
from models.visibility import STILL_SEEN


@dataclass(frozen=True, slots=True)
class Placement:
    """The picture's rectangle in the pane, in logical pixels."""

    left: float
    top: float
    width: float
    height: float
    mirror: bool

    def to_pane(self, xy: NDArray[np.floating], size: tuple[float, float]) -> NDArray[np.float64]:
        """Map (N, 2) pixels of the picture to (N, 2) positions in the pane."""
        share = np.asarray(xy, dtype=np.float64) / np.asarray(size, dtype=np.float64)
        if self.mirror:
            share[:, 0] = 1.0 - share[:, 0]
        return share * (self.width, self.height) + (self.left, self.top)

    def to_picture(self, x: float, y: float, size: tuple[int, int]) -> tuple[float, float] | None:
        """Map a position in the pane to pixels of the picture; None outside the picture."""
        across, down = (x - self.left) / self.width, (y - self.top) / self.height
        if not (0 <= across < 1 and 0 <= down < 1):
            return None
        return (1 - across if self.mirror else across) * size[0], down * size[1]


def place(
    picture: tuple[float, float], pane: tuple[float, float], *, fill: bool, mirror: bool
) -> Placement:
    """Fit the whole picture into the pane, or ``fill`` the pane and crop the picture."""
    ratios = (pane[0] / max(1, picture[0]), pane[1] / max(1, picture[1]))
    scale = max(ratios) if fill else min(ratios)
    width, height = picture[0] * scale, picture[1] * scale
    return Placement((pane[0] - width) / 2, (pane[1] - height) / 2, width, height, mirror)


@dataclass(frozen=True, slots=True)
class Stroke:
    """One bone to be drawn."""

    start: tuple[float, float]
    end: tuple[float, float]
    side: str
    """left, right or middle; sets the colour."""
    opacity: float


@dataclass(frozen=True, slots=True)
class Dot:
    """One joint to be drawn."""

    centre: tuple[float, float]
    side: str
    opacity: float


def figure(
    points: NDArray[np.floating], drawn: NDArray[np.bool_], opacity: NDArray[np.floating]
) -> tuple[list[Stroke], list[Dot]]:
    """Return bones and joints of a person; a bone is drawn only if both of its ends are.

    Args:
        points: (J, 2) positions in the pane of the 17 joints, or of 17 joints and 4 heels and
            toes; those not drawn may be NaN.
        drawn: (J,) which of them are visible.
        opacity: (J,) in [0, 1].
    """
    bones = BONES if len(points) == JOINT_COUNT else (*BONES, *FOOT_BONES)
    ok = drawn & np.isfinite(points).all(axis=1)
    strokes = [
        Stroke(
            _pair(points[a]), _pair(points[b]), DRAWN_SIDES[b], float(min(opacity[a], opacity[b]))
        )
        for a, b in bones
        if ok[a] and ok[b]
    ]
    dots = [
        Dot(_pair(points[joint]), DRAWN_SIDES[joint], float(opacity[joint]))
        for joint in range(len(points))
        if ok[joint]
    ]
    return strokes, dots


def with_feet(
    keypoints: Keypoints2D, seen: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32]]:
    """Append heels and toes to the 17 joints, visible if the ankle is.

    Args:
        keypoints: the detected joints and feet.
        seen: (17,) which joints are visible.

    Returns:
        (21, 2) positions in the picture, (21,) which are visible, and (21,) confidences.
    """
    xy, conf = keypoints.feet[:, :2], np.nan_to_num(keypoints.feet[:, 2])
    feet = seen[list(FOOT_PARENTS)] & (conf >= STILL_SEEN)
    return (
        np.concatenate([keypoints.xy, xy]),
        np.concatenate([seen, feet]),
        np.concatenate([keypoints.conf, conf]),
    )


def _pair(point: NDArray[np.floating]) -> tuple[float, float]:
    return float(point[0]), float(point[1])


def joint_at(
    points: NDArray[np.floating], seen: NDArray[np.bool_], place: tuple[float, float], reach: float
) -> int | None:
    """Return the joint of (17, 2) ``points`` nearest to a position; None if none is within
    ``reach``.

    Visible joints, (17,) ``seen``, have priority.  The others are not drawn, but can be dragged
    too.
    """
    away = np.linalg.norm(points - np.asarray(place), axis=-1)
    away = np.where(np.isfinite(away), away, np.inf)
    for known in (seen, ~seen):
        nearest = int(np.argmin(np.where(known, away, np.inf)))
        if known[nearest] and away[nearest] <= reach:
            return nearest
    return None
