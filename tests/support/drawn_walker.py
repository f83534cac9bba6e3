"""Somebody who walks through the room, drawn so that every number of the gait is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.motion.data import MotionData
from models.skeleton import JOINT
from tests.support.motion import motion, raised_left_arm

RATE = 30.0
STRIDE_S, STRIDE_M, WIDTH_M, STANCE = 1.1, 1.3, 0.2, 0.62


def walker(seconds: float = 8.0, speed: float = STRIDE_M / STRIDE_S) -> MotionData:
    """Walks along z: an ankle stays behind evenly while it stands and swings forward again; the
    feet are half a stride apart."""
    count = round(seconds * RATE)
    time_s = np.arange(count) / RATE
    lifted = raised_left_arm()
    lifted = replace(
        lifted,
        **{
            name: getattr(lifted, name).repeat(count, axis=0)
            for name in ("xyz", "filled", "missing")
        },
        swapped=np.zeros(count, bool),
    )
    reach = 0.5 * STANCE * STRIDE_M
    for side, sign, shift in (("left", 1.0, 0.0), ("right", -1.0, 0.5)):
        phase = (time_s / STRIDE_S + shift) % 1.0
        swing = 0.5 - 0.5 * np.cos(np.pi * (phase - STANCE) / (1 - STANCE))
        ahead = np.where(phase < STANCE, 1 - 2 * phase / STANCE, 2 * swing - 1)
        # Camera axes: z away, so ahead, along the room's +z, is -z.
        across, down = np.full(count, sign * WIDTH_M / 2), np.full(count, 0.85)
        ankle = np.stack([across, down, -reach * ahead], axis=-1)
        lifted.xyz[:, JOINT[f"{side}_ankle"]] = ankle
    given = motion(count, lifted=lifted)
    root = np.stack([np.zeros(count), np.full(count, 0.93), speed * time_s], axis=-1)
    return replace(given, time_s=time_s, root=root, contacts=np.zeros((count, 2), bool))
