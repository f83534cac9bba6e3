"""Where up is for a camera that stands still, from what the network says of every frame.

In one frame a crouch seen level and an upright person seen from above look alike; over a clip the
camera's pitch and roll are constant while people move, and so the mean over its frames tells more
than any of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.geometry import VAGUEST_UP_DEG

TOLD_SPREAD_DEG: Final = 1.0
"""How far off an angle is that somebody has measured."""
_SUREST: Final = 0.99
"""Longest mean vector that is believed: 6 degrees off, for all that one posture tells."""
_FEWEST_S: Final = 1.5
"""Seconds of a live view after which what they say is worth what it claims."""
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

    @property
    def pitch_deg(self) -> float:
        """Degrees by which the camera looks down."""
        return math.degrees(math.asin(float(np.clip(-self.up[2], -1.0, 1.0))))

    @property
    def roll_deg(self) -> float:
        """Degrees by which the camera is turned clockwise, as seen from behind."""
        return math.degrees(math.atan2(-float(self.up[0]), -float(self.up[1])))

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
    """``estimate_level`` over the seconds so far of a live view."""

    def __init__(self) -> None:
        self._said = np.zeros((0, 3))
        self._time_s = np.zeros(0)

    def add(self, said: NDArray[np.floating], time_s: float) -> None:
        """Take (3,) what the network says of a frame at ``time_s``, later than before."""
        kept = time_s - self._time_s < 4 * _REMEMBERED_S
        self._said = np.vstack([self._said[kept], said[None]])
        self._time_s = np.append(self._time_s[kept], time_s)

    def level(self) -> Level | None:
        """The level as far as it is known; vague at first, so that nothing jumps."""
        if not len(self._time_s):
            return None
        age_s = self._time_s[-1] - self._time_s
        found = estimate_level(self._said, np.exp(-age_s / _REMEMBERED_S))
        if found is None:
            return None
        share = min(float(age_s[0]) / _FEWEST_S, 1.0)
        return Level(found.up, VAGUEST_UP_DEG + share * (found.spread_deg - VAGUEST_UP_DEG))
