"""Motion of the tracked person: 3D poses, the 2D keypoints they were lifted from, and provenance.

Motion in this form is smoothed, placed in the room, measured, and exported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from app.errors import ExportError
from app.motion.angles import ANGLE_COUNT
from models.feet import DetectedPoses, find_feet
from models.level import CAMERA_LEVEL, Level
from models.skeleton import (
    FOOT_JOINT_COUNT,
    FOOT_PARENTS,
    JOINT,
    JOINT_COUNT,
    MIRROR,
    world_joints,
)

if TYPE_CHECKING:
    from app.recording.poses import LiftedPoses
    from app.recording.reader import Recording

STATES: Final = ("seen", "filled", "missing")
"""The states of a joint in a frame; :attr:`MotionData.state` holds the index."""
SEEN, FILLED, MISSING = range(3)
FEET: Final = ("left", "right")
"""The order in which feet are listed."""
ANKLES: Final = tuple(JOINT[f"{side}_ankle"] for side in FEET)
NO_SMOOTHING: Final[Mapping[str, object]] = {"method": "none", "parameters": {}}


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the poses came from and how they were made: the metadata of exported files."""

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
    detector: Mapping[str, object] | None = None
    """The model that detected the joints in 2D, JSON values; None if that is not known."""
    quality: Mapping[str, object] | None = None
    """How far the poses can be trusted, JSON values; None if that was not measured."""
    detector_depth: bool = False
    """Whether the detector's depth was part of the network's input."""
    fov_deg: float | None = None
    """Field of view along the longer side of the picture, where the source states it."""
    smoothing: Mapping[str, object] = field(default_factory=lambda: NO_SMOOTHING)
    """How ``xyz`` was smoothed, or its bones made rigid: ``method`` and ``parameters``, JSON
    values."""
    placement: Mapping[str, object] | None = None
    """How the pelvis was placed in the room, JSON values; None while it stays at the origin."""
    selection: Mapping[str, object] | None = None
    """Which part of the recording this is, JSON values; None for the whole of it."""
    scale_bone: Mapping[str, object] | None = None
    """The bone whose known length set the scale, JSON values; None if none did."""
    corrections: Sequence[Mapping[str, object]] = ()
    """Manual corrections of the 2D keypoints before lifting, JSON values."""
    asked: Mapping[str, object] | None = None
    """The input file and the options requested, JSON values, by which a later run recognises that
    the file was lifted already."""
    person: Mapping[str, object] | None = None
    """Which of several people this is and when they were in view, JSON values; None where only one
    was followed."""


@dataclass(frozen=True, slots=True)
class Event:
    """A moment marked by the user."""

    time_s: float
    """On the clock of :attr:`MotionData.time_s`."""
    label: str


class Pictures(Protocol):
    """The pictures that a motion was estimated from, read on demand."""

    def pictures_of(self, frames: NDArray[np.int64]) -> Iterator[NDArray[np.uint8] | None]:
        """Yield the picture of each of ``frames``, increasing numbers of :attr:`MotionData.frame`.

        Pictures are (height, width, 3) RGB; None where there is none, or it cannot be read.
        """


_PER_FRAME: Final[dict[str, tuple[int, ...]]] = {
    **dict.fromkeys(("time_s", "tracked", "person", "swapped"), ()),
    **dict.fromkeys(("conf", "filled", "missing"), (JOINT_COUNT,)),
    "xyz": (JOINT_COUNT, 3),
    "xy": (JOINT_COUNT, 2),
    "root": (3,),
    "angles": (ANGLE_COUNT,),
    "contacts": (len(FEET),),
    "feet": (FOOT_JOINT_COUNT, 3),
    "feet_conf": (FOOT_JOINT_COUNT,),
    "feet_seen": (FOOT_JOINT_COUNT, 3),
}
"""The per-frame arrays of :class:`MotionData` and their shapes without the frame axis."""


