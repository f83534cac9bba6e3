"""Gait: length and duration of steps and strides, and stance.

A foot strikes the floor when its ankle is farthest in front of the pelvis along the walking
direction, and leaves it when it is farthest behind (Zeni et al., Gait & Posture 27, 2008, section
2.3).  That needs no detection of contacts, and only those errors of a single camera matter that
change within a step.  Definitions are those of laboratories (Whittle, Gait Analysis, 4th ed., 2007,
chap. 2):

- a *stride* goes from one strike of a foot to the next of the same foot, a *step* to that of the
  other foot;
- *stride length* is the distance that the pelvis covers over the floor meanwhile; *step length* and
  *step width* are between the ankles as the step ends, along and across the walking direction;
- *stance* is the fraction of a stride in which its foot stands, *double support* that in which both
  do; *cadence* is the number of steps per minute;
- *foot progression* is the angle of the standing foot to the walking direction, positive outward.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from app.motion.data import ANKLES, FEET, MotionData
from models.skeleton import PELVIS
from models.timing import LONGEST_GAP_S, Grid, regular_grid

Array = NDArray[np.float64]

_RATE: Final = 60.0
"""Frames per second that the motion is resampled to."""
_SMOOTHING_S: Final = 0.25
"""Standard deviation of the Gaussian that smooths the walking direction."""
_WALKING_M_S: Final = 0.4
_LONGEST_S: Final = 2.2
"""A longer stride is taken for a pause."""
_SHORTEST_S: Final = 0.6
_SWING_M: Final = 0.15
"""Least prominence of the ankle's swing relative to the pelvis."""
_FEWEST: Final = 2
_LEAST_KNOWN: Final = 0.5
"""Least fraction of a stance in which the foot must be known for its progression to be measured."""
_FLOOR: Final = [0, 2]
"""Axes of the room that lie in the floor."""


