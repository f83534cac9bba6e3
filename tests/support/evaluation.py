"""Footage and small networks for the evaluation's tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from app.lab.evaluation.material import Footage
from models import checkpoint
from models.checkpoint import IMAGE, PERSON_BOX, WeightsInfo
from models.mixste import MixSTE
from tests.support.walking import walker

SIZE = (640, 480)
FOCAL = 600.0


def walking_past(frames: int, rate: float = 30.0) -> NDArray[np.float64]:
    """(frames, 17, 3) metres in camera axes of somebody walking towards the lens."""
    world = walker(frames, rate).xyz.astype(np.float64)
    return world * [1.0, -1.0, -1.0] + [0.3, 1.0, 8.0]


def project(camera: NDArray[np.floating], size: tuple[int, int] = SIZE) -> NDArray[np.float32]:
    """(..., 3) in camera axes -> (..., 2) pixels of a pinhole with the focal length ``FOCAL``."""
    pixels = FOCAL * camera[..., :2] / camera[..., 2:] + np.divide(size, 2)
    return pixels.astype(np.float32)


def walking_footage(frames: int, rate: float = 30.0, group: str = "walk") -> Footage:
    """Perfect detections; the detector's own 3D is the truth with a shiver of 2 cm."""
    true = walking_past(frames, rate)
    shiver = np.random.default_rng(0).normal(0, 0.02, true.shape)
    return Footage(
        group=group,
        size=SIZE,
        time_s=np.arange(frames) / rate,
        xy=project(true),
        conf=np.ones((frames, 17), np.float32),
        true=true,
        world=true - true[:, :1] + shiver,
    )


def write_weights(
    path: Path,
    *,
    frames: int = 9,
    channels: int = 8,
    rate: float = 30.0,
    image: bool = False,
    says_up: bool = False,
) -> Path:
    """A small untrained network that is told ``channels`` channels."""
    torch.manual_seed(3)
    network = MixSTE(frames, width=16, depth=1, heads=2, channels=channels)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    checkpoint.save(
        path,
        network,
        WeightsInfo(
            name=path.stem,
            frames=frames,
            width=16,
            depth=1,
            heads=2,
            channels=channels,
            rate=rate,
            normalisation=IMAGE if image else PERSON_BOX,
            skeleton="mixpose-17",
            says_up=says_up,
        ),
    )
    return path
