"""Between a source's frames, which come when they come, and a network's regular rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

LONGEST_GAP_S: Final = 0.5
"""What lies further apart in time is not connected: neither filled, held, smoothed nor drawn as
one."""
_SAME_RATE: Final = 0.1
"""Frame intervals this close to the network's, relatively, are taken as they are: 29.97 or 33.4 ms
from a webcam need no interpolation, which would blur what the detector saw."""
_SAME_FRAME_S: Final = 1e-6


@dataclass(frozen=True)
class Grid:
    """Regular times beside the N times of a source."""

    source_s: NDArray[np.float64]
    """(N,) strictly increasing."""
    grid_s: NDArray[np.float64]
    """(M,) regular; the very same array as ``source_s`` if nothing needs resampling."""

    def sample(
        self, xy: NDArray[np.float32], present: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Bring (N, J, D) and (N, J) onto the grid, linearly in time: (M, J, D) and (M, J).

        A joint absent from one of the two frames around a grid time is taken from the other if that
        is the nearer one, and is absent otherwise.
        """
        if self.grid_s is self.source_s:
            return xy, present
        lower, share = _between(self.source_s, self.grid_s)
        upper = np.minimum(lower + 1, len(self.source_s) - 1)
        nearer = np.where(share < 0.5, lower, upper)
        both = present[lower] & present[upper]
        blended = xy[lower] + (share[:, None, None] * (xy[upper] - xy[lower])).astype(np.float32)
        return np.where(both[..., None], blended, xy[nearer]), both | present[nearer]

    def back(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Bring (M, J, D) on the grid to the source's frames: (N, J, D)."""
        if self.grid_s is self.source_s:
            return values
        lower, share = _between(self.grid_s, self.source_s)
        upper = np.minimum(lower + 1, len(self.grid_s) - 1)
        step = (share[:, None, None] * (values[upper] - values[lower])).astype(np.float32)
        result: NDArray[np.float32] = values[lower] + step
        return result


def regular_grid(time_s: NDArray[np.floating], rate: float) -> Grid:
    """A grid at ``rate`` over a take; the take's own frames if they come at that rate already."""
    source = np.asarray(time_s, np.float64)
    if len(source) == 1 or same_rate(np.diff(source), rate):
        return Grid(source, source)
    count = int(np.ceil((source[-1] - source[0]) * rate - _SAME_FRAME_S)) + 1
    return Grid(source, source[0] + np.arange(count) / rate)


def same_rate(steps_s: NDArray[np.floating], rate: float) -> bool:
    """Whether frames with these (N - 1,) seconds between them come at ``rate`` already."""
    return bool((abs(steps_s * rate - 1) < _SAME_RATE).all())


def recent_grid(time_s: NDArray[np.floating], rate: float, frames: int) -> Grid:
    """The ``frames`` regular times that end at the newest frame."""
    source = np.asarray(time_s, np.float64)
    return Grid(source, source[-1] + (np.arange(frames) - (frames - 1)) / rate)


def _between(
    known: NDArray[np.float64], wanted: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Index of the last known time at or before each wanted one, and the share of the way on.

    Wanted times outside take the nearest end.
    """
    if len(known) == 1:
        return np.zeros(len(wanted), np.intp), np.zeros(len(wanted))
    lower = np.clip(np.searchsorted(known, wanted, side="right") - 1, 0, len(known) - 2)
    share = (wanted - known[lower]) / (known[lower + 1] - known[lower])
    return lower, np.clip(share, 0.0, 1.0)
