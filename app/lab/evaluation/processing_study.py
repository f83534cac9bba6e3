"""The effect of smoothing and rigid bones on the error and the jitter of exported poses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from app.lab.evaluation.material import Footage, Material
from app.lab.evaluation.methods import Answer, Ours
from app.lab.evaluation.scoring import Row, score_answers
from app.motion.data import MotionData, Provenance
from app.motion.processing import process
from app.motion.processing_options import Processing

CHOICES: Final = (
    ("as lifted", Processing()),
    ("smoothed, 10 Hz", Processing(smooth_hz=10.0)),
    ("smoothed, 6 Hz", Processing(smooth_hz=6.0)),
    ("smoothed, 3 Hz", Processing(smooth_hz=3.0)),
    ("rigid bones", Processing(rigid_bones=True)),
    ("smoothed, 6 Hz, rigid bones", Processing(smooth_hz=6.0, rigid_bones=True)),
)
"""The choices of the export dialog, as named in the report."""


def processing_study(material: Material, ours: Sequence[Ours]) -> list[Row]:
    """Evaluate every choice on the same poses of every lifter: (choices x lifters) rows."""
    rows = []
    for method in ours:
        lifted = [as_motion(method, footage) for footage in material.footage]
        for words, wanted in CHOICES:
            answers = [Answer(_poses(process(each, wanted))) for each in lifted]
            rows.append(score_answers(material, f"{method.name}, {words}", answers))
    # Without groups: six rows per lifter and person would be too many.
    return [Row(row.on, row.method, row.found) for row in rows]


def as_motion(method: Ours, footage: Footage) -> MotionData:
    """Return lifted footage as motion without any processing."""
    lifted, info = method.lifted(footage), method.lifter.info
    return MotionData.from_lifted(
        time_s=footage.time_s,
        tracked=np.asarray((~lifted.missing).any(axis=1)),
        conf=footage.conf,
        xy=footage.xy,
        size=footage.size,
        lifted=lifted,
        provenance=Provenance(
            source=footage.group,
            started_at=None,
            nominal_rate=None,
            dropped=0,
            weights_name=info.name,
            weights_sha256="",
            height_m=None,
        ),
    )


def _poses(data: MotionData) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return all joints of the frames with a person, as ``Ours`` does."""
    poses = data.xyz.astype(np.float64)
    poses[data.missing.all(axis=1)] = np.nan
    return poses