@dataclass(frozen=True, slots=True)
class Stride:
    """One stride: from a strike of a foot to the next of the same foot."""

    side: str
    start_s: float
    end_s: float
    length_m: float
    step_length_m: float
    """Length of the step that ends the stride."""
    width_m: float
    stance: float
    """Fraction of the stride, 0 to 1."""
    double_support: float
    progression_deg: float = math.nan
    """NaN where the foot is unknown for most of its stance."""

    @property
    def duration_s(self) -> float:
        """Stride time."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Gait:
    """The strides of a walk, at least two."""

    strides: tuple[Stride, ...]

    def of(self, side: str) -> tuple[Stride, ...]:
        """Return the strides of the left or the right foot."""
        return tuple(stride for stride in self.strides if stride.side == side)

    @property
    def cadence(self) -> float:
        """Steps per minute."""
        return 120.0 / float(np.mean([stride.duration_s for stride in self.strides]))

    @property
    def speed_m_s(self) -> float:
        """Walking speed along the floor."""
        way = sum(stride.length_m for stride in self.strides)
        return way / sum(stride.duration_s for stride in self.strides)


def find_gait(data: MotionData) -> Gait | None:
    """Return the gait in motion that was placed in the room and smoothed.

    None if no person walks, or if the motion was not placed.
    """
    if data.root is None:
        return None
    joints, feet = data.output()[0], data.output_feet()[0]
    known = ~np.isnan(joints[:, [PELVIS, *ANKLES]].sum(axis=(1, 2)))
    strides: list[Stride] = []
    for person in data.people:
        rows = person.start + np.flatnonzero(known[person])
        breaks = np.flatnonzero(np.diff(data.time_s[rows]) > LONGEST_GAP_S) + 1
        for part in np.split(rows, breaks):
            if len(part) > 2:
                strides += _Walk.of(data.time_s[part], joints[part], feet[part]).strides()
    strides.sort(key=lambda stride: stride.start_s)
    return Gait(tuple(strides)) if len(strides) >= _FEWEST else None


@dataclass(frozen=True, slots=True)
class _Walk:
    """A segment in which pelvis and ankles are known, resampled to :data:`_RATE`."""

    time_s: Array
    """(M,) as in the motion."""
    pelvis: Array
    """(M, 2) position on the floor."""
    along: Array
    """(M, 2) each ankle relative to the pelvis, forward, metres."""
    across: Array
    """(M, 2) each ankle relative to the pelvis, sideways, metres."""
    walks: NDArray[np.bool_]
    """(M,) whether the pelvis moves at walking speed."""
    strikes: tuple[NDArray[np.intp], ...]
    """The rows of strikes, for each foot."""
    leaves: tuple[NDArray[np.intp], ...]
    """The rows in which each foot leaves the floor."""
    points: NDArray[np.complex128]
    """(M, 2) unit complex numbers whose angle is that of each foot to the walking direction, toward
    the person's left; NaN where it is unknown."""

    @classmethod
    def of(cls, time_s: Array, joints: Array, feet: Array) -> _Walk:
        grid = regular_grid(time_s, _RATE)
        even, _ = grid.sample(joints.astype(np.float64), np.ones(joints.shape[:2], bool))
        floor = even[..., _FLOOR].astype(np.float64)
        pelvis = floor[:, PELVIS]
        velocity = gaussian_filter1d(
            np.gradient(pelvis, axis=0) * _RATE, _SMOOTHING_S * _RATE, axis=0
        )
        speed = np.linalg.norm(velocity, axis=1)
        ahead = velocity / np.maximum(speed, 1e-6)[:, None]
        ankles = floor[:, ANKLES] - pelvis[:, None]
        along = np.einsum("mfi,mi->mf", ankles, ahead)
        across = ankles[..., 0] * ahead[:, None, 1] - ankles[..., 1] * ahead[:, None, 0]
        return cls(
            time_s[0] + np.arange(len(even)) / _RATE,
            pelvis,
            along,
            across,
            speed > _WALKING_M_S,
            tuple(_peaks(along[:, foot]) for foot in range(len(FEET))),
            tuple(_peaks(-along[:, foot]) for foot in range(len(FEET))),
            _pointing(grid, feet, ahead),
        )

    def strides(self) -> list[Stride]:
        """Return the strides of both feet."""
        found = []
        for foot in range(len(FEET)):
            for start, end in zip(self.strikes[foot][:-1], self.strikes[foot][1:], strict=True):
                stride = self._stride(foot, int(start), int(end))
                if stride is not None:
                    found.append(stride)
        return found

    def _stride(self, foot: int, start: int, end: int) -> Stride | None:
        """Return the stride between two rows; None unless both feet alternate at walking speed."""
        other = 1 - foot
        seconds = (end - start) / _RATE
        if not _SHORTEST_S <= seconds <= _LONGEST_S or not self.walks[start : end + 1].all():
            return None
        left = _within(self.leaves[foot], start, end)
        met = _within(self.strikes[other], start, end)
        off = _within(self.leaves[other], start, end)
        if left is None or met is None or off is None:
            return None
        # Both stand from this foot's strike to the other's leaving, and again from the other's
        # strike to this foot's leaving.
        both = max(0, off - start) + max(0, left - met)
        return Stride(
            FEET[foot],
            float(self.time_s[start]),
            float(self.time_s[end]),
            float(np.linalg.norm(self.pelvis[end] - self.pelvis[start])),
            float(self.along[end, foot] - self.along[end, other]),
            abs(float(self.across[end, foot] - self.across[end, other])),
            (left - start) / (end - start),
            both / (end - start),
            self._progression(foot, start, left),
        )

    def _progression(self, foot: int, start: int, end: int) -> float:
        points = self.points[start:end, foot]
        known = np.isfinite(points)
        if known.mean() < _LEAST_KNOWN:
            return math.nan
        outward = 1.0 if FEET[foot] == "left" else -1.0
        return outward * float(np.degrees(np.angle(points[known].sum())))


def _pointing(grid: Grid, feet: Array, ahead: Array) -> NDArray[np.complex128]:
    """Return :attr:`_Walk.points` of (N, 4, 3) heels and toes in the room."""
    known = np.asarray(np.isfinite(feet).all(axis=-1), np.bool_)
    even, there = grid.sample(np.nan_to_num(feet).astype(np.float32), known)
    along = even[:, 2:][..., _FLOOR] - even[:, :2][..., _FLOOR]
    x, z = ahead[:, None, 0], ahead[:, None, 1]
    points = along[..., 0] * x + along[..., 1] * z + 1j * (along[..., 0] * z - along[..., 1] * x)
    length = np.abs(points)
    points = points / np.maximum(length, 1e-9)
    points[~(there[:, :2] & there[:, 2:]) | (length < 1e-9)] = np.nan
    return np.asarray(points)


def _peaks(values: Array) -> NDArray[np.intp]:
    rows: NDArray[np.intp] = find_peaks(
        values, prominence=_SWING_M, distance=max(1, round(0.6 * _SHORTEST_S * _RATE))
    )[0]
    return rows


def _within(rows: NDArray[np.intp], start: int, end: int) -> int | None:
    """Return the only row between two rows; None if there is none, or several."""
    inside = rows[(rows > start) & (rows < end)]
    return int(inside[0]) if len(inside) == 1 else None
