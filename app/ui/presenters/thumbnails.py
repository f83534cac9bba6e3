"""Thumbnails of recordings, made one by one in the background and on demand."""

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
"""A recording and its number of frames: the thumbnail of one that grows is made again."""
LONGEST: Final = 320
"""Longest side of a thumbnail, pixels: 160 logical pixels on a screen of pixel ratio 2."""


class Thumbnails(QObject):
    """Makes one thumbnail after the other, and caches them; a new request replaces the queue."""

    made = pyqtSignal(Path)
    """The thumbnail of this recording is ready."""

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._known: dict[Key, Preview | None] = {}
        self._queue: list[Key] = []
        self._job: Job | None = None

    def known(self, key: Key) -> bool:
        """Whether its thumbnail was made, or could not be."""
        return key in self._known

    def of(self, key: Key) -> Preview | None:
        """Return its thumbnail; None if it is not made yet, or the recording is damaged."""
        return self._known.get(key)

    def request(self, keys: list[Key]) -> None:
        """Request the thumbnails of these rows, in this order, instead of earlier requests."""
        self._queue = [key for key in keys if key not in self._known]
        self._next()

    def _next(self) -> None:
        if self._job is not None or not self._queue:
            return
        key = self._queue.pop(0)

        def made(preview: Preview | None) -> None:
            self._job = None
            self._known[key] = preview
            self.made.emit(key[0])
            self._next()

        self._job = self._jobs.start(
            Job(
                "Looking at a recording",
                lambda _control: _preview(key[0]),
                done=made,
                quiet=True,
                reads_only=True,
            )
        )


def _preview(path: Path) -> Preview | None:
    try:
        return background.preview(path, LONGEST)
    except RecordingError:  # the user sees why when opening it
        return None
