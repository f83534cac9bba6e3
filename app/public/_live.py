"""Live poses."""

from __future__ import annotations

import atexit
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from models import LARGEST_DELAY
from models.skeleton import FOOT_JOINT_NAMES, JOINT_NAMES

from ._options import Detector, Device, lift_options

if TYPE_CHECKING:
    from app.packets import Pose3D
    from app.pipeline import LiveRun

_WAITING: Final = 3
"""Poses queued for a loop that is slow for a moment: a tenth of a second."""
_POLL_S: Final = 0.1
_LAST_S: Final = 2.0
"""Longest wait for the last pose after the end of a video."""
_CLOSE_S: Final = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class LivePose:
    """One person at one moment.

    Coordinates are metres: x to the image's right, y up, z toward the camera, the pelvis at the
    origin; levelled as far as the camera's tilt is known.
    """

    index: int
    """Number of the processed frame, from 0."""
    time: float
    """Seconds from the source's first frame."""
    xyz: NDArray[np.float64]
    """(17, 3) positions of the joints; NaN where a joint is missing."""
    conf: NDArray[np.float64]
    """(17,) the detector's confidence in [0, 1]; NaN where a joint was not seen."""
    age: float
    """Latency in seconds from the picture's capture to this pose."""
    feet: NDArray[np.float64]
    """(4, 3) left and right heel, left and right toe; NaN where they are not reliable."""

    @property
    def joints(self) -> Mapping[str, NDArray[np.float64]]:
        """Positions by joint name, (3,) metres each: the 17 joints, heels and toes."""
        places = (*self.xyz, *self.feet)
        return MappingProxyType(dict(zip((*JOINT_NAMES, *FOOT_JOINT_NAMES), places, strict=True)))

    @property
    def tracked(self) -> bool:
        """Whether any joint was seen."""
        return bool(np.isfinite(self.conf).any())


class Live:
    """An iterator of live poses, returned by :func:`mixpose.live`.

    Iterate over it, or call :meth:`latest` at any time.  It ends with the source, with
    :meth:`close`, with its ``with`` block, and with the loop over it.  A loop that is slower than
    the source skips poses.
    """

    def __init__(self, run: LiveRun) -> None:
        self._run = run
        self._changed = threading.Condition()
        self._poses: deque[LivePose] = deque(maxlen=_WAITING)
        self._newest: LivePose | None = None
        self._closed = False
        self.skipped = 0
        """Number of poses skipped so far, because the loop was too slow."""
        run.send_to(self)
        run.start()
        _close_at_exit()
        _running.add(self)

    def put(self, pose: Pose3D, conf: NDArray[np.float32]) -> None:
        """Receive a pose from the pipeline; not to be called by users."""
        seen = ~(pose.filled | pose.missing)
        received = LivePose(
            index=pose.index,
            time=pose.time_s,
            xyz=np.where(pose.missing[:, None], np.nan, pose.upright.astype(np.float64)),
            conf=np.where(seen, conf.astype(np.float64), np.nan),
            age=pose.lifted_at - pose.captured_at,
            feet=pose.upright_feet.astype(np.float64),
        )
        with self._changed:
            self.skipped += len(self._poses) == _WAITING
            self._poses.append(received)
            self._newest = received
            self._changed.notify_all()

    def latest(self) -> LivePose | None:
        """Return the newest pose without waiting; None before the first.

        Raises:
            MixposeError: the source or the network has failed.
        """
        self._raise_error()
        return self._newest

    def close(self) -> None:
        """Stop, and release camera and processes; idempotent."""
        with self._changed:
            first, self._closed = not self._closed, True
            self._changed.notify_all()
        if first:
            self._run.stop(_CLOSE_S)
            _running.discard(self)

    def __enter__(self) -> Live:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[LivePose]:
        """Yield the poses as they arrive.

        Raises:
            MixposeError: the source or the network has failed.
        """
        try:
            while (pose := self._next()) is not None:
                yield pose
        finally:
            self.close()

    def _next(self) -> LivePose | None:
        """Return the next pose; None at the end."""
        ended_at: float | None = None
        while not self._closed:
            with self._changed:
                self._changed.wait_for(lambda: self._poses or self._closed, _POLL_S)
                if self._poses:
                    return self._poses.popleft()
            self._raise_error()
            if not self._at_end():
                ended_at = None
            elif ended_at is None:
                ended_at = time.monotonic()
            elif time.monotonic() - ended_at > _LAST_S or self._has_last():
                return None
        return None

    def _at_end(self) -> bool:
        """Whether the source has ended, and the network is loaded that lifts its last frames."""
        from app.pipeline import State

        now = self._run.latest()
        if now.state is State.ENDED:
            return now.frame is None or now.stats.weights is not None
        return now.state.final

    def _has_last(self) -> bool:
        now = self._run.latest()
        if now.keypoints is None or self._poses:
            return now.keypoints is None
        return self._newest is not None and self._newest.index >= now.keypoints.index

    def _raise_error(self) -> None:
        error = self._run.latest().error
        if error is not None and not self._closed:
            raise error


