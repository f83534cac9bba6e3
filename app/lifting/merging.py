"""Merge the segments of a video, and decide which of them to detect again.

The frames of a lead-in are detected in both neighbouring segments.  If the later one tracked the
same body there, it continues the earlier one; if not, as there are several people, or the person
was out of view, it is detected again with the tracking state of the earlier one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.lifting.blending import SAME, blended, distance
from app.lifting.clip import DetectedClip, Track, Tracklet
from app.lifting.people import identified, joined_at_cut
from app.lifting.reading import no_frames
from app.lifting.segments import DetectSegment, Part, Plan, decoded_from_beginning

_AGREE: Final = 0.8
"""Fraction of the second half of the lead-in in which both must have tracked the same body."""
_EMPTY_AT_END: Final = 3
"""After this many segments without a frame none can follow: a damaged header may promise hours, and
each segment starts a detector."""


@dataclass(slots=True)
class SegmentMerger:
    """Joins a video's segments in their order.

    Args:
        plan: how it was cut.
        several: whether the followed person is told from others; if all are tracked, their
            identities are resolved here.
    """

    plan: Plan
    several: bool = True
    _tracks: list[Track] = field(default_factory=list, init=False)
    _people: list[list[Tracklet]] = field(default_factory=list, init=False)
    _faults: dict[str, None] = field(default_factory=dict, init=False)
    _last: Part | None = field(default=None, init=False)
    _shift: int = field(default=0, init=False)
    """Offset of the person numbers of the last segment."""
    _person: int = field(default=0, init=False)
    """The number of the person followed last."""
    _ended: bool = field(default=False, init=False)
    _complete: bool = field(default=True, init=False)
    _empty: int = field(default=0, init=False)
    """Consecutive segments without a frame after the end of the video."""

    @property
    def next(self) -> int:
        """Index of the segment to be added next."""
        return 0 if self._last is None else self._last.segment.index + 1

    @property
    def full(self) -> bool:
        """Whether all segments were added, or none can follow."""
        over = self.next == len(self.plan.segments) or self._empty == _EMPTY_AT_END
        return over or not self._complete

    @property
    def track(self) -> Track:
        """The track joined so far."""
        return Track.joined(self._tracks or [Track.empty(np.zeros(0))])

    def again(self, part: Part, unit: DetectSegment) -> DetectSegment | None:
        """The unit to do instead if ``part``, the result of ``unit``, does not continue the
        previous segment; None if it does.

        At most two units are returned for one segment.
        """
        before = self._last
        if before is None:
            return None
        if unit.segment.sought and not _same_times(before, part):
            return replace(unit, segment=decoded_from_beginning(unit.segment))
        if unit.memory is None and self.several and not _continues(before, part):
            return replace(unit, memory=before.memory)
        return None

    def add(self, part: Part, unit: DetectSegment) -> None:
        """Append the next segment, the result of ``unit``."""
        before, own, memory = self._last, part.own, part.memory
        person = own.person
        if before is not None and unit.memory is None and not part.track.tracked.any():
            # No person was in view whom this segment could identify.
            memory, person = before.memory, np.full_like(person, self._person)
        else:
            if before is not None and unit.memory is None:
                self._shift = self._person - _at_cut(part)
            person = person + self._shift
        if before is not None:
            self._blend(before, part)
        if len(own) or not self._ended:  # after the end every segment reports the same
            self._faults |= dict.fromkeys(part.faults)
        self._tracks.append(replace(own, person=person))
        self._people = joined_at_cut(
            self._people, part.people, part.segment.start_s, part.segment.blend_s
        )
        self._person = int(person[-1]) if len(person) else self._person
        self._ended = self._ended or part.ended
        self._empty = 0 if len(own) or not part.ended else self._empty + 1
        self._complete = part.complete
        self._last = replace(part, memory=memory)

    def clip(self) -> DetectedClip:
        """The clip joined so far.

        Raises:
            SourceError: the whole video was read, and holds no frame.
        """
        track = self.track
        complete = self._complete and self.full
        if not len(track) and complete:
            raise no_frames(self.plan.label)
        return DetectedClip(
            label=self.plan.label,
            size=self.plan.size,
            rate=self.plan.rate,
            detector=self.plan.detector,
            track=track,
            complete=complete,
            faults=tuple(self._faults),
            fov_deg=self.plan.fov_deg,
            people=identified([Tracklet.joined(each) for each in self._people]),
        )

    def _blend(self, before: Part, part: Part) -> None:
        """Cross-fade the end of the previous segment into this one, to avoid a step."""
        start_s, blend_s = part.segment.start_s, part.segment.blend_s
        earlier, later = _overlap(before, part)
        count = int(np.count_nonzero(earlier.time_s >= start_s - blend_s))
        rows = len(self._tracks[-1])
        if not 0 < count <= rows or not _times_equal(earlier, later):
            return
        earlier, later = self._tracks[-1][rows - count :], later[-count:]
        mixed = blended(earlier, later, start_s, blend_s)
        self._tracks[-1] = Track.joined([self._tracks[-1][: rows - count], mixed])


def _at_cut(part: Part) -> int:
    """The number of the person whom ``part``, of at least one frame, follows at the cut."""
    lead = len(part.track) - len(part.own)
    return int(part.track.person[max(0, lead - 1)])


def _overlap(before: Part, part: Part) -> tuple[Track, Track]:
    """The frames of the lead-in as detected in both segments."""
    from_s, start_s = part.segment.from_s, part.segment.start_s
    first = int(before.track.time_s.searchsorted(from_s))
    last = int(part.track.time_s.searchsorted(start_s))
    return before.track[first:], part.track[:last]


def _times_equal(earlier: Track, later: Track) -> bool:
    return np.array_equal(earlier.time_s, later.time_s)


def _same_times(before: Part, part: Part) -> bool:
    """Whether the frames of the lead-in have the same times in both segments."""
    return _times_equal(*_overlap(before, part))


def _continues(before: Part, part: Part) -> bool:
    """Whether ``part`` tracks what the previous segment would have tracked on."""
    earlier, later = _overlap(before, part)
    either = earlier.tracked | later.tracked if _times_equal(earlier, later) else np.zeros(0, bool)
    if not either.any():
        # Nobody in view; only the previous segment knows whom to expect.
        knows = before.memory is not None and before.memory.has_person
        return not (knows and part.track.tracked.any())
    same = _same_body(earlier, later)
    agreed = (same | ~either)[len(either) // 2 :]
    return bool(same[-1] and agreed.mean() >= _AGREE)


def _same_body(earlier: Track, later: Track) -> NDArray[np.bool_]:
    """(N,) whether both detections are of the same body."""
    return np.asarray(distance(earlier, later) < SAME, np.bool_)
