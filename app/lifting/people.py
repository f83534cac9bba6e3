"""Identities of all tracked people: across the cuts of a video, and after an absence.

A track ends when a person is out of view or occluded for seconds.  At the end of a video its tracks
are linked: which later track continues an earlier one is the assignment of least total cost by
clothes, position and size, with the costs of :mod:`app.detection.tracks`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from app.errors import DetectorError
from app.lifting.blending import SAME, blended, distance
from app.lifting.clip import (
    BODY,
    DetectedClip,
    Track,
    Tracklet,
    describe,
    lift_track,
    motion_of,
)
from app.lifting.progress import ProgressCallback, part_of
from app.recording.corrections import Correction, as_json
from models.skeleton import JOINT
from models.timing import LONGEST_GAP_S
from models.visibility import seen_mask

if TYPE_CHECKING:
    from app.lifting.options import LiftOptions
    from app.motion.data import Event, MotionData, Pictures
    from app.recording.poses import LiftedPoses
    from models.level import Level
    from models.lifter import Lifter

SHORTEST_S: Final = 1.0
"""People in view for less are left out: passers-by at the edge, and objects taken for people."""
_CONFIRMED: Final = 2 / 3
"""Fraction of second detections that must confirm a person: a jacket over a chair, which the heavy
model takes for one, is confirmed by half of them."""
_TRUNK: Final = tuple(
    JOINT[f"{side}_{part}"] for part in ("shoulder", "hip") for side in ("left", "right")
)
_ENDS: Final = 15
"""Frames at the end and at the start of a track from which a person's size is measured ..."""
_PLACED: Final = 3
"""... and the position: the last frame alone may be of the occluding person."""


# --- across a cut ---------------------------------------------------------------------------


def joined_at_cut(
    earlier: Sequence[list[Tracklet]], later: Sequence[Tracklet], start_s: float, blend_s: float
) -> list[list[Tracklet]]:
    """Link the people on both sides of a cut; each is a list of parts, one per segment.

    Args:
        earlier: tracked up to ``start_s``.
        later: tracked by another detector, from some time before ``start_s`` on.
        start_s: time of the cut.
        blend_s: for how long before the cut they are compared and cross-faded.
    """
    from scipy.optimize import linear_sum_assignment

    cost = np.array(
        [[_distance_at_cut(one[-1], other, start_s, blend_s) for other in later] for one in earlier]
    )
    cost = cost.reshape(len(earlier), len(later))
    rows, columns = linear_sum_assignment(np.minimum(cost, 2 * SAME))
    goes_on = {
        int(row): int(column)
        for row, column in zip(rows, columns, strict=True)
        if cost[row, column] < SAME
    }
    result = [
        _continued(each, later[goes_on[index]], start_s, blend_s) if index in goes_on else each
        for index, each in enumerate(earlier)
    ]
    others = (each for index, each in enumerate(later) if index not in goes_on.values())
    new = (_after(each, start_s) for each in others)
    return [*result, *([each] for each in new if len(each.track))]


def _distance_at_cut(earlier: Tracklet, later: Tracklet, start_s: float, blend_s: float) -> float:
    """Median distance in trunk lengths in the last frames before a cut; infinite without common
    frames."""
    mine, theirs = _shared_rows(earlier, later, start_s, blend_s)
    if not len(mine):
        return np.inf
    return float(np.median(distance(earlier.track[mine], later.track[theirs])))


def _continued(
    parts: list[Tracklet], later: Tracklet, start_s: float, blend_s: float
) -> list[Tracklet]:
    *before, last = parts
    mine, theirs = _shared_rows(last, later, start_s, blend_s)
    mixed = blended(last.track[mine], later.track[theirs], start_s, blend_s)
    track = copy.deepcopy(last.track)
    for name in BODY:
        getattr(track, name)[mine] = getattr(mixed, name)
    return [*before, replace(last, track=track), _after(later, start_s)]


