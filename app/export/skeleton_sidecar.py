"""Entries in the sidecars of animated skeletons, in addition to those of tables."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.export.named_rig import NamedMotion
from app.export.rig import JOINT_OF
from app.motion.data import MotionData


def differences(data: MotionData, motion: NamedMotion, **more: object) -> dict[str, Any]:
    """Return entries for ``app.export.sidecar.describe`` about ``data`` as a skeleton in
    ``motion``.

    ``more`` are entries of the format.
    """
    # If the person was placed in the room, the hips are there, as in the sidecar of a table.
    stands = {
        "reference": "root-relative",
        "root": motion.names[0],
        "root_height_m": round(motion.rig.hips_height, 6),
    }
    return {
        **({"position": stands} if data.root is None else {}),
        "rows": len(motion.time_s),
        "joints": [
            {
                "name": name,
                "parent": motion.root if parent < 0 else motion.names[parent],
                "joint": JOINT_OF.get(ours or ""),
            }
            for name, parent, ours in zip(motion.names, motion.parents, motion.ours, strict=True)
        ],
        "rest": f"{_pose(motion)} on a floor at y 0, facing +z, the person's left at +x",
        "cells": {
            "seen": "the bone points where the joints say; its length is fixed",
            "filled": "as seen",
            "missing": "the bone keeps its last rotation against its parent, see held",
        },
        "held": {
            name: ranges(motion.held[:, bone])
            for bone, name in enumerate(motion.names)
            if motion.held[:, bone].any()
        },
        **more,
    }


def _pose(motion: NamedMotion) -> str:
    down = motion.lowered_deg
    return f"A-pose, the arms {down:g} degrees below the horizontal," if down else "T-pose"


def ranges(held: NDArray[np.bool_]) -> list[list[int]]:
    """Return [first, last] of each run of frames, counted from 0."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], held, [False]]).astype(np.int8)))
    return [[int(first), int(last) - 1] for first, last in edges.reshape(-1, 2)]
