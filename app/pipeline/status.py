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
    """Takes poses in the lift thread."""

    def put(self, pose: Pose3D, conf: NDArray[np.float32]) -> None:
        """Take a pose and the (17,) detector's confidence in its joints, left and right repaired.

        Must neither wait nor raise: the next pose is computed after it has returned.
        """
        ...


class State(enum.Enum):
    """Where a run stands.  FAILED and STOPPED are final; the others follow each other."""

    STARTING = "starting"
    """The source is being opened; no frame has come yet."""
    RUNNING = "running"
    """Frames come; the first picture is there, the first pose may still be on its way."""
    LOST = "lost"
    """A camera or stream that ran has stopped sending; it is reopened every second."""
    ENDED = "ended"
    """A file has played to its end."""
    FAILED = "failed"
    """The run is over because something went wrong; ``error`` says what."""
    STOPPED = "stopped"
    """The run is over because it was told to stop."""

    @property
    def final(self) -> bool:
        """Whether nothing can follow."""
        return self in (State.FAILED, State.STOPPED)


class BodyInView(enum.Enum):
    """How much of a person the last second of frames shows; the words for it are the window's."""

    NOBODY = "nobody"
    """No person was found."""
    TOO_CLOSE = "too close"
    """A person so large in the picture that the hips lie outside it."""
    UPPER_BODY = "upper body"
    """A person whose knees and ankles are not seen, as behind a desk."""
    WHOLE = "whole"
    """Hips and at least one leg are seen."""


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What is known about the source once it is open."""

    label: str
    live: bool
    """A camera or stream: what nobody reads in time is lost."""
    size: tuple[int, int]
    """(width, height) in pixels."""
    rate: float | None
    """Nominal frames/s."""
    warnings: tuple[str, ...]
    fov_deg: float | None = None
    """Angle that the longer side of the picture spans, where the source says so."""


@dataclass(frozen=True, slots=True)
class Stats:
    """Rates and latencies over the last two seconds, from the stamps of the packets.

    A figure that nothing was measured for is None, so that 0 always means a measured zero.
    """

    fps: float
    """Frames detected (before the detector is ready: shown) per second."""
    poses_per_s: float
    detector_size: Size | None
    """Of the detector's model in use; None until it has seen a frame."""
    detect_ms: float | None
    """Median time of one detection."""
    lift_ms: float | None
    """Median time of one pass of the live lifter."""
    capture_to_pose_ms: float | None
    """Median time from the capture of a frame to its pose.  Includes the delay of k frames."""
    capture_to_screen_ms: float | None
    """The same to the moment the window reported the pose as shown."""
    dropped: int
    """Frames lost before they reached the program, since the start of the run."""
    device: str | None
    """Compute device of the lifter, such as ``"cpu"``; None until it is loaded."""
    weights: str | None
    """Name of the weights in use; None until they are loaded."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The newest of everything at one moment.  The packets are shared, not copied: read only."""

    state: State
    frame: Frame | None
    """The newest picture.  Once the detector is ready it is the one ``keypoints`` belongs to."""
    keypoints: Keypoints2D | None
    pose: Pose3D | None
    """The newest pose; its ``index`` names the source frame, some frames before ``frame``."""
    body_in_view: BodyInView | None
    """None until the detector has seen a frame."""
    stats: Stats
    source: SourceFacts | None
    """None until the source is open."""
    lost_for_s: float | None
    """Seconds since the last frame while the state is LOST, else None."""
    error: MixposeError | None
    """Why the run has FAILED."""
    notice: MixposeError | None
    """The last thing that went wrong without ending the run: a recording that could not go on, new
    weights that could not be loaded."""
