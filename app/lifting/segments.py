"""A video file in segments that are detected in parallel, each by its own detector.

The cuts depend only on the video, so that its poses are the same on any number of cores.  Each
segment but the first begins with a lead-in, in which its detector finds the person and settles, so
that it agrees with one that has tracked from the beginning.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from app.errors import SourceError
from app.lifting.clip import Rows, Track, Tracklet
from app.lifting.reading import ReadAhead, expected_frames
from app.lifting.work_units import Tell

if TYPE_CHECKING:
    from app.detection.detector import Detector, PeopleDetector
    from app.detection.models import Size
    from app.detection.person_tracker import Memory
    from app.lifting.options import LiftOptions
    from app.packets import Frame
    from app.sources.base import Source

_LEAD_S: Final = 0.75
_LEAD_FRAMES: Final = 15
"""A new detector's answers differ from a running one's by 4 to 10 pixels in its first frame, by 0.2
to 0.8 of some 400 pixels of body after half a second, and by 0.1 to 0.7 after a whole one: on five
clips cut in four places each, with the heavy model.  A man who does a flip needs the longer."""
_LEAD_OF_ALL_S: Final = 1.0
"""Where all people are tracked: each is searched for."""
_SHORTEST_S: Final = 3.0
_USUAL_S: Final = 8.0
_LONGEST_S: Final = 20.0
_FEWEST_BYTES: Final = 16_384
"""Bytes of video per segment: a file with fewer has hardly any pictures, and ten hours of it would
be cut into 1,800 empty segments."""
_PIECES: Final = 16
"""Videos of some minutes are cut into about this many segments, shorter ones into segments of the
usual length, whose lead-ins are a tenth of the work, longer ones into the longest, where they are a
twenty-fifth."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Frames of a video from one time up to another."""

    path: Path
    index: int
    start_s: float
    end_s: float
    """Exclusive; infinite for the rest of the video."""
    next_s: float
    """When the lead-in of the next segment begins; infinite for the last."""
    lead_s: float = 0.0
    """How much earlier the detector begins."""
    sought: bool = True
    """Whether to seek there, rather than to decode everything before it."""

    @property
    def from_s(self) -> float:
        """When the detector begins."""
        return self.start_s - self.lead_s

    @property
    def blend_s(self) -> float:
        """For how long before its start it is cross-faded with the segment before: the second half
        of the lead-in, in which the detector has settled."""
        return self.lead_s / 2


@dataclass(frozen=True, slots=True)
class Plan:
    """How a video is cut into segments, and its properties."""

    label: str
    size: tuple[int, int]
    rate: float | None
    fov_deg: float | None
    detector: Size
    """Size of the model that detects the joints."""
    frames: int | None
    """Expected number of frames; None if unknown."""
    segments: tuple[Segment, ...]


def plan(path: Path, source: Source, options: LiftOptions) -> Plan:
    """Cut the video ``path``, opened as ``source``, up to ``options.seconds``."""
    seconds = options.seconds
    cuts = _cuts(source.duration_s, path.stat().st_size)
    lead_s = min([_lead_s(source.rate, options), *(cut / 2 for cut in cuts[:1])])
    end_s = math.inf if seconds is None else seconds
    starts = [0.0, *(cut for cut in cuts if cut < end_s)]
    ends = [*starts[1:], end_s]
    return Plan(
        label=source.label,
        size=source.size,
        rate=source.rate,
        fov_deg=source.fov_deg,
        detector=options.detector,
        frames=expected_frames(source, seconds),
        segments=tuple(
            Segment(
                *(path, index, start, end),
                next_s=end - lead_s if index + 1 < len(starts) else math.inf,
                lead_s=lead_s if index else 0.0,
            )
            for index, (start, end) in enumerate(zip(starts, ends, strict=True))
        ),
    )


def _lead_s(rate: float | None, options: LiftOptions) -> float:
    least_s = _LEAD_OF_ALL_S if options.everybody else _LEAD_S
    return least_s if rate is None else max(least_s, _LEAD_FRAMES / rate)


