"""What the parts of the window's logic need of the whole, which they must not import."""

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
    """The window's presenter, as its parts see it."""

    jobs: Jobs
    preferences: Preferences
    marking: Marking
    current: LivePresenter | PlaybackPresenter | None
    last_recording: Path | None
    closing: bool

    @property
    def recordings(self) -> Path:
        """The folder recordings go to."""

    @property
    def playback(self) -> PlaybackPresenter | None:
        """The recording or video shown."""

    @property
    def ask_export(self) -> pyqtBoundSignal: ...

    @property
    def show_folder(self) -> pyqtBoundSignal: ...

    def play(self, clip: Clip, spec: str) -> None: ...

    def open_recording(self, path: Path) -> None: ...

    def cannot_open(self, spec: str, reason: str) -> None: ...

    def end_behind(self, current: LivePresenter | PlaybackPresenter) -> None: ...

    def list_recordings(self) -> None: ...

    def recording_over(self) -> None: ...

    def set_preference(self, name: str, value: Any) -> None: ...

    def end_welcome(self) -> None: ...

    def announce(self, message: Message) -> None: ...

    def tell(self, sentence: str, *, of_shown: bool = False) -> None: ...

    def job_failed(self, error: BaseException, *, of_shown: bool = False) -> None: ...
