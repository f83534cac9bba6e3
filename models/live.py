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
from numpy.typing import NDArray

from models import LARGEST_DELAY as LARGEST_DELAY
from models.devices import LIVE_THREADS, cpu_threads
from models.feet import Feet, Sight, find_feet, unseen_feet
from models.level import Level, LevelTracker, standing
from models.lifter import Lifter, Size
from models.skeleton import JOINT_COUNT, MIRROR, PELVIS
from models.swaps import SwapTracker
from models.timing import LONGEST_GAP_S, recent_grid
from models.visibility import SeenTracker, guessed_mask, told_confidence

DEFAULT_DELAY: Final = 2
_ASK_EVERY_S: Final = 0.4
"""The level of a camera that stands still need not be asked for with every pose."""
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
    feet: Feet
    """Heels and toes, as :func:`models.feet.find_feet` has them, of one frame."""
    level: Level | None
    """Where up is: told, or as far as it is known by now; None if the network says nothing."""


@dataclass(frozen=True)
class _Sight:
    """One frame after repair."""

    time_s: float
    evidence: NDArray[np.float32]
    """As in ``models.lifter.Track``, for one frame."""
    filled: NDArray[np.bool_]
    missing: NDArray[np.bool_]
    swapped: bool
    seen: Sight
    """What the detector said, for one frame."""


class LiveLifter:
    """A sliding window over the newest frames.  Not for use from two threads at once."""

    def __init__(
        self, lifter: Lifter, delay: int = DEFAULT_DELAY, level: Level | None = None
    ) -> None:
        """Begin.

        Args:
            lifter: the network.
            delay: k: the pose returned is that of the source frame k before the newest.
            level: where up is, if that is known; otherwise it is found out on the way.
        """
        self._lifter = lifter
        self.delay = delay
        self.level = level
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
        self._tracked_level, self._asked_s = LevelTracker(), -np.inf

    def push(
        self,
        xy: NDArray[np.floating],
        conf: NDArray[np.floating],
        size: Size,
        time_s: float,
        depth: NDArray[np.floating] | None = None,
        world: NDArray[np.floating] | None = None,
        feet: NDArray[np.floating] | None = None,
    ) -> None:
        """Take the next frame, later than the one before.

        Args:
            xy: (17, 2) pixels or NaN.
            conf: (17,) in [0, 1].
            size: (width, height) of the picture in pixels; another one starts afresh.
            time_s: seconds.
            depth: (17,) metres behind the pelvis by the detector's own guess, or NaN; for callers
                that have no ``world``.
            world: (17, 3) the detector's own 3D, metres from the pelvis, or NaN.
            feet: (4, 6) what the detector says of heels and toes (``models.feet.foot_evidence``).
        """
        if self._sights and time_s <= self._sights[-1].time_s:
            raise ValueError("frames must come in order of time")
        if size != self._size:
            self.reset()
            self._size = size
        own = np.full((JOINT_COUNT, 3), np.nan) if world is None else world
        feet = unseen_feet() if feet is None else feet
        world = self._lifter.evidence_of_world(world, depth, conf.shape)
        swapped = self._swaps.step(xy, conf, time_s)
        sight = Sight(*(each[None] for each in (xy, conf, own, feet))).repaired(np.array([swapped]))
        if swapped:
            xy, conf, world = (array[list(MIRROR)] for array in (xy, conf, world))
        seen = self._seen.step(conf) & np.isfinite(xy).all(axis=-1)
        self._last_xy = np.where(seen[:, None], xy, self._last_xy).astype(np.float32)
        self._last_seen_s[seen] = time_s
        filled = ~seen & (time_s - self._last_seen_s <= LONGEST_GAP_S)
        known = seen | filled
        guessed = ~known & guessed_mask(xy, conf, size)
        place = np.where(guessed[:, None], xy, self._last_xy)
        told = told_confidence(conf, seen, filled, guessed)
        world = np.where((seen | guessed)[:, None], world, np.nan)
        evidence = np.column_stack([place, told, world]).astype(np.float32)
        self._sights.append(_Sight(time_s, evidence, filled, ~known, swapped, sight))
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
        level = self._known_level(evidence, times[-1])
        with cpu_threads(LIVE_THREADS):
            window = self._lift_window(evidence, level)
        poses = grid.back(window[:, :JOINT_COUNT])
        poses = (poses - poses[:, PELVIS, None]) * np.float32(self._lifter.scale)
        feet = self._find_feet(sights, poses, times, level)
        return LivePose(
            poses[-1 - back],
            shown.filled,
            shown.missing,
            shown.swapped,
            back,
            shown.time_s,
            feet=Feet(*(each[-1 - back] for each in feet)),
            level=level,
        )

    def _find_feet(
        self,
        sights: list[_Sight],
        poses: NDArray[np.float32],
        times: NDArray[np.float64],
        level: Level | None,
    ) -> Feet:
        return find_feet(
            Sight(*(np.concatenate(each) for each in zip(*(s.seen for s in sights), strict=True))),
            *(poses, np.stack([sight.missing for sight in sights]), times, self._size),
            up=None if level is None else level.up,
            hold=True,
        )

    def _known_level(self, evidence: NDArray[np.float32], time_s: float) -> Level | None:
        """Where up is; now and then the network is asked what it would say without being told."""
        if self.level is not None or not self._lifter.info.says_up:
            return self.level
        if time_s - self._asked_s >= _ASK_EVERY_S and (evidence[-1, :, 2] > 0).any():
            self._asked_s = time_s
            with cpu_threads(LIVE_THREADS):
                middle = len(evidence) // 2
                told = self._lift_window(evidence, None)[middle]
            unseen = evidence[middle, :, 2] <= 0
            (stood,) = standing(told[None, :JOINT_COUNT], unseen[None])
            self._tracked_level.add(told[JOINT_COUNT], time_s, stood)
        return self._tracked_level.level(time_s)

    def _lift_window(
        self, evidence: NDArray[np.float32], level: Level | None
    ) -> NDArray[np.float32]:
        # Averaged with its mirror image a pass takes twice the time for half a per cent.
        up = None if level is None else level.vector
        (window,) = self._lifter.lift_windows(evidence[None], self._size, up, flip=False)
        lifted: NDArray[np.float32] = window
        return lifted

    def _forget_old(self) -> None:
        newest = self._sights[-1].time_s
        while (
            len(self._sights) > self._delay + 2 and newest - self._sights[1].time_s > self._span_s
        ):
            self._sights.popleft()
