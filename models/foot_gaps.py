"""Short gaps in what is known of a foot.

Between two sightings it turns evenly against its shank, which is known; after the last one, while
nobody knows what comes, it stays as it was against the shank and fades; and when one comes, it
rises, so that none appears or vanishes from one frame to the next.  What lies further apart
than :data:`models.timing.LONGEST_GAP_S` is not connected.
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
"""How long a foot that comes takes to be drawn in full, as long as one that goes takes to fade: the
second half of what it is held for."""


def shank_axes(
    xyz: NDArray[np.floating], missing: NDArray[np.bool_], sides: tuple[str, ...]
) -> Array:
    """(N, S, 3, 3) of each side's shank: columns forward, up along it, and toward the person's
    right as far as the line of the hips tells; NaN where it is not known.

    Args:
        xyz: (N, 17, 3) joints.
        missing: (N, 17) joints that are not known.
        sides: names of S sides.
    """
    known = np.where(missing[..., None], np.nan, xyz.astype(np.float64))
    line = known[:, JOINT["right_hip"]] - known[:, JOINT["left_hip"]]
    found = []
    for side in sides:
        up = _unit(known[:, JOINT[f"{side}_knee"]] - known[:, JOINT[f"{side}_ankle"]])
        right = _unit(line - (line * up).sum(axis=-1, keepdims=True) * up)
        found.append(np.stack([np.cross(up, right), up, right], axis=-1))
    return np.stack(found, axis=1)


def filled_in(
    told: Array,
    known: NDArray[np.bool_],
    shanks: Array,
    time_s: NDArray[np.floating],
    *,
    hold: bool,
) -> tuple[Array, NDArray[np.float32]]:
    """Bridge gaps.

    Args:
        told: (N, S, D, 3) directions of S feet, any length.
        known: (N, S) where they are to be trusted.
        shanks: (N, S, 3, 3) as :func:`shank_axes` has them.
        time_s: (N,) strictly increasing seconds.
        hold: whether feet are held after the last sighting.

    Returns:
        (N, S, D, 3) directions, NaN where a foot is neither known nor bridged; and (N, S) how
        firmly: 1, or with ``hold`` rising to it when a foot comes and sinking to 0 while it is
        held; 0 where there is nothing.
    """
    count, feet = told.shape[:2]
    against = np.einsum("nsji,nsdj->nsdi", shanks, told).reshape(count, feet, -1)
    sighted = known & np.isfinite(against).all(axis=-1)
    local, filled = bridge(against, sighted, time_s)
    before, after = (np.clip(each, 0, count - 1) for each in neighbours(sighted))
    foot = np.arange(feet)
    # A foot does not turn round in half a second: one of the two sightings is wrong.
    filled &= (against[before, foot, :3] * against[after, foot, :3]).sum(axis=-1) > 0
    firm = (known | filled).astype(np.float32)
    if hold:
        age = (time_s[:, None] - time_s[before]) / LONGEST_GAP_S
        held = ~known & ~filled & sighted[before, foot] & (age > 0)
        firm = np.where(held, np.clip(2 * (1 - age), 0, 1), firm).astype(np.float32)
        filled |= held & (firm > 0)
        local = np.where(held[..., None], against[before, foot], local)
        firm = _risen(firm, time_s)
    turned = np.einsum("nsij,nsdj->nsdi", shanks, local.reshape(told.shape))
    result = np.where(known[..., None, None], told, turned)
    there = (known | filled) & np.isfinite(result).all(axis=(-2, -1))
    return np.where(there[..., None, None], result, np.nan), np.where(there, firm, np.float32(0))


def _risen(firm: NDArray[np.float32], time_s: NDArray[np.floating]) -> NDArray[np.float32]:
    """(N, S) ``firm`` that grows no faster than :data:`RISE_S` allows, from nothing on."""
    result, before = np.zeros_like(firm), np.zeros_like(firm[0])
    for row, step_s in enumerate(np.diff(time_s, prepend=time_s[0])):
        before = result[row] = np.minimum(firm[row], before + step_s / RISE_S)
    return np.asarray(result)


def _unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(length > 1e-6, length, np.nan))
