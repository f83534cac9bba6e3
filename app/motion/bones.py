"""Bones of constant length: fitted once to a person, then kept in every frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.motion.processing_options import NAMED
from models.skeleton import BONES, JOINT, JOINT_COUNT, MIRROR, PARENTS


def bone_lengths(xyz: NDArray[np.floating], seen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The lengths of one person's bones.

    Args:
        xyz: (N, 17, 3) joints, any unit.
        seen: (N, 17) joints to be trusted; a bone counts in frames with both its ends.

    Returns:
        (17,) length of the bone that ends at each joint: the median over frames, which single wrong
        ones do not move, and the mean of left and right; NaN for the pelvis and for bones never
        seen on either side.
    """
    lengths = np.full(JOINT_COUNT, np.nan)
    for parent, child in BONES:
        both = seen[:, parent] & seen[:, child]
        if both.any():
            found = np.linalg.norm(xyz[both, child] - xyz[both, parent], axis=-1)
            lengths[child] = np.median(found)
    other = lengths[list(MIRROR)]
    one = np.where(np.isnan(lengths), other, lengths)
    return (one + np.where(np.isnan(other), one, other)) / 2


def with_lengths(
    xyz: NDArray[np.floating], known: NDArray[np.bool_], lengths: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Give every bone its length, from the pelvis outward; directions stay.

    Args:
        xyz: (N, 17, 3) joints; those not known may be NaN, and come back as they are.
        known: (N, 17).
        lengths: (17,) as from :func:`bone_lengths`; NaN leaves a bone as long as it is.

    A joint whose parent is not known in a frame moves along with the nearest ancestor that is.
    """
    result = np.array(xyz, np.float64)
    shift = np.zeros_like(result)
    for parent, child in BONES:
        bone = xyz[:, child] - xyz[:, parent]
        length = np.linalg.norm(bone, axis=-1)
        both = known[:, parent] & known[:, child] & (length > 1e-6) & np.isfinite(lengths[child])
        share = np.divide(lengths[child], length, out=np.ones_like(length), where=both)
        longer = np.where(both[:, None], bone * (share - 1.0)[:, None], 0.0)
        shift[:, child] = shift[:, parent] + longer
        result[:, child] += np.where(known[:, child, None], shift[:, child], 0.0)
    return result


def medians(lengths: NDArray[np.floating], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(N, B) lengths in frames -> (B,) the typical ones of those known; NaN where none is."""
    return np.array(
        [
            np.median(each[there]) if there.any() else np.nan
            for each, there in zip(lengths.T, known.T, strict=True)
        ]
    )


def named_length(lengths: NDArray[np.floating], name: str) -> float:
    """The length of one of :data:`NAMED`, NaN if it was never seen; KeyError for another name."""
    _, end = NAMED[name]
    return float(lengths[JOINT[f"left_{end}"]])


assert all(parent < child for child, parent in enumerate(PARENTS))  # outward in this very order
