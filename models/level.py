"""Orientation of a stationary camera relative to gravity, from the network's per-frame predictions.

In one frame a crouch seen from a level camera and an upright person seen from above look alike.
Over a clip the camera's pitch and roll are constant while people move, so the mean over the frames
is more accurate than any single one.  In addition, standing people are upright on average.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.skeleton import JOINT

CAMERA_LEVEL: Final = np.diag([1.0, -1.0, -1.0])
"""Rotation from camera axes (x right, y down, z away) to level axes (x right, y up, z toward the
camera), for a camera that is level."""
MAX_UP_STD_DEG: Final = 20.0
"""Standard deviation at which the up vector given to the network has shrunk to zero."""
_CERTAIN_DEG: Final = 12.0
"""Standard deviation up to which the estimated vertical is used in full for the view."""
_STRAIGHT_DOWN: Final = 1e-3
MEASURED_STD_DEG: Final = 1.0
"""Standard deviation of a camera angle that a user has measured."""
_MAX_LENGTH: Final = 0.99
"""Upper bound of a predicted vector's length, an error of 6 degrees: a single posture cannot
determine the vertical more accurately."""
_STANDING_DEG: Final = 30.0
"""A person whose knees and hips are bent by less than this is standing ..."""
_UPRIGHT_DEG: Final = 25.0
"""... unless their axis is further than this from the predicted vertical: then they are lying."""
_OFTEN: Final = 0.3
"""Fraction of the frames in which people must stand for their axis to weigh as much as the
network's prediction.  On 210 takes of synthetic people that reach it, the prediction was off by 5.9
degrees in the median (9.2 on average), the standing axis by 5.7, their combination by 5.7 (9.1)."""
_SMOOTHING_S: Final = 1.0
"""Time constant with which a live view follows changes of the estimated level."""
_MEMORY_S: Final = 60.0
"""Age at which a prediction's weight has fallen to 1/e: the camera may have been moved."""


@dataclass(frozen=True)
class Level:
    """The direction against gravity in the camera's axes: x right, y down, z away."""

    up: NDArray[np.float32]
    """(3,) unit vector."""
    std_deg: float
    """Expected error, as a standard deviation in each of two directions."""
    given: bool = False
    """Whether a user gave the angles; otherwise they are estimated from the pictures."""

    @classmethod
    def from_angles(cls, pitch_deg: float, roll_deg: float = 0.0) -> Level:
        """Return the level of a camera pitched down by ``pitch_deg`` and rolled clockwise, as seen
        from behind, by ``roll_deg``."""
        pitch, roll = math.radians(pitch_deg), math.radians(roll_deg)
        sideways, upwards = -math.sin(roll) * math.cos(pitch), -math.cos(roll) * math.cos(pitch)
        up = np.array([sideways, upwards, -math.sin(pitch)], np.float32)
        return cls(up, MEASURED_STD_DEG, given=True)

    @classmethod
    def read(cls, value: object) -> Level | None:
        """Parse what ``as_json`` wrote; None if it is absent, incomplete or out of range."""
        if not isinstance(value, Mapping):
            return None
        try:
            up = np.array([float(part) for part in value["up"]], np.float32)
            std_deg = float(value["spread_deg"])
        except (KeyError, TypeError, ValueError, OverflowError):
            return None
        length = float(np.linalg.norm(up)) if up.shape == (3,) else math.nan
        if not (math.isfinite(length) and length > 0 and std_deg >= 0):
            return None
        return cls(up / np.float32(length), std_deg, value.get("told") is True)

    def as_json(self) -> dict[str, object]:
        """Return JSON values, for files."""
        up = [round(float(part), 5) for part in self.up]
        return {"up": up, "spread_deg": round(self.std_deg, 2), "told": self.given}

    @property
    def pitch_deg(self) -> float:
        """Degrees by which the camera is pitched down."""
        return math.degrees(math.asin(float(np.clip(-self.up[2], -1.0, 1.0))))

    @property
    def roll_deg(self) -> float:
        """Degrees by which the camera is rolled clockwise, as seen from behind."""
        return math.degrees(math.atan2(-float(self.up[0]), -float(self.up[1])))

    @property
    def axes(self) -> NDArray[np.float64]:
        """(3, 3) rotation from camera axes to level axes: x to the right, y against gravity, z
        horizontal and as much toward the camera as possible."""
        up = self.up.astype(np.float64)
        right = np.cross(up, (0.0, 0.0, -1.0))
        length = np.linalg.norm(right)
        # For a camera that looks straight down the heading is arbitrary: use the picture's x.
        right = right / length if length > _STRAIGHT_DOWN else np.array([1.0, 0.0, 0.0])
        toward = np.cross(right, up)
        toward /= np.linalg.norm(toward)
        return np.stack([np.cross(up, toward), up, toward])

    @property
    def view_axes(self) -> NDArray[np.float64]:
        """``axes`` for displaying poses: those of a level camera while the vertical is unknown,
        rotating smoothly to the estimated ones as it becomes more certain."""
        weight = (MAX_UP_STD_DEG - self.std_deg) / (MAX_UP_STD_DEG - _CERTAIN_DEG)
        weight = min(max(weight, 0.0), 1.0)
        mixed = weight * self.up + (1 - weight) * np.array([0.0, -1.0, 0.0], np.float32)
        length = float(np.linalg.norm(mixed))
        if length < _STRAIGHT_DOWN:
            return self.axes
        return replace(self, up=(mixed / length).astype(np.float32)).axes

    @property
    def vector(self) -> NDArray[np.float32]:
        """(3,) up vector as the network's input; see ``geometry.up_input``."""
        length = min(max(1.0 - self.std_deg / MAX_UP_STD_DEG, 0.0), 1.0)
        return (self.up * length).astype(np.float32)


