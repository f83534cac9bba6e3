"""When a foot stands: slow in the picture and near the floor, with hysteresis; and what that says
of the depth of the pelvis."""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.motion.ground import ANKLE_M, Floor
from app.motion.placement.position import PositionEstimate

_SLOW: Final = (0.15, 0.30)
"""m/s across the line of sight: below the first a contact begins, below the second it lasts."""
_LOW: Final = (0.10, 0.14)
"""Metres above where the ankle is when the foot stands, alike."""
_SHORTEST_S: Final = 0.1
_SLIP_S: Final = 0.5
_SLIP_M: Final = 0.06
"""A foot back on its spot after so short a time, never lifted, had not left: the detector takes one
ankle for the other now and then."""
_ENDS: Final = 5
"""Frames by which the spots before and after are compared."""
_CALM_S: Final = 0.12
"""What is averaged over: the detector's ankles tremble."""
_POSE_ERROR_M: Final = 0.05
"""What the lifted ankle is off, as the pelvis sees it."""
_SLOPE_ERROR: Final = 0.004
"""What the detector's ankle is off, in slope."""
_CORRELATED: Final = 5.0
"""Both errors last so many frames: a frame says so much less than it seems to."""
_FLAT: Final = 0.02
"""A ray that goes down less than this meets the floor nobody knows where."""
CRITERION: Final = {
    "of": "the ankle's speed across the line of sight, and its height above that of an ankle "
    "whose foot stands flat",
    "averaged_over_s": _CALM_S,
    "begins": {"slower_than_m_s": _SLOW[0], "lower_than_m": _LOW[0], "for_s": _SHORTEST_S},
    "lasts": {"slower_than_m_s": _SLOW[1], "lower_than_m": _LOW[1]},
    "goes_on_after": {"low_for_s": _SLIP_S, "back_within_m": _SLIP_M},
}
"""When a foot is said to stand, in JSON values, for the files that say so."""


def find_contacts(
    time_s: NDArray[np.float64],
    slopes: NDArray[np.float64],
    ankles: NDArray[np.float64],
    seen: NDArray[np.bool_],
    up: NDArray[np.float64],
    floor_m: float,
) -> NDArray[np.bool_]:
    """(N, 2) whether the left and the right foot stand.

    Speed is taken from the picture, where it is sure, not from depth: only a foot that moves
    straight along the line of sight is taken for one that stands.

    Args:
        time_s: (N,) strictly increasing.
        slopes: (N, 2, 2) where the ankles were seen.
        ankles: (N, 2, 3) where they are, metres, camera axes.
        seen: (N, 2) whether they were.
        up: (3,) unit vector, camera axes.
        floor_m: how far the floor is below the lens.
    """
    count = len(time_s)
    stands = np.zeros((count, 2), bool)
    if count < 3:
        return stands
    frame_s = float(np.median(np.diff(time_s)))
    for foot in range(2):
        calm = _calmed(slopes[:, foot], frame_s)
        speed = np.linalg.norm(np.gradient(calm, time_s, axis=0), axis=1) * ankles[:, foot, 2]
        height = _calmed(ankles[:, foot] @ up, frame_s) + floor_m - ANKLE_M
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
    """Fill the gaps of ``stands`` (N,) in which the foot slipped in the detector's eyes only, by
    where it is across the line of sight, (N, 2) metres."""
    contacts = runs(stands)
    for (start, end), (again, last) in itertools.pairwise(contacts):
        before = np.median(across[max(start, end - _ENDS) : end], axis=0)
        after = np.median(across[again : min(last, again + _ENDS)], axis=0)
        same = np.linalg.norm(after - before) < _SLIP_M
        if same and low[end:again].all() and time_s[again] - time_s[end - 1] <= _SLIP_S:
            stands[end:again] = True


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """[start, end) of each stretch of True in (N,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def _calmed(values: NDArray[np.float64], frame_s: float) -> NDArray[np.float64]:
    """Averaged over :data:`_CALM_S` by a window without corners; the ends are held."""
    half = round(_CALM_S / frame_s / 2)
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
    """Where the pelvis is, by one foot: the ankle lies where its ray is as high as ankles are.

    Better in depth than the person's size wherever the camera looks down on the floor, and sure
    of it however the lifted legs and trunk breathe.

    Args:
        floor: where it is.
        up: (3,) unit vector, camera axes.
        slopes: (N, 2) where the ankle was seen.
        ankle: (N, 3) metres from the pelvis, camera axes.
        stands: (N,) when the foot stands; nothing is said of other frames.
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
    spread = along[:, :, None] * along[:, None, :] + _POSE_ERROR_M**2 * np.eye(3)
    information[rows] = np.linalg.inv(_CORRELATED * spread)
    return PositionEstimate(place, information)
