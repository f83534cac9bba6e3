"""The interface of the window's presenter to its parts, which must not import it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from app.ui.notices import Message
from app.ui.preferences import Preferences
from app.ui.presenters.live import LivePresenter
from app.ui.presenters.marking import Marking
from app.ui.presenters.playback import PlaybackPresenter
from app.ui.tasks import Jobs

if TYPE_CHECKING:
    from PyQt6.QtCore import pyqtBoundSignal

    from app.ui.presenters.clips import Clip


class Host(Protocol):
    """The part of :class:`WindowPresenter` that its parts use."""

    jobs: Jobs
    preferences: Preferences
    marking: Marking
    current: LivePresenter | PlaybackPresenter | None
    last_recording: Path | None
    closing: bool

    @property
    def recordings(self) -> Path:
        """The folder in which recordings are saved."""

    @property
    def playback(self) -> PlaybackPresenter | None:
        """The presenter of the recording or video shown; None if there is none."""

    @property
    def ask_export(self) -> pyqtBoundSignal: ...

    @property
    def show_folder(self) -> pyqtBoundSignal: ...

    def play(self, clip: Clip, spec: str) -> None: ...

    def open_recording(self, path: Path) -> None: ...

    def cannot_open(self, spec: str, reason: str) -> None: ...

    def close_later(self, current: LivePresenter | PlaybackPresenter) -> None: ...

    def list_recordings(self) -> None: ...

    def recording_ended(self) -> None: ...

    def set_preference(self, name: str, value: Any) -> None: ...

    def end_welcome(self) -> None: ...

    def announce(self, message: Message) -> None: ...

    def notify(self, sentence: str, *, of_shown: bool = False) -> None: ...

    def job_failed(self, error: BaseException, *, of_shown: bool = False) -> None: ...
