"""Where up is for a camera that stands still, from what the network says of every frame.

In one frame a crouch seen level and an upright person seen from above look alike; over a clip the
camera's pitch and roll are constant while people move, and so the mean over its frames tells more
than any of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

CAMERA_LEVEL: Final = np.diag([1.0, -1.0, -1.0])
"""Camera axes (x right, y down, z away) to level ones (x right, y up, z toward the camera), for a
camera that is level."""
VAGUEST_UP_DEG: Final = 20.0
"""Up that is this far off, by its standard deviation, is not worth telling."""
_KNOWN_DEG: Final = 12.0
"""Up that is no further off than this is stood upon."""
_STRAIGHT_DOWN: Final = 1e-3
TOLD_SPREAD_DEG: Final = 1.0
"""How far off an angle is that somebody has measured."""
_SUREST: Final = 0.99
"""Longest mean vector that is believed: 6 degrees off, for all that one posture tells."""
_CALM_S: Final = 1.0
"""Seconds in which a live view follows what it learns of its level by all but 1/e."""
_REMEMBERED_S: Final = 60.0
"""Seconds after which what was seen counts for 1/e: somebody may have moved the camera."""


@dataclass(frozen=True)
class Level:
    """The direction against gravity in the camera's axes: x right, y down, z away."""

    up: NDArray[np.float32]
    """(3,) of length 1."""
    spread_deg: float
    """Expected error, as a standard deviation in each of two directions."""
    told: bool = False
    """Whether somebody said so, rather than the pictures."""

    @classmethod
    def from_angles(cls, pitch_deg: float, roll_deg: float = 0.0) -> Level:
        """The level of a camera that looks down by ``pitch_deg`` and is turned clockwise, as seen
        from behind, by ``roll_deg``."""
        pitch, roll = math.radians(pitch_deg), math.radians(roll_deg)
        sideways, upwards = -math.sin(roll) * math.cos(pitch), -math.cos(roll) * math.cos(pitch)
        up = np.array([sideways, upwards, -math.sin(pitch)], np.float32)
        return cls(up, TOLD_SPREAD_DEG, told=True)

    @classmethod
    def read(cls, said: object) -> Level | None:
        """What ``as_json`` wrote; None where it says nothing, or nothing that can be."""
        if not isinstance(said, Mapping):
            return None
        try:
            up = np.array([float(part) for part in said["up"]], np.float32)
            spread_deg = float(said["spread_deg"])
        except (KeyError, TypeError, ValueError, OverflowError):
            return None
        length = float(np.linalg.norm(up)) if up.shape == (3,) else math.nan
        if not (math.isfinite(length) and length > 0 and spread_deg >= 0):
            return None
        return cls(up / np.float32(length), spread_deg, said.get("told") is True)

    def as_json(self) -> dict[str, object]:
        """JSON values, for files."""
        up = [round(float(part), 5) for part in self.up]
        return {"up": up, "spread_deg": round(self.spread_deg, 2), "told": self.told}

    @property
    def pitch_deg(self) -> float:
        """Degrees by which the camera looks down."""
        return math.degrees(math.asin(float(np.clip(-self.up[2], -1.0, 1.0))))

    @property
    def roll_deg(self) -> float:
        """Degrees by which the camera is turned clockwise, as seen from behind."""
        return math.degrees(math.atan2(-float(self.up[0]), -float(self.up[1])))

    @property
    def axes(self) -> NDArray[np.float64]:
        """(3, 3) rotation from the camera's axes to level ones: x to the right, y against gravity,
        z as much toward the camera as a level axis can."""
        up = self.up.astype(np.float64)
        right = np.cross(up, (0.0, 0.0, -1.0))
        length = np.linalg.norm(right)
        # Of a camera that looks straight down, the picture's right is as good as any.
        right = right / length if length > _STRAIGHT_DOWN else np.array([1.0, 0.0, 0.0])
        toward = np.cross(right, up)
        toward /= np.linalg.norm(toward)
        return np.stack([np.cross(up, toward), up, toward])

    @property
    def view_axes(self) -> NDArray[np.float64]:
        """``axes`` to look at poses in: a level camera's while nothing is known, turning calmly
        to the true ones."""
        share = (VAGUEST_UP_DEG - self.spread_deg) / (VAGUEST_UP_DEG - _KNOWN_DEG)
        share = min(max(share, 0.0), 1.0)
        mixed = share * self.up + (1 - share) * np.array([0.0, -1.0, 0.0], np.float32)
        length = float(np.linalg.norm(mixed))
        if length < _STRAIGHT_DOWN:
            return self.axes
        return replace(self, up=(mixed / length).astype(np.float32)).axes

    @property
    def vector(self) -> NDArray[np.float32]:
        """(3,) as the network is told it; see ``geometry.told_up``."""
        share = min(max(1.0 - self.spread_deg / VAGUEST_UP_DEG, 0.0), 1.0)
        return (self.up * share).astype(np.float32)


