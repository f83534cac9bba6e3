"""The main window's presenter: the source shown, background work, messages and questions."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PyQt6.QtCore import QObject, pyqtSignal

from app.errors import MixposeError
from app.recording.names import SUFFIX
from app.ui import notices
from app.ui.notices import Action, Message, MessageButton
from app.ui.preferences import Preferences
from app.ui.presenters import background, sources
from app.ui.presenters.comparison import Comparison
from app.ui.presenters.correcting import Correcting
from app.ui.presenters.levelling import Levelling
from app.ui.presenters.live import LivePresenter, close_in_background, lifter_loader
from app.ui.presenters.marking import Marking
from app.ui.presenters.new_recordings import NewRecordings
from app.ui.presenters.opening import Opening
from app.ui.presenters.playback import PlaybackPresenter
from app.ui.presenters.sources import CameraList
from app.ui.presenters.view_state import ViewState
from app.ui.tasks import Job, Jobs

if TYPE_CHECKING:
    from app.ui.presenters.clips import Clip

log: Final = logging.getLogger(__name__)
MANY_ERRORS: Final = 3
"""Errors within a second after which the source is closed."""
CLOSE_S: Final = 0.8
"""Longest time that closing the window may take; a source that hangs is abandoned."""
SAVE_S: Final = 2.6
"""The same while a recording or an export is being saved."""
_ANOTHER: Final = "because something else was chosen to be shown"


class WindowPresenter(QObject):
    """Owns the presenter of the source shown, the recorder, the jobs and the message strip."""

    current_changed = pyqtSignal()
    """Another source or recording is shown, or none."""
    sources_changed = pyqtSignal()
    preferences_changed = pyqtSignal(str)
    recordings_listed = pyqtSignal(list)
    """(label, path) of the newest recordings."""
    ask_file = pyqtSignal()
    ask_url = pyqtSignal()
    ask_export = pyqtSignal(Path)
    """Asks for the export of this recording."""
    ask_stop = pyqtSignal()
    """Asks whether to turn the camera off, which would end the recording."""
    show_folder = pyqtSignal(Path)
    copy_diagnostics = pyqtSignal()

    def __init__(self, preferences: Preferences, recordings: Callable[[], Path]) -> None:
        """``recordings`` returns the folder in which recordings are saved."""
        super().__init__()
        self.preferences = preferences
        self.jobs = Jobs(self)
        self.current: LivePresenter | PlaybackPresenter | None = None
        self.message: Message | None = None
        self.last_recording: Path | None = None
        self.welcome = not preferences.welcomed
        self._recordings = recordings
        self.new_recordings = NewRecordings(self)
        self.marking = Marking(self)
        self.opening = Opening(self, self.new_recordings)
        self.comparison = Comparison(self, self.new_recordings)
        self.levelling = Levelling(self, self.opening, self.new_recordings)
        self.correcting = Correcting(self, self.opening)
        self.recorder = self.new_recordings.recorder
        self.cameras = CameraList(self.jobs, self.sources_changed.emit)
        self._spec = ""
        self._live_spec = ""
        self._notice: notices.Notice | None = None
        self._closing: list[threading.Thread] = []
        self._explain_performer = self._camera_changes = False
        self._errors: list[float] = []
        self.closing = False
        self._closing_since = 0.0
        self.failed_source = ""
        """Name of the file that could not be opened; empty if none."""
        self.performer_possible = True
        """Whether the performer can be drawn; assumed until drawing has failed."""

    @property
    def recordings(self) -> Path:
        """The folder in which recordings are saved."""
        return self._recordings()

    # --- starting ---------------------------------------------------------------------------

    def begin(self, spec: str | None) -> None:
        """Show ``spec``; if None, the remembered source, else a camera, else the performer."""
        if spec:
            self.choose(spec)
            self.cameras.refresh()
            return
        self._notice = notices.starting("the camera")
        self._find_cameras(then=self._begin_default)

    def _find_cameras(self, then: Callable[[], None]) -> None:
        """List the cameras, which may take seconds; call ``then`` unless the user has chosen
        something else by then, or closed the window."""
        request = self.opening.request
        self.cameras.refresh(lambda: then() if request == self.opening.request else None)

    def _begin_default(self) -> None:
        if self.current is not None:
            return
        remembered, found = self.preferences.source, self.cameras.names
        usable = remembered == sources.PERFORMER or remembered in found
        if usable or sources.is_url(remembered):
            self.choose(remembered)
        elif found:
            self.choose(found[0])
        else:
            self._explain_performer = True
            self.choose(sources.PERFORMER)

    @property
    def playback(self) -> PlaybackPresenter | None:
        """The presenter of the recording or video shown; None if there is none."""
        return self.current if isinstance(self.current, PlaybackPresenter) else None

    @property
    def shows_performer(self) -> bool:
        """Whether the performer is shown."""
        current = self.current
        return isinstance(current, LivePresenter) and current.spec == sources.PERFORMER

    @property
    def source_list(self) -> sources.SourceList:
        return sources.build(self.cameras.names, self._spec, performer=self.performer_possible)

    # --- what is shown ----------------------------------------------------------------------------

    def choose(self, spec: str) -> None:
        """Open an entry chosen from the source list, or a dropped or opened file."""
        if self.closing:  # a job that ended meanwhile would open what nobody closes
            return
        if spec == sources.ASK_FILE:
            self.ask_file.emit()
        elif spec == sources.ASK_URL:
            self.ask_url.emit()
        elif spec.endswith(SUFFIX):
            self.open_recording(Path(spec).absolute())
        elif sources.is_video(spec):
            if self.current is None:
                self._notice = notices.starting(sources.short(spec))
            # Absolute: the folder is shown, and remembered if it is opened from elsewhere.
            self.opening.open_video(Path(spec).absolute())
        else:
            self._start(spec)
        self.sources_changed.emit()

    def _start(self, spec: str) -> None:
        self._close_current(_ANOTHER)
        self._spec = self._live_spec = spec
        self.preferences.source = sources.to_remember(spec)
        self.preferences.addresses = sources.with_address(self.preferences.addresses, spec)
        self.current = LivePresenter(
            spec, self.preferences, no_camera=lambda: self.cameras.none_found
        )
        self.current_changed.emit()

    def open_recording(self, path: Path) -> None:
        """Load a recording and play it; the present source stays until it is loaded."""
        if self.closing:
            return
        self.opening.open_recording(path)

    def play(self, clip: Clip, spec: str) -> None:
        """Show a recording or a video."""
        self._close_current(_ANOTHER)
        self._spec = spec
        self.current = PlaybackPresenter(clip)
        self.message = None
        self.current_changed.emit()
        self.sources_changed.emit()

    def cannot_open(self, spec: str, reason: str) -> None:
        """Show a card that says why a video cannot be played, with alternatives."""
        self._close_current(_ANOTHER)
        self._spec = self._live_spec = spec
        self.failed_source = sources.short(spec)
        self._notice = notices.failed(reason, no_camera=False)
        self.current_changed.emit()
        self.sources_changed.emit()

    def _close_current(self, why: str = "") -> None:
        self._camera_changes = False
        self.recorder.stop(why)
        self.opening.cancel()
        self.comparison.close()
        self._notice, self.failed_source = None, ""
        if self.message is not None and self.message.of_shown:
            self.message = None
        current, self.current = self.current, None
        if current is not None:
            self.close_later(current)

    def close_later(self, current: LivePresenter | PlaybackPresenter) -> None:
        """Close a source in the background; closing the window waits for it."""
        self._closing = [thread for thread in self._closing if thread.is_alive()]
        self._closing.append(close_in_background(current))

    def toggle(self) -> None:
        """Space: play or pause a recording or video, start or stop a camera."""
        if isinstance(self.current, PlaybackPresenter):
            self.current.toggle()
        else:
            self.start_or_stop()

    def start_or_stop(self) -> None:
        """Start or stop the camera (the start button); from a recording, go back to the camera."""
        if isinstance(self.current, LivePresenter) and not self.current.ended:
            if self.recorder.active:
                self.ask_stop.emit()
            else:
                self.close_source()
        elif self._live_spec:
            self.choose(self._live_spec)
        else:
            self.begin(None)

    def close_source(self) -> None:
        """Close the source shown; no other one is opened."""
        self._close_current()
        self._spec, self._notice = self._live_spec, notices.STOPPED
        self.current_changed.emit()
        self.sources_changed.emit()

    @property
    def start_button(self) -> tuple[str, str, str] | None:
        """Label, icon and tooltip of the start button; None while there is nothing to start."""
        current = self.current
        if isinstance(current, PlaybackPresenter):
            return "Live", "camera", "Close what plays and go back to the camera"
        if current is None or current.ended:
            return "Start", "play", "Start the camera (Space)"
        return None

    def view_state(self) -> ViewState:
        """Return everything to be shown now; called on every tick of the window."""
        self.recorder.step()
        if self.current is None:
            self.cameras.refresh_if_none()
            return ViewState(notice=self._offered(self._notice))
        view_state = self.current.view_state()
        view_state = replace(view_state, notice=self._offered(self._notice or view_state.notice))
        hint = (
            self.marking.hint() or self.recorder.hint() or view_state.hint or self._performer_hint()
        )
        return replace(view_state, hint=hint)

    def no_performer(self) -> None:
        """Stop offering the performer, because it cannot be drawn."""
        if self.performer_possible:
            self.performer_possible = False
            self.sources_changed.emit()

    def _offered(self, notice: notices.Notice | None) -> notices.Notice | None:
        """Return the card without buttons for the performer if that cannot be drawn."""
        current = self.current
        if self.shows_performer and isinstance(current, LivePresenter) and current.ended:
            self.no_performer()
        if notice is None or self.performer_possible:
            return notice
        return notices.without(notice, Action.PERFORMER)

    def _performer_hint(self) -> str:
        return notices.PERFORMER_HINT if self._explain_performer and self.welcome else ""

    def perform(self, action: Action) -> None:
        """Perform the action of a button on a card."""
        actions: dict[Action, Callable[[], None]] = {
            Action.START: self.start_or_stop,
            Action.RETRY: self.retry,
            Action.OPEN_FILE: self.ask_file.emit,
            Action.OPEN_URL: self.ask_url.emit,
            Action.PERFORMER: lambda: self.choose(sources.PERFORMER),
            Action.DIAGNOSTICS: self.copy_diagnostics.emit,
            Action.DISMISS: self._dismiss,
        }
        actions[action]()

    def retry(self) -> None:
        """Try the source again, as if the program had just started."""
        self._dismiss()
        spec = self._live_spec
        self._find_cameras(then=lambda: self.choose(spec) if spec else self.begin(None))

    def _dismiss(self) -> None:
        self._notice = None if self.current is not None else notices.STOPPED

    def list_recordings(self) -> None:
        """List the recordings in the background; emits ``recordings_listed``."""
        folder = self._recordings()
        self.jobs.start(
            Job(
                "Looking for recordings",
                lambda _control: background.recordings(folder),
                done=self.recordings_listed.emit,
                failed=lambda error: log.warning("the recordings are not listed: %s", error),
                quiet=True,
                reads_only=True,
            )
        )

    # --- settings ---------------------------------------------------------------------------

    def set_preference(self, name: str, value: Any) -> None:
        """Change a setting, and apply it to the live run at once if possible."""
        if getattr(self.preferences, name) == value:
            return
        setattr(self.preferences, name, value)
        current = self.current
        if isinstance(current, LivePresenter) and not current.ended:
            self._apply(current, name)
        self.preferences_changed.emit(name)

    def _apply(self, current: LivePresenter, name: str) -> None:
        chosen = self.preferences
        if name == "delay":
            current.run.set_delay(chosen.delay)
        elif name == "height_m":
            current.run.set_height(chosen.height_m or None)
        elif name == "smooth_live":
            current.run.set_smoothing(chosen.smooth_live)
        elif name == "detector":
            current.detector_automatic = chosen.detector_size is None
            current.run.set_detector_size(chosen.detector_size)
        elif name == "several":
            current.run.set_several(chosen.several)
        elif name in ("camera_told", "camera_pitch_deg", "camera_roll_deg"):
            current.run.set_level(background.lifting_of(chosen).level)
        elif name in ("weights", "device"):
            current.gpu_wanted = chosen.device not in ("auto", "cpu")
            current.run.set_lifter(lifter_loader(chosen))
        elif name in ("resolution", "rate") and current.is_camera:
            if self.recorder.active:
                self._camera_changes = True
                self.notify("The camera changes to that when the recording has ended.")
            else:
                self.choose(current.spec)

    @property
    def picture_cost(self) -> float | None:
        """Megabytes per minute that a recording with pictures would take; None if unknown."""
        return self.current.picture_cost if isinstance(self.current, LivePresenter) else None

    def recording_ended(self) -> None:
        """Apply a change of the camera's settings that was postponed until the recording ended."""
        changes, self._camera_changes = self._camera_changes, False
        if changes and isinstance(self.current, LivePresenter) and not self.closing:
            self.choose(self.current.spec)

    def choose_person(self, x: float, y: float) -> None:
        """Follow the person at this position of the picture, in pixels."""
        if isinstance(self.current, LivePresenter):
            self.current.choose_person(x, y)
        elif self.current is not None:
            self.opening.choose_person(self.current, x, y)

    def end_welcome(self) -> None:
        """Do not show the welcome any more: it has been read."""
        self.welcome = self._explain_performer = False
        self.preferences.welcomed = True

    # --- messages ---------------------------------------------------------------------------

    def announce(self, message: Message) -> None:
        """Say it in the strip, with a button that takes it away."""
        dismiss = MessageButton("Dismiss", self.clear_message)
        self.message = replace(message, buttons=(*message.buttons, dismiss))

    def clear_message(self) -> None:
        self.message = None

    def forget(self, path: Path) -> None:
        """Clear the message about a recording, which has been renamed or deleted."""
        if self.message is not None and self.message.about == path:
            self.message = None

    def notify(self, sentence: str, *, of_shown: bool = False) -> None:
        """Show a sentence in the message strip, with a button to dismiss it; with ``of_shown`` only
        until another source is shown."""
        self.announce(Message(sentence, of_shown=of_shown))

    def job_failed(self, error: BaseException, *, of_shown: bool = False) -> None:
        """:meth:`notify` why a job failed; raise any error that is not a MixposeError."""
        if not isinstance(error, MixposeError):
            raise error
        self.notify(str(error), of_shown=of_shown)

    def program_error(self, error: BaseException) -> None:
        """Show a card for an unexpected error; the window stays open."""
        now = time.monotonic()
        self._errors = [at for at in self._errors if now - at < 1.0] + [now]
        if len(self._errors) >= MANY_ERRORS:  # repeated on every tick: close the source
            self._close_current()
            self.current_changed.emit()
        self._notice = notices.program_error(f"{type(error).__name__}: {error}")

    # --- closing ----------------------------------------------------------------------------

    @property
    def unsaved_job(self) -> str:
        """Title of a job whose result closing now would lose; empty if there is none."""
        jobs = [job.title for job in self.jobs.running if job.precious]
        return jobs[0] if jobs else ""

    def begin_close(self, *others: Callable[[], object]) -> None:
        """Begin to close everything, saving a recording; ``others`` are called in threads."""
        self.closing = True
        self._closing_since = time.monotonic()
        self._close_current()
        for job in self.jobs.running:
            job.cancel()
        for other in others:
            thread = threading.Thread(target=other, name="close", daemon=True)
            thread.start()
            self._closing.append(thread)

    def has_closed(self) -> bool:
        """Whether everything has ended or its time is up; called repeatedly until it is True."""
        self.recorder.stop()  # also a recording that was still being opened
        self._closing = [thread for thread in self._closing if thread.is_alive()]
        awaited = [job for job in self.jobs.running if not job.reads_only]
        if not awaited and not self._closing and not self.recorder.active:
            self.jobs.forget()
            return True
        saving = self.recorder.active or any(job.precious for job in self.jobs.running)
        if time.monotonic() < self._closing_since + (SAVE_S if saving else CLOSE_S):
            return False
        left = [job.title for job in awaited] + [thread.name for thread in self._closing]
        log.warning("closed without waiting for %s", ", ".join(left))
        self.jobs.forget()
        return True
