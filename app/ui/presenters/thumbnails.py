"""What recordings look like, found out one by one in the background and only when it is wanted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PyQt6.QtCore import QObject, pyqtSignal

from app.errors import RecordingError
from app.ui.presenters import background
from app.ui.tasks import Job, Jobs

if TYPE_CHECKING:
    from app.recording.preview import Preview

Key = tuple[Path, int]
"""A recording, and how many frames it has: one that grows looks different later."""
LONGEST: Final = 320
"""Pixels of a thumbnail, which screens of twice the resolution show at 160."""


class Thumbnails(QObject):
    """Keeps what was found; asks for one after the other, what was wanted last first."""

    made = pyqtSignal(Path)
    """What this recording looks like is known now."""

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._known: dict[Key, Preview | None] = {}
        self._wanted: list[Key] = []
        self._job: Job | None = None

    def known(self, key: Key) -> bool:
        """Whether it has been looked at."""
        return key in self._known

    def of(self, key: Key) -> Preview | None:
        """What it looks like; None if that is not known, or if it is damaged."""
        return self._known.get(key)

    def want(self, keys: list[Key]) -> None:
        """These are to be seen now, from the top; what was wanted before is not any more."""
        self._wanted = [key for key in keys if key not in self._known]
        self._next()

    def _next(self) -> None:
        if self._job is not None or not self._wanted:
            return
        key = self._wanted.pop(0)

        def made(preview: Preview | None) -> None:
            self._job = None
            self._known[key] = preview
            self.made.emit(key[0])
            self._next()

        self._job = self._jobs.start(
            Job(
                "Looking at a recording",
                lambda _control: _view_state(key[0]),
                done=made,
                quiet=True,
                reads_only=True,
            )
        )


def _view_state(path: Path) -> Preview | None:
    try:
        return background.preview(path, LONGEST)
    except RecordingError:  # it says why when it is opened
        return None
