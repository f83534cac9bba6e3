"""Motion to train on, made for a test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from models.skeleton import JOINT
from models.training.kinds import Repertoire
from models.training.motion import Clip, Pack, derive_midpoints


def walker(frames: int = 240, rate: float = 60.0) -> Clip:
    """Somebody who swings arms and legs about rigid bones, walking along z."""
    t = np.arange(frames) / rate
    xyz = np.zeros((frames, 17, 3))
    place = np.stack([0 * t, 0.95 + 0 * t, 1.2 * t], axis=1)
    swing = 0.5 * np.sin(2 * np.pi * t)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        leg = np.stack([0 * t, -np.cos(swing * sign), np.sin(swing * sign)], axis=1)
        arm = np.stack([0 * t, -np.cos(swing * sign), -np.sin(swing * sign)], axis=1)
        hip, shoulder = place + [0.1 * sign, 0, 0], place + [0.18 * sign, 0.5, 0]
        for name, start, along, length in (
            ("hip", hip, leg, 0.0),
            ("knee", hip, leg, 0.42),
            ("ankle", hip, leg, 0.83),
            ("shoulder", shoulder, arm, 0.0),
            ("elbow", shoulder, arm, 0.28),
            ("wrist", shoulder, arm, 0.53),
        ):
            xyz[:, JOINT[f"{side}_{name}"]] = start + length * along
    xyz[:, JOINT["nose"]] = place + [0, 0.66, 0.12]
    xyz[:, JOINT["head"]] = place + [0, 0.68, 0.02]
    joints = derive_midpoints(torch.from_numpy(xyz.astype(np.float32))).numpy()
    return Clip("walk", "train", rate, joints)


def walking_pack(takes: int = 1) -> Pack:
    """Walkers to train on, and one to validate on."""
    to_validate = replace(walker(), name="other walk", split="val")
    return Pack("walking", "made here", "CC0", (*(walker(),) * takes, to_validate))


def walking_repertoire(split: str = "train") -> Repertoire:
    """One walker to train on."""
    return Repertoire([walking_pack()], split)
