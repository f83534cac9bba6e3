"""The 2D keypoints of a clip, and lifting them to 3D poses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from app.detection.models import Size, about
from app.errors import DetectorError
from app.lifting.progress import ProgressCallback, Stage, reporting
from app.motion.data import Event, MotionData, Pictures, Provenance
from app.packets import OTHER_PERSON, Keypoints2D, PersonDetection
from models.feet import DetectedPoses, Feet, find_feet, unseen_feet
from models.skeleton import JOINT_COUNT

if TYPE_CHECKING:
    from app.recording.poses import LiftedPoses
    from app.sources.base import Source
    from models.level import Level
    from models.lifter import Lifter


BODY: Final = ("xy", "conf", "world", "feet")
"""The fields of a track, and of a sighting, that describe one body."""
OTHERS: Final = 3
"""Number of other people whose boxes are kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """The detector's output for N consecutive frames."""

    time_s: NDArray[np.float64]
    """(N,) strictly increasing."""
    tracked: NDArray[np.bool_]
    """(N,) whether a person was detected."""
    xy: NDArray[np.float32]
    """(N, 17, 2) joints in pixels, NaN where no person was detected."""
    conf: NDArray[np.float32]
    """(N, 17) in [0, 1]."""
    world: NDArray[np.float32]
    """(N, 17, 3) MediaPipe's world landmarks: metres from the pelvis, or NaN."""
    feet: NDArray[np.float32]
    """(N, 4, 6) detections of heels and toes, as from :func:`models.feet.foot_evidence`."""
    person: NDArray[np.int64]
    """(N,) number of the followed person: incremented whenever another one is followed."""
    chosen: NDArray[np.bool_]
    """(N,) False where the person is followed because the previous one was lost."""
    others: NDArray[np.float32]
    """(N, 3, 4) left, top, right and bottom in pixels of the other people, or NaN."""

    @classmethod
    def empty(cls, time_s: NDArray[np.float64]) -> Track:
        """Frames at (N,) ``time_s`` without a person."""
        count = len(time_s)
        return cls(
            time_s=time_s,
            tracked=np.zeros(count, bool),
            xy=np.full((count, JOINT_COUNT, 2), np.nan, np.float32),
            conf=np.zeros((count, JOINT_COUNT), np.float32),
            world=np.full((count, JOINT_COUNT, 3), np.nan, np.float32),
            feet=unseen_feet(count),
            person=np.zeros(count, np.int64),
            chosen=np.ones(count, bool),
            others=np.full((count, OTHERS, 4), np.nan, np.float32),
        )

    def __len__(self) -> int:
        return len(self.time_s)

    def __getitem__(self, rows: slice | NDArray[np.intp]) -> Track:
        return Track(*(getattr(self, name)[rows] for name in Track.__slots__))

    @staticmethod
    def joined(tracks: list[Track]) -> Track:
        """Concatenate tracks; at least one."""
        return Track(
            *(np.concatenate([getattr(each, name) for each in tracks]) for name in Track.__slots__)
        )

    def where(self, rows: NDArray[np.bool_], other: Track) -> Track:
        """This track with the body of ``other`` in the (N,) ``rows``."""
        mixed = {}
        for name in BODY:
            own = getattr(self, name)
            chosen = rows.reshape(-1, *[1] * (own.ndim - 1))
            mixed[name] = np.where(chosen, getattr(other, name), own)
        return replace(self, **mixed)

    @property
    def others_from(self) -> NDArray[np.int64]:
        """Rows at which another person is followed than in the row before."""
        rows: NDArray[np.int64] = np.flatnonzero(np.diff(self.person)) + 1
        return rows


