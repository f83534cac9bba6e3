"""Errors of 3D poses, as the field reports them.

All take predicted and true poses (N, J, 3) in one unit and return one number in that unit, the mean
over frames and joints.  Poses are compared as they are: subtract the root first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Poses = NDArray[np.floating]


def mpjpe(predicted: Poses, true: Poses) -> float:
    """Mean per-joint position error (protocol 1 of Human3.6M)."""
    return float(np.linalg.norm(predicted - true, axis=-1).mean())


def n_mpjpe(predicted: Poses, true: Poses) -> float:
    """MPJPE after the best scale of every frame (Rhodin et al., CVPR 2018)."""
    scale = (predicted * true).sum((-1, -2)) / np.maximum((predicted**2).sum((-1, -2)), 1e-12)
    return mpjpe(predicted * scale[..., None, None], true)


def p_mpjpe(predicted: Poses, true: Poses) -> float:
    """MPJPE after the best rotation, scale and shift of every frame (protocol 2)."""
    return mpjpe(procrustes_aligned(predicted, true), true)


def procrustes_aligned(predicted: Poses, true: Poses) -> Poses:
    """Bring every predicted pose onto the true one by the best similarity (Umeyama, 1991)."""
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


def mpjve(predicted: Poses, true: Poses) -> float:
    """Mean error of the frame-to-frame differences, unit a frame (VideoPose3D)."""
    return mpjpe(np.diff(predicted, axis=-3), np.diff(true, axis=-3))


def jitter(predicted: Poses) -> float:
    """Mean norm of the prediction's second difference, unit a frame squared."""
    return float(np.linalg.norm(np.diff(predicted, n=2, axis=-3), axis=-1).mean())
