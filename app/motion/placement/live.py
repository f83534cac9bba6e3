"""Placement of the live pose on the floor of the 3D view, frame by frame.

The floor is kept under the lower foot, with smoothing, so that a lifted foot leaves it.  The
person's position is estimated from size and position of the 2D figure, and so are jumps, in which
both feet leave the floor.  This is for display only: files hold the network's output, or the result
of :func:`app.motion.placement.placing.place` on the whole motion.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.motion.data import ANKLES
from app.motion.ground import PELVIS_M, pelvis_heights
from app.motion.placement.lens import Lens
from app.motion.placement.live_soles import LiveSoles, Soles
from app.motion.placement.position import estimate_position
from app.packets import Keypoints2D, Pose3D
from models.level import CAMERA_LEVEL

_ANKLES: Final = list(ANKLES)
_HEIGHT_S: Final = 0.04
"""Time constant of the pelvis' height: it hides jitter of the feet, yet a person who crouches at
0.6 m/s stays within 2.5 cm of the floor."""
_WALK_S: Final = 0.35
_FARTHEST_M: Final = 3.0
_LEAST_CONF: Final = 0.5
"""Least confidence of joints by which the figure is placed."""
_FEWEST: Final = 5
_DEPTH_S: Final = 0.25
"""Time constant of depth, since the size of the detected figure jitters."""
_FLOOR_S: Final = 0.5
"""Time constant of the floor's apparent height while the person stands on it."""
_LEAVES_M: Final = 0.06
_LANDS_M: Final = 0.025
_LONGEST_JUMP_S: Final = 1.0
"""Duration of a fall from 1.2 m: a person who is higher for longer stands on something."""
_KEPT: Final = 16
"""Number of frames whose keypoints are kept until their pose arrives."""


class Jumps:
    """Estimates the height of both feet above the floor.

    It takes the lower of two estimates: from the position in space, which a crouch that makes the
    figure look smaller can deceive, and from the ankles in the picture, which walking away can.
    """

    def __init__(self) -> None:
        self._depth: float | None = None
        self._floor: NDArray[np.float64] | None = None
        """Height of the feet when they stood last: in space, and in the picture."""
        self._up_s: float | None = None
        """Seconds for which both feet have been in the air; None while one stands."""

    def step(
        self,
        pose: Pose3D,
        keypoints: Keypoints2D | None,
        place: NDArray[np.float64] | None,
        step: float,
    ) -> float:
        """Return metres above the floor, ``step`` seconds after the pose before."""
        if place is None or keypoints is None or pose.missing[_ANKLES].any():
            return 0.0
        self._depth = float(_low_pass(self._depth, place[2], step, _DEPTH_S))
        # The direction of the ray is accurate, the depth along it is not.
        place = place * (self._depth / place[2])
        axes = CAMERA_LEVEL if pose.level is None else pose.level.view_axes
        in_space = float(axes[1] @ place + pose.upright[_ANKLES, 1].min())
        in_picture = -float(_slopes(keypoints)[_ANKLES, 1].max())
        feet = np.array([in_space, in_picture])
        rise = np.zeros(2) if self._floor is None else feet - self._floor
        above = float(min(rise[0], rise[1] * self._depth))
        if above > (_LEAVES_M if self._up_s is None else _LANDS_M):
            self._up_s = (self._up_s or 0.0) + step
        else:
            self._up_s = None
        if self._up_s is None or self._up_s > _LONGEST_JUMP_S:
            self._floor = _low_pass(self._floor, feet, step, _FLOOR_S)
            return 0.0
        return above


