"""The smooth trajectory that fits all estimates of the pelvis' position.

Penalised least squares over a whole segment at once: position estimates with their covariances
(depth is the least certain), constraints on differences between neighbouring frames, and a penalty
on acceleration.  The normal equations are banded, so an hour of frames takes a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

from app.motion.placement.position import PositionEstimate

ACCELERATION: Final = 4.0
"""m/s^2; standard deviation of a pelvis' acceleration."""
_OUTLIER: Final = 3.0
"""An estimate off by this many of its standard deviations has half the weight."""
_ROUNDS: Final = 6
_BAND: Final = 7
"""Three unknowns a frame, each coupled with that of its axis up to two frames ahead."""
_NO_SINGULAR: Final = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class StepConstraint:
    """Constraints on the step between neighbouring frames of N."""

    step: NDArray[np.float64]
    """(N - 1, 3) metres from each frame to the next."""
    weight: NDArray[np.float64]
    """(N - 1,) 1/m^2; 0 for no constraint."""


def track(
    time_s: NDArray[np.float64],
    estimates: Sequence[PositionEstimate],
    constraints: Sequence[StepConstraint] = (),
) -> NDArray[np.float64]:
    """Return (N, 3) positions at (N,) strictly increasing times; at least one is estimated."""
    trust = [np.ones(len(time_s)) for _ in estimates]
    bend = _bending(time_s)
    place = np.zeros((len(time_s), 3))
    for _ in range(_ROUNDS):
        place = _solved(bend, estimates, trust, constraints)
        trust = [_trust(each, place) for each in estimates]
    return place


def _trust(estimate: PositionEstimate, place: NDArray[np.float64]) -> NDArray[np.float64]:
    off = (estimate.place - place)[:, :, None]
    distance = (off.swapaxes(1, 2) @ estimate.information @ off)[:, 0, 0]
    result: NDArray[np.float64] = 1 / (1 + distance / _OUTLIER**2)
    return result


def _bending(time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (3, N) diagonals 0, 1 and 2 of the penalty on acceleration, equal for each axis."""
    count = len(time_s)
    bend = np.zeros((3, count))
    if count < 3:
        return bend
    step = np.diff(time_s)
    middle = (step[:-1] + step[1:]) / 2
    # Second difference over uneven times: change of velocity over the expected change.
    rows = np.stack([1 / step[:-1], -1 / step[:-1] - 1 / step[1:], 1 / step[1:]])
    rows /= ACCELERATION * middle
    for first in range(3):
        for second in range(first, 3):
            at = slice(first, first + count - 2)
            bend[second - first, at] += rows[first] * rows[second]
    return bend


def _solved(
    bend: NDArray[np.float64],
    estimates: Sequence[PositionEstimate],
    trust: Sequence[NDArray[np.float64]],
    constraints: Sequence[StepConstraint],
) -> NDArray[np.float64]:
    count = bend.shape[1]
    band, right = np.zeros((_BAND, 3 * count)), np.zeros((count, 3))
    for axis in range(3):
        for diagonal in range(3):
            band[3 * diagonal, axis::3] += bend[diagonal]
    for estimate, share in zip(estimates, trust, strict=True):
        information = estimate.information * share[:, None, None]
        right += (information @ estimate.place[..., None])[..., 0]
        for row in range(3):
            for column in range(row + 1):
                band[row - column, column::3] += information[:, row, column]
    for constraint in constraints:
        right[1:] += constraint.weight[:, None] * constraint.step
        right[:-1] -= constraint.weight[:, None] * constraint.step
        for axis in range(3):
            band[0, axis + 3 :: 3] += constraint.weight
            band[0, axis:-3:3] += constraint.weight
            band[3, axis:-3:3] -= constraint.weight
    band[0] += _NO_SINGULAR
    solved: NDArray[np.float64] = solveh_banded(band, right.ravel(), lower=True)
    return solved.reshape(count, 3)
