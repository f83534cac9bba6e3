"""Bones of constant length: estimated once per person, then enforced in every frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.motion.processing_options import NAMED
from models.skeleton import BONES, JOINT, JOINT_COUNT, MIRROR, PARENTS


def bone_lengths(xyz: NDArray[np.floating], seen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the bone lengths of one person.

    Args:
        xyz: (N, 17, 3) joints, any unit.
        seen: (N, 17) joints to use; a bone is measured in frames in which both its ends are seen.

    Returns:
        (17,) length of the bone that ends at each joint: the median over frames, which is robust
        against outliers, and the mean of left and right; NaN for the pelvis and for bones never
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
    """Return the joints with every bone set to its length, from the pelvis outward.

    Directions of bones are kept.

    Args:
        xyz: (N, 17, 3) joints; unknown ones may be NaN and are returned unchanged.
        known: (N, 17) which joints are known.
        lengths: (17,) as from :func:`bone_lengths`; NaN leaves a bone's length unchanged.

    A joint whose parent is not known in a frame moves with its nearest known ancestor.
    """
    result = np.array(xyz, np.float64)
    shift = np.zeros_like(result)
    for parent, child in BONES:
        bone = xyz[:, child] - xyz[:, parent]
        length = np.linalg.norm(bone, axis=-1)
        both = known[:, parent] & known[:, child] & (length > 1e-6) & np.isfinite(lengths[child])
        ratio = np.divide(lengths[child], length, out=np.ones_like(length), where=both)
        change = np.where(both[:, None], bone * (ratio - 1.0)[:, None], 0.0)
        shift[:, child] = shift[:, parent] + change
        result[:, child] += np.where(known[:, child, None], shift[:, child], 0.0)
    return result


def medians(lengths: NDArray[np.floating], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return (B,) medians of (N, B) lengths over the known frames; NaN where none is known."""
    return np.array(
        [
            np.median(each[there]) if there.any() else np.nan
            for each, there in zip(lengths.T, known.T, strict=True)
        ]
    )


def named_length(lengths: NDArray[np.floating], name: str) -> float:
    """Return the length of a bone of :data:`NAMED`; NaN if never seen, KeyError if not named."""
    _, end = NAMED[name]
    return float(lengths[JOINT[f"left_{end}"]])


assert all(parent < child for child, parent in enumerate(PARENTS))  # BONES go outward