class LivePlacement:
    """Places one person, pose by pose."""

    def __init__(self) -> None:
        self._height: float | None = None
        self._ground = np.zeros(2)
        self._offset = np.zeros(2)
        """Shift of a newly followed person to where the person before stood."""
        self._person: int | None = None
        self._first: NDArray[np.float64] | None = None
        self._time: float | None = None
        self._soles = LiveSoles()
        self._sole_s = 0.0
        """Seconds between the last two poses."""
        self._jumps = Jumps()
        self._recent: dict[int, Keypoints2D] = {}

    def reset(self) -> None:
        """Forget the person, after a change of source or a jump in time."""
        self._height = self._first = self._time = self._person = None
        self._ground, self._offset = np.zeros(2), np.zeros(2)
        self._jumps, self._soles = Jumps(), LiveSoles()
        self._recent.clear()

    def place(self, pose: Pose3D, keypoints: Keypoints2D | None) -> NDArray[np.float32]:
        """Return (17, 3) joints in world axes (y up, floor at 0), metres."""
        step = self._sole_s = self._step(pose.time_s)
        local = pose.upright
        wanted = float(pelvis_heights(local, pose.missing))
        if self._height is None:
            self._height = wanted if math.isfinite(wanted) else PELVIS_M
        elif math.isfinite(wanted):
            self._height = float(_low_pass(self._height, wanted, step, _HEIGHT_S))
        seen = self._seen_with(pose, keypoints)
        good = ~(pose.missing | pose.filled)
        place = None if seen is None else position(pose.xyz, seen, good)
        self._walk(place, keypoints, step)
        height = self._height + self._jumps.step(pose, seen, place, step)
        offset = np.array([self._ground[0], height, self._ground[1]])
        placed: NDArray[np.float32] = (local + offset).astype(np.float32)
        return placed

    def soles(self, pose: Pose3D, joints: NDArray[np.float32]) -> Soles:
        """Return heels and toes of the pose placed last, whose (17, 3) joints are given."""
        feet = pose.upright_feet + (joints[0] - pose.upright[0])
        return self._soles.step(feet, pose.feet_opacity, joints, self._sole_s)

    def _step(self, time_s: float) -> float:
        before, self._time = self._time, time_s
        if before is None:
            return 0.0
        if not 0 <= time_s - before < 2:
            self.reset()
            self._time = time_s
            return 0.0
        return time_s - before

    def _seen_with(self, pose: Pose3D, keypoints: Keypoints2D | None) -> Keypoints2D | None:
        """Return the keypoints of the pose's frame, or of a close one; live poses are delayed."""
        if keypoints is None or abs(keypoints.time_s - pose.time_s) > 0.5:
            return None
        self._recent[keypoints.index] = keypoints
        while len(self._recent) > _KEPT:
            del self._recent[next(iter(self._recent))]
        return self._recent.get(pose.index, keypoints)

    def _walk(
        self, place: NDArray[np.float64] | None, keypoints: Keypoints2D | None, step: float
    ) -> None:
        if place is None or keypoints is None:
            return
        if self._first is None:
            self._first = place
        moved = place - self._first
        wanted = np.array([place[0], -moved[2]])
        if self._person not in (None, keypoints.people_in_view.followed):
            # Otherwise a person chosen at the picture's edge would be placed out of the view.
            self._offset = self._ground - wanted
            self._jumps = Jumps()
        self._person = keypoints.people_in_view.followed
        wanted = np.clip(wanted + self._offset, -_FARTHEST_M, _FARTHEST_M)
        share = 1.0 if step == 0 else 1 - math.exp(-step / _WALK_S)
        self._ground += (wanted - self._ground) * share


def position(
    xyz: NDArray[np.floating], keypoints: Keypoints2D, good: NDArray[np.bool_]
) -> NDArray[np.float64] | None:
    """Estimate the pelvis' position by reprojection: (3,) metres, camera axes.

    Args:
        xyz: (17, 3) joints from the pelvis, metres, camera axes.
        keypoints: the 2D joints, seen through the usual lens.
        good: (17,) joints that are neither filled nor missing.

    Returns:
        The position, or None if too few joints were seen.
    """
    seen = _placed_by(keypoints, good)
    slopes = np.nan_to_num(_slopes(keypoints))
    found = estimate_position(
        xyz[None].astype(np.float64), slopes[None], seen[None].astype(np.float64)
    )
    return found.place[0] if found.known[0] else None


def misfit(
    xyz: NDArray[np.floating], keypoints: Keypoints2D, good: NDArray[np.bool_]
) -> float | None:
    """Return the reprojection error of the pose, placed where it fits best.

    It is the median over the ``good`` joints, as a fraction of the figure's height in the picture;
    infinite if the pose fits nowhere, None if there are too few joints.
    """
    seen = _placed_by(keypoints, good)
    if seen.sum() < _FEWEST:
        return None
    place = position(xyz, keypoints, good)
    if place is None:
        return math.inf
    points = xyz[seen].astype(np.float64) + place
    drawn, slopes = points[:, :2] / points[:, 2:], _slopes(keypoints)[seen]
    height = float(np.ptp(slopes, axis=0).max())
    away = np.linalg.norm(drawn - slopes, axis=1)
    return float(np.median(away)) / max(height, 1e-3)


def _placed_by(keypoints: Keypoints2D, good: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return (17,) the joints that are used to place the figure."""
    finite = np.isfinite(keypoints.xy).all(axis=1)
    return np.asarray(good & (keypoints.conf >= _LEAST_CONF) & finite, np.bool_)


def _slopes(keypoints: Keypoints2D) -> NDArray[np.float64]:
    """Return (17, 2) slopes of the keypoints, seen through the usual lens."""
    return Lens.of(keypoints.size, None, None).slopes(keypoints.xy)


def _low_pass(before: Any, now: Any, step: float, lag_s: float) -> Any:
    """Return a number or an array that approaches ``now`` with the time constant ``lag_s``."""
    return now if before is None else before + (now - before) * (1 - math.exp(-step / lag_s))
