"""Somebody to lift, and small networks to lift them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from models import checkpoint
from models.checkpoint import WeightsInfo
from models.lifter import Lifter
from models.mixste import MixSTE
from models.skeleton import JOINT

SIZE = (640, 480)


def standing(count: int) -> np.ndarray:
    """(count, 17, 2) pixels of a person facing the camera, the left arm swinging up and down."""
    pose = np.array(
        [
            *[(320, 260), (302, 260), (300, 340), (298, 420), (338, 260), (340, 340), (342, 420)],
            *[(320, 205), (320, 150), (320, 112), (320, 110)],
            *[(350, 150), (360, 200), (365, 245), (290, 150), (280, 200), (275, 245)],
        ],
        float,
    )
    clip = np.repeat(pose[None], count, axis=0)
    angle = 1.3 * np.sin(np.arange(count) / 12.0)
    for joint, length in (("left_elbow", 50), ("left_wrist", 95)):
        clip[:, JOINT[joint], 0] = 350 + length * np.cos(angle)
        clip[:, JOINT[joint], 1] = 150 - length * np.sin(angle)
    return clip


def times(count: int, rate: float = 30.0) -> np.ndarray:
    return np.arange(count) / rate


def random_lifter(path: Path, channels: int) -> Lifter:
    """A network of 27 frames that has learned nothing, but is told the first ``channels``."""
    torch.manual_seed(0)
    return saved(path, MixSTE(27, width=32, depth=1, heads=4, channels=channels))


def saved(path: Path, network: MixSTE, *, says_up: bool = False) -> Lifter:
    """With weights written and read again."""
    width = network.Spatial_pos_embed.shape[-1]
    size = (network.frames, width, len(network.STEblocks), 4, network.channels)
    info = WeightsInfo("made", *size, 30.0, checkpoint.PERSON_BOX, says_up=says_up)
    checkpoint.save(path, network, info)
    return Lifter(path, device="cpu")
