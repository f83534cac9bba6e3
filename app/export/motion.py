"""What an exporter is given: the poses of a clip or a recording, and where they came from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.errors import ExportError
from app.recording.poses import LiftedPoses
from app.recording.reader import Recording
from models.skeleton import JOINT_COUNT, MIRROR

STATES: Final = ("seen", "filled", "missing")
"""What can be with a joint in a frame; :attr:`MotionData.state` holds the index."""
SEEN, FILLED, MISSING = range(3)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the poses came from; what a file says about itself beside the numbers."""

    source: str
    """The camera's name, the file's name, the address."""
    started_at: datetime | None
    """When the first frame was captured, with its time zone; None for a file of unknown date."""
    nominal_rate: float | None
    """Frames a second as the source states them, None if it does not."""
    dropped: int
    """Frames lost before they were delivered."""
    weights_name: str
    weights_sha256: str
    height_m: float | None
    """The person's height the poses are scaled to; None for the model's own scale."""
    detector_depth: bool = False
    """Whether the detector's own depth was evidence for the network."""


@dataclass(frozen=True, slots=True, eq=False)
class MotionData:
    """N frames of one person, one row for every frame the source delivered."""

    frame: NDArray[np.int64]
    """(N,) frame numbers."""
    time_s: NDArray[np.float64]
    """(N,) seconds from the first frame, strictly increasing."""
    tracked: NDArray[np.bool_]
    """(N,) whether the detector found the person."""
    xyz: NDArray[np.float32]
    """(N, 17, 3) metres, camera axes: x right, y down, z away; pelvis at the origin."""
    conf: NDArray[np.float32]
    """(N, 17) the detector's confidence in each joint, in [0, 1]."""
    filled: NDArray[np.bool_]
    """(N, 17) joints not seen but bridged from frames nearby."""
    missing: NDArray[np.bool_]
    """(N, 17) joints not seen and not bridged: their ``xyz`` must not leave the program."""
    provenance: Provenance

    def __post_init__(self) -> None:
        """Raises ValueError if shapes or values cannot be right."""
        count = len(self.frame)
        shapes = {"time_s": (), "tracked": (), "xyz": (JOINT_COUNT, 3)} | dict.fromkeys(
            ("conf", "filled", "missing"), (JOINT_COUNT,)
        )
        for name, rest in shapes.items():
            found = getattr(self, name).shape
            if found != (count, *rest):
                raise ValueError(f"{name} has shape {found}, not {(count, *rest)}")
        if not np.isfinite(self.time_s).all() or not (np.diff(self.time_s) > 0).all():
            raise ValueError("time_s does not increase strictly")
        if (self.filled & self.missing).any():
            raise ValueError("a joint cannot be both filled and missing")
        if not np.isfinite(self.xyz[~self.missing]).all():
            raise ValueError("xyz is not finite where it is not missing")
        if not np.isfinite(self.conf[self.seen]).all():
            raise ValueError("conf is not finite where the joint was seen")

    @classmethod
    def from_lifted(
        cls,
        *,
        time_s: NDArray[np.float64],
        tracked: NDArray[np.bool_],
        conf: NDArray[np.float32],
        lifted: LiftedPoses,
        provenance: Provenance,
        frame: NDArray[np.int64] | None = None,
    ) -> MotionData:
        """Put the lifter's answer beside what it was asked, both for the same N frames.

        ``conf`` is the detector's, as captured: where the repair exchanged left and right,
        the confidences follow.  ``frame`` defaults to 0 … N-1; ``time_s`` is counted from its
        first.
        """
        conf = np.asarray(conf, np.float32)
        time_s = np.asarray(time_s, np.float64)
        return cls(
            frame=np.arange(len(time_s)) if frame is None else frame,
            time_s=time_s - time_s[:1],
            tracked=np.asarray(tracked, np.bool_),
            xyz=lifted.xyz,
            conf=np.where(lifted.swapped[:, None], conf[:, MIRROR], conf),
            filled=lifted.filled,
            missing=lifted.missing,
            provenance=provenance,
        )

    @classmethod
    def from_recording(cls, recording: Recording) -> MotionData:
        """The poses saved with a recording; ``frame`` 0 is its first row.

        Raises ExportError if it has not been lifted yet.
        """
        keypoints, poses = recording.keypoints, recording.poses
        if poses is None:
            raise ExportError(
                f"The recording {recording.path.name} has no 3D poses yet. "
                "Let it be lifted first, then export it."
            )
        provenance = Provenance(
            source=recording.meta.source.label,
            started_at=recording.started_at,
            nominal_rate=recording.meta.source.rate,
            dropped=int(keypoints.dropped[-1] - keypoints.dropped[0]),
            weights_name=poses.info["name"],
            weights_sha256=poses.info["sha256"],
            height_m=poses.info["height_m"],
            detector_depth=bool(poses.info.get("detector_depth", False)),
        )
        return cls.from_lifted(
            time_s=keypoints.time_s,
            tracked=keypoints.tracked,
            conf=keypoints.conf,
            lifted=poses,
            provenance=provenance,
            frame=keypoints.index - keypoints.index[0],
        )

    @property
    def seen(self) -> NDArray[np.bool_]:
        """(N, 17) joints the detector saw itself."""
        return ~(self.filled | self.missing)

    @property
    def state(self) -> NDArray[np.uint8]:
        """(N, 17) SEEN, FILLED or MISSING."""
        state = np.where(self.missing, MISSING, np.where(self.filled, FILLED, SEEN))
        return state.astype(np.uint8)

    def outgoing(
        self, rows: slice = slice(None)
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What may leave the program of R ``rows``, NaN where nothing may.

        Returns (R, 17, 3) metres in the axes of :func:`world_xyz`, NaN where missing; and (R, 17)
        confidences, NaN where not seen.
        """
        filled, missing = self.filled[rows], self.missing[rows]
        xyz = np.where(missing[..., None], np.nan, world_xyz(self.xyz[rows]))
        return xyz, np.where(filled | missing, np.nan, self.conf[rows].astype(np.float64))

    @property
    def effective_rate(self) -> float | None:
        """Frames a second as they really came; None for a single frame."""
        if len(self.time_s) < 2:
            return None
        return float((len(self.time_s) - 1) / (self.time_s[-1] - self.time_s[0]))


def world_xyz(xyz: NDArray[np.float32]) -> NDArray[np.float64]:
    """Camera axes to those that leave the program: x right, y up, z toward the camera."""
    # + 0.0: no readers of ours shall meet a negative zero.
    return xyz.astype(np.float64) * (1.0, -1.0, -1.0) + 0.0
