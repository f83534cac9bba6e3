"""Resampling between a source's irregular frame times and a network's regular rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

LONGEST_GAP_S: Final = 0.5
"""Observations further apart in time are not connected: they are neither interpolated, carried
forward, smoothed nor drawn as one curve."""
_SAME_RATE: Final = 0.1
"""Relative tolerance within which frame intervals count as the network's: 29.97 frames/s, or
intervals of 33.4 ms from a webcam, need no interpolation, which would blur the detections."""
_SAME_FRAME_S: Final = 1e-6


@dataclass(frozen=True)
class Grid:
    """Regular times and the N times of a source."""

    source_s: NDArray[np.float64]
    """(N,) strictly increasing."""
    grid_s: NDArray[np.float64]
    """(M,) regular; the same object as ``source_s`` if no resampling is needed."""

    def sample(
        self, xy: NDArray[np.float32], present: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Resample (N, J, D) and (N, J) to the grid, linearly in time: (M, J, D) and (M, J).

        A joint absent from one of the two frames around a grid time is copied from the other if
        that is the nearer one, and is absent otherwise.
        """
        if self.grid_s is self.source_s:
            return xy, present
        lower, fraction = _between(self.source_s, self.grid_s)
        upper = np.minimum(lower + 1, len(self.source_s) - 1)
        nearer = np.where(fraction < 0.5, lower, upper)
        both = present[lower] & present[upper]
        step = (fraction[:, None, None] * (xy[upper] - xy[lower])).astype(np.float32)
        return np.where(both[..., None], xy[lower] + step, xy[nearer]), both | present[nearer]

    def back(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Resample (M, J, D) on the grid to the source's frames: (N, J, D)."""
        if self.grid_s is self.source_s:
            return values
        lower, fraction = _between(self.grid_s, self.source_s)
        upper = np.minimum(lower + 1, len(self.grid_s) - 1)
        step = (fraction[:, None, None] * (values[upper] - values[lower])).astype(np.float32)
        result: NDArray[np.float32] = values[lower] + step
        return result


def regular_grid(time_s: NDArray[np.floating], rate: float) -> Grid:
    """Return a grid at ``rate`` over a take; its own frame times if they have that rate already."""
    source = np.asarray(time_s, np.float64)
    if len(source) == 1 or same_rate(np.diff(source), rate):
        return Grid(source, source)
    count = int(np.ceil((source[-1] - source[0]) * rate - _SAME_FRAME_S)) + 1
    return Grid(source, source[0] + np.arange(count) / rate)


def same_rate(steps_s: NDArray[np.floating], rate: float) -> bool:
    """Return whether frames with these (N - 1,) intervals in seconds have the rate ``rate``."""
    return bool((abs(steps_s * rate - 1) < _SAME_RATE).all())


def recent_grid(time_s: NDArray[np.floating], rate: float, frames: int) -> Grid:
    """Return a grid of ``frames`` regular times that ends at the newest frame."""
    source = np.asarray(time_s, np.float64)
    return Grid(source, source[-1] + (np.arange(frames) - (frames - 1)) / rate)


def _between(
    known: NDArray[np.float64], wanted: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the index of the last known time at or before each wanted one, and the fraction of the
    interval after it.

    Wanted times outside the known ones get the nearest end.
    """
    if len(known) == 1:
        return np.zeros(len(wanted), np.intp), np.zeros(len(wanted))
    lower = np.clip(np.searchsorted(known, wanted, side="right") - 1, 0, len(known) - 2)
    fraction = (wanted - known[lower]) / (known[lower + 1] - known[lower])
    return lower, np.clip(fraction, 0.0, 1.0)