def feet_in(track: Track, poses: LiftedPoses, size: tuple[int, int], rows: slice) -> Feet:
    """Heels and toes in the R ``rows`` of a track and its poses, from pictures of this ``size``."""
    part, swapped = track[rows], poses.swapped[rows]
    return find_feet(
        DetectedPoses(part.xy, part.conf, part.world, part.feet).repaired(swapped),
        *(poses.xyz[rows], poses.missing[rows], part.time_s, size),
        up=None if poses.level is None else poses.level.up,
        person=part.person,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Tracklet:
    """The track of one of several people."""

    track: Track
    """The frames in which the person was detected."""
    clothes: NDArray[np.float64]
    """(N, 2, 3) CIELAB of trunk and thighs in each frame, or NaN."""
    checks: NDArray[np.int64]
    """(N, 2) second detections that confirmed a person, and that did not."""

    @classmethod
    def of(cls, sightings: Sequence[tuple[float, PersonDetection]]) -> Tracklet:
        """From (time, sighting) pairs of one person; at least one."""
        times, people = zip(*sightings, strict=True)
        track = replace(
            Track.empty(np.array(times)),
            tracked=np.ones(len(times), bool),
            **{name: np.stack([getattr(each, name) for each in people]) for name in BODY},
        )
        worn = np.stack([each.clothes for each in people])
        return cls(track, worn, np.array([each.checks for each in people], np.int64))

    @staticmethod
    def joined(tracklets: Sequence[Tracklet]) -> Tracklet:
        """Concatenate tracklets; at least one."""
        return Tracklet(
            Track.joined([each.track for each in tracklets]),
            np.concatenate([each.clothes for each in tracklets]),
            np.concatenate([each.checks for each in tracklets]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class DetectedClip:
    """The 2D keypoints of all frames read from a source."""

    label: str
    size: tuple[int, int]
    """(width, height) of the picture in pixels."""
    rate: float | None
    """Nominal frames/s as the source states it."""
    detector: Size
    """Size of the model that detected the joints."""
    track: Track
    complete: bool = True
    """False if reading was stopped from outside before the end."""
    dropped: int = 0
    """Frames lost before they were read."""
    faults: tuple[str, ...] = ()
    """Sentences about problems while reading."""
    started_at: datetime | None = None
    """When the first frame of a live source was read, with its time zone; None for files."""
    fov_deg: float | None = None
    """Field of view of the longer side of the picture, if the source states it."""
    people: tuple[Tracklet, ...] = ()
    """All people by first appearance, if all are tracked; ``track`` is then empty."""

    @property
    def time_s(self) -> NDArray[np.float64]:
        """(N,) strictly increasing."""
        return self.track.time_s

    @property
    def length_s(self) -> float:
        """Seconds from the first frame to the last; 0 without frames."""
        return float(self.time_s[-1] - self.time_s[0]) if len(self.time_s) else 0.0

    @property
    def warnings(self) -> tuple[str, ...]:
        """Faults, and the times from which another person is followed for want of the first."""
        taken = self.track.others_from[~self.track.chosen[self.track.others_from]]
        lost = (
            f"The person followed was lost; from {time_s:.1f} s on it is another."
            for time_s in self.time_s[taken]
        )
        return (*self.faults, *lost)


class Rows:
    """Collects per frame what is needed; the 33 landmarks of an hour of video would take 200 MB."""

    def __init__(self) -> None:
        self.started_at: datetime | None = None
        self._rows: list[tuple[object, ...]] = []
        """As the fields of :class:`Track`."""
        self._people: dict[int, list[tuple[float, PersonDetection]]] = {}
        self._handed_out = 0

    def __len__(self) -> int:
        return len(self._rows)

    def append(self, keypoints: Keypoints2D) -> None:
        """Add a frame."""
        if self.started_at is None:
            age_s = keypoints.detected_at - keypoints.captured_at
            self.started_at = datetime.now().astimezone() - timedelta(seconds=age_s)
        self._rows.append(
            (
                *(keypoints.time_s, keypoints.tracked),
                *(keypoints.xy, keypoints.conf, keypoints.world_joints),
                keypoints.feet,
                *(keypoints.people_in_view.followed, keypoints.people_in_view.chosen),
                _boxes(keypoints),
            )
        )
        for each in keypoints.everybody:
            self._people.setdefault(each.number, []).append((keypoints.time_s, each))

    @property
    def people(self) -> tuple[Tracklet, ...]:
        """All people, if all are tracked, by first appearance."""
        return tuple(Tracklet.of(sightings) for sightings in self._people.values())

    def fresh(self) -> Track:
        """The frames added since the previous call."""
        first, self._handed_out = self._handed_out, len(self)
        return self.track(first)

    def track(self, first: int = 0) -> Track:
        """All frames from the row ``first`` on."""
        nothing = Track.empty(np.zeros(0))
        kinds = [getattr(nothing, name) for name in Track.__slots__]
        columns = list(zip(*self._rows[first:], strict=True)) or [()] * len(kinds)
        return Track(
            *(
                np.array(column, kind.dtype).reshape(-1, *kind.shape[1:])
                for column, kind in zip(columns, kinds, strict=True)
            )
        )


def _boxes(keypoints: Keypoints2D) -> NDArray[np.float32]:
    """(3, 4) boxes of the other people in a frame, NaN if there are fewer."""
    boxes = np.full((OTHERS, 4), np.nan, np.float32)
    others = keypoints.people_in_view.others[:OTHERS]
    boxes[: len(others)] = np.reshape(others, (-1, 4))
    return boxes


def clip_of(
    source: Source, detector: Size, rows: Rows, faults: tuple[str, ...] = (), *, complete: bool
) -> DetectedClip:
    """A clip of all frames read from ``source``."""
    return DetectedClip(
        label=source.label,
        size=source.size,
        rate=source.rate,
        detector=detector,
        track=rows.track(),
        complete=complete,
        dropped=source.dropped,
        faults=(*source.warnings, *faults),
        started_at=rows.started_at if source.live else None,
        fov_deg=source.fov_deg,
    )


def lift_clip(
    clip: DetectedClip,
    lifter: Lifter,
    *,
    level: Level | None = None,
    progress: ProgressCallback | None = None,
    pictures: Pictures | None = None,
) -> MotionData:
    """Lift the keypoints of a clip to a motion that can be exported.

    Args:
        clip: N >= 1 frames.
        lifter: its ``height_m`` determines the scale.
        level: the camera's orientation, if known; estimated otherwise.
        progress: called regularly in the calling thread; may raise to stop.
        pictures: those of the clip, if they can be read again.

    Raises:
        DetectorError: there is no person in any frame.
    """
    lifted = lift_track(clip, lifter, level=level, progress=progress)
    return motion_of(clip, lifted, describe(lifter), pictures=pictures)


def lift_track(
    clip: DetectedClip,
    lifter: Lifter,
    *,
    level: Level | None = None,
    sides_known: NDArray[np.bool_] | None = None,
    progress: ProgressCallback | None = None,
) -> LiftedPoses:
    """Estimate the poses of all frames of a clip.

    Args:
        clip: N >= 1 frames.
        lifter: its ``height_m`` determines the scale.
        level: the camera's orientation, if known; estimated otherwise.
        sides_known: (N,) whether the user has confirmed left and right; no swap is repaired there.
        progress: called regularly in the calling thread; may raise to stop.

    Raises:
        DetectorError: there is no person in any frame.
    """
    track = clip.track
    if not track.tracked.any():
        raise _no_person(clip)
    lifted = lifter.lift(
        *(track.xy, track.conf, clip.size, track.time_s),
        world=track.world,
        person=track.person,
        sides_known=sides_known,
        level=level,
        progress=reporting(Stage.LIFTING, len(track), progress),
    )
    if lifted.missing.all():
        raise _no_person(clip)
    return lifted


def motion_of(
    clip: DetectedClip,
    lifted: LiftedPoses,
    info: Mapping[str, object],
    *,
    pictures: Pictures | None = None,
    events: tuple[Event, ...] = (),
) -> MotionData:
    """Make an exportable motion of a clip and its poses.

    Args:
        clip: N frames.
        lifted: their poses.
        info: how the poses were made, from :func:`describe`.
        pictures: those of the clip, if they can be read again.
        events: moments marked by the user.
    """
    track = clip.track
    others = tuple(
        Event(float(time_s - track.time_s[0]), OTHER_PERSON)
        for time_s in track.time_s[track.others_from]
    )
    return MotionData.from_lifted(
        time_s=track.time_s,
        tracked=track.tracked,
        conf=track.conf,
        xy=track.xy,
        size=clip.size,
        lifted=lifted,
        world=track.world,
        feet=track.feet,
        provenance=_provenance(clip, info),
        pictures=pictures,
        person=track.person,
        events=tuple(sorted((*others, *events), key=lambda each: each.time_s)),
    )


def describe(lifter: Lifter) -> dict[str, object]:
    """Metadata saved with poses on how they were made; contains no paths of this machine."""
    about_weights = asdict(lifter.info)
    del about_weights["path"]
    return {
        **about_weights,
        "device": str(lifter.device),
        "height_m": lifter.height_m,
        "detector_depth": lifter.uses_depth,
    }


def _provenance(clip: DetectedClip, info: Mapping[str, Any]) -> Provenance:
    return Provenance(
        source=clip.label,
        started_at=clip.started_at,
        nominal_rate=clip.rate,
        dropped=clip.dropped,
        weights_name=info["name"],
        weights_sha256=info["sha256"],
        height_m=info["height_m"],
        detector=about(clip.detector),
        detector_depth=bool(info.get("detector_depth", False)),
        fov_deg=clip.fov_deg,
    )


def _no_person(clip: DetectedClip) -> DetectorError:
    count = len(clip.track)
    return DetectorError(
        f"No person was found in {clip.label} ({count} frame{'s' if count > 1 else ''} searched)."
    )
