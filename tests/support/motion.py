"""Motion ready to be exported."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np

from app.motion.data import MotionData, Provenance
from models.skeleton import JOINT, JOINT_COUNT
from tests.support.recordings import MadeUpPoses, poses

ORIGIN = Provenance(
    source="Kamera „Süd“",
    started_at=datetime(2026, 11, 21, 9, 30, 0, 250_000, timezone(timedelta(hours=1))),
    nominal_rate=30.0,
    dropped=3,
    weights_name="test-weights",
    weights_sha256="ab" * 32,
    height_m=None,
    detector={"name": "pose_landmarker_heavy", "size": "heavy", "sha256": "cd" * 32},
)


def motion(
    frames: int, seed: int = 0, *, lifted: MadeUpPoses | None = None, origin: Provenance = ORIGIN
) -> MotionData:
    """``frames`` frames at 25 frames/s; every fourth untracked."""
    rng = np.random.default_rng(seed)
    return MotionData.from_lifted(
        time_s=np.arange(frames) / 25,
        tracked=np.arange(frames) % 4 != 3,
        conf=rng.uniform(0, 1, (frames, JOINT_COUNT)).astype(np.float32),
        xy=rng.uniform(0, 480, (frames, JOINT_COUNT, 2)).astype(np.float32),
        size=(640, 480),
        lifted=poses(frames, seed) if lifted is None else lifted,
        provenance=origin,
    )


def raised_left_arm() -> MadeUpPoses:
    """One frame of a person facing the camera, the left arm up, in camera axes (y down)."""
    xyz = np.zeros((1, JOINT_COUNT, 3), np.float32)
    at = {
        "head": (0, -0.7, 0),
        "nose": (0, -0.65, -0.1),
        "thorax": (0, -0.5, 0),
        "left_shoulder": (0.2, -0.5, 0),
        "left_elbow": (0.25, -0.75, 0),
        "left_wrist": (0.25, -1.0, 0),
        "right_shoulder": (-0.2, -0.5, 0),
        "right_wrist": (-0.25, 0.05, 0),
    }
    for name, place in at.items():
        xyz[0, JOINT[name]] = place
    nothing = np.zeros((1, JOINT_COUNT), bool)
    return MadeUpPoses(xyz, nothing, nothing.copy(), np.zeros(1, bool))