@dataclass(frozen=True, slots=True, eq=False)
class MotionData:
    """N frames of the tracked person, one row for every frame the source delivered."""

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
    """(N, 17) joints not seen but interpolated from frames nearby."""
    missing: NDArray[np.bool_]
    """(N, 17) joints not seen and not interpolated: their ``xyz`` must never be output."""
    xy: NDArray[np.float32]
    """(N, 17, 2) the joints in the picture, pixels, left and right repaired; NaN where there are
    none."""
    size: tuple[int, int]
    """(width, height) of the picture in pixels."""
    provenance: Provenance
    root: NDArray[np.float64] | None = None
    """(N, 3) position of the pelvis in the room, metres, in output axes, y = 0 on the floor; NaN
    where it is not known.  None: poses are root-relative."""
    axes: NDArray[np.float64] = field(default_factory=CAMERA_LEVEL.copy)
    """(3, 3) rotation from camera axes to output axes: right-handed, y up, z toward the camera
    (:data:`CAMERA_LEVEL` unless the camera's tilt is known, or a heading was set)."""
    events: tuple[Event, ...] = ()
    """Moments that were marked, in order of time."""
    angles: NDArray[np.float64] | None = None
    """(N, A) degrees in the order of :data:`app.motion.angles.ANGLES`, NaN where unknown; None if
    they were not computed."""
    contacts: NDArray[np.bool_] | None = None
    """(N, 2) whether the left and the right foot are in contact with the floor, False while the
    ankle is not seen; None unless the person was placed in the room."""
    level: Level | None = None
    """The camera's orientation relative to gravity, estimated by the lifter or given;
    None if unknown."""
    person: NDArray[np.int64] | None = None
    """(N,) the person of each frame; where it changes, another motion begins.  None: one person."""
    swapped: NDArray[np.bool_] | None = None
    """(N,) whether the detector confused left and right, which was repaired; None if unknown."""
    pictures: Pictures | None = None
    """The pictures to show next to the poses; None where no pictures were kept."""
    feet: NDArray[np.float32] | None = None
    """(N, 4, 3) heels and toes as :data:`models.skeleton.FOOT_JOINT_NAMES`, from the pelvis as
    ``xyz``; NaN where they are not reliable.  None if feet were not estimated."""
    feet_conf: NDArray[np.float32] | None = None
    """(N, 4) the detector's confidence in each, NaN where it is not known; given with ``feet``."""
    feet_seen: NDArray[np.float32] | None = None
    """(N, 4, 3) heels and toes as detected: x and y in pixels, confidence; left and right repaired;
    NaN where no person was detected.  None if feet were not estimated."""

    def __post_init__(self) -> None:
        """Raise ValueError if shapes or values are inconsistent."""
        count = len(self.frame)
        if (self.feet is None) != (self.feet_conf is None):
            raise ValueError("feet and feet_conf are given together")
        shapes = {name: (count, *shape) for name, shape in _PER_FRAME.items()} | {"axes": (3, 3)}
        for name, expected in shapes.items():
            found = getattr(self, name)
            if found is not None and found.shape != expected:
                raise ValueError(f"{name} has shape {found.shape}, not {expected}")
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
        xy: NDArray[np.float32],
        size: tuple[int, int],
        lifted: LiftedPoses,
        provenance: Provenance,
        world: NDArray[np.float32] | None = None,
        feet: NDArray[np.float32] | None = None,
        frame: NDArray[np.int64] | None = None,
        person: NDArray[np.int64] | None = None,
        pictures: Pictures | None = None,
        events: tuple[Event, ...] = (),
    ) -> MotionData:
        """Combine the lifter's output with its input, both for the same N frames.

        ``conf``, ``xy``, ``world`` (N, 17, 3) and ``feet`` (N, 4, 6), from which heels and toes are
        computed, are the detector's output as captured; their sides are exchanged here where the
        lifter repaired them.  ``frame`` defaults to 0 … N-1; ``time_s`` is counted from its first.
        """
        conf, xy = np.asarray(conf, np.float32), np.asarray(xy, np.float32)
        time_s = np.asarray(time_s, np.float64)
        data = cls(
            frame=np.arange(len(time_s)) if frame is None else frame,
            time_s=time_s - time_s[:1],
            tracked=np.asarray(tracked, np.bool_),
            xyz=lifted.xyz,
            conf=np.where(lifted.swapped[:, None], conf[:, MIRROR], conf),
            xy=np.where(lifted.swapped[:, None, None], xy[:, MIRROR], xy),
            size=size,
            filled=lifted.filled,
            missing=lifted.missing,
            level=lifted.level,
            provenance=provenance,
            person=person,
            swapped=lifted.swapped,
            pictures=pictures,
            events=events,
        )
        if world is None or feet is None:
            return data
        return data._with_feet(DetectedPoses(xy, conf, world, feet).repaired(lifted.swapped))

    @classmethod
    def from_recording(cls, recording: Recording) -> MotionData:
        """Return the motion saved with a recording; ``frame`` 0 is its first row.

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
            detector=recording.meta.detector,
            detector_depth=bool(poses.info.get("detector_depth", False)),
            fov_deg=recording.meta.source.fov_deg,
            corrections=recording.corrections.as_json(),
        )
        return cls.from_lifted(
            time_s=keypoints.time_s,
            tracked=keypoints.tracked,
            conf=keypoints.conf,
            xy=keypoints.xy,
            size=recording.size,
            lifted=poses,
            world=world_joints(keypoints.world).astype(np.float32),
            feet=recording.foot_evidence,
            provenance=provenance,
            frame=keypoints.index - keypoints.index[0],
            person=keypoints.person,
            pictures=None if recording.video_path is None else recording,
            events=tuple(
                Event(mark.time_s - float(keypoints.time_s[0]), mark.label)
                for mark in recording.events.marks
            ),
        )

    def _with_feet(self, detections: DetectedPoses) -> MotionData:
        feet, conf, _ = find_feet(
            *(detections, self.xyz, self.missing, self.time_s, self.size),
            up=None if self.level is None else self.level.up,
            person=self.person,
        )
        seen = detections.feet[..., :3].astype(np.float32)
        return replace(self, feet=feet, feet_conf=conf, feet_seen=seen)

    def moved(self, xyz: NDArray[np.floating], **changes: Any) -> MotionData:
        """Return a copy with joints ``xyz`` (N, 17, 3); feet move with their ankles."""
        feet = self.feet
        if feet is not None:
            ankles = list(FOOT_PARENTS)
            feet = (feet + (xyz[:, ankles] - self.xyz[:, ankles])).astype(np.float32)
        return replace(self, xyz=xyz.astype(np.float32), feet=feet, **changes)

    @property
    def people(self) -> tuple[slice, ...]:
        """The frames of each person followed, in order of time.

        Neither a motion nor a body continues from one to the next.
        """
        count = len(self.frame)
        ends = [] if self.person is None else (np.flatnonzero(np.diff(self.person)) + 1).tolist()
        return tuple(slice(*each) for each in zip([0, *ends], [*ends, count], strict=True))

    @property
    def seen(self) -> NDArray[np.bool_]:
        """(N, 17) joints that were detected."""
        return ~(self.filled | self.missing)

    @property
    def state(self) -> NDArray[np.uint8]:
        """(N, 17) SEEN, FILLED or MISSING."""
        state = np.where(self.missing, MISSING, np.where(self.filled, FILLED, SEEN))
        return state.astype(np.uint8)

    def output(self, rows: slice = slice(None)) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the joints of R ``rows`` for output, NaN where they are not known.

        Returns (R, 17, 3) metres as :meth:`placed`, NaN where missing; and (R, 17) confidences, NaN
        where not seen.
        """
        filled, missing = self.filled[rows], self.missing[rows]
        xyz = np.where(missing[..., None], np.nan, self.placed(rows))
        return xyz, np.where(filled | missing, np.nan, self.conf[rows].astype(np.float64))

    def output_feet(
        self, rows: slice = slice(None)
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return heels and toes as :meth:`output`, (R, 4, 3) and (R, 4); NaN without ``feet``."""
        feet = self.relative_feet(rows)
        placed = feet if self.root is None else feet + self.root[rows, None]
        if self.feet_conf is None:
            return placed, placed[..., 0]
        known = np.isfinite(placed).all(axis=-1)
        return placed, np.where(known, self.feet_conf[rows].astype(np.float64), np.nan)

    def relative(self, rows: slice = slice(None)) -> NDArray[np.float64]:
        """Return (R, 17, 3) joints of R ``rows`` relative to the pelvis, in output axes."""
        return self._in_axes(self.xyz[rows])

    def relative_feet(self, rows: slice = slice(None)) -> NDArray[np.float64]:
        """Return (R, 4, 3) heels and toes as :meth:`relative`, NaN without ``feet``."""
        if self.feet is None:
            return np.full((len(self.frame[rows]), FOOT_JOINT_COUNT, 3), np.nan)
        return self._in_axes(self.feet[rows])

    def _in_axes(self, points: NDArray[np.float32]) -> NDArray[np.float64]:
        # + 0.0 turns negative zeros into zeros, so that no output file contains "-0".
        rotated: NDArray[np.float64] = points.astype(np.float64) @ self.axes.T + 0.0
        return rotated

    def upright(self) -> NDArray[np.float64]:
        """Return (N, 17, 3) joints relative to the pelvis, with y against gravity if that is known.

        Angles to the vertical are measured in these axes.
        """
        if self.root is not None or self.level is None:
            return self.relative()
        upright: NDArray[np.float64] = self.xyz.astype(np.float64) @ self.level.axes.T
        return upright

    def upright_feet(self) -> NDArray[np.float64]:
        """Return (N, 4, 3) heels and toes as :meth:`upright`; all NaN without ``feet``."""
        if self.feet is None or self.root is not None or self.level is None:
            return self.relative_feet()
        upright: NDArray[np.float64] = self.feet.astype(np.float64) @ self.level.axes.T
        return upright

    def placed(self, rows: slice = slice(None)) -> NDArray[np.float64]:
        """Return (R, 17, 3) joints of R ``rows`` in output axes.

        They are positions in the room if the motion was placed (NaN in frames in which the position
        is not known), and relative to the pelvis otherwise.
        """
        joints = self.relative(rows)
        return joints if self.root is None else joints + self.root[rows, None]

    @property
    def effective_rate(self) -> float | None:
        """Measured frames per second; None for a single frame."""
        if len(self.time_s) < 2:
            return None
        return float((len(self.time_s) - 1) / (self.time_s[-1] - self.time_s[0]))
