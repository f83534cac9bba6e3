"""The measurements of a motion that a report contains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.errors import ExportError
from app.motion.angles import ANGLE, continued, joint_angles
from app.motion.data import MotionData
from app.motion.ground import ANKLE_M
from app.motion.measures.gait import Gait, find_gait
from app.motion.measures.ranges import Range, Symmetry, ranges, symmetries
from app.motion.measures.repetitions import Repetitions, find_repetitions
from models.skeleton import JOINT

Array = NDArray[np.float64]

_MOMENTS: Final = 5
_CYCLE: Final = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True, slots=True)
class Findings:
    """Measurements of the person tracked the longest."""

    time_s: Array
    """(N,) seconds from the first frame of the motion."""
    angles: Array
    """(N, A) degrees in the order of :data:`app.motion.angles.ANGLES`."""
    poses: Array
    """(N, 17, 3) metres: x to the person's left of the pelvis, y up from the floor, z to where they
    face; without placement in the room, their lowest joint is on the floor."""
    ranges: dict[str, Range]
    symmetries: list[Symmetry]
    repetitions: list[Repetitions]
    """Repetitions, the clearest first."""
    gait: Gait | None

    @classmethod
    def of(cls, data: MotionData) -> Findings:
        """Measure ``data``, which has at least one frame."""
        longest = max(data.people, key=lambda each: each.stop - each.start)
        time_s = data.time_s[longest]
        missing = data.missing[longest]
        upright = data.upright()[longest]
        feet = data.upright_feet()[longest]
        angles = continued(joint_angles(upright, missing, feet), time_s)
        found = ranges(angles)
        return cls(
            time_s,
            angles,
            _standing(
                _facing(np.where(missing[..., None], np.nan, upright)),
                None if data.root is None else data.root[longest, 1],
            ),
            found,
            symmetries(found),
            find_repetitions(angles, time_s),
            find_gait(data),
        )

    def moments(self) -> list[int]:
        """Return rows to draw: at starts and turning points of repetitions, else evenly spaced."""
        known = np.isfinite(self.poses).all(axis=-1).sum(axis=-1)
        rows = np.flatnonzero(known == known.max())
        if self.repetitions:
            first = self.repetitions[0].each
            times = [time for each in first for time in (each.start_s, each.turn_s)][:_MOMENTS]
        else:
            times = np.linspace(self.time_s[rows[0]], self.time_s[rows[-1]], _MOMENTS).tolist()
        nearest = [int(rows[np.argmin(np.abs(self.time_s[rows] - time))]) for time in times]
        return sorted(set(nearest))

    def cycles(self, name: str, spans: list[tuple[float, float]]) -> Array:
        """Return (C, 101) an angle over each of C ``spans`` of time, from 0 to 100 %; spans in
        which it is not known throughout are left out."""
        values = self.angles[:, ANGLE[name]]
        found = []
        for start_s, end_s in spans:
            curve = np.interp(start_s + _CYCLE * (end_s - start_s), self.time_s, values)
            inside = (self.time_s >= start_s) & (self.time_s <= end_s)
            if inside.any() and np.isfinite(values[inside]).all() and np.isfinite(curve).all():
                found.append(curve)
        return np.array(found).reshape(-1, len(_CYCLE))


def measured(data: MotionData, progress: Callable[[float], None]) -> Findings:
    """Return the findings for an export, and report half of its progress.  Raises ExportError if
    there are no frames."""
    if not len(data.frame):
        raise ExportError("There is no frame to report on.")
    progress(0.0)
    found = Findings.of(data)
    progress(0.5)
    return found


def _facing(poses: Array) -> Array:
    """Rotate (N, 17, 3) upright poses about the vertical to face along z."""
    across = poses[:, JOINT["left_hip"]] - poses[:, JOINT["right_hip"]]
    angle = np.nan_to_num(np.arctan2(across[:, 2], across[:, 0]))
    cosine, sine = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x, y, z = poses[..., 0], poses[..., 1], poses[..., 2]
    return np.stack([cosine * x + sine * z, y, cosine * z - sine * x], axis=-1)


def _standing(poses: Array, pelvis_m: Array | None) -> Array:
    """Raise (N, 17, 3) poses to the floor by the (N,) height of the pelvis, or of the lowest
    joint."""
    lowest = np.nan_to_num(poses[..., 1], nan=np.inf).min(axis=1)
    lift = np.where(np.isfinite(lowest), ANKLE_M - lowest, 0.0)
    if pelvis_m is not None:
        lift = np.where(np.isfinite(pelvis_m), pelvis_m, lift)
    return np.asarray(poses + lift[:, None, None] * np.array([0.0, 1.0, 0.0]))