def _shared_rows(
    earlier: Tracklet, later: Tracklet, start_s: float, blend_s: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of both tracks at the same times shortly before a cut."""
    times, mine, theirs = np.intersect1d(
        earlier.track.time_s, later.track.time_s, assume_unique=True, return_indices=True
    )
    near = (times >= start_s - blend_s) & (times < start_s)
    return mine[near], theirs[near]


def _after(tracklet: Tracklet, start_s: float) -> Tracklet:
    first = int(tracklet.track.time_s.searchsorted(start_s))
    return Tracklet(tracklet.track[first:], tracklet.clothes[first:], tracklet.checks[first:])


# --- over the whole clip --------------------------------------------------------------------


def identified(tracklets: Sequence[Tracklet]) -> tuple[Tracklet, ...]:
    """Link the tracklets of each person; ordered by first appearance, the larger first.  Tracklets
    of a single frame are dropped."""
    from scipy.optimize import linear_sum_assignment

    from app.detection.tracks import GATE

    tracklets = [each for each in tracklets if len(each.track) > 1]
    if not tracklets:
        return ()
    cost = np.array([[_dissimilarity(one, other) for other in tracklets] for one in tracklets])
    after: dict[int, int] = {}
    rows, columns = linear_sum_assignment(np.minimum(cost, 2 * GATE))
    for row, column in zip(rows, columns, strict=True):
        if cost[row, column] < GATE:
            after[int(row)] = int(column)
    people = []
    for index in set(range(len(tracklets))) - set(after.values()):
        chain = [index]
        while chain[-1] in after:
            chain.append(after[chain[-1]])
        people.append(Tracklet.joined([tracklets[each] for each in chain]))
    return tuple(sorted(people, key=lambda each: (each.track.time_s[0], -_size(each.track))))


def _dissimilarity(earlier: Tracklet, later: Tracklet) -> float:
    """Cost of ``later`` being the person of ``earlier`` who returned; infinite if impossible."""
    from app.detection.tracks import dissimilarity, reached

    end, begin = earlier.track[-_ENDS:], later.track[:_ENDS]
    absent_s = float(begin.time_s[0] - end.time_s[-1])
    distance = float(np.linalg.norm(_centre(begin[:_PLACED]) - _centre(end[-_PLACED:])))
    sizes = _size(end), _size(begin)
    if not reached(distance, sizes[0], absent_s):
        return np.inf
    return dissimilarity(distance, sizes, (_worn(earlier), _worn(later)), absent_s)


def _centre(track: Track) -> NDArray[np.float64]:
    """(2,) the median of the trunk's middle, in pixels."""
    centre: NDArray[np.float64] = np.median(track.xy[:, _TRUNK].mean(axis=1, dtype=float), axis=0)
    return centre


def _size(track: Track) -> float:
    """Median trunk length or, if larger, shoulder width, in pixels; at least 1."""
    xy = track.xy[:, _TRUNK].astype(np.float64)
    trunk = np.linalg.norm(xy[:, :2].mean(axis=1) - xy[:, 2:].mean(axis=1), axis=-1)
    across = np.linalg.norm(xy[:, 0] - xy[:, 1], axis=-1)
    return max(1.0, float(np.median(np.maximum(trunk, across))))


def _worn(tracklet: Tracklet) -> NDArray[np.float64]:
    """(2, 3) median colours of the clothes, NaN where never seen."""
    worn = np.full((2, 3), np.nan)
    for part in range(2):
        known = tracklet.clothes[np.isfinite(tracklet.clothes[:, part, 0]), part]
        if len(known):
            worn[part] = np.median(known, axis=0)
    return worn


# --- lifting --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class LiftedPerson:
    """One of the people of a clip, or the followed one, lifted."""

    clip: DetectedClip
    """As if only this person had been tracked."""
    poses: LiftedPoses
    """Poses of all its frames."""
    info: Mapping[str, object]
    """How they were made, from :func:`app.lifting.clip.describe`."""
    about: Mapping[str, object] | None = None
    """Number of the person and when they were in view, as JSON values."""
    corrections: tuple[Correction, ...] = ()
    """The corrections applied in ``clip``."""

    @property
    def number(self) -> int:
        """1 for the person who appears first."""
        number = (self.about or {}).get("number", 1)
        assert isinstance(number, int)
        return number

    def motion(
        self, *, pictures: Pictures | None = None, events: tuple[Event, ...] = ()
    ) -> MotionData:
        """The motion for export; arguments as of :func:`app.lifting.clip.motion_of`."""
        motion = motion_of(self.clip, self.poses, self.info, pictures=pictures, events=events)
        provenance = replace(
            motion.provenance,
            person=self.about,
            corrections=as_json(self.corrections) if self.corrections else (),
        )
        return replace(motion, provenance=provenance)


@dataclass(frozen=True, slots=True, eq=False)
class Everybody:
    """The motions of all people of a clip."""

    motions: tuple[MotionData, ...]
    """All of the same frames, by number."""
    left_out: int
    """Number of tracks shorter than :data:`SHORTEST_S` or not confirmed as people."""

    @property
    def in_words(self) -> str:
        """The number of people, as a phrase."""
        count = len(self.motions)
        words = f"{count} {'person' if count == 1 else 'people'}"
        if not self.left_out:
            return words
        return f"{words}, {self.left_out} left out (less than {SHORTEST_S:g} s in view, or unsure)"


def lift_everybody(
    clip: DetectedClip,
    lifter: Lifter,
    options: LiftOptions,
    *,
    progress: ProgressCallback | None = None,
    pictures: Pictures | None = None,
) -> Everybody:
    """Lift each person of a clip in which all were tracked, for export.

    Args:
        clip: N >= 1 frames.
        lifter: provides the network; its scale is not used.
        options: the people's heights and the camera's orientation, as far as known.
        progress: called regularly in the calling thread; may raise to stop.
        pictures: those of the clip, if they can be read again.

    Raises:
        DetectorError: no person was in view for long enough.
    """
    people = lasting(clip)
    if not people:
        raise no_lasting_person(clip)
    members = lift_each(
        [alone_in(clip, each) for each in people],
        *(lifter, options.heights_m, options.level),
        progress=progress,
    )
    motions = [
        replace(each, about=about_each(people, clip)[index]).motion(pictures=pictures)
        for index, each in enumerate(members)
    ]
    return Everybody(tuple(motions), len(clip.people) - len(people))


def lift_each(
    clips: Sequence[DetectedClip],
    lifter: Lifter,
    heights_m: Sequence[float | None] = (),
    level: Level | None = None,
    *,
    sides_known: Sequence[NDArray[np.bool_]] = (),
    progress: ProgressCallback | None = None,
) -> list[LiftedPerson]:
    """Lift the people of one clip, each with a clip of their own.

    The camera's orientation is estimated from the person in view the longest and used for all.

    Args:
        clips: one per person, of the same N >= 1 frames.
        lifter: provides the network; its scale is not used.
        heights_m: their heights, as far as known.
        level: the camera's orientation, if known.
        sides_known: per person, as of :func:`app.lifting.clip.lift_track`.
        progress: called regularly in the calling thread; may raise to stop.

    Raises:
        DetectorError: there is no pose of one of them.
    """
    longest_first = sorted(
        range(len(clips)), key=lambda index: -np.count_nonzero(clips[index].track.tracked)
    )
    members: dict[int, LiftedPerson] = {}
    for done, index in enumerate(longest_first):
        own = copy.copy(lifter)
        own.height_m = heights_m[index] if index < len(heights_m) else None
        lifted = lift_track(
            *(clips[index], own),
            level=level,
            sides_known=sides_known[index] if sides_known else None,
            progress=part_of(progress, done, len(clips)),
        )
        level = level or lifted.level
        members[index] = LiftedPerson(clips[index], lifted, describe(own))
    return [members[index] for index in sorted(members)]


def lasting(clip: DetectedClip) -> list[Tracklet]:
    """The people who were in view for long enough and confirmed as people."""
    return [each for each in clip.people if _lasts(each, clip)]


def about_each(people: Sequence[Tracklet], clip: DetectedClip) -> list[dict[str, object]]:
    """The number of each person and when they were in view, as JSON values."""
    return [
        {"number": number, "of": len(people), **_in_view(each.track, clip)}
        for number, each in enumerate(people, start=1)
    ]


def _lasts(person: Tracklet, clip: DetectedClip) -> bool:
    """Whether a confirmed person was in view for long enough, with any joint seen."""
    step_s = float(np.median(np.diff(clip.time_s))) if len(clip.time_s) > 1 else 0.0
    enough = len(person.track) * step_s >= SHORTEST_S - step_s / 2
    confirmed, denied = person.checks.sum(axis=0)
    sure = confirmed >= _CONFIRMED * (confirmed + denied)
    return bool(enough and sure and seen_mask(person.track.conf).any())


def alone_in(clip: DetectedClip, person: Tracklet) -> DetectedClip:
    """The clip as if only this person had been tracked."""
    own = person.track
    rows = clip.time_s.searchsorted(own.time_s)
    track = Track.empty(clip.time_s)
    for name in ("tracked", *BODY):
        getattr(track, name)[rows] = getattr(own, name)
    return replace(clip, track=track, people=())


def _in_view(track: Track, clip: DetectedClip) -> dict[str, object]:
    """When a person was in view and how large, as JSON values; bridged gaps do not count."""
    times = track.time_s - clip.time_s[0]
    ends = np.flatnonzero(np.diff(times) > LONGEST_GAP_S)
    begins = [0, *(ends + 1).tolist()]
    intervals = zip(times[begins], times[[*ends.tolist(), -1]], strict=True)
    tall = np.ptp(track.xy[..., 1], axis=1) / clip.size[1]
    return {
        "in_view_s": [[round(float(start), 3), round(float(end), 3)] for start, end in intervals],
        "frames": len(track),
        "size_pct_of_picture_height": round(100 * float(np.median(tall)), 1),
    }


def no_lasting_person(clip: DetectedClip) -> DetectorError:
    """The error that no person was in view for long enough."""
    count = len(clip.track)
    return DetectorError(
        f"Nobody was in view for {SHORTEST_S:g} s in {clip.label} "
        f"({count} frame{'s' if count > 1 else ''} searched)."
    )