def standing_direction(
    xyz: NDArray[np.floating], missing: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the direction from the ankles to the thorax of standing people.

    Args:
        xyz: (N, 17, 3) metres.
        missing: (N, 17) joints that are not known.

    Returns:
        (N, 3) unit vectors; 0 in frames without a standing person or with a needed joint missing.
    """
    joints = np.where(missing[..., None], np.nan, xyz.astype(np.float64))
    sides = [[joints[:, JOINT[f"{side}_{name}"]] for name in _LEG] for side in ("left", "right")]
    pelvis, thorax = joints[:, JOINT["pelvis"]], joints[:, JOINT["thorax"]]
    straight = np.ones(len(xyz), bool)
    for hip, knee, ankle in sides:
        straight &= _bend_deg(knee - hip, ankle - knee) < _STANDING_DEG
        straight &= _bend_deg(pelvis - thorax, knee - hip) < _STANDING_DEG
    along = thorax - (sides[0][-1] + sides[1][-1]) / 2
    length = np.linalg.norm(along, axis=-1)
    straight &= length > 1e-6
    upright = np.zeros((len(xyz), 3))
    upright[straight] = along[straight] / length[straight, None]
    return upright


_LEG: Final = ("hip", "knee", "ankle")


def _bend_deg(upper: NDArray[np.float64], lower: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (N,) angles between (N, 3) vectors in degrees; NaN if one of them is."""
    sine = np.linalg.norm(np.cross(upper, lower), axis=-1)
    return np.asarray(np.degrees(np.arctan2(sine, (upper * lower).sum(axis=-1))))


def estimate_level(
    predicted_up: NDArray[np.floating],
    weight: NDArray[np.floating],
    standing_up: NDArray[np.floating] | None = None,
) -> Level | None:
    """Combine the network's per-frame predictions of the vertical.

    Each vector is the mean of a distribution of directions: the shorter it is, the wider the
    distribution.  Frames are weighted by the concentration of that distribution (von Mises-Fisher;
    Banerjee et al., JMLR 2005, equation 4.4).

    Args:
        predicted_up: (N, 3) predicted up vectors in camera axes, each of length 0 to 1.
        weight: (N,) additional weights, at least 0.
        standing_up: (N, 3) result of :func:`standing_direction` for the same frames.

    Returns:
        The level, or None if there is no usable prediction.
    """
    length = np.linalg.norm(predicted_up, axis=-1)
    bounded = np.minimum(length, _MAX_LENGTH)
    counts = weight * bounded * (3 - bounded**2) / (1 - bounded**2)
    usable = (length > 1e-3) & (counts > 0)
    if not usable.any():
        return None
    counts, predicted_up, length = counts[usable], predicted_up[usable], length[usable]
    total = (counts[:, None] * predicted_up / length[:, None]).sum(axis=0)
    norm = float(np.linalg.norm(total))
    if norm < 1e-6:
        return None
    # Errors of one person's frames are strongly correlated: more frames do not reduce the expected
    # error, but disagreement between them increases it.
    mean_length = float((counts * bounded[usable]).sum() / counts.sum())
    mean_length *= min(1.0, norm / counts.sum())
    std_deg = math.degrees(math.sqrt(max(1.0 - min(mean_length, _MAX_LENGTH), 0.0)))
    up = total / norm
    if standing_up is not None:
        up = _toward_standing(up, standing_up[usable], weight[usable])
    return Level(up.astype(np.float32), std_deg)


def _toward_standing(
    up: NDArray[np.float64], standing_up: NDArray[np.floating], weight: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Return the (3,) direction halfway between the predicted vertical and the mean standing axis,
    or nearer to the prediction if people seldom stand."""
    upright = standing_up @ up > math.cos(math.radians(_UPRIGHT_DEG))
    axis = (weight[upright, None] * standing_up[upright]).sum(axis=0)
    length = float(np.linalg.norm(axis))
    if length < 1e-6:
        return up
    often = float(weight[upright].sum() / weight.sum()) / _OFTEN
    mean = up + min(1.0, often) * axis / length
    return np.asarray(mean / np.linalg.norm(mean))


class LevelTracker:
    """``estimate_level`` over the recent past of a live view, changing smoothly."""

    def __init__(self) -> None:
        self._predicted, self._standing = np.zeros((0, 3)), np.zeros((0, 3))
        self._time_s = np.zeros(0)
        self._vector = np.zeros(3)
        """``Level.vector`` of the smoothed level."""
        self._updated_s: float | None = None

    def add(
        self,
        predicted_up: NDArray[np.floating],
        time_s: float,
        standing_up: NDArray[np.floating] | None = None,
    ) -> None:
        """Add the prediction for a frame.

        Args:
            predicted_up: (3,) the predicted up vector.
            time_s: seconds, later than in the call before.
            standing_up: (3,) result of :func:`standing_direction` for the frame.
        """
        kept = time_s - self._time_s < 4 * _MEMORY_S
        standing_up = np.zeros(3) if standing_up is None else standing_up
        self._predicted = np.vstack([self._predicted[kept], predicted_up[None]])
        self._standing = np.vstack([self._standing[kept], standing_up[None]])
        self._time_s = np.append(self._time_s[kept], time_s)

    def level(self, time_s: float) -> Level | None:
        """Return the smoothed level at ``time_s``, no earlier than in the call before.

        Its standard deviation is large at first.  None before the first usable prediction.
        """
        found = self._estimate()
        step_s = 0.0 if self._updated_s is None else max(0.0, time_s - self._updated_s)
        self._updated_s = time_s
        if found is None:
            return None
        self._vector += (1 - math.exp(-step_s / _SMOOTHING_S)) * (found.vector - self._vector)
        length = float(np.linalg.norm(self._vector))
        if length < 1e-6:
            return Level(found.up, MAX_UP_STD_DEG)
        up = (self._vector / length).astype(np.float32)
        return Level(up, MAX_UP_STD_DEG * (1 - min(length, 1.0)))

    def _estimate(self) -> Level | None:
        if not len(self._time_s):
            return None
        age_s = self._time_s[-1] - self._time_s
        return estimate_level(self._predicted, np.exp(-age_s / _MEMORY_S), self._standing)