def _cuts(duration_s: float | None, size_bytes: int) -> list[float]:
    """Start times of all segments but the first: an even number of equal segments, so that two
    cores finish together, as soon as there is enough for two of the shortest."""
    if duration_s is None or not 0 < duration_s < math.inf:
        return []
    length_s = min(max(duration_s / _PIECES, _USUAL_S), _LONGEST_S)
    pairs = max(round(duration_s / (2 * length_s)), int(duration_s >= 2 * _SHORTEST_S))
    count = max(1, min(2 * pairs, size_bytes // _FEWEST_BYTES))
    return [duration_s * number / count for number in range(1, count)]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The detections of one segment."""

    segment: Segment
    track: Track
    """Including the lead-in."""
    complete: bool
    """False if it was stopped from outside before its end."""
    ended: bool
    """Whether the video ended before the segment did."""
    faults: tuple[str, ...]
    memory: Memory | None
    """State of the tracking when the next segment's detector begins; None if all are tracked."""
    people: tuple[Tracklet, ...] = ()
    """All people, if all are tracked; including the lead-in."""

    @property
    def own(self) -> Track:
        """Without the lead-in."""
        return self.track[int(self.track.time_s.searchsorted(self.segment.start_s)) :]


@dataclass(frozen=True, slots=True, eq=False)
class DetectSegment:
    """The unit of work: detect one segment."""

    needs_network: ClassVar[bool] = False
    segment: Segment
    options: LiftOptions
    memory: Memory | None = None
    """Tracking state of the previous segment's detector, when this one's begins."""
    sent: bool = False
    """Whether detections are sent while the segment is being processed, for a preview."""

    @property
    def label(self) -> str:
        """The file's name."""
        return self.segment.path.name

    def run(self, tell: Tell, stop: Callable[[], bool]) -> Part:
        """Read and detect the segment; reports the number of frames done.

        Frames read before damage are kept.  A file that can no longer be opened, as the disk was
        removed, ends with the segments before.

        Raises:
            SourceError: the file of the first segment cannot be opened.
            DetectorError: the detector failed.
        """
        from app.sources import VideoFile

        # Earlier choices concern earlier segments, and are part of their memory.
        choices = (each for each in self.options.choices if each.time_s >= self.segment.from_s)
        wanted = replace(self.options, choices=tuple(choices))
        try:
            video = VideoFile(self.segment.path, rate=self.options.rate)
        except SourceError as error:
            if self.segment.index == 0:
                raise
            return self._lost(str(error))
        with video as source, make_detector(wanted, self.memory) as detector:
            return self._detected(source, detector, tell, stop)

    def _lost(self, reason: str) -> Part:
        fault = f"{self.label} could not be read from {self.segment.start_s:.1f} s on. {reason}"
        return Part(
            segment=self.segment,
            track=Rows().track(),
            complete=True,
            ended=True,
            faults=(fault,),
            memory=None,
        )

    def _detected(
        self,
        source: Source,
        detector: Detector | PeopleDetector,
        tell: Tell,
        stop: Callable[[], bool],
    ) -> Part:
        segment, rows = self.segment, Rows()
        parts = (rows.fresh,) if self.sent else ()
        faults: tuple[str, ...] = ()
        memory: Memory | None = None
        ended = True
        frames = ReadAhead(source, stop)
        try:
            if segment.sought and segment.from_s > 0:
                source.seek(segment.from_s)
            with frames:
                for frame in _after(frames, segment.from_s, tell):
                    if frame.time_s >= segment.end_s:
                        ended = False
                        break
                    if memory is None and frame.time_s >= segment.next_s:
                        memory = detector.memory
                    rows.append(detector.detect(frame))
                    tell(len(rows), *parts)
        except SourceError as error:
            faults = (str(error),)
        return Part(
            segment=segment,
            track=rows.track(),
            complete=not frames.stopped,
            ended=ended,
            faults=(*source.warnings, *faults),
            memory=memory or detector.memory,
            people=rows.people,
        )


def make_detector(options: LiftOptions, memory: Memory | None = None) -> Detector | PeopleDetector:
    """Make a detector of one person, of all, or of both, by ``options``.  Raises DetectorError."""
    from app.detection.detector import Detector, DetectorWithOthers, PeopleDetector

    if options.everybody:
        return PeopleDetector(options.detector)
    if options.with_others:
        return DetectorWithOthers(options.detector, choices=options.choices, memory=memory)
    return Detector(
        options.detector, several=options.several, choices=options.choices, memory=memory
    )


def _after(frames: Iterable[Frame], start_s: float, tell: Tell) -> Iterator[Frame]:
    """Skip frames before ``start_s``: seeking ends at the frame that is shown then."""
    for frame in frames:
        if frame.time_s < start_s:
            tell(0)
        else:
            yield frame


def decoded_from_beginning(segment: Segment) -> Segment:
    """The same segment without seeking, for videos in which seeking is inexact."""
    return replace(segment, sought=False)
