"""Live lifting: each new frame yields the pose of a recent frame.

MixSTE returns a pose for every frame of its window, so no frame has to wait for later ones: the
pose of the newest frame can be shown at once (delay 0: lowest latency, most jitter), or that of the
frame k before it, for which k later frames are known (smoother, later).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models import LARGEST_DELAY as LARGEST_DELAY
from models.devices import LIVE_THREADS, cpu_threads
from models.feet import DetectedPoses, Feet, find_feet, unseen_feet
from models.level import Level, LevelTracker, standing_direction
from models.lifter import Lifter, Size
from models.skeleton import JOINT_COUNT, MIRROR, PELVIS
from models.swaps import SwapTracker
from models.timing import LONGEST_GAP_S, recent_grid
from models.visibility import SeenTracker, guessed_mask, input_confidence

DEFAULT_DELAY: Final = 2
_LEVEL_EVERY_S: Final = 0.4
"""Interval between predictions of the level: that of a stationary camera changes slowly."""
_MAX_FRAMES: Final = 512
"""Most frames kept, in case a source delivers hundreds of frames a second."""


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
    """Heels and toes of one frame, as returned by :func:`models.feet.find_feet`."""
    level: Level | None
    """The camera's level: given, or estimated so far; None if the network predicts none."""


@dataclass(frozen=True)
class _Observation:
    """One frame after repair."""

    time_s: float
    evidence: NDArray[np.float32]
    """As in ``models.lifter.Track``, for one frame."""
    filled: NDArray[np.bool_]
    missing: NDArray[np.bool_]
    swapped: bool
    detected: DetectedPoses
    """The detector's output for one frame."""


class LiveLifter:
    """A sliding window over the newest frames.  Not thread-safe."""

    def __init__(
        self, lifter: Lifter, delay: int = DEFAULT_DELAY, level: Level | None = None
    ) -> None:
        """Start with an empty window.

        Args:
            lifter: the network.
            delay: k: the pose returned is that of the source frame k before the newest.
            level: the camera's level, if it is known; otherwise it is estimated while running.
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
        """Forget all frames, for example after a jump in the video."""
        self._observations: deque[_Observation] = deque(maxlen=_MAX_FRAMES)
        self._swaps, self._seen = SwapTracker(), SeenTracker()
        self._last_xy = np.zeros((17, 2), np.float32)
        self._last_seen_s = np.full(17, -np.inf)
        self._size: Size = (1, 1)
        self._tracked_level, self._level_predicted_s = LevelTracker(), -np.inf

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
        """Add the next frame; its time must be later than that of the frame before.

        Args:
            xy: (17, 2) pixels or NaN.
            conf: (17,) in [0, 1].
            size: (width, height) of the picture in pixels; a change resets the lifter.
            time_s: seconds.
            depth: (17,) metres behind the pelvis as estimated by the detector, or NaN; for callers
                that have no ``world``.
            world: (17, 3) MediaPipe's world landmarks, metres from the pelvis, or NaN.
            feet: (4, 6) detections of heels and toes (``models.feet.foot_evidence``).

        Raises:
            ValueError: the frame is not later than the one before.
        """
        if self._observations and time_s <= self._observations[-1].time_s:
            raise ValueError("frames must come in order of time")
        if size != self._size:
            self.reset()
            self._size = size
        landmarks = np.full((JOINT_COUNT, 3), np.nan) if world is None else world
        feet = unseen_feet() if feet is None else feet
        world = self._lifter.world_input(world, depth, conf.shape)
        swapped = self._swaps.step(xy, conf, time_s)
        detected = DetectedPoses(*(each[None] for each in (xy, conf, landmarks, feet)))
        detected = detected.repaired(np.array([swapped]))
        if swapped:
            xy, conf, world = (array[list(MIRROR)] for array in (xy, conf, world))
        seen = self._seen.step(conf) & np.isfinite(xy).all(axis=-1)
        self._last_xy = np.where(seen[:, None], xy, self._last_xy).astype(np.float32)
        self._last_seen_s[seen] = time_s
        filled = ~seen & (time_s - self._last_seen_s <= LONGEST_GAP_S)
        known = seen | filled
        guessed = ~known & guessed_mask(xy, conf, size)
        position = np.where(guessed[:, None], xy, self._last_xy)
        confidence = input_confidence(conf, seen, filled, guessed)
        world = np.where((seen | guessed)[:, None], world, np.nan)
        evidence = np.column_stack([position, confidence, world]).astype(np.float32)
        self._observations.append(_Observation(time_s, evidence, filled, ~known, swapped, detected))
        self._forget_old()

    def lift(self) -> LivePose | None:
        """Run the network over the newest window; ``None`` before the first frame."""
        if not self._observations:
            return None
        observations = list(self._observations)
        back = min(self._delay, len(observations) - 1)
        shown = observations[-1 - back]
        times = np.array([each.time_s for each in observations])
        grid = recent_grid(times, self._lifter.info.rate, self._lifter.info.frames)
        evidence = np.stack([each.evidence for each in observations])
        evidence, _ = grid.sample(evidence, evidence[..., 2] > 0)
        level = self._known_level(evidence, times[-1])
        with cpu_threads(LIVE_THREADS):
            window = self._lift_window(evidence, level)
        poses = grid.back(window[:, :JOINT_COUNT])
        poses = (poses - poses[:, PELVIS, None]) * np.float32(self._lifter.scale)
        feet = self._find_feet(observations, poses, times, level)
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
        observations: list[_Observation],
        poses: NDArray[np.float32],
        times: NDArray[np.float64],
        level: Level | None,
    ) -> Feet:
        parts = zip(*(each.detected for each in observations), strict=True)
        return find_feet(
            DetectedPoses(*(np.concatenate(part) for part in parts)),
            *(poses, np.stack([each.missing for each in observations]), times, self._size),
            up=None if level is None else level.up,
            hold=True,
        )

    def _known_level(self, evidence: NDArray[np.float32], time_s: float) -> Level | None:
        """Return the given or the tracked level.

        At intervals the tracker is updated: the network predicts the vertical, with no level as its
        input.
        """
        if self.level is not None or not self._lifter.info.says_up:
            return self.level
        if time_s - self._level_predicted_s >= _LEVEL_EVERY_S and (evidence[-1, :, 2] > 0).any():
            self._level_predicted_s = time_s
            with cpu_threads(LIVE_THREADS):
                middle = len(evidence) // 2
                predicted = self._lift_window(evidence, None)[middle]
            unseen = evidence[middle, :, 2] <= 0
            (standing_up,) = standing_direction(predicted[None, :JOINT_COUNT], unseen[None])
            self._tracked_level.add(predicted[JOINT_COUNT], time_s, standing_up)
        return self._tracked_level.level(time_s)

    def _lift_window(
        self, evidence: NDArray[np.float32], level: Level | None
    ) -> NDArray[np.float32]:
        # Averaging with the mirror image would double the time and reduce the error by half a per
        # cent only.
        up = None if level is None else level.vector
        (window,) = self._lifter.lift_windows(evidence[None], self._size, up, flip=False)
        lifted: NDArray[np.float32] = window
        return lifted

    def _forget_old(self) -> None:
        kept = self._observations
        newest = kept[-1].time_s
        while len(kept) > self._delay + 2 and newest - kept[1].time_s > self._span_s:
            kept.popleft()
