"""All recordings: what they look like, finding, renaming, deleting with a way back, and notes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PyQt6.QtCore import QDir, QFile, QObject, QStandardPaths, pyqtSignal

from app.errors import MixposeError, RecordingError
from app.ui import words
from app.ui.presenters import background
from app.ui.presenters.interrupted import rename_interrupted
from app.ui.presenters.playback import PlaybackPresenter
from app.ui.tasks import Job, Jobs

if TYPE_CHECKING:
    from app.recording.listing import RecordingEntry
    from app.recording.preview import Preview
    from app.ui.presenters.window import WindowPresenter


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the list: what is read, and what is sorted by."""

    text: str
    key: Any


COLUMNS = ("Name", "Date", "Length", "Frames", "Video", "3D", "Events", "")


@dataclass(frozen=True, slots=True)
class Deleted:
    """A recording that can be brought back."""

    path: Path
    trashed: Path


class LibraryPresenter(QObject):
    """The list of recordings and what can be done to one of them."""

    listed = pyqtSignal()
    """``rows`` are new."""
    said = pyqtSignal(str)
    """A sentence about what has been done or could not be."""

    def __init__(self, window: WindowPresenter) -> None:
        super().__init__()
        self._window = window
        self.thumbnails = Thumbnails(window.jobs, self)
        window.recordings_listed.connect(lambda _found: self.refresh())
        self.rows: list[RecordingEntry] = []
        self._typed: dict[Path, str] = {}
        self.deleted: Deleted | None = None
        """The recording that was deleted last, if it can be brought back."""
        self.arrived: Path | None = None
        """The recording that was renamed or brought back last."""

    @property
    def folder(self) -> Path:
        """Where the recordings are."""
        return self._window.recordings

    def refresh(self) -> None:
        """Look at the folder again, in the background."""
        folder = self.folder
        self._do("Looking for recordings", lambda: background.all_recordings(folder), self._listed)

    def _listed(self, entries: list[RecordingEntry]) -> None:
        self.rows = entries
        for row in self.rows:
            if self._typed.get(row.path) == row.notes:
                del self._typed[row.path]
        self.listed.emit()

    def take_arrived(self) -> Path | None:
        """What is to be chosen because it has just arrived in the list; each once."""
        if self.arrived is None or all(row.path != self.arrived for row in self.rows):
            return None
        arrived, self.arrived = self.arrived, None
        return arrived

    def open(self, path: Path) -> None:
        """Play a recording in the window."""
        self._window.choose(str(path))

    @property
    def can_compare(self) -> bool:
        """Whether something plays that a recording can be compared with."""
        return self._window.playback is not None

    def compare(self, path: Path) -> None:
        """Play a recording beside what plays already."""
        self._window.comparison.open(str(path))

    def rename(self, path: Path, name: str) -> None:
        """Give a recording another name; one that is playing goes on playing."""
        if name.strip() == path.stem or not self._is_free(path):
            return
        was_shown = self._shows(path)
        release = self._release(path)

        def renamed(target: Path) -> None:
            self._window.forget(path)
            if was_shown:
                self._window.open_recording(target)
            if self._window.last_recording == path:
                self._window.last_recording = target
            rename_interrupted(self._window, path, target)
            self.arrived = target
            self._changed(f"{path.stem} is called {target.stem} now")

        def rename() -> Path:
            release()
            return background.rename_recording(path, name)

        self._do(f"Renaming {path.stem}", rename, renamed, partial(self._again, path, was_shown))

    def delete(self, path: Path) -> None:
        """Put a recording into the desktop's trash; :meth:`undo` brings it back."""
        if not self._is_free(path):
            return
        was_shown = self._shows(path)
        release = self._release(path)

        def delete() -> Path | None:
            release()
            return background.trash_recording(path, _into_trash)

        def deleted(trashed: Path | None) -> None:
            self.deleted = None if trashed is None else Deleted(path, trashed)
            self._window.forget(path)
            if self._window.last_recording == path:
                self._window.last_recording = None
            self._changed(f"{path.stem} is in the trash")

        self._do(f"Deleting {path.stem}", delete, deleted, partial(self._again, path, was_shown))

    def undo(self) -> None:
        """Bring back what was deleted last."""
        gone, self.deleted = self.deleted, None
        if gone is not None:
            back = partial(background.bring_back_recording, gone.trashed, gone.path)

            def is_back(_: None) -> None:
                self.arrived = gone.path
                self._changed(f"{gone.path.stem} is back")

            self._do("Undoing", back, is_back)

    def notes_of(self, path: Path) -> str:
        """What was written about a recording, typed just now or read from it."""
        read = next((row.notes for row in self.rows if row.path == path), "")
        return self._typed.get(path, read)

    def save_notes(self, path: Path, text: str) -> None:
        """Keep what was written about a recording."""
        if self.notes_of(path) != text:
            self._typed[path] = text
            write = partial(background.write_notes, path, text)
            self._do("Saving notes", write, lambda _: self.refresh())

    def _shows(self, path: Path) -> bool:
        current = self._window.current
        return isinstance(current, PlaybackPresenter) and current.clip.path == path

    def _is_free(self, path: Path) -> bool:
        """Whether this window is doing nothing with it; says so if it is."""
        job = next((job for job in self._window.jobs.running if job.about == path), None)
        if job is not None:
            self.said.emit(f"{job.title}: wait for that, or cancel it first.")
        return job is None

    def _release(self, path: Path) -> Callable[[], object]:
        """Show a recording no longer, or from beside it, so that its files are closed.

        Returns what waits for that, in the background.
        """
        window = self._window
        both = (window.playback, window.comparison.playback)
        shown = [current for current in both if current is not None and current.clip.path == path]
        if self._shows(path):
            window.close_source()
        elif shown:
            window.comparison.close()
        return lambda: [current.close(2.0) for current in shown]

    def _again(self, path: Path, was_shown: bool) -> None:
        """It stays as it was: shown again if it was shown."""
        if was_shown:
            self._window.open_recording(path)
        self.refresh()

    def _changed(self, sentence: str) -> None:
        self.said.emit(sentence)
        self._window.list_recordings()

    def _do(
        self,
        title: str,
        what: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[], object] = lambda: None,
    ) -> None:
        def told(error: BaseException) -> None:
            if not isinstance(error, MixposeError):
                raise error
            self.said.emit(str(error))
            failed()

        self._window.jobs.start(
            Job(title, lambda _control: what(), done=done, failed=told, quiet=True)
        )


