"""The pelvis' position in camera space, by reprojection of the pose onto the 2D joints.

Each frame by itself: weighted least squares of the reprojection, which are linear in the place once
the joints' depths are known, so that a few rounds suffice; joints that do not fit count less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

POSE_ERROR_M: Final = 0.035
"""What a lifted joint is off across the line of sight; the detector's pixels are a part of it."""
_OUTLIER: Final = 2.5
"""Errors of this many times :data:`POSE_ERROR_M` count half (Cauchy's weights)."""
_ROUNDS: Final = 8
_FEWEST_JOINTS: Final = 4
_NEAREST_M: Final = 0.2
_FARTHEST_M: Final = 40.0
_PER_PASS: Final = 8192
"""Frames worked on at once; an hour at once would take a gigabyte."""
_NO_SINGULAR: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class PositionEstimate:
    """Estimates of the pelvis' position in N frames, each by itself."""

    place: NDArray[np.float64]
    """(N, 3) metres in camera axes; anything where nothing is said."""
    information: NDArray[np.float64]
    """(N, 3, 3) inverse covariance, 1/m^2; zero where nothing is said."""

    @property
    def known(self) -> NDArray[np.bool_]:
        """(N,) whether the frame says anything."""
        return np.asarray(self.information.any(axis=(1, 2)))


def estimate_position(
    joints: NDArray[np.float64], slopes: NDArray[np.float64], weight: NDArray[np.float64]
) -> PositionEstimate:
    """Estimate the position of every frame by itself.

    Args:
        joints: (N, 17, 3) metres from the pelvis, camera axes.
        slopes: (N, 17, 2) where they were seen, x / z and y / z; finite.
        weight: (N, 17) how much each joint counts, 0 for none.
    """
    place, information = np.zeros((len(joints), 3)), np.zeros((len(joints), 3, 3))
    enough = np.flatnonzero((weight > 0).sum(axis=1) >= _FEWEST_JOINTS)
    for start in range(0, len(enough), _PER_PASS):
        rows = enough[start : start + _PER_PASS]
        place[rows], information[rows] = _estimated_positions(
            joints[rows], slopes[rows], weight[rows]
        )
    return PositionEstimate(place, information)


def _estimated_positions(
    joints: NDArray[np.float64], slopes: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    frames = len(joints)
    # x + X = slope * (z + Z) for each joint (X, Z), twice: two rows a joint, linear in the place.
    rows = np.zeros((*weight.shape, 2, 3))
    rows[..., 0, 0] = rows[..., 1, 1] = 1.0
    rows[..., 2] = -slopes
    right = (slopes * joints[..., 2:] - joints[..., :2]).reshape(frames, -1, 1)
    rows = rows.reshape(frames, -1, 3)
    depth = np.ones_like(weight)
    place, trust = np.zeros((frames, 3)), weight
    for _ in range(_ROUNDS):
        pull = rows.swapaxes(1, 2) * np.repeat(trust / depth**2, 2, axis=1)[:, None]
        normal = pull @ rows + _NO_SINGULAR * np.eye(3)
        place = np.linalg.solve(normal, pull @ right)[..., 0]
        place[:, 2] = place[:, 2].clip(_NEAREST_M, _FARTHEST_M)
        points = joints + place[:, None]
        depth = np.maximum(points[..., 2], _NEAREST_M)
        off = np.linalg.norm(points[..., :2] - slopes * depth[..., None], axis=-1)
        trust = weight / (1 + (off / (_OUTLIER * POSE_ERROR_M)) ** 2)
    # One metre across at any depth is one metre: an error of the pose, not of the pixels.
    pull = rows.swapaxes(1, 2) * np.repeat(trust, 2, axis=1)[:, None]
    return place, pull @ rows / POSE_ERROR_M**2
