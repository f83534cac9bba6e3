"""The 2D keypoints of a clip, and the poses they are lifted to."""

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
from app.packets import OTHER_PERSON, Keypoints2D, Sighting
from models.feet import Feet, Sight, find_feet, unseen_feet
from models.skeleton import JOINT_COUNT

if TYPE_CHECKING:
    from app.recording.poses import LiftedPoses
    from app.sources.base import Source
    from models.level import Level
    from models.lifter import Lifter


BODY: Final = ("xy", "conf", "world", "feet")
"""What a track, and a sighting, says of one body."""
OTHERS: Final = 3
"""People of whom boxes are kept beside the one followed."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """What the detector said of N frames in a row."""

    time_s: NDArray[np.float64]
    """(N,) strictly increasing."""
    tracked: NDArray[np.bool_]
    """(N,) whether a person was found."""
    xy: NDArray[np.float32]
    """(N, 17, 2) joints in pixels, NaN where nobody was found."""
    conf: NDArray[np.float32]
    """(N, 17) in [0, 1]."""
    world: NDArray[np.float32]
    """(N, 17, 3) the detector's own 3D: metres from the pelvis, or NaN."""
    feet: NDArray[np.float32]
    """(N, 4, 6) what is said of heels and toes, as :func:`models.feet.foot_evidence` has it."""
    person: NDArray[np.int64]
    """(N,) whom each frame is of: counts up whenever another is followed."""
    chosen: NDArray[np.bool_]
    """(N,) False where that is somebody taken because the one before had been lost."""
    others: NDArray[np.float32]
    """(N, 3, 4) left, top, right and bottom in pixels of people who are not followed, or NaN."""

    @classmethod
    def empty(cls, time_s: NDArray[np.float64]) -> Track:
        """Frames at (N,) ``time_s`` in which nobody has been found."""
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
        """One after the other; at least one."""
        return Track(
            *(np.concatenate([getattr(each, name) for each in tracks]) for name in Track.__slots__)
        )

    def where(self, rows: NDArray[np.bool_], other: Track) -> Track:
        """The same, but in (N,) ``rows`` the body that ``other`` has in these frames."""
        mixed = {}
        for name in BODY:
            own = getattr(self, name)
            chosen = rows.reshape(-1, *[1] * (own.ndim - 1))
            mixed[name] = np.where(chosen, getattr(other, name), own)
        return replace(self, **mixed)

    @property
    def others_from(self) -> NDArray[np.int64]:
        """Rows from which another person is followed than before."""
        rows: NDArray[np.int64] = np.flatnonzero(np.diff(self.person)) + 1
        return rows


def feet_in(track: Track, poses: LiftedPoses, size: tuple[int, int], rows: slice) -> Feet:
    """Heels and toes in R ``rows`` of a track and its poses, from pictures of this ``size``."""
    part, swapped = track[rows], poses.swapped[rows]
    return find_feet(
        Sight(part.xy, part.conf, part.world, part.feet).repaired(swapped),
        *(poses.xyz[rows], poses.missing[rows], part.time_s, size),
        up=None if poses.level is None else poses.level.up,
        person=part.person,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Tracklet:
    """One of several people."""

    track: Track
    """The frames in which they were found."""
    clothes: NDArray[np.float64]
    """(N, 2, 3) CIELAB of trunk and thighs in each of them, or NaN."""
    checks: NDArray[np.int64]
    """(N, 2) how often it was confirmed, and denied, that this is a person."""

    @classmethod
    def of(cls, sightings: Sequence[tuple[float, Sighting]]) -> Tracklet:
        """Somebody seen at these moments; at least one."""
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
        """One after the other; at least one."""
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
    """Of the model that found the joints."""
    track: Track
    complete: bool = True
    """False if the reading was stopped from outside before the end."""
    dropped: int = 0
    """Frames lost before they were read."""
    faults: tuple[str, ...] = ()
    """Plain sentences about what went wrong on the way."""
    started_at: datetime | None = None
    """When the first frame of a live source was read, with its time zone; None for files."""
    fov_deg: float | None = None
    """Angle that the longer side of the picture spans, where the source says so."""
    people: tuple[Tracklet, ...] = ()
    """Everybody by first appearance, where all are tracked; the ``track`` is then of nobody."""

    @property
    def time_s(self) -> NDArray[np.float64]:
        """(N,) strictly increasing."""
        return self.track.time_s

    @property
    def length_s(self) -> float:
        """From the first frame to the last; 0 if there is none."""
        return float(self.time_s[-1] - self.time_s[0]) if len(self.time_s) else 0.0

    @property
    def warnings(self) -> tuple[str, ...]:
        """Faults, and where another person had to be taken."""
        taken = self.track.others_from[~self.track.chosen[self.track.others_from]]
        lost = (
            f"The person followed was lost; from {time_s:.1f} s on it is another."
            for time_s in self.time_s[taken]
        )
        return (*self.faults, *lost)


class Rows:
    """What is kept of each frame; the 33 landmarks of an hour of video would fill 200 MB."""

    def __init__(self) -> None:
        self.started_at: datetime | None = None
        self._rows: list[tuple[object, ...]] = []
        """As the fields of :class:`Track`."""
        self._people: dict[int, list[tuple[float, Sighting]]] = {}
        self._handed_out = 0

    def __len__(self) -> int:
        return len(self._rows)

    def append(self, keypoints: Keypoints2D) -> None:
        """Keep another frame."""
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
        """Everybody, where all are tracked, by first appearance."""
        return tuple(Tracklet.of(sightings) for sightings in self._people.values())

    def fresh(self) -> Track:
        """What was kept since this was asked last."""
        first, self._handed_out = self._handed_out, len(self)
        return self.track(first)

    def track(self, first: int = 0) -> Track:
        """All that was kept, from the row ``first`` on."""
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
    """(3, 4) of the others in a frame, NaN where there are fewer."""
    boxes = np.full((OTHERS, 4), np.nan, np.float32)
    others = keypoints.people_in_view.others[:OTHERS]
    boxes[: len(others)] = np.reshape(others, (-1, 4))
    return boxes


def clip_of(
    source: Source, detector: Size, rows: Rows, faults: tuple[str, ...] = (), *, complete: bool
) -> DetectedClip:
    """All frames, as read from ``source``."""
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
    """Lift the keypoints of a clip; what it returns can be exported.

    Args:
        clip: N >= 1 frames.
        lifter: its ``height_m`` decides the scale.
        level: where up is, if that is known; found out otherwise.
        progress: called now and then in the calling thread; may raise to stop.
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
    """The poses of all frames of a clip.

    Args:
        clip: N >= 1 frames.
        lifter: its ``height_m`` decides the scale.
        level: where up is, if that is known; found out otherwise.
        sides_known: (N,) whether somebody has said that left and right are as they are there.
        progress: called now and then in the calling thread; may raise to stop.

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
    """What a clip was lifted to, as it can be exported.

    Args:
        clip: N frames.
        lifted: their poses.
        info: how those were made, as :func:`describe` has it.
        pictures: those of the clip, if they can be read again.
        events: moments that somebody marked.
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
    """What is kept beside poses about how they were made; no paths of this machine."""
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
        f"No person was found in {clip.label} ({count} frame{'s' if count > 1 else ''} looked at)."
    )
