"""A live run's state, latest results and statistics."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.detection.models import Size
from app.errors import MixposeError
from app.packets import Frame, Keypoints2D, Pose3D


class PoseSink(Protocol):
    """Receives poses in the lift thread."""

    def put(self, pose: Pose3D, conf: NDArray[np.float32]) -> None:
        """Receive a pose and the detector's confidence (17,) in its joints, sides repaired.

        Must neither wait nor raise: the next pose is computed after it has returned.
        """
        ...


class State(enum.Enum):
    """The state of a run.  FAILED and STOPPED are final; the others follow each other."""

    STARTING = "starting"
    """The source is being opened; no frame has arrived yet."""
    RUNNING = "running"
    """Frames arrive; there is a picture, though perhaps no pose yet."""
    LOST = "lost"
    """A camera or stream has stopped sending; it is reopened every second."""
    ENDED = "ended"
    """A file has played to its end."""
    FAILED = "failed"
    """The run has ended with an error, see ``error``."""
    STOPPED = "stopped"
    """The run was stopped."""

    @property
    def final(self) -> bool:
        """Whether no other state can follow."""
        return self in (State.FAILED, State.STOPPED)


class BodyInView(enum.Enum):
    """How much of a person is visible in the last second of frames."""

    NOBODY = "nobody"
    """No person was detected."""
    TOO_CLOSE = "too close"
    """A person whose hips lie outside the picture."""
    UPPER_BODY = "upper body"
    """A person whose knees and ankles are not seen, as behind a desk."""
    WHOLE = "whole"
    """Hips and at least one leg are seen."""


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What is known about the source once it is open."""

    label: str
    live: bool
    """A camera or stream: frames not read in time are lost."""
    size: tuple[int, int]
    """(width, height) in pixels."""
    rate: float | None
    """Nominal frames per second."""
    warnings: tuple[str, ...]
    fov_deg: float | None = None
    """Field of view along the longer side of the picture, where the source states it."""


@dataclass(frozen=True, slots=True)
class Stats:
    """Rates and latencies over the last two seconds, from the packets' timestamps.

    A value that was not measured is None, so 0 always is a measured zero.
    """

    fps: float
    """Frames detected (before the detector is ready: shown) per second."""
    poses_per_s: float
    detector_size: Size | None
    """Size of the detector's model in use; None until it has processed a frame."""
    detect_ms: float | None
    """Median time of one detection."""
    lift_ms: float | None
    """Median time of one pass of the live lifter."""
    capture_to_pose_ms: float | None
    """Median time from the capture of a frame to its pose.  Includes the delay of k frames."""
    capture_to_screen_ms: float | None
    """Median time until the window reported the pose as shown."""
    dropped: int
    """Frames lost before they reached the program, since the start of the run."""
    device: str | None
    """Compute device of the lifter, such as ``"cpu"``; None until it is loaded."""
    weights: str | None
    """Name of the weights in use; None until they are loaded."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The newest results at one moment.  The packets are shared, not copied: read only."""

    state: State
    frame: Frame | None
    """The newest picture.  Once the detector is ready, ``keypoints`` belong to it."""
    keypoints: Keypoints2D | None
    pose: Pose3D | None
    """The newest pose; its ``index`` names the source frame, some frames before ``frame``."""
    body_in_view: BodyInView | None
    """None until the detector has processed a frame."""
    stats: Stats
    source: SourceFacts | None
    """None until the source is open."""
    lost_for_s: float | None
    """Seconds since the last frame while the state is LOST, else None."""
    error: MixposeError | None
    """Why the run has FAILED."""
    notice: MixposeError | None
    """The last failure that did not end the run: of a recording, or of loading new weights."""
