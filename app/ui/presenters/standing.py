"""Stands the lifted pose on the floor of the 3D view.

The network gives poses around the pelvis; it knows neither the floor nor where the person is.  The
floor is put under the lowest joint seen, calmly, so that a lifted foot leaves it.  Where the person
stands is read from the size and place of the 2D figure.  This is for the eye only: recordings and
tables hold what the network gave.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.packets import Keypoints2D, Pose3D
from app.render.request import ANKLE_M, SITTING_M
from models import ASSUMED_FOCAL
from models.skeleton import JOINT

_ANKLES: Final = [JOINT["left_ankle"], JOINT["right_ankle"]]
_RISE_S: Final = 0.06
_SINK_S: Final = 0.2
_WALK_S: Final = 0.35
_FARTHEST_M: Final = 3.0


class Standing:
    """Follows one person from pose to pose."""

    def __init__(self) -> None:
        self._height: float | None = None
        self._ground = np.zeros(2)
        self._aside = np.zeros(2)
        """By how much another person is moved, to stand where the one before stood."""
        self._followed: int | None = None
        self._first: NDArray[np.float64] | None = None
        self._time: float | None = None

    def reset(self) -> None:
        """Forget the person: another source, or a jump in time."""
        self._height = self._first = self._time = self._followed = None
        self._ground, self._aside = np.zeros(2), np.zeros(2)

    def stand(self, pose: Pose3D, keypoints: Keypoints2D | None) -> NDArray[np.float32]:
        """(17, 3) joints in world axes (y up, floor at 0), metres."""
        step = self._step(pose.time_s)
        local = pose.upright
        wanted = _pelvis_height(local, pose.missing)
        if self._height is None:
            self._height = wanted if wanted is not None else SITTING_M
        elif wanted is not None:
            # A foot must not sink into the floor; a squat may be followed a little more calmly.
            lag = _RISE_S if wanted > self._height else _SINK_S
            self._height += (wanted - self._height) * (1 - math.exp(-step / lag))
        self._walk(pose, keypoints, step)
        offset = np.array([self._ground[0], self._height, self._ground[1]])
        standing: NDArray[np.float32] = (local + offset).astype(np.float32)
        return standing

    def _step(self, time_s: float) -> float:
        before, self._time = self._time, time_s
        if before is None:
            return 0.0
        if not 0 <= time_s - before < 2:
            self.reset()
            self._time = time_s
            return 0.0
        return time_s - before

    def _walk(self, pose: Pose3D, keypoints: Keypoints2D | None, step: float) -> None:
        if keypoints is None or abs(keypoints.time_s - pose.time_s) > 0.5:
            return
        place = position(pose.xyz, keypoints, ~(pose.missing | pose.filled))
        if place is None:
            return
        if self._first is None:
            self._first = place
        moved = place - self._first
        wanted = np.array([place[0], -moved[2]])
        if self._followed not in (None, keypoints.company.followed):
            # Whoever is chosen at the picture's edge would walk out of the view.
            self._aside = self._ground - wanted
        self._followed = keypoints.company.followed
        wanted = np.clip(wanted + self._aside, -_FARTHEST_M, _FARTHEST_M)
        share = 1.0 if step == 0 else 1 - math.exp(-step / _WALK_S)
        self._ground += (wanted - self._ground) * share


def _pelvis_height(local: NDArray[np.floating], missing: NDArray[np.bool_]) -> float | None:
    lowest = [local[ankle, 1] for ankle in _ANKLES if not missing[ankle]]
    return float(ANKLE_M - min(lowest)) if lowest else None


def position(
    xyz: NDArray[np.floating], keypoints: Keypoints2D, good: NDArray[np.bool_]
) -> NDArray[np.float64] | None:
    """Where the pelvis is, so that the pose falls on the 2D joints: (3,) metres, camera axes.

    Linear least squares of ``f * (X + t_x) = u * (Z + t_z)``, and the same for y, over the joints
    seen.  None if there are too few, or if the answer lies behind or on the camera.
    """
    size = np.array(keypoints.size, np.float64)
    seen = good & (keypoints.conf >= 0.5) & np.isfinite(keypoints.xy).all(axis=1)
    if seen.sum() < 5:
        return None
    body = xyz[seen].astype(np.float64)
    rays = (keypoints.xy[seen] - size / 2) / (ASSUMED_FOCAL * size.max())
    count = len(body)
    matrix = np.zeros((2 * count, 3))
    matrix[:count, 0] = matrix[count:, 1] = 1
    matrix[:, 2] = -rays.T.reshape(-1)
    right = (rays * body[:, 2:3] - body[:, :2]).T.reshape(-1)
    answer = np.linalg.lstsq(matrix, right, rcond=None)[0]
    return answer if 0.3 < answer[2] < 30 else None