def cells(entry: RecordingEntry) -> tuple[Cell, ...]:
    """A cell for each of ``COLUMNS``."""
    state = "recording now" if entry.being_written else "" if entry.finished else "interrupted"
    state = "cannot be read" if entry.fault else state
    return (
        Cell(entry.name, entry.name.casefold()),
        Cell(entry.started_at.strftime("%Y-%m-%d %H:%M"), entry.started_at.timestamp()),
        Cell(words.length(entry.duration_s), entry.duration_s),
        Cell(f"{entry.frames:,}", entry.frames),
        Cell("yes" if entry.has_video else "", entry.has_video),
        Cell("yes" if entry.has_poses else "", entry.has_poses),
        Cell(str(entry.events or ""), entry.events),
        Cell(state, state),
    )


def _into_trash(path: Path) -> Path | None:
    """The desktop's own trash, by Qt.  Raises OSError where there is none."""
    # Qt makes the trash itself, but not the folder a fresh account's trash is to lie in.
    home = QStandardPaths.StandardLocation.GenericDataLocation
    QDir().mkpath(QStandardPaths.writableLocation(home))
    done, place = QFile.moveToTrash(str(path))
    if not done:
        raise OSError(None, "there is no trash on that disk")
    return Path(place) if place else None


Key = tuple[Path, int]
"""A recording, and how many frames it has: one that grows looks different later."""
LONGEST: Final = 320
"""Pixels of a thumbnail, which screens of twice the resolution show at 160."""


class Thumbnails(QObject):
    """Keeps what was found; asks for one after the other, what was wanted last first."""

    made = pyqtSignal(Path)
    """What this recording looks like is known now."""

    def __init__(self, jobs: Jobs, parent: QObject) -> None:
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
