"""Live lifting: one frame at a time in, the pose of a frame a little back out.

MixSTE returns every frame of its window, so nothing has to be waited for: the pose of the newest
frame can be shown at once (delay 0, fastest and shakiest), or that of a frame k back, which has
seen k frames of its future (calmer and later).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from models.devices import LIVE_THREADS, cpu_threads
from models.lifter import Lifter, Size
from models.skeleton import MIRROR, PELVIS
from models.swaps import SwapTracker
from models.timing import LONGEST_GAP_S, recent_grid
from models.visibility import SeenTracker, guessed_mask, told_confidence

DEFAULT_DELAY: Final = 2
LARGEST_DELAY: Final = 12
_MOST_FRAMES: Final = 512
"""A bound on what is kept, should a source deliver hundreds of frames a second."""


@dataclass(frozen=True)
class LivePose:
    """The pose of one source frame; arrays as in ``models.lifter.Lifted``, for one frame."""

    xyz: NDArray[np.float32]
    filled: NDArray[np.bool_]
    missing: NDArray[np.bool_]
    swapped: bool
    frames_back: int
    """How many frames were pushed after this one."""
    time_s: float


@dataclass(frozen=True)
class _Sight:
    """One frame after repair."""

    time_s: float
    evidence: NDArray[np.float32]
    """As in ``models.lifter.Track``, for one frame."""
    filled: NDArray[np.bool_]
    missing: NDArray[np.bool_]
    swapped: bool


class LiveLifter:
    """A sliding window over the newest frames.  Not for use from two threads at once."""

    def __init__(self, lifter: Lifter, delay: int = DEFAULT_DELAY) -> None:
        """``delay`` is k: the pose returned is that of the source frame k before the newest."""
        self._lifter = lifter
        self.delay = delay
        self._span_s = (lifter.info.frames - 1) / lifter.info.rate
        self.reset()

    @property
    def delay(self) -> int:
        """Source frames between the newest and the one whose pose is returned."""
        return self._delay

    @delay.setter
    def delay(self, frames: int) -> None:
        if not 0 <= frames <= LARGEST_DELAY:
            raise ValueError(f"the delay must be 0 to {LARGEST_DELAY} frames, not {frames}")
        self._delay = frames

    def reset(self) -> None:
        """Forget all frames, as after a jump in the film."""
        self._sights: deque[_Sight] = deque(maxlen=_MOST_FRAMES)
        self._swaps, self._seen = SwapTracker(), SeenTracker()
        self._last_xy = np.zeros((17, 2), np.float32)
        self._last_seen_s = np.full(17, -np.inf)
        self._size: Size = (1, 1)

    def push(
        self,
        xy: NDArray[np.floating],
        conf: NDArray[np.floating],
        size: Size,
        time_s: float,
        depth: NDArray[np.floating] | None = None,
    ) -> None:
        """Take the next frame, later than the one before.

        Args:
            xy: (17, 2) pixels or NaN.
            conf: (17,) in [0, 1].
            size: (width, height) of the picture in pixels; another one starts afresh.
            time_s: seconds.
            depth: (17,) metres behind the pelvis by the detector's own guess, or NaN.
        """
        if self._sights and time_s <= self._sights[-1].time_s:
            raise ValueError("frames must come in order of time")
        if size != self._size:
            self.reset()
            self._size = size
        depth = self._lifter.evidence_of_depth(depth, conf.shape)
        swapped = self._swaps.step(xy, conf, time_s)
        if swapped:
            xy, conf, depth = (array[list(MIRROR)] for array in (xy, conf, depth))
        seen = self._seen.step(conf) & np.isfinite(xy).all(axis=-1)
        self._last_xy = np.where(seen[:, None], xy, self._last_xy).astype(np.float32)
        self._last_seen_s[seen] = time_s
        filled = ~seen & (time_s - self._last_seen_s <= LONGEST_GAP_S)
        known = seen | filled
        guessed = ~known & guessed_mask(xy, conf, size)
        place = np.where(guessed[:, None], xy, self._last_xy)
        told = told_confidence(conf, seen, filled, guessed)
        depth = np.where(seen | guessed, depth, np.nan)
        evidence = np.column_stack([place, told, depth]).astype(np.float32)
        self._sights.append(_Sight(time_s, evidence, filled, ~known, swapped))
        self._forget_old()

    def lift(self) -> LivePose | None:
        """Run the network over the newest window; ``None`` before the first frame."""
        if not self._sights:
            return None
        sights = list(self._sights)
        back = min(self._delay, len(sights) - 1)
        shown = sights[-1 - back]
        times = np.array([sight.time_s for sight in sights])
        grid = recent_grid(times, self._lifter.info.rate, self._lifter.info.frames)
        evidence = np.stack([sight.evidence for sight in sights])
        evidence, _ = grid.sample(evidence, evidence[..., 2] > 0)
        with cpu_threads(LIVE_THREADS):
            window = self._lifter.windows(
                torch.from_numpy(evidence)[None],
                self._size,
                flip=False,  # twice the time of a pass for half a per cent of accuracy
            )[0].numpy()
        xyz = grid.back(window)[-1 - back]
        xyz = (xyz - xyz[PELVIS]) * np.float32(self._lifter.scale)
        return LivePose(xyz, shown.filled, shown.missing, shown.swapped, back, shown.time_s)

    def _forget_old(self) -> None:
        newest = self._sights[-1].time_s
        while (
            len(self._sights) > self._delay + 2 and newest - self._sights[1].time_s > self._span_s
        ):
            self._sights.popleft()
