"""Errors of the exported joint angles, and of the estimated camera orientation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.motion.angles import ANGLE, joint_angles
from models.level import Level
from models.scores import mean_of_known

_UPWARDS: Final = (0.0, 1.0, 0.0)
_LEVEL_CAMERA: Final = np.array([0.0, -1.0, 0.0])
"""The vertical where it is unknown: prediction and truth are then tilted alike."""


class Angles(NamedTuple):
    """Mean absolute errors in degrees of both sides; NaN if undefined in all frames."""

    knee: float
    hip: float
    elbow: float
    shoulder: float
    """Elevation."""
    trunk: float
    """Flexion relative to the vertical."""


UNKNOWN: Final = Angles._make([float("nan")] * len(Angles._fields))
_COLUMNS: Final = [
    *(
        [ANGLE[f"{side}_{name}"] for side in ("left", "right")]
        for name in ("knee_flexion", "hip_flexion", "elbow_flexion", "shoulder_elevation")
    ),
    [ANGLE["trunk_flexion"]],
]
"""The columns of ``joint_angles`` for each field of ``Angles``."""


def angle_errors(
    takes: Iterable[tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating] | None]],
) -> Angles:
    """Compare takes; every frame has the same weight.

    Args:
        takes: for each, the predicted and the true poses, (N, 17, 3) in camera axes, NaN where
            missing, and the (3,) up direction if known.
    """
    off = [_angles(predicted, up) - _angles(true, up) for predicted, true, up in takes]
    errors = np.abs((np.concatenate([np.empty((0, len(ANGLE))), *off]) + 180) % 360 - 180)
    return Angles._make(mean_of_known(errors[:, columns]) for columns in _COLUMNS)


def mean_angles(rows: Sequence[Angles]) -> Angles:
    """Return the mean over videos, people or actions, with equal weights."""
    return Angles._make(mean_of_known(column) for column in zip(*rows, strict=True))


def _angles(poses: NDArray[np.floating], up: NDArray[np.floating] | None) -> NDArray[np.floating]:
    upright, _ = Rotation.align_vectors([_UPWARDS], [_LEVEL_CAMERA if up is None else up])
    levelled = poses.astype(np.float64) @ upright.as_matrix().T
    return joint_angles(levelled, ~np.isfinite(poses).all(axis=-1))


@dataclass(frozen=True)
class LevelError:
    """Errors of the estimated vertical in degrees, medians over takes."""

    pitch: float
    roll: float
    total: float
    """Angle between the estimated and the true up direction."""
    claimed: float
    """Standard deviation predicted by the lifter, in each of two directions."""
    takes: int


def level_error(
    takes: Iterable[tuple[Level | None, NDArray[np.floating] | None]],
) -> LevelError | None:
    """Compare the (3,) true up directions with the estimates, in takes where both are known.

    None without such a take.
    """
    rows = [_errors(found, up) for found, up in takes if found is not None and up is not None]
    if not rows:
        return None
    pitch, roll, total, claimed = np.median(rows, axis=0).tolist()
    return LevelError(pitch, roll, total, claimed, len(rows))


def _errors(found: Level, up: NDArray[np.floating]) -> tuple[float, float, float, float]:
    true = Level(np.asarray(up, np.float32), 0.0)
    roll = (found.roll_deg - true.roll_deg + 180) % 360 - 180
    total = np.degrees(np.arccos(np.clip(found.up @ true.up, -1.0, 1.0)))
    return abs(found.pitch_deg - true.pitch_deg), abs(roll), float(total), found.std_deg
