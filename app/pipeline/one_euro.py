"""The One-Euro filter: strong smoothing at rest, little lag in motion (Casiez, Roussel,
Vogel, CHI 2012)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.timing import LONGEST_GAP_S

MIN_CUTOFF_HZ: Final = 1.0
BETA: Final = 20.0
SPEED_CUTOFF_HZ: Final = 1.0
"""Chosen on the performer, seeds 11 to 13 and 0 to 2, 15 s each, through the detector.  At delay 0
jitter falls from 5.5 to 3.9 and from 3.4 to 2.4 mm/frame^2 (MediaPipe's world landmarks: 9.7 and
6.7), movements are shown 10 to 20 ms later, P-MPJPE rises by 0.7 and 0.5 mm, and the error of
velocity falls by 4 %.  With half of this beta jitter would be 3.5 and 2.2 mm/frame^2, but movements
15 to 20 ms later and P-MPJPE 1.1 mm higher."""


class OneEuro:
    """A causal low-pass filter for points, whose cut-off rises with the speed of each point.

    Its output lags by 1 / (2 pi cut-off) seconds for slow movements.  The speed is the norm of a
    point's velocity, not taken per coordinate, so rotating the axes makes no difference.
    """

    def __init__(
        self,
        min_cutoff_hz: float = MIN_CUTOFF_HZ,
        beta: float = BETA,
        speed_cutoff_hz: float = SPEED_CUTOFF_HZ,
    ) -> None:
        """Create a filter.

        ``min_cutoff_hz`` is the cut-off at rest, ``beta`` the increase of the cut-off in hertz per
        m/s of speed; the speed itself is smoothed with ``speed_cutoff_hz``.
        """
        self._min_cutoff_hz, self._beta = min_cutoff_hz, beta
        self._speed_cutoff_hz = speed_cutoff_hz
        self.reset()

    def reset(self) -> None:
        """Forget the past; the next points pass unchanged."""
        self._time_s = -np.inf
        self._known = np.zeros(0, np.bool_)
        self._values: NDArray[np.float64] = np.zeros((0, 0))
        self._speed: NDArray[np.float64] = self._values

    def step(
        self, values: NDArray[np.floating], known: NDArray[np.bool_], time_s: float
    ) -> NDArray[np.float32]:
        """Return the next (J, D) points smoothed; ``known`` (J,) says which of them are known.

        An unknown point passes unchanged, and so does a point in the first frame in which it is
        known again.  The filter restarts after a gap of more than half a second, and when time does
        not increase.
        """
        new = values.astype(np.float64)
        step_s = time_s - self._time_s
        if not 0 < step_s <= LONGEST_GAP_S or new.shape != self._values.shape:
            self._values, self._speed = new, np.zeros_like(new)
        else:
            goes_on = (known & self._known)[:, None]
            speed = (new - self._values) / step_s
            speed = self._speed + _gain(self._speed_cutoff_hz, step_s) * (speed - self._speed)
            cutoff = self._min_cutoff_hz + self._beta * np.linalg.norm(speed, axis=-1)
            moved = self._values + _gain(cutoff, step_s)[:, None] * (new - self._values)
            self._values = np.where(goes_on, moved, new)
            self._speed = np.where(goes_on, speed, 0.0)
        self._known, self._time_s = known, time_s
        return self._values.astype(np.float32)


def _gain(cutoff_hz: float | NDArray[np.float64], step_s: float) -> NDArray[np.float64]:
    """Return the gain of a first-order low-pass filter for one step."""
    phase = 2 * np.pi * np.asarray(cutoff_hz, np.float64) * step_s
    return np.asarray(phase / (1.0 + phase))
