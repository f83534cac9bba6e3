"""The latest results of a run, shared between its threads and the caller."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from typing import Final

from app.detection.models import Size
from app.errors import MixposeError
from app.packets import Frame, Keypoints2D, Pose3D
from app.pipeline.body_in_view import BodyInViewFilter
from app.pipeline.status import BodyInView, Snapshot, SourceFacts, State, Stats
from app.system.clock import RateMeter

_log = logging.getLogger(__name__)

_UNSHOWN_MOST: Final = 64
"""Poses for which the report of being shown is awaited, two seconds' worth."""


class LatestResults:
    """Latest results and statistics; the only place where the run's state changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state = State.STARTING
        self._error: MixposeError | None = None
        self._notice: MixposeError | None = None
        self._source: SourceFacts | None = None
        self._frame: Frame | None = None
        self._keypoints: Keypoints2D | None = None
        self._pose: Pose3D | None = None
        self._body_in_view: BodyInView | None = None
        self._tally = BodyInViewFilter()
        self._unshown: OrderedDict[int, float] = OrderedDict()
        self._frames, self._detect = RateMeter(), RateMeter()
        self._poses, self._lift, self._to_pose, self._to_screen = (RateMeter() for _ in range(4))
        self._segment = 0
        self._dropped = 0
        self._size: Size | None = None
        self._device: str | None = None
        self._weights: str | None = None

    @property
    def state(self) -> State:
        """The run's state."""
        return self._state

    @property
    def source(self) -> SourceFacts | None:
        """The open source."""
        return self._source

    def enter(self, state: State) -> None:
        """Change the state; a final state is kept."""
        with self._lock:
            if self._state.final or self._state is state:
                return
            if state is State.RUNNING:
                self._restart_rates()
            self._state = state
        _log.info("live run: %s", state.value)

    def fail(self, error: MixposeError) -> None:
        """End in FAILED because of ``error``, unless the run is over already."""
        with self._lock:
            if self._state.final:
                return
            self._state, self._error = State.FAILED, error
        _log.error("live run failed: %s", error)

    def note(self, error: MixposeError) -> None:
        """Report an error that does not end the run."""
        _log.warning("live run goes on: %s", error)
        with self._lock:
            self._notice = error

    def describe_source(self, facts: SourceFacts) -> None:
        """Publish what is known about the source."""
        with self._lock:
            self._source = facts

    def describe_lifter(self, *, device: str, weights: str) -> None:
        """Publish which network is in use."""
        with self._lock:
            self._device, self._weights = device, weights

    def show_picture(self, frame: Frame, dropped: int) -> None:
        """Publish a frame without keypoints."""
        with self._lock:
            self._frame, self._dropped = frame, dropped
            self._frames.add(time.perf_counter())

    def show_keypoints(
        self, frame: Frame, keypoints: Keypoints2D, *, size: Size, detect_s: float, dropped: int
    ) -> None:
        """Publish a frame together with its keypoints, so that the overlay fits its picture.

        Detection took ``detect_s`` seconds with the detector's model of this ``size``.
        """
        with self._lock:
            self._frame, self._keypoints, self._dropped = frame, keypoints, dropped
            self._body_in_view = self._tally.add(keypoints)
            if size != self._size:
                self._size = size
                self._detect.clear()
            self._frames.add(keypoints.detected_at)
            self._detect.add(keypoints.detected_at, detect_s)

    def show_pose(self, pose: Pose3D, *, lift_s: float, segment: int) -> None:
        """Publish a pose, unless the source has left its segment meanwhile."""
        with self._lock:
            if segment != self._segment:
                return
            self._pose = pose
            self._poses.add(pose.lifted_at)
            self._lift.add(pose.lifted_at, lift_s)
            self._to_pose.add(pose.lifted_at, pose.lifted_at - pose.captured_at)
            self._unshown[pose.index] = pose.captured_at
            while len(self._unshown) > _UNSHOWN_MOST:
                self._unshown.popitem(last=False)

    def begin_segment(self) -> int:
        """Clear the pose, since a file restarts or the person changes; return
        the segment number."""
        with self._lock:
            self._pose = None
            self._unshown.clear()
            self._restart_rates()
            self._segment += 1
            return self._segment

    def shown(self, pose_index: int) -> None:
        """Measure the latency from capture to screen of a pose, once."""
        now = time.perf_counter()
        with self._lock:
            captured_at = self._unshown.pop(pose_index, None)
            if captured_at is not None:
                self._to_screen.add(now, now - captured_at)

    def snapshot(self) -> Snapshot:
        """Return the current results and statistics."""
        now = time.perf_counter()
        with self._lock:
            lost = self._state is State.LOST and self._frame is not None
            return Snapshot(
                state=self._state,
                frame=self._frame,
                keypoints=self._keypoints,
                pose=self._pose,
                body_in_view=self._body_in_view,
                stats=self._stats(now),
                source=self._source,
                lost_for_s=now - self._frame.captured_at if lost and self._frame else None,
                error=self._error,
                notice=self._notice,
            )

    def _restart_rates(self) -> None:
        self._frames.clear()
        self._poses.clear()

    def _stats(self, now: float) -> Stats:
        return Stats(
            fps=self._frames.rate(now),
            poses_per_s=self._poses.rate(now),
            detector_size=self._size,
            detect_ms=_milliseconds(self._detect.median(now)),
            lift_ms=_milliseconds(self._lift.median(now)),
            capture_to_pose_ms=_milliseconds(self._to_pose.median(now)),
            capture_to_screen_ms=_milliseconds(self._to_screen.median(now)),
            dropped=self._dropped,
            device=self._device,
            weights=self._weights,
        )


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000.0