_running: Final[set[Live]] = set()


@cache
def _close_at_exit() -> None:
    """Have live poses that nobody closed closed when the interpreter exits, before it shuts down
    the thread pools with which MediaPipe works: the functions of ``atexit`` are called after that,
    and only this one of ``threading``, which is not public, before."""
    register = getattr(threading, "_register_atexit", atexit.register)
    register(_close_all)


def _close_all() -> None:
    for each in tuple(_running):
        each.close()


def live(
    source: str | Path | int,
    *,
    height: float | None = None,
    smooth: bool = True,
    delay: int = 2,
    detector: Detector | None = None,
    weights: str | None = None,
    device: Device = "auto",
    camera_pitch: float | None = None,
    camera_roll: float | None = None,
) -> Live:
    """Yield 3D poses of a source in real time: ``for pose in mixpose.live("performer"): ...``.

    Returns immediately; the first pose arrives some seconds later, when camera, detector and
    network are ready.  Use it in a ``with`` block, which stops it in any case::

        with mixpose.live(0) as poses:
            for pose in poses:
                print(pose.joints["left_wrist"])

    A camera or stream that is lost is reopened.  Files and the performer play at their own pace.

    Args:
        source: a camera's name or number, an http or rtsp address, a video file, or "performer".
        height: the person's height in metres, which sets the scale.  Default: that of
            an average person.
        smooth: whether poses are smoothed over those before them.
        delay: number of frames by which poses are delayed: 0 is fastest, more is smoother.
        detector: size of the model that detects joints in 2D.  Default: the best that this machine
            can run.
        weights: weights of the network, a shipped name or a file.  Default: the shipped ones.
        device: compute device of the network.
        camera_pitch: downward pitch of the camera in degrees.  Default: estimated.
        camera_roll: clockwise roll of the camera in degrees, seen from behind.  Default: estimated.

    Returns:
        The iterator, running already.

    Raises:
        ValueError: an argument has an impossible value.  Later failures are raised by the loop.
    """
    from app.lifting.work import make_lifter
    from app.pipeline import LiveRun
    from app.sources import reopener

    if not 0 <= delay <= LARGEST_DELAY:
        raise ValueError(f"delay={delay!r} is not between 0 and {LARGEST_DELAY} frames.")
    options = lift_options(
        height=height, weights=weights, device=device, camera_pitch=camera_pitch,
        camera_roll=camera_roll, detector=detector or "full",
    )  # fmt: skip
    run = LiveRun(
        reopener(str(source), paced=True),
        partial(make_lifter, options),
        detector_size=detector,
        height_m=options.height_m,
        level=options.level,
        smooth=smooth,
        delay=delay,
    )
    return Live(run)
