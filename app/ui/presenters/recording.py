"""Recording: countdown, start, elapsed time, automatic stop, and saving."""

from __future__ import annotations

import enum
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.errors import MixposeError, RecordingError
from app.ui.preferences import Preferences
from app.ui.presenters.live import LivePresenter
from app.ui.tasks import Job, Jobs

if TYPE_CHECKING:
    from app.recording.events import Mark
    from app.recording.writer import RecordingWriter

_NOTHING: Final = (
    "No picture came meanwhile, so nothing was recorded. Press R when pictures come again."
)


class RecordState(enum.Enum):
    OFF = "off"
    COUNTDOWN = "countdown"
    OPENING = "opening"
    RECORDING = "recording"
    SAVING = "saving"


@dataclass(frozen=True, slots=True)
class RecordStatus:
    """State of the record button."""

    state: RecordState = RecordState.OFF
    countdown: int = 0
    """Whole seconds left of the countdown."""
    elapsed_s: float = 0.0
    possible: bool = False
    explained: str = ""


class RecordPresenter:
    """Starts and stops recordings of a live run.

    Args:
        jobs: runs the opening and closing of files.
        preferences: countdown, automatic stop, keep video.
        folder: returns the folder in which recordings are saved.
        saved: called with the path of each finished recording that has frames, and with the
            sentence that says why it ended automatically (empty if the user stopped it).
        failed: called with a sentence when something went wrong.
        ended: called whenever a recording or its countdown has ended.
        clock: returns monotonic seconds.
    """

    def __init__(
        self,
        jobs: Jobs,
        preferences: Preferences,
        folder: Callable[[], Path],
        *,
        saved: Callable[[Path, str], None],
        failed: Callable[[str], None],
        ended: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs, self._preferences, self._folder = jobs, preferences, folder
        self._saved, self._failed, self._ended, self._clock = saved, failed, ended, clock
        self._state = RecordState.OFF
        self._current: LivePresenter | None = None
        self._begin_at = 0.0
        self._writer: RecordingWriter | None = None
        self._stop_requested = False
        self._stop_reason = ""

    @property
    def state(self) -> RecordState:
        return self._state

    @property
    def active(self) -> bool:
        """Whether something would be lost if the live run were closed without ``stop``."""
        return self._state is not RecordState.OFF

    def toggle(self, current: LivePresenter | None) -> None:
        """Start or stop recording (the record button and R)."""
        if self._state is RecordState.OFF:
            if current is not None and self._can_record(current):
                self._current = current
                self._state = RecordState.COUNTDOWN
                self._begin_at = self._clock() + self._preferences.countdown_s
                self.step()
        else:
            self.stop()

    def stop(self, why: str = "") -> None:
        """Cancel the countdown, or end and save the recording; do nothing otherwise.

        ``why`` completes the sentence "The recording NAME ended ..." if the user did not stop it.
        """
        if self._state is RecordState.COUNTDOWN:
            self._reset()
        elif self._state is RecordState.OPENING:
            self._stop_requested, self._stop_reason = True, why  # it ends as soon as it has begun
        elif self._state is RecordState.RECORDING and self._writer is not None:
            self._stop_reason = why
            self._close(self._writer)

    def mark(self) -> Mark | None:
        """Mark an event now; None if nothing is recorded, or no frame has been yet."""
        if self._state is not RecordState.RECORDING or self._writer is None:
            return None
        return self._writer.mark()

    def step(self) -> None:
        """Start or end the recording if it is time; called on every tick of the window."""
        if self._state is RecordState.COUNTDOWN and self._clock() >= self._begin_at:
            self._open()
        if self._state is not RecordState.RECORDING or self._writer is None:
            return
        limit = self._preferences.auto_stop_s
        ended = self._current is None or self._current.run.state.final
        if ended or self._writer.error or (limit and self._writer.elapsed_s >= limit):
            self._close(self._writer)

    def status(self, current: LivePresenter | None) -> RecordStatus:
        if self._state is RecordState.COUNTDOWN:
            left = max(1, math.ceil(self._begin_at - self._clock()))
            return RecordStatus(self._state, countdown=left, explained="Do not record (R)")
        if self._state is RecordState.RECORDING and self._writer is not None:
            elapsed = self._writer.elapsed_s
            return RecordStatus(self._state, elapsed_s=elapsed, explained="Stop and save (R)")
        if self._state is RecordState.OPENING:
            return RecordStatus(self._state, explained="Stop and save (R)")
        if self._state is RecordState.SAVING:
            return RecordStatus(self._state, explained="One moment")
        possible = current is not None and self._can_record(current)
        why = "Record what you do (R)" if possible else "Start a camera first, then record"
        return RecordStatus(possible=possible, explained=why)

    def hint(self) -> str:
        """A warning while recording, or an empty string."""
        writer = self._writer
        if self._state is not RecordState.RECORDING or writer is None:
            return ""
        if writer.video_problem:
            return writer.video_problem
        return writer.disk_warning or ""

    @staticmethod
    def _can_record(current: LivePresenter) -> bool:
        snapshot = current.snapshot
        return snapshot.frame is not None and not current.ended

    def _open(self) -> None:
        current = self._current
        if current is None or not self._can_record(current):
            self._reset()
            return
        self._state = RecordState.OPENING
        folder = self._folder()

        def create(_control: object) -> RecordingWriter:
            writer = create_writer(folder, current, self._preferences)
            try:
                current.run.start_recording(writer)
            except MixposeError:
                writer.discard()
                raise
            return writer

        def created(writer: RecordingWriter) -> None:
            self._writer, self._state = writer, RecordState.RECORDING
            current.recording = True
            if self._stop_requested:
                self._close(writer)

        self._jobs.start(
            Job("Start recording", create, done=created, failed=self._fail, quiet=True)
        )

    def _close(self, writer: RecordingWriter) -> None:
        current = self._current
        if current is not None:
            current.recording = False
            current.run.stop_recording()
        self._state = RecordState.SAVING

        def close(_control: object) -> Path:
            writer.discard()  # closes it; deletes it only if it has no frames
            return writer.path

        def closed(path: Path) -> None:
            why, because = str(writer.error or ""), self._stop_reason
            self._reset()
            if path.is_dir():
                ended = f"The recording {path.stem} ended {because}. It is saved."
                self._saved(path, why or (ended if because else ""))
            else:
                self._failed(why or _NOTHING)

        self._jobs.start(Job("Saving the recording", close, done=closed, failed=self._fail))

    def _fail(self, error: BaseException) -> None:
        self._reset()
        if isinstance(error, MixposeError):
            self._failed(str(error))
        else:
            raise error

    def _reset(self) -> None:
        self._state, self._current, self._writer = RecordState.OFF, None, None
        self._stop_requested, self._stop_reason = False, ""
        self._ended()


def create_writer(
    folder: Path, current: LivePresenter, preferences: Preferences
) -> RecordingWriter:
    """Create the files of a recording of the live run.  Raises RecordingError."""
    from app.detection.models import FOR_LIVE, about
    from app.recording.meta import SourceInfo, settings
    from app.recording.writer import RecordingWriter

    facts = current.snapshot.source
    if facts is None:
        raise RecordingError("There is nothing to record yet. Wait for the first picture.")
    return RecordingWriter.create(
        folder,
        source=SourceInfo(facts.label, facts.live, facts.rate, facts.fov_deg),
        size=facts.size,
        keep_video=preferences.keep_video,
        settings=settings(
            several=preferences.several,
            detector=about(current.snapshot.stats.detector_size or FOR_LIVE),
            height_m=preferences.height_m or None,
            weights=preferences.weights or None,
            camera_pitch_deg=preferences.camera_pitch_deg if preferences.camera_told else None,
            camera_roll_deg=preferences.camera_roll_deg if preferences.camera_told else None,
            delay=preferences.delay,
        ),
    )
