"""Standard error metrics of 3D poses.

The first functions take predicted and true poses (N, J, 3) in the same unit and return the mean
over frames and joints in that unit.  Poses are compared as they are: subtract the root first.
``models.scores`` scores whole takes with them, including missing frames and frame rates.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.skeleton import BONES

Poses = NDArray[np.floating]

PCK_THRESHOLD_M: Final = 0.150
"""Largest error of a correct joint in MPI-INF-3DHP's protocol: half the size of a head."""
AUC_THRESHOLDS_M: Final = np.arange(0, 151, 5) / 1000
"""The protocol's sampling of the curve: 31 thresholds, 0 to 150 mm in steps of 5."""


def mpjpe(predicted: Poses, true: Poses) -> float:
    """Mean per-joint position error (protocol 1 of Human3.6M)."""
    return float(np.linalg.norm(predicted - true, axis=-1).mean())


def n_mpjpe(predicted: Poses, true: Poses) -> float:
    """MPJPE after optimal scaling of every frame (Rhodin et al., CVPR 2018)."""
    return mpjpe(scale_aligned(predicted, true), true)


def scale_aligned(predicted: Poses, true: Poses) -> Poses:
    """Scale every predicted pose by the factor with the least squared error to the true one."""
    scale = (predicted * true).sum((-1, -2)) / np.maximum((predicted**2).sum((-1, -2)), 1e-12)
    aligned: Poses = predicted * scale[..., None, None]
    return aligned


def p_mpjpe(predicted: Poses, true: Poses) -> float:
    """MPJPE after optimal rotation, scaling and translation of every frame (protocol 2)."""
    return mpjpe(procrustes_aligned(predicted, true), true)


def procrustes_aligned(predicted: Poses, true: Poses) -> Poses:
    """Align every predicted pose to the true one by a similarity transform (Umeyama, 1991)."""
    mean_p, mean_t = predicted.mean(-2, keepdims=True), true.mean(-2, keepdims=True)
    centred_p, centred_t = predicted - mean_p, true - mean_t
    u, s, vt = np.linalg.svd(np.swapaxes(centred_p, -1, -2) @ centred_t)
    sign = np.ones_like(s)
    sign[..., -1] = np.sign(np.linalg.det(u @ vt))
    rotation = (u * sign[..., None, :]) @ vt
    size = np.maximum((centred_p**2).sum((-1, -2)), 1e-12)
    scale = (s * sign).sum(-1) / size
    aligned: Poses = scale[..., None, None] * centred_p @ rotation + mean_t
    return aligned


def bone_variation(predicted: Poses) -> float:
    """Variation of one person's bone lengths, in per cent.

    For every bone of the 17 joints, the standard deviation of its length over the frames divided by
    its mean; averaged over the bones.  A rigid skeleton has a small value rather than 0, because of
    the midpoints among the joints (spine, pelvis).

    Args:
        predicted: (N, 17, 3), N >= 1.  A bone with a NaN end is ignored in that frame.
    """
    parents, children = (list(ends) for ends in zip(*BONES, strict=True))
    lengths = np.linalg.norm(predicted[:, children] - predicted[:, parents], axis=-1)
    lengths = lengths[:, np.isfinite(lengths).any(axis=0)]
    means = np.nanmean(lengths, axis=0)
    return float(100 * np.mean(np.nanstd(lengths, axis=0) / np.maximum(means, 1e-12)))
