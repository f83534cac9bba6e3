"""Lifting a clip's first windows while its last frames are not known yet.

What becomes of a frame can depend on later ones: a gap is bridged once its other side is seen, and
sides turn out to have been exchanged.  So windows are lifted on the guess that nothing of the kind
comes, and are remembered under what the network was shown.  ``Lifter.lift``, which knows the whole
clip, takes those that were shown the same, and lifts the others itself: its poses are the same to
the last bit.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.lifter import LONGEST_HOLE_S, LiftedAhead, Lifter, Size, prepare_track, window_step
from models.timing import Grid, same_rate

_PAST_S: Final = 2.0
"""Frames so long before a window are looked at with it: they may tell what was seen in it, and
whose left is left."""


class Ahead:
    """Takes the frames of a clip one by one, and lifts each window as soon as it is full.

    Args:
        lifter: the one that will lift the whole clip.
        size: (width, height) of the picture in pixels.
    """

    def __init__(self, lifter: Lifter, size: Size) -> None:
        self.poses: LiftedAhead = {}
        """What was lifted, for ``Lifter.lift``."""
        self._lifter, self._size = lifter, size
        self._begin(0.0)

    def _begin(self, time_s: float) -> None:
        self._began_s = time_s
        self._start = 0
        """First frame of the next window, at the network's rate."""
        self._regular = True
        self._forgotten = 0
        self._time_s: list[float] = []
        self._xy: list[NDArray[np.floating]] = []
        self._conf: list[NDArray[np.floating]] = []
        self._depth: list[NDArray[np.floating]] = []

    def push(
        self,
        xy: NDArray[np.floating],
        conf: NDArray[np.floating],
        depth: NDArray[np.floating],
        time_s: float,
    ) -> None:
        """Take the next frame: (17, 2), (17,) and (17,), as in ``Lifter.lift``."""
        if not self._time_s or time_s - self._time_s[-1] > LONGEST_HOLE_S:
            self._begin(time_s)
        else:
            step_s = np.array([time_s - self._time_s[-1]])
            self._regular &= same_rate(step_s, self._lifter.info.rate)
        self._time_s.append(time_s)
        self._xy.append(xy)
        self._conf.append(conf)
        self._depth.append(depth)
        if self._window_is_full():
            self._lift()
            self._start += window_step(self._lifter.info.frames)
            self._forget()

    def _window_is_full(self) -> bool:
        if self._regular:
            return self._forgotten + len(self._time_s) >= self._start + self._lifter.info.frames
        return self._time_s[-1] > float(self._grid_s()[-1])

    def _grid_s(self) -> NDArray[np.float64]:
        info = self._lifter.info
        grid_s: NDArray[np.float64] = (
            self._began_s + np.arange(self._start, self._start + info.frames) / info.rate
        )
        return grid_s

    def _lift(self) -> None:
        time_s = np.array(self._time_s)
        depth = np.array(self._depth)
        depth = self._lifter.evidence_of_depth(depth, depth.shape)
        track = prepare_track(np.array(self._xy), np.array(self._conf), self._size, time_s, depth)
        if self._regular:
            first = self._start - self._forgotten
            evidence = track.evidence[first : first + self._lifter.info.frames]
        else:
            known = track.evidence[..., 2] > 0
            evidence, _ = Grid(time_s, self._grid_s()).sample(track.evidence, known)
        key = self._lifter.key(evidence, self._size)
        self.poses[key] = self._lifter.lift_windows(evidence[None], self._size)[0]

    def _forget(self) -> None:
        """Keep a little of what was before the next window."""
        past_s = self._time_s[-1] - self._lifter.info.frames / self._lifter.info.rate - _PAST_S
        old = int(np.searchsorted(self._time_s, past_s))
        for kept in (self._time_s, self._xy, self._conf, self._depth):
            del kept[:old]
        self._forgotten += old
