"""The window of all recordings: real folders, the real trash of a fresh account."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt6 import sip
from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QImage
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QLineEdit, QMessageBox

from app.recording import notes
from app.recording.events import EventList
from app.recording.locks import OpenLock
from app.recording.reader import Recording
from app.recording.writer import RecordingWriter
from app.ui.main import Session
from app.ui.presenters import background
from app.ui.presenters.playback import PlaybackPresenter
from app.ui.views.dialogs import ExportDialog
from app.ui.views.library import COLUMNS, LibraryDialog
from tests.support.recordings import CAMERA, INFO, SIZE, packet, poses, record
from tests.support.windows import OpenWindow, until


@pytest.fixture
def recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three recordings, and an account that has no trash yet."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home" / "share"))
    folder = tmp_path / "recordings"
    for name, frames in (("walk", 31), ("Anna", 91), ("dance", 200)):
        record(folder, frames, name=name, keep_video=name == "walk")
    Recording.open(folder / "Anna.mixpose").save_poses(poses(91), INFO)
    EventList(folder / "Anna.mixpose").add(1.0)
    (folder / "dance.mixpose" / ".writing").touch()
    return folder


@pytest.fixture
def library(open_window: OpenWindow, recordings: Path) -> Iterator[tuple[Session, LibraryDialog]]:
    """The window with the list before it."""
    session = open_window()
    QTest.keyClick(session.window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    (dialog,) = session.window.findChildren(LibraryDialog)
    until(lambda: dialog.list.topLevelItemCount() == 3, "the list")
    return session, dialog


def shown(dialog: LibraryDialog, column: str = "Name") -> list[str]:
    items = [dialog.list.topLevelItem(row) for row in range(dialog.list.topLevelItemCount())]
    return [item.text(COLUMNS.index(column)) for item in items if item is not None]


def choose(dialog: LibraryDialog, name: str) -> None:
    dialog.list.setCurrentItem(dialog.list.topLevelItem(shown(dialog).index(name)))


def chosen(dialog: LibraryDialog) -> str:
    row = dialog.list.chosen()
    return "" if row is None else row.name


def answer(words: str) -> Callable[[], None]:
    """Press a button of the question that is about to be asked."""

    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        next(button for button in box.buttons() if button.text() == words).click()

    QTimer.singleShot(100, press)
    return press


def test_it_says_what_there_is_and_sorts_by_what_it_means(
    library: tuple[Session, LibraryDialog],
) -> None:
    _, dialog = library
    dialog.list.sortByColumn(COLUMNS.index("Name"), Qt.SortOrder.AscendingOrder)
    assert shown(dialog) == ["Anna", "dance", "walk"]
    assert shown(dialog, "Length") == ["0:03", "0:06", "0:01"]
    assert shown(dialog, "Frames") == ["91", "200", "31"]
    assert shown(dialog, "Video") == ["", "", "yes"]
    assert shown(dialog, "3D") == ["yes", "", ""]
    assert shown(dialog, "Events") == ["1", "", ""]
    assert shown(dialog, "") == ["", "interrupted", ""]
    dialog.list.sortByColumn(COLUMNS.index("Frames"), Qt.SortOrder.AscendingOrder)
    assert shown(dialog) == ["walk", "Anna", "dance"], "200 is more than 91"


def test_a_name_is_typed_where_it_stands(
    library: tuple[Session, LibraryDialog], recordings: Path
) -> None:
    _, dialog = library
    choose(dialog, "walk")
    dialog.button("Rename").click()
    editor = dialog.list.findChild(QLineEdit)
    assert editor is not None
    editor.setText("first walk")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    until(lambda: (recordings / "first walk.mixpose").is_dir(), "the new name")
    until(lambda: "first walk" in shown(dialog), "it in the list")
    until(lambda: dialog.message.text() == "walk is called first walk now", "the word of it")
    until(lambda: chosen(dialog) == "first walk", "it to be chosen, wherever it is sorted to")
    dialog.presenter.rename(recordings / "first walk.mixpose", "Anna")
    until(lambda: "another recording Anna" in dialog.message.text(), "the refusal")
    until(lambda: sorted(shown(dialog)) == ["Anna", "dance", "first walk"], "the old name")


def test_what_is_playing_is_renamed_and_goes_on_playing(
    library: tuple[Session, LibraryDialog], recordings: Path
) -> None:
    session, dialog = library
    presenter = session.presenter
    choose(dialog, "Anna")
    dialog.button("Open").click()
    until(lambda: isinstance(presenter.current, PlaybackPresenter), "the recording")
    presenter.last_recording = recordings / "Anna.mixpose"
    dialog.presenter.rename(recordings / "Anna.mixpose", "Hanna")
    until(lambda: (recordings / "Hanna.mixpose").is_dir(), "the new name")
    until(lambda: presenter.current is not None and presenter.current.label == "Hanna", "it again")
    assert presenter.last_recording == recordings / "Hanna.mixpose"
    other = OpenLock(recordings / "Hanna.mixpose")  # as another window's
    dialog.presenter.rename(recordings / "Hanna.mixpose", "Johanna")
    until(lambda: "open in another window" in dialog.message.text(), "the refusal")
    until(lambda: presenter.current is not None and presenter.current.label == "Hanna", "it again")
    other.release()


def test_it_steps_aside_for_what_is_opened_and_knows_of_new_poses(
    library: tuple[Session, LibraryDialog],
) -> None:
    session, dialog = library
    choose(dialog, "walk")
    assert shown(dialog, "3D")[shown(dialog).index("walk")] == ""
    dialog.button("Open").click()
    assert not dialog.isVisible()
    until(lambda: session.presenter.playback, "the recording to open")
    session.window.menu_actions["library"].trigger()
    assert dialog.isVisible(), "the same list again"
    until(lambda: shown(dialog, "3D")[shown(dialog).index("walk")] == "yes", "its poses")


def test_deleting_asks_and_can_be_undone(
    library: tuple[Session, LibraryDialog], recordings: Path
) -> None:
    _, dialog = library
    choose(dialog, "Anna")
    answer("Keep")
    dialog.button("Delete").click()
    assert (recordings / "Anna.mixpose").is_dir()
    answer("Delete")
    dialog.button("Delete").click()
    until(lambda: shown(dialog) and "Anna" not in shown(dialog), "it to go")
    assert not (recordings / "Anna.mixpose").exists()
    assert dialog.message.text() == "Anna is in the trash"
    gone = dialog.presenter.deleted
    assert gone is not None
    assert gone.trashed.is_dir()
    assert dialog.undo.isVisible()
    dialog.undo.click()
    until(lambda: "Anna" in shown(dialog), "it to come back")
    until(lambda: chosen(dialog) == "Anna", "it to be chosen")
    assert len(Recording.open(recordings / "Anna.mixpose").events.marks) == 1
    assert not list(gone.trashed.parent.parent.glob("info/*")), "the trash forgets it"


def test_what_is_playing_is_let_go_of_and_what_is_being_made_stays(
    library: tuple[Session, LibraryDialog], recordings: Path
) -> None:
    session, dialog = library
    dialog.presenter.open(recordings / "Anna.mixpose")
    until(lambda: isinstance(session.presenter.current, PlaybackPresenter), "the recording")
    dialog.presenter.delete(recordings / "Anna.mixpose")
    until(lambda: not (recordings / "Anna.mixpose").exists(), "it to go")
    assert session.presenter.current is None
    sources = session.presenter.source_list
    assert "Anna" not in str(sources), "nor does the list of sources name it any more"
    until(lambda: session.window.view_state.notice is not None, "what to do now")
    writer = RecordingWriter.create(recordings, "now", source=CAMERA, size=SIZE)
    writer.append(packet(0))
    dialog.presenter.delete(writer.path)
    until(lambda: "now is being recorded" in dialog.message.text(), "the refusal")
    assert writer.close().is_dir()


def test_what_this_window_works_on_is_left_alone(
    library: tuple[Session, LibraryDialog], recordings: Path
) -> None:
    session, dialog = library
    session.presenter.new_recordings.lift(recordings / "walk.mixpose")
    dialog.presenter.delete(recordings / "walk.mixpose")
    assert "Computing the 3D poses of walk" in dialog.message.text()
    assert "wait for that" in dialog.message.text()
    assert (recordings / "walk.mixpose").is_dir()
    for job in session.presenter.jobs.running:
        job.cancel()
    until(lambda: not session.presenter.jobs.running, "the jobs to end")


def test_what_is_being_opened_or_deleted_is_left_alone(
    library: tuple[Session, LibraryDialog], recordings: Path
) -> None:
    session, dialog = library
    walk = recordings / "walk.mixpose"
    session.presenter.open_recording(walk)
    dialog.presenter.rename(walk, "first walk")
    assert "Opening walk" in dialog.message.text()
    until(lambda: session.presenter.playback, "the recording")
    until(lambda: session.window.view_state.frame is not None, "its picture")
    until(lambda: not session.presenter.jobs.running, "its poses")
    dialog.presenter.delete(walk)
    dialog.presenter.delete(walk)
    assert "Deleting walk" in dialog.message.text()
    until(lambda: dialog.message.text() == "walk is in the trash", "it to go")
    until(lambda: not session.presenter.jobs.running, "all to end")
    assert dialog.message.text() == "walk is in the trash", "no complaint about the second time"


def test_what_is_chosen_while_a_recording_is_renamed_stays(
    library: tuple[Session, LibraryDialog], recordings: Path
) -> None:
    session, dialog = library
    presenter = session.presenter
    presenter.open_recording(recordings / "Anna.mixpose")
    until(lambda: presenter.playback, "the recording")
    dialog.presenter.rename(recordings / "Anna.mixpose", "Hanna")
    presenter.open_recording(recordings / "walk.mixpose")
    until(lambda: "Hanna" in shown(dialog), "the new name in the list")
    until(lambda: presenter.playback, "what was chosen")
    until(lambda: not any("Opening" in job.title for job in presenter.jobs.running), "all of it")
    assert presenter.playback is not None
    assert presenter.playback.label == "walk"


def test_notes_are_kept_as_they_are_typed(
    library: tuple[Session, LibraryDialog], recordings: Path
) -> None:
    session, dialog = library
    choose(dialog, "walk")
    dialog.notes.setFocus()
    QTest.keyClicks(dialog.notes, "left knee taped, see R and E")
    until(lambda: notes.read(recordings / "walk.mixpose"), "the notes to be saved", 5)
    assert notes.read(recordings / "walk.mixpose") == "left knee taped, see R and E"
    assert not session.presenter.recorder.active, "letters typed here are no shortcuts"
    dialog.notes.setPlainText("other")
    choose(dialog, "Anna")
    assert dialog.notes.toPlainText() == ""
    until(lambda: notes.read(recordings / "walk.mixpose") == "other", "the notes")
    choose(dialog, "walk")
    assert dialog.notes.toPlainText() == "other"
    dialog.notes.setPlainText("last words")
    session.window.close()
    until(lambda: session.closed, "the window to close")
    assert notes.read(recordings / "walk.mixpose") == "last words"


def test_export_of_the_chosen_one(library: tuple[Session, LibraryDialog]) -> None:
    session, dialog = library
    choose(dialog, "Anna")
    dialog.button("Export…").click()
    (export,) = session.window.findChildren(ExportDialog)
    assert export.parent() is dialog, "in front of the list"
    assert export.path.name == "Anna.csv"
    export.reject()


@pytest.mark.slow
def test_what_has_just_been_lifted_is_exported_though_another_is_shown(
    open_window: OpenWindow, recordings: Path
) -> None:
    session = open_window(str(recordings / "Anna.mixpose"))
    until(lambda: isinstance(session.presenter.current, PlaybackPresenter), "Anna")
    session.presenter.new_recordings.lift(recordings / "walk.mixpose")
    button = session.window.strip.button
    until(lambda: session.presenter.message and button("Export…"), "the message")
    found = button("Export…")
    assert found is not None
    found.click()
    (export,) = session.window.findChildren(ExportDialog)
    assert export.path.name == "walk.csv"
    export.reject()


def test_a_new_recording_appears_by_itself(
    library: tuple[Session, LibraryDialog], recordings: Path
) -> None:
    session, dialog = library
    record(recordings, 12, name="new")
    session.presenter.list_recordings()
    until(lambda: "new" in shown(dialog), "the new one")


def icons(dialog: LibraryDialog) -> dict[str, QImage]:
    """What is shown before each name, as far as it is known."""
    found = dialog.list.visible_items()
    return {
        each.text(0): each.icon(0).pixmap(dialog.list.iconSize()).toImage()
        for each in found
        if each.pictured is not None
    }


def test_pictures_of_recordings_are_made_once_and_in_the_background(
    open_window: OpenWindow, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (recordings / "Anna.mixpose" / "keypoints.bin").write_bytes(b"nothing")
    (recordings / "gone.mixpose").mkdir()
    made: list[tuple[str, int]] = []
    really = background.preview

    def preview(path: Path, longest: int) -> object:
        made.append((path.stem, threading.get_ident()))
        return really(path, longest)

    monkeypatch.setattr(background, "preview", preview)
    session = open_window()
    session.window.show_library()
    dialog = session.window.library
    until(lambda: len(dialog.list.visible_items()) == 4, "the list")
    thumbnails = dialog.presenter.thumbnails
    until(lambda: len(thumbnails._known) == 3 and len(icons(dialog)) == 4, "all pictures")
    QTest.qWait(50)
    assert threading.get_ident() not in {thread for _, thread in made}
    shown = icons(dialog)
    picture = shown["walk"]
    middle = picture.pixelColor(picture.width() // 2, picture.height() // 2)
    assert middle.red() == pytest.approx(100, abs=12), "the ramp of its picture"
    colours = {
        shown["dance"].pixel(x, y)
        for x in range(shown["dance"].width())
        for y in range(shown["dance"].height())
    }
    assert len(colours) > 50, "the drawn person"
    assert shown["Anna"] == shown["gone"], "one sign for what is damaged"
    assert shown["Anna"] != shown["walk"]
    dialog.close()
    session.window.show_library()
    until(lambda: len(icons(dialog)) == 4, "the pictures again")
    QTest.qWait(100)
    assert sorted(name for name, _ in made) == ["Anna", "dance", "walk"], "each once"


def test_what_cannot_be_read_is_listed_and_can_only_be_put_away(
    open_window: OpenWindow, recordings: Path
) -> None:
    (recordings / "gone.mixpose").mkdir()
    session = open_window()
    session.window.show_library()
    dialog = session.window.library
    until(lambda: dialog.list.topLevelItemCount() == 4, "the list")
    choose(dialog, "gone")
    assert [words for words, each in dialog.buttons.items() if each.isEnabled()] == [
        *("Rename", "Delete", "Show in folder")
    ]
    assert "not a recording" in dialog.message.text()
    assert shown(dialog, "")[shown(dialog).index("gone")] == "cannot be read"
    QTest.keyClick(dialog.list, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert not dialog.findChildren(ExportDialog)
    choose(dialog, "walk")
    assert dialog.button("Export…").isEnabled()
    assert not dialog.message.text()


def test_pictures_made_when_the_list_is_gone_are_nobodys(
    library: tuple[Session, LibraryDialog], recordings: Path
) -> None:
    _, dialog = library
    thumbnails = dialog.presenter.thumbnails
    sip.delete(dialog)
    thumbnails.made.emit(recordings / "walk.mixpose")
