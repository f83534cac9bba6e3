"""The One-Euro filter: calm where the body is still, quick where it moves (Casiez, Roussel, Vogel,
CHI 2012)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.timing import LONGEST_GAP_S

MIN_CUTOFF_HZ: Final = 1.0
BETA: Final = 20.0
SPEED_CUTOFF_HZ: Final = 1.0
"""Chosen on the performer, seeds 11 to 13 and 0 to 2, 15 s each, through the detector.  At delay 0
jitter falls from 5.5 to 3.9 and from 3.4 to 2.4 mm/frame^2 (the detector's own: 9.7 and 6.7), the
movements shown come 10 to 20 ms later, P-MPJPE rises by 0.7 and 0.5 mm, and the velocity's error
falls by 4 %.  With half of this beta it would be 3.5 and 2.2, but 15 to 20 ms later and 1.1 mm."""


class OneEuro:
    """A low-pass filter for points as they come, whose cut-off rises with the speed of each point.

    It looks only back, so what it shows lags: by 1 / (2 pi cut-off) seconds for slow movements.  A
    point's speed is that of the point, not of one coordinate: turning the axes changes nothing.
    """

    def __init__(
        self,
        min_cutoff_hz: float = MIN_CUTOFF_HZ,
        beta: float = BETA,
        speed_cutoff_hz: float = SPEED_CUTOFF_HZ,
    ) -> None:
        """``min_cutoff_hz`` is the cut-off at rest, ``beta`` what each metre a second adds to it,
        in hertz; the speed itself is smoothed with ``speed_cutoff_hz``."""
        self._min_cutoff_hz, self._beta = min_cutoff_hz, beta
        self._speed_cutoff_hz = speed_cutoff_hz
        self.reset()

    def reset(self) -> None:
        """Forget what came before; the next points pass as they are."""
        self._time_s = -np.inf
        self._known = np.zeros(0, np.bool_)
        self._values: NDArray[np.float64] = np.zeros((0, 0))
        self._speed: NDArray[np.float64] = self._values

    def step(
        self, values: NDArray[np.floating], known: NDArray[np.bool_], time_s: float
    ) -> NDArray[np.float32]:
        """Smooth the next (J, D) points, of which (J,) are ``known``: (J, D).

        A point not known passes as it is, and so does one that comes back.  Everything starts
        afresh after a hole of more than half a second, and when time does not go on.
        """
        new = values.astype(np.float64)
        step_s = time_s - self._time_s
        if not 0 < step_s <= LONGEST_GAP_S or new.shape != self._values.shape:
            self._values, self._speed = new, np.zeros_like(new)
        else:
            goes_on = (known & self._known)[:, None]
            speed = (new - self._values) / step_s
            speed = self._speed + _share(self._speed_cutoff_hz, step_s) * (speed - self._speed)
            cutoff = self._min_cutoff_hz + self._beta * np.linalg.norm(speed, axis=-1)
            moved = self._values + _share(cutoff, step_s)[:, None] * (new - self._values)
            self._values = np.where(goes_on, moved, new)
            self._speed = np.where(goes_on, speed, 0.0)
        self._known, self._time_s = known, time_s
        return self._values.astype(np.float32)


def _share(cutoff_hz: float | NDArray[np.float64], step_s: float) -> NDArray[np.float64]:
    """How far a first-order low-pass goes toward a new value in one step."""
    turns = 2 * np.pi * np.asarray(cutoff_hz, np.float64) * step_s
    return np.asarray(turns / (1.0 + turns))
