"""Training motion: clips of the 17 joints, collected in packs with their origin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from models.skeleton import JOINT


@dataclass(frozen=True)
class Clip:
    """One take: ``xyz`` is (frames, 17, 3) float32 metres, +Y up, at ``rate`` frames per second."""

    name: str
    split: str
    rate: float
    xyz: NDArray[np.float32]


@dataclass(frozen=True)
class Pack:
    """Clips of one origin, with their source and licence."""

    name: str
    source: str
    licence: str
    clips: tuple[Clip, ...]


def derive_midpoints(xyz: Tensor) -> Tensor:
    """Set pelvis, thorax and spine of (..., 17, D) to midpoints, as for the detector's joints."""
    hips = (xyz[..., JOINT["left_hip"], :] + xyz[..., JOINT["right_hip"], :]) / 2
    shoulders = (xyz[..., JOINT["left_shoulder"], :] + xyz[..., JOINT["right_shoulder"], :]) / 2
    result = xyz.clone()
    result[..., JOINT["pelvis"], :] = hips
    result[..., JOINT["thorax"], :] = shoulders
    result[..., JOINT["spine"], :] = (hips + shoulders) / 2
    return result
