"""Recording without a window."""

from __future__ import annotations

import argparse
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from app.cli.event_lines import EventLines, described
from app.cli.exits import Interrupt, UsageError
from app.cli.live_output import Sending, WatchedRun, lifter_factory
from app.cli.model_options import lift_options
from app.cli.progress import StatusLine
from app.cli.recordings import target_of
from app.detection.detector import Detector
from app.detection.models import FOR_LIVE, Size, about
from app.errors import MixposeError
from app.pipeline import LiveRun, Snapshot, State
from app.recording.meta import SourceInfo, settings
from app.recording.writer import RecordingWriter
from app.sources import is_performer, reopener

if TYPE_CHECKING:
    from app.recording.events import Mark
    from app.sources import Source

_LOOK_S: Final = 0.1
_SEVERAL: Final = True
"""Other people than the followed one are detected, as by default in the window."""
_STOP_S: Final = 3.0
_CLOSE_S: Final = 12.0
"""Seconds to wait for a run that ends by itself: it closes the recording first."""


class Capture(WatchedRun):
    """Runs the source through the detector into a recording, until stopped.

    It is the window's pipeline, with the network only if poses are sent meanwhile.  A lost camera
    is waited for, and leaves a gap in the recording's times.  Of a file every frame is recorded, as
    fast as it can be detected.
    """

    def __init__(
        self,
        options: argparse.Namespace,
        line: StatusLine,
        sending: Sending,
        events: EventLines,
    ) -> None:
        super().__init__(options.source, line, sending)
        self._options = options
        self._events = events
        self._folder, self._name = target_of(options.output)
        self._open_source = reopener(options.source, paced=is_performer(options.source))
        network = lifter_factory(options) if sending.senders else None
        self._size: Size = options.detector or FOR_LIVE
        self._run = LiveRun(
            self._open,
            network,
            detector_factory=partial(Detector, self._size, choices=options.choices),
            detector_size=self._size,
            height_m=options.height,
            level=lift_options(options).level,
            smooth=True,
            several=_SEVERAL,
        )
        self._run.send_to(*sending.senders)
        self._disk_low = False
        self._video_problem = False
        self._announced = False
        self._explained = False
        self.writer: RecordingWriter | None = None
        """None until the source is open."""

    def record(self, interrupt: Interrupt) -> MixposeError | None:
        """Record until the end of the source, of the requested duration, or a signal; then close
        everything.

        Returns the reason of a premature end, or None.
        """
        self._run.start()
        self._events.start(self._mark)
        try:
            error = self._watch(interrupt)
        finally:
            self._events.close()
            self._tell_events()
            self._line.clear()
            self._close()
        writer = self.writer
        if writer is not None and not writer.frames:
            writer.discard()
            self.writer = None
        if self.writer is None and error is None:
            stopped = "Stopped before the first frame; nothing was recorded."
            return UsageError(stopped) if interrupt.signal is not None else self._no_frames()
        return error or (None if writer is None else writer.error)

    def _open(self) -> Source:
        """Open the source; the first time also begin the recording.

        Called in the run's thread: begun later, it would miss the first frames of a file.
        """
        source = self._open_source()
        if self.writer is None:
            try:
                self.writer = self._begin(source)
            except BaseException:
                source.close()
                raise
        return source

    def _begin(self, source: Source) -> RecordingWriter:
        options = self._options
        writer = RecordingWriter.create(
            self._folder,
            self._name,
            source=SourceInfo(source.label, source.live, source.rate, source.fov_deg),
            size=source.size,
            keep_video=options.video,
            settings=settings(
                several=_SEVERAL,
                detector=about(self._size),
                height_m=options.height,
                weights=options.weights,
                camera_pitch_deg=options.camera_pitch,
                camera_roll_deg=options.camera_roll,
            ),
            seconds=options.seconds,
        )
        try:
            self._run.start_recording(writer)
        except MixposeError:  # stopped in the meantime
            writer.discard()
            raise
        return writer

    def _watch(self, interrupt: Interrupt) -> MixposeError | None:
        while interrupt.signal is None:
            now = self._run.latest()
            self._look_at_source(now)
            if now.state is State.FAILED:
                return now.error
            writer = self.writer
            self._tell_events()
            if writer is None:
                self._line.show(f"Opening {self._asked} ...")
            elif writer.error is not None:
                return writer.error
            elif self._has_all(writer, now):
                return None
            else:
                self._tell(writer, now)
            time.sleep(_LOOK_S)
        return None

    def _has_all(self, writer: RecordingWriter, now: Snapshot) -> bool:
        if writer.complete or now.state is State.ENDED:
            return True
        seconds = self._options.seconds
        waited_s = now.lost_for_s or 0.0
        return bool(seconds and waited_s and writer.elapsed_s + waited_s >= seconds)

    def _tell(self, writer: RecordingWriter, now: Snapshot) -> None:
        """Print each new message once, and update the status line."""
        if not self._announced:
            self._announced = True
            self._line.warn(f"mixpose: Recording {self._label} to {writer.path}; Ctrl-C ends it.")
        if writer.frames and not self._explained:
            self._explained = True
            if self._events.explained:
                self._line.warn(f"mixpose: {self._events.explained}")
        self._tell_lost(now)
        self._tell_trouble(writer)
        self._sending.tell(self._line)
        room = f", {writer.disk_warning}" if writer.disk_warning else ""
        text = (
            f"{_clock(writer.elapsed_s)}, {writer.frames} frames, {now.stats.fps:.1f} "
            f"frames/s, {writer.dropped} dropped{room}{self._sending.status(before=', ')}"
        )
        self._show(now, text if writer.frames else f"{self._label}: loading the person finder ...")

    def _mark(self, label: str) -> Mark | None:
        """Mark an event now; None if nothing is being recorded.  Called in another thread."""
        return None if self.writer is None else self.writer.mark(label)

    def _tell_events(self) -> None:
        texts = [f"mixpose: {self._described(mark)}" for mark in self._events.made()]
        if texts and self._events.typed:
            self._line.answer(texts)
        else:
            for text in texts:
                self._line.warn(text)

    def _described(self, mark: Mark | None) -> str:
        if mark is None or self.writer is None:
            return "Nothing is being recorded at the moment; no event is marked."
        return described(mark, mark.time_s - self.writer.starts_at_s)

    def _tell_trouble(self, writer: RecordingWriter) -> None:
        if writer.disk_warning and not self._disk_low:
            self._line.warn(f"mixpose: Warning: {writer.disk_warning}.")
        self._disk_low = writer.disk_warning is not None
        if writer.video_problem and not self._video_problem:
            self._video_problem = True
            self._line.warn(f"mixpose: Warning: {writer.video_problem}")

    def _close(self) -> None:
        held = self._run.stop_recording()
        if held is not None:
            held.close()
        self.hangs = not self._run.stop(_STOP_S if held is not None else _CLOSE_S)
        if self.writer is not None:
            self.writer.close()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
