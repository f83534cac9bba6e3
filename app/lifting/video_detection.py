"""Detection of one video, whose segments an engine processes in any order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from app.errors import MixposeError
from app.lifting.clip import DetectedClip, Track
from app.lifting.merging import SegmentMerger
from app.lifting.progress import Progress, ProgressCallback, Stage, never
from app.lifting.segments import DetectSegment, Part, Plan
from app.lifting.work_units import Engine, Event, Moved

if TYPE_CHECKING:
    from app.lifting.options import LiftOptions


class VideoDetection:
    """The work on one video, driven by the events of the engine.

    Args:
        plan: how it is cut.
        engine: executes the units of work.
        options: of lifting.
        sent: whether intermediate results are available as :attr:`so_far`.
    """

    def __init__(
        self, plan: Plan, engine: Engine, options: LiftOptions, *, sent: bool = False
    ) -> None:
        self._engine = engine
        self._joining = SegmentMerger(plan, options.several and not options.everybody)
        self._units: dict[int, DetectSegment] = {}
        """By ticket: units that are not done."""
        self._ready: dict[int, tuple[DetectSegment, Part]] = {}
        """By index: segments done that wait for earlier ones."""
        self._frames: dict[int, float] = {}
        """By index: frames done, including the lead-in."""
        self._parts: dict[int, list[Track]] = {}
        """By index: intermediate results of segments that are not done."""
        self._error: MixposeError | None = None
        for segment in plan.segments:
            self._submit(DetectSegment(segment, options, sent=sent))

    @property
    def done(self) -> bool:
        """Whether the work has ended or failed."""
        return self._error is not None or self._joining.full

    @property
    def progress(self) -> Progress:
        """Frames detected, as far as is known."""
        plan = self._joining.plan
        frames = round(sum(self._frames.values()))
        lead = sum(segment.lead_s for segment in plan.segments) * (plan.rate or 0.0)
        total = None if plan.frames is None else round(plan.frames + lead)
        return Progress(Stage.DETECTING, frames if total is None else min(frames, total), total)

    @property
    def so_far(self) -> Track:
        """The track from the beginning up to the first frame not detected yet."""
        joining = self._joining
        found = joining.track
        coming = self._parts.get(joining.next)
        if joining.full or not coming:
            return found
        part = Track.joined(coming)
        part = part[int(part.time_s.searchsorted(joining.plan.segments[joining.next].start_s)) :]
        if len(found):  # the identity is resolved when the segment is joined
            part = replace(part, person=np.full_like(part.person, found.person[-1]))
        return Track.joined([found, part])

    def poll(self, event: Event) -> bool:
        """Handle an event of the engine; return whether it was about this video."""
        unit = self._units.get(event.ticket)
        if unit is None:
            return False
        if isinstance(event, Moved):
            if event.amount < self._frames.get(unit.segment.index, 0.0):
                self._parts.pop(unit.segment.index, None)  # it was restarted
            self._frames[unit.segment.index] = event.amount
            if event.part is not None:
                self._parts.setdefault(unit.segment.index, []).append(event.part)
            return True
        del self._units[event.ticket]
        if event.error is not None:
            self._error = event.error
            self.give_up()
        else:
            self._frames[unit.segment.index] = len(event.value.track)
            self._parts.pop(unit.segment.index, None)
            self._ready[unit.segment.index] = (unit, event.value)
            self._join()
        return True

    def give_up(self) -> None:
        """Cancel all units that have not begun."""
        self._engine.drop(self._units)
        self._units.clear()

    def clip(self) -> DetectedClip:
        """The clip up to the first gap.

        Raises:
            SourceError: the video holds no frame, or cannot be opened.
            DetectorError: the detector failed.
            LiftingError: the process that detected was lost again and again.
        """
        if self._error is not None:
            raise self._error
        return self._joining.clip()

    def _join(self) -> None:
        """Join the segments that are complete up to the first gap."""
        while not self._joining.full and (found := self._ready.pop(self._joining.next, None)):
            unit, part = found
            better = self._joining.again(part, unit)
            if better is not None:
                self._submit(better, first=True)
                return
            self._joining.add(part, unit)
        if self._joining.full:
            self.give_up()

    def _submit(self, unit: DetectSegment, *, first: bool = False) -> None:
        self._units[self._engine.submit(unit, first=first)] = unit


def detect_video(
    plan: Plan,
    engine: Engine,
    options: LiftOptions,
    *,
    stop: Callable[[], bool] = never,
    progress: ProgressCallback | None = None,
    look_on: Callable[[VideoDetection], None] | None = None,
) -> DetectedClip:
    """Detect a video by an ``engine`` that has no other work.

    Args:
        plan: how it is cut.
        engine: closed by its owner; all its work is cancelled after ``stop``.
        options: of lifting.
        stop: polled; once True, the clip up to the first gap is returned.
        progress: called in the calling thread; may raise to stop.
        look_on: likewise, for intermediate results.

    Raises:
        SourceError, DetectorError, LiftingError: as :meth:`VideoDetection.clip`.
    """
    video = VideoDetection(plan, engine, options, sent=look_on is not None)
    try:
        while not video.done:
            stopping = stop()
            for event in engine.finish() if stopping else engine.poll():
                video.poll(event)
            if stopping:
                break
            if progress is not None:
                progress(video.progress)
            if look_on is not None:
                look_on(video)
    finally:
        video.give_up()
    return video.clip()