def estimate_level(said: NDArray[np.floating], weight: NDArray[np.floating]) -> Level | None:
    """Bring together what the network says.

    Each vector is the mean of a distribution of directions; the shorter, the wider.  Frames count
    by its concentration (von Mises-Fisher; Banerjee et al., JMLR 2005, equation 4.4).

    Args:
        said: (N, 3) in the camera's axes, each of length 0 to 1.
        weight: (N,) how much each counts besides, at least 0.

    Returns:
        The level, or None where nothing is said.
    """
    length = np.linalg.norm(said, axis=-1)
    short = np.minimum(length, _SUREST)
    counts = weight * short * (3 - short**2) / (1 - short**2)
    usable = (length > 1e-3) & (counts > 0)
    if not usable.any():
        return None
    counts, said, length = counts[usable], said[usable], length[usable]
    total = (counts[:, None] * said / length[:, None]).sum(axis=0)
    norm = float(np.linalg.norm(total))
    if norm < 1e-6:
        return None
    # What the frames of one person get wrong they mostly get wrong together: their number does not
    # make them surer, but their disagreement makes them less so.
    sure = float((counts * short[usable]).sum() / counts.sum()) * min(1.0, norm / counts.sum())
    spread = math.degrees(math.sqrt(max(1.0 - min(sure, _SUREST), 0.0)))
    return Level((total / norm).astype(np.float32), spread)


class LevelTracker:
    """``estimate_level`` over the seconds so far of a live view, without a jump."""

    def __init__(self) -> None:
        self._said = np.zeros((0, 3))
        self._time_s = np.zeros(0)
        self._vector = np.zeros(3)
        """As the network is told it."""
        self._moved_s: float | None = None

    def add(self, said: NDArray[np.floating], time_s: float) -> None:
        """Take (3,) what the network says of a frame at ``time_s``, later than before."""
        kept = time_s - self._time_s < 4 * _REMEMBERED_S
        self._said = np.vstack([self._said[kept], said[None]])
        self._time_s = np.append(self._time_s[kept], time_s)

    def level(self, time_s: float) -> Level | None:
        """The level as far as it is known at ``time_s``, no earlier than before; vague at first."""
        found = self._estimate()
        step_s = 0.0 if self._moved_s is None else max(0.0, time_s - self._moved_s)
        self._moved_s = time_s
        if found is None:
            return None
        self._vector += (1 - math.exp(-step_s / _CALM_S)) * (found.vector - self._vector)
        length = float(np.linalg.norm(self._vector))
        if length < 1e-6:
            return Level(found.up, VAGUEST_UP_DEG)
        up = (self._vector / length).astype(np.float32)
        return Level(up, VAGUEST_UP_DEG * (1 - min(length, 1.0)))

    def _estimate(self) -> Level | None:
        if not len(self._time_s):
            return None
        age_s = self._time_s[-1] - self._time_s
        return estimate_level(self._said, np.exp(-age_s / _REMEMBERED_S))
