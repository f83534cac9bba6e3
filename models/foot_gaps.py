"""Fill short gaps in the estimated foot directions.

Between two estimates a foot's direction is interpolated linearly relative to its shank.  In live
use, where the next estimate is not known yet, the last direction is carried forward relative to the
shank and faded out, and a foot that reappears is faded in, so that none appears or vanishes from
one frame to the next.  Gaps longer than :data:`models.timing.LONGEST_GAP_S` are not filled.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.skeleton import JOINT
from models.timing import LONGEST_GAP_S
from models.visibility import bridge, neighbours

Array = NDArray[np.float64]

RISE_S: Final = 0.25
"""Time in which an appearing foot is faded in.  Fading out takes as long: the second half of the
time for which a foot is carried forward."""


def shank_axes(
    xyz: NDArray[np.floating], missing: NDArray[np.bool_], sides: tuple[str, ...]
) -> Array:
    """Compute the axes of the shanks.

    Args:
        xyz: (N, 17, 3) joints.
        missing: (N, 17) joints that are not known.
        sides: names of S sides.

    Returns:
        (N, S, 3, 3) axes in columns: forward, from ankle to knee, and the person's right by the
        line of the hips; NaN where they are not known.
    """
    known = np.where(missing[..., None], np.nan, xyz.astype(np.float64))
    line = known[:, JOINT["right_hip"]] - known[:, JOINT["left_hip"]]
    found = []
    for side in sides:
        up = _unit(known[:, JOINT[f"{side}_knee"]] - known[:, JOINT[f"{side}_ankle"]])
        right = _unit(line - (line * up).sum(axis=-1, keepdims=True) * up)
        found.append(np.stack([np.cross(up, right), up, right], axis=-1))
    return np.stack(found, axis=1)


def fill_gaps(
    directions: Array,
    known: NDArray[np.bool_],
    shanks: Array,
    time_s: NDArray[np.floating],
    *,
    hold: bool,
) -> tuple[Array, NDArray[np.float32]]:
    """Fill gaps of the directions.

    Args:
        directions: (N, S, D, 3) directions of S feet, any length.
        known: (N, S) whether they are reliable.
        shanks: (N, S, 3, 3) as returned by :func:`shank_axes`.
        time_s: (N,) strictly increasing seconds.
        hold: whether feet are carried forward after the last estimate.

    Returns:
        (N, S, D, 3) directions, NaN where a foot is neither known nor filled; and (N, S) their
        opacity: 1 where there is a foot, 0 elsewhere; with ``hold`` rising to 1 when a foot
        appears, and falling to 0 while it is carried forward.
    """
    count, feet = directions.shape[:2]
    local = np.einsum("nsji,nsdj->nsdi", shanks, directions).reshape(count, feet, -1)
    usable = known & np.isfinite(local).all(axis=-1)
    bridged, filled = bridge(local, usable, time_s)
    before, after = (np.clip(each, 0, count - 1) for each in neighbours(usable))
    foot = np.arange(feet)
    # A foot does not reverse its direction in half a second: one of the two estimates is wrong.
    filled &= (local[before, foot, :3] * local[after, foot, :3]).sum(axis=-1) > 0
    opacity = (known | filled).astype(np.float32)
    if hold:
        age = (time_s[:, None] - time_s[before]) / LONGEST_GAP_S
        carried = ~known & ~filled & usable[before, foot] & (age > 0)
        opacity = np.where(carried, np.clip(2 * (1 - age), 0, 1), opacity).astype(np.float32)
        filled |= carried & (opacity > 0)
        bridged = np.where(carried[..., None], local[before, foot], bridged)
        opacity = _faded_in(opacity, time_s)
    rotated = np.einsum("nsij,nsdj->nsdi", shanks, bridged.reshape(directions.shape))
    result = np.where(known[..., None, None], directions, rotated)
    valid = (known | filled) & np.isfinite(result).all(axis=(-2, -1))
    return np.where(valid[..., None, None], result, np.nan), np.where(valid, opacity, np.float32(0))


def _faded_in(opacity: NDArray[np.float32], time_s: NDArray[np.floating]) -> NDArray[np.float32]:
    """Limit the rise of the (N, S) ``opacity`` to one unit per :data:`RISE_S`, starting at 0."""
    result, before = np.zeros_like(opacity), np.zeros_like(opacity[0])
    for row, step_s in enumerate(np.diff(time_s, prepend=time_s[0])):
        before = result[row] = np.minimum(opacity[row], before + step_s / RISE_S)
    return np.asarray(result)


def _unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(length > 1e-6, length, np.nan))
