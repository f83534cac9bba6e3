"""The list of all recordings: thumbnails, renaming, deleting with undo, and notes."""

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
    """One cell of the list: its text, and its key for sorting."""

    text: str
    key: Any


COLUMNS = ("Name", "Date", "Length", "Frames", "Video", "3D", "Events", "")


@dataclass(frozen=True, slots=True)
class Deleted:
    """A deleted recording that can be restored: its former path, and that in the trash."""

    path: Path
    trashed: Path


class LibraryPresenter(QObject):
    """The list of recordings and the actions on one of them."""

    listed = pyqtSignal()
    """``rows`` have changed."""
    reported = pyqtSignal(str)
    """A sentence about an action that succeeded or failed."""

    def __init__(self, window: WindowPresenter) -> None:
        super().__init__()
        self._window = window
        self.thumbnails = Thumbnails(window.jobs, self)
        window.recordings_listed.connect(lambda _found: self.refresh())
        self.rows: list[RecordingEntry] = []
        self._unsaved_notes: dict[Path, str] = {}
        self.deleted: Deleted | None = None
        """The recording that was deleted last, if it can be restored."""
        self.arrived: Path | None = None
        """The recording that was renamed or restored last, until the list has selected it."""

    @property
    def folder(self) -> Path:
        """The folder of the recordings."""
        return self._window.recordings

    def refresh(self) -> None:
        """Read the folder again, in the background."""
        folder = self.folder
        self._run("Looking for recordings", lambda: background.all_recordings(folder), self._listed)

    def _listed(self, entries: list[RecordingEntry]) -> None:
        self.rows = entries
        for row in self.rows:
            if self._unsaved_notes.get(row.path) == row.notes:
                del self._unsaved_notes[row.path]
        self.listed.emit()

    def pop_arrived(self) -> Path | None:
        """Return, once, the renamed or restored recording as soon as it is in the list."""
        if self.arrived is None or all(row.path != self.arrived for row in self.rows):
            return None
        arrived, self.arrived = self.arrived, None
        return arrived

    def open(self, path: Path) -> None:
        """Play a recording in the window."""
        self._window.choose(str(path))

    @property
    def can_compare(self) -> bool:
        """Whether a recording or video is shown that another can be compared with."""
        return self._window.playback is not None

    def compare(self, path: Path) -> None:
        """Play a recording side by side with the one that is shown."""
        self._window.comparison.open(str(path))

    def rename(self, path: Path, name: str) -> None:
        """Rename a recording; one that is shown is opened again under its new name."""
        if name.strip() == path.stem or not self._is_free(path):
            return
        release, show_again = self._release(path)

        def renamed(target: Path) -> None:
            self._window.forget(path)
            show_again(target)
            if self._window.last_recording == path:
                self._window.last_recording = target
            rename_interrupted(self._window, path, target)
            self.arrived = target
            self._changed(f"{path.stem} is called {target.stem} now")

        def rename() -> Path:
            release()
            return background.rename_recording(path, name)

        def failed() -> None:
            show_again(path)
            self.refresh()

        self._run(f"Renaming {path.stem}", rename, renamed, failed, about=path)

    def delete(self, path: Path) -> None:
        """Move a recording to the desktop's trash; :meth:`undo` restores it."""
        if not self._is_free(path):
            return
        release, show_again = self._release(path)

        def delete() -> Path | None:
            release()
            return background.trash_recording(path, _into_trash)

        def deleted(trashed: Path | None) -> None:
            self.deleted = None if trashed is None else Deleted(path, trashed)
            self._window.forget(path)
            if self._window.last_recording == path:
                self._window.last_recording = None
            self._changed(f"{path.stem} is in the trash")

        def failed() -> None:
            show_again(path)
            self.refresh()

        self._run(f"Deleting {path.stem}", delete, deleted, failed, about=path)

    def undo(self) -> None:
        """Restore the recording that was deleted last."""
        gone, self.deleted = self.deleted, None
        if gone is not None:
            back = partial(background.bring_back_recording, gone.trashed, gone.path)

            def is_back(_: None) -> None:
                self.arrived = gone.path
                self._changed(f"{gone.path.stem} is back")

            self._run("Undoing", back, is_back)

    def notes_of(self, path: Path) -> str:
        """Return the notes of a recording, including those that are not saved yet."""
        read = next((row.notes for row in self.rows if row.path == path), "")
        return self._unsaved_notes.get(path, read)

    def save_notes(self, path: Path, text: str) -> None:
        """Save the notes of a recording, in the background."""
        if self.notes_of(path) != text:
            self._unsaved_notes[path] = text
            write = partial(background.write_notes, path, text)
            self._run("Saving notes", write, lambda _: self.refresh())

    def _shows(self, path: Path) -> bool:
        current = self._window.current
        return isinstance(current, PlaybackPresenter) and current.clip.path == path

    def _is_free(self, path: Path) -> bool:
        """Whether no job of this window uses the recording; says which if there is one."""
        job = next((job for job in self._window.jobs.running if job.about == path), None)
        if job is not None:
            self.reported.emit(f"{job.title}: wait for that, or cancel it first.")
        return job is None

    def _release(self, path: Path) -> tuple[Callable[[], object], Callable[[Path], None]]:
        """Stop showing a recording, also as the second one compared, so that its files are closed.

        Returns:
            A function that waits until they are, to be called in the background; and one that
            shows it again under a path, unless it was not shown, or something else was chosen
            meanwhile.
        """
        window, was_shown = self._window, self._shows(path)
        both = (window.playback, window.comparison.playback)
        shown = [current for current in both if current is not None and current.clip.path == path]
        if was_shown:
            window.close_source()
        elif shown:
            window.comparison.close()
        request = window.opening.request

        def show_again(path: Path) -> None:
            if was_shown and request == window.opening.request:
                window.open_recording(path)

        return lambda: [current.close(2.0) for current in shown], show_again

    def _changed(self, sentence: str) -> None:
        self.reported.emit(sentence)
        self._window.list_recordings()

    def _run(
        self,
        title: str,
        what: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[], object] = lambda: None,
        about: Path | None = None,
    ) -> None:
        def job_failed(error: BaseException) -> None:
            if not isinstance(error, MixposeError):
                raise error
            self.reported.emit(str(error))
            failed()

        self._window.jobs.start(
            Job(
                title,
                lambda _control: what(),
                done=done,
                failed=job_failed,
                quiet=True,
                about=about,
            )
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
    """Move ``path`` to the desktop's trash, by Qt.  Raises OSError if there is none."""
    # Qt creates the trash, but not its parent folder, which a new account may lack.
    home = QStandardPaths.StandardLocation.GenericDataLocation
    QDir().mkpath(QStandardPaths.writableLocation(home))
    done, place = QFile.moveToTrash(str(path))
    if not done:
        raise OSError(None, "there is no trash on that disk")
    return Path(place) if place else None


Key = tuple[Path, int]
"""A recording and its number of frames: the thumbnail of one that grows is made again."""
LONGEST: Final = 320
"""Longest side of a thumbnail, pixels: 160 logical pixels on a screen of pixel ratio 2."""


class Thumbnails(QObject):
    """Makes one thumbnail after the other, and caches them; a new request replaces the queue."""

    made = pyqtSignal(Path)
    """The thumbnail of this recording is ready."""

    def __init__(self, jobs: Jobs, parent: QObject) -> None:
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
