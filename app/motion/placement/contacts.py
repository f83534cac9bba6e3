"""Detection of foot contacts, and the constraint that they put on the pelvis' depth.

A foot stands where it is slow in the picture and near the floor, with hysteresis.
"""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.motion.ground import ANKLE_M, Floor
from app.motion.placement.position import PositionEstimate

_SLOW: Final = (0.15, 0.30)
"""m/s across the line of sight: a contact begins below the first and lasts below the second."""
_LOW: Final = (0.10, 0.14)
"""Metres above the ankle of a standing foot, likewise."""
_SHORTEST_S: Final = 0.1
_SLIP_S: Final = 0.5
_SLIP_M: Final = 0.06
"""A foot that returns to its spot within this time without being lifted had not left it: the
detector confuses the ankles now and then."""
_ENDS: Final = 5
"""Number of frames over which the spots before and after are averaged."""
_SMOOTHING_S: Final = 0.12
"""Width of the window that smooths the jitter of detected ankles."""
_POSE_ERROR_M: Final = 0.05
"""Error of the lifted ankle relative to the pelvis."""
_SLOPE_ERROR: Final = 0.004
"""Error of the detected ankle, in slope."""
_CORRELATED: Final = 5.0
"""Frames over which both errors are correlated; the information of a frame is divided by it."""
_FLAT: Final = 0.02
"""A ray that descends less than this does not give a reliable intersection with the floor."""
CRITERION: Final = {
    "of": "the ankle's speed across the line of sight, and its height above that of an ankle "
    "whose foot stands flat",
    "averaged_over_s": _SMOOTHING_S,
    "begins": {"slower_than_m_s": _SLOW[0], "lower_than_m": _LOW[0], "for_s": _SHORTEST_S},
    "lasts": {"slower_than_m_s": _SLOW[1], "lower_than_m": _LOW[1]},
    "goes_on_after": {"low_for_s": _SLIP_S, "back_within_m": _SLIP_M},
}
"""The criterion of a foot contact, JSON values, as written to files."""


def find_contacts(
    time_s: NDArray[np.float64],
    slopes: NDArray[np.float64],
    ankles: NDArray[np.float64],
    seen: NDArray[np.bool_],
    up: NDArray[np.float64],
    floor_m: float,
) -> NDArray[np.bool_]:
    """Return (N, 2) whether the left and the right foot stand.

    Speed is measured across the line of sight only, where it is accurate, not in depth: a foot that
    moves exactly along the line of sight is therefore taken for a standing one.

    Args:
        time_s: (N,) strictly increasing.
        slopes: (N, 2, 2) the ankles as detected.
        ankles: (N, 2, 3) the ankles' positions, metres, camera axes.
        seen: (N, 2) whether they were detected.
        up: (3,) the up direction, a unit vector in camera axes.
        floor_m: distance of the floor below the lens.
    """
    count = len(time_s)
    stands = np.zeros((count, 2), bool)
    if count < 3:
        return stands
    frame_s = float(np.median(np.diff(time_s)))
    for foot in range(2):
        smooth = _smoothed(slopes[:, foot], frame_s)
        speed = np.linalg.norm(np.gradient(smooth, time_s, axis=0), axis=1) * ankles[:, foot, 2]
        height = _smoothed(ankles[:, foot] @ up, frame_s) + floor_m - ANKLE_M
        begins = (speed < _SLOW[0]) & (height < _LOW[0]) & seen[:, foot]
        keeps = (speed < _SLOW[1]) & (height < _LOW[1]) & seen[:, foot]
        for start, end in runs(keeps):
            if begins[start:end].sum() * frame_s >= _SHORTEST_S:
                stands[start:end, foot] = True
        low = (height < _LOW[1]) & seen[:, foot]
        across = slopes[:, foot] * ankles[:, foot, 2:]
        _rejoin(time_s, across, low, stands[:, foot])
    return stands


def _rejoin(
    time_s: NDArray[np.float64],
    across: NDArray[np.float64],
    low: NDArray[np.bool_],
    stands: NDArray[np.bool_],
) -> None:
    """Fill the gaps of ``stands`` (N,) in which only the detected ankle slipped, judged by its
    position across the line of sight, (N, 2) metres."""
    contacts = runs(stands)
    for (start, end), (again, last) in itertools.pairwise(contacts):
        before = np.median(across[max(start, end - _ENDS) : end], axis=0)
        after = np.median(across[again : min(last, again + _ENDS)], axis=0)
        same = np.linalg.norm(after - before) < _SLIP_M
        if same and low[end:again].all() and time_s[again] - time_s[end - 1] <= _SLIP_S:
            stands[end:again] = True


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return [start, end) of each run of True in (N,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def _smoothed(values: NDArray[np.float64], frame_s: float) -> NDArray[np.float64]:
    """Return values averaged by a Hann window of :data:`_SMOOTHING_S`, the ends repeated."""
    half = round(_SMOOTHING_S / frame_s / 2)
    if half == 0:
        return values
    window = np.hanning(2 * half + 3)[1:-1]
    window /= window.sum()
    padded = np.pad(values, [(half, half)] + [(0, 0)] * (values.ndim - 1), mode="edge")
    parts = [
        share * padded[shift : shift + len(values)] for shift, share in enumerate(window.tolist())
    ]
    return np.asarray(np.sum(parts, axis=0))


def feet_on_floor(
    floor: Floor,
    up: NDArray[np.float64],
    slopes: NDArray[np.float64],
    ankle: NDArray[np.float64],
    stands: NDArray[np.bool_],
) -> PositionEstimate:
    """Estimate the pelvis from one standing foot: the ankle lies where its ray meets ankle height.

    This is more accurate in depth than the person's size wherever the camera looks down on the
    floor, and it does not vary with the lengths of the lifted legs and trunk.

    Args:
        floor: the floor's plane.
        up: (3,) the up direction, a unit vector in camera axes.
        slopes: (N, 2) the ankle as detected.
        ankle: (N, 3) metres from the pelvis, camera axes.
        stands: (N,) when the foot stands; other frames get no estimate.
    """
    count = len(slopes)
    rays = np.concatenate([slopes, np.ones((count, 1))], axis=1)
    sinks = -(rays @ up)
    below = floor.below_m - ANKLE_M
    rows = np.flatnonzero(stands & (sinks > _FLAT)) if below > 0 else np.empty(0, np.intp)
    place, information = np.zeros((count, 3)), np.zeros((count, 3, 3))
    rays, sinks = rays[rows], sinks[rows, None]
    spot = below / sinks * rays
    place[rows] = spot - ankle[rows]
    # An error of the slope moves the spot along its ray; the pose's error goes in all directions.
    along = spot * (_SLOPE_ERROR / sinks)
    covariance = along[:, :, None] * along[:, None, :] + _POSE_ERROR_M**2 * np.eye(3)
    information[rows] = np.linalg.inv(_CORRELATED * covariance)
    return PositionEstimate(place, information)
