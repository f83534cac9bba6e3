"""Events and the selection through the real window: keys, the timeline, and the list."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QContextMenuEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QInputDialog, QMenu

from app.recording.events import EventList
from app.recording.reader import Recording
from app.recording.writer import RecordingWriter
from app.ui.main import Session
from app.ui.presenters.clock import Clock
from app.ui.presenters.people_hints import DIFFERENT
from app.ui.presenters.playback import PlaybackPresenter
from app.ui.presenters.recording import RecordState
from app.ui.views.dialogs import ExportDialog
from app.ui.views.marking import EventsDialog
from app.ui.views.scrubber import Scrubber
from tests.support.mjpeg import MjpegServer
from tests.support.recordings import CAMERA, INFO, SIZE, packet, poses, record
from tests.support.windows import OpenWindow, until

FRAMES = 91
"""Three seconds at 30 frames/s."""


@pytest.fixture
def session(open_window: OpenWindow, tmp_path: Path) -> Iterator[Session]:
    """A window that shows a lifted recording, standing still."""
    path = record(tmp_path / "recordings", FRAMES)
    Recording.open(path).save_poses(poses(FRAMES), INFO)
    opened = open_window(str(path))
    until(lambda: isinstance(opened.presenter.current, PlaybackPresenter), "the recording")
    current(opened).clock.pause()
    QTest.qWait(50)
    return opened


def current(session: Session) -> PlaybackPresenter:
    shown = session.presenter.current
    assert isinstance(shown, PlaybackPresenter)
    return shown


def press(session: Session, key: Qt.Key, *, ctrl: bool = False, shift: bool = False) -> None:
    modifier = Qt.KeyboardModifier.NoModifier
    modifier |= Qt.KeyboardModifier.ControlModifier if ctrl else modifier
    modifier |= Qt.KeyboardModifier.ShiftModifier if shift else modifier
    QTest.keyClick(session.window, key, modifier)
    QTest.qWait(20)


def mark_at(session: Session, *moments: float) -> None:
    for moment in moments:
        before = len(current(session).marks)
        current(session).go(moment)
        press(session, Qt.Key.Key_E)
        until(lambda before=before: len(current(session).marks) > before, "the event")


def on_disk(session: Session) -> list[tuple[float, str]]:
    marks = EventList(current(session).clip.path).marks
    return [(round(mark.time_s, 3), mark.label) for mark in marks]


def over(session: Session, share: float, *, above: bool) -> QPoint:
    """A place on the timeline's line, above it or below."""
    scrubber = session.window.timeline.scrubber
    y = 2 if above else scrubber.height() - 2
    return QPointF(scrubber.place_of(share), y).toPoint()


@pytest.mark.slow
def test_e_marks_a_moment_of_the_recording_that_is_made(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    session = open_window(camera.url)
    window, recorder = session.window, session.presenter.recorder
    until(lambda: window.view_state.keypoints is not None, "the first keypoints")
    press(session, Qt.Key.Key_E)
    until(lambda: "Press R to record first" in window.view_state.hint, "what to do")
    press(session, Qt.Key.Key_R)
    until(lambda: recorder.state is RecordState.RECORDING, "the recording")
    writer = recorder._writer
    assert writer is not None
    until(lambda: writer.frames > 3, "some frames")
    frame = window.view_state.frame
    assert frame is not None
    before_s = frame.time_s + time.perf_counter() - frame.captured_at
    press(session, Qt.Key.Key_E)
    after_s = frame.time_s + time.perf_counter() - frame.captured_at
    until(lambda: window.view_state.hint == "Event 1 marked", "the flash")
    until(lambda: EventList(writer.path).marks, "the event on the disk, while it records")
    until(lambda: window.view_state.hint != "Event 1 marked", "the flash to go", 5)
    press(session, Qt.Key.Key_R)
    until(lambda: session.presenter.last_recording, "the recording to be saved")
    (mark,) = Recording.open(writer.path).events.marks
    assert before_s - 0.02 < mark.time_s < after_s + 0.02, "on the clock of the camera"


def test_events_are_marked_found_renamed_and_removed_while_playing(session: Session) -> None:
    mark_at(session, 1.0, 0.5)
    assert on_disk(session) == [(0.5, "Event 2"), (1.0, "Event 1")]
    window, marking = session.window, session.presenter.marking
    until(lambda: window.view_state.hint == "Event 2 marked at 00:00.5", "the flash")
    ticks = window.view_state.position.ticks if window.view_state.position else ()
    assert [(tick.label, tick.share) for tick in ticks] == [
        ("Event 2", pytest.approx(0.5 / 3)),
        ("Event 1", pytest.approx(1 / 3)),
    ]
    current(session).go(0.0)
    press(session, Qt.Key.Key_Right, ctrl=True)
    assert current(session).shown_s == pytest.approx(0.5)
    press(session, Qt.Key.Key_Right, ctrl=True)
    press(session, Qt.Key.Key_Right, ctrl=True)
    assert current(session).shown_s == pytest.approx(1.0), "the last one"
    press(session, Qt.Key.Key_Left, ctrl=True)
    assert current(session).shown_s == pytest.approx(0.5)
    marking.rename(2, "heel strike")
    until(lambda: current(session).marks[0].label == "heel strike", "the name")
    assert on_disk(session)[0] == (0.5, "heel strike")
    marking.remove(2)
    until(lambda: on_disk(session) == [(1.0, "Event 1")], "the removal")
    until(lambda: window.strip.text == "heel strike is no longer marked", "the word of it")
    undo = window.strip.button("Undo")
    assert undo is not None
    undo.click()
    until(lambda: on_disk(session)[0] == (0.5, "heel strike"), "the event to be back")
    until(lambda: len(current(session).marks) == 2, "its tick")


def test_a_tick_is_clicked_and_has_a_menu(session: Session) -> None:
    mark_at(session, 2.0)
    current(session).go(0.0)
    QTest.qWait(50)
    scrubber = session.window.timeline.scrubber
    there = over(session, 2 / 3, above=True)
    QTest.mouseClick(scrubber, Qt.MouseButton.LeftButton, pos=there)
    assert current(session).shown_s == pytest.approx(2.0)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, there, scrubber.mapToGlobal(there))
    QApplication.sendEvent(scrubber, event)
    (menu,) = [each for each in session.window.findChildren(QMenu) if each.isVisible()]
    rename, _remove = menu.actions()
    rename.trigger()
    menu.close()
    (dialog,) = session.window.findChildren(QInputDialog)
    assert dialog.textValue() == "Event 1"
    dialog.setTextValue("landing")
    dialog.accept()
    until(lambda: on_disk(session) == [(2.0, "landing")], "the name")


def test_the_list_of_events_renames_goes_and_removes(session: Session) -> None:
    mark_at(session, 0.4, 1.4)
    press(session, Qt.Key.Key_E, ctrl=True, shift=True)
    (dialog,) = session.window.findChildren(EventsDialog)
    assert dialog.windowTitle() == "Events of take"
    rows = [dialog.table.item(row, 1) for row in range(dialog.table.rowCount())]
    assert [item and item.text() for item in rows] == ["Event 1", "Event 2"]
    dialog.table.setCurrentCell(1, 1)
    assert current(session).shown_s == pytest.approx(1.4)
    item = rows[1]
    assert item is not None
    item.setText("Sprung")
    until(lambda: on_disk(session)[1] == (1.4, "Sprung"), "the name")
    dialog.remove.click()
    until(lambda: on_disk(session) == [(0.4, "Event 1")], "the removal")
    until(lambda: dialog.table.rowCount() == 1, "the row to go")
    dialog.close()


def test_there_is_one_list_of_events_and_it_removes_only_what_is_chosen(session: Session) -> None:
    mark_at(session, 0.5)
    for _ in range(2):
        press(session, Qt.Key.Key_E, ctrl=True, shift=True)
    current(session).go(2.0)
    (dialog,) = session.window.findChildren(EventsDialog)
    QTest.qWait(50)
    assert current(session).shown_s == pytest.approx(2.0), "opening the list moves nothing"
    assert not dialog.remove.isEnabled()
    dialog.table.setCurrentCell(0, 1)
    assert dialog.remove.isEnabled()
    current(session).go(2.5)
    session.presenter.marking.mark()
    until(lambda: dialog.table.rowCount() == 2, "the new one to be listed")
    assert current(session).shown_s == pytest.approx(2.5), "nor does a new event"
    dialog.remove.click()
    until(lambda: len(current(session).marks) == 1, "the event to go")
    dialog.close()


def test_i_o_and_x_select(session: Session) -> None:
    window = session.window
    current(session).go(0.5)
    press(session, Qt.Key.Key_I)
    current(session).go(2.0)
    press(session, Qt.Key.Key_O)
    chosen = current(session).selection
    assert (chosen.start_s, chosen.end_s) == (pytest.approx(0.5), pytest.approx(2.0))
    until(lambda: window.view_state.hint == "Selected from 00:00.5 to 00:02.0", "the words")
    assert window.view_state.position is not None
    assert window.view_state.position.part == (pytest.approx(0.5 / 3), pytest.approx(2 / 3))
    current(session).go(2.5)
    press(session, Qt.Key.Key_I)
    assert current(session).selection.end_s is None, "an end before the beginning is given up"
    press(session, Qt.Key.Key_X)
    assert current(session).selection.whole


def test_the_handles_are_dragged_and_do_not_pass_each_other(session: Session) -> None:
    current(session).go(1.0)
    press(session, Qt.Key.Key_I)
    current(session).go(2.0)
    press(session, Qt.Key.Key_O)
    QTest.qWait(50)
    current(session).go(0.0)

    def drag(start: float, end: float) -> None:
        scrubber = session.window.timeline.scrubber
        left = Qt.MouseButton.LeftButton
        QTest.mousePress(scrubber, left, pos=over(session, start, above=False))
        QTest.mouseMove(scrubber, over(session, end, above=False))
        QTest.mouseRelease(scrubber, left, pos=over(session, end, above=False))
        QTest.qWait(50)

    drag(1 / 3, 0.2)
    chosen = current(session).selection
    assert chosen.start_s == pytest.approx(0.6, abs=0.05)
    assert chosen.end_s == pytest.approx(2.0)
    assert current(session).shown_s == 0.0, "the playhead stays"
    drag(2 / 3, 0.05)
    chosen = current(session).selection
    assert chosen.start_s is not None
    assert chosen.end_s is not None
    assert chosen.end_s == pytest.approx(chosen.start_s + 1 / 30, abs=1e-6)


def test_the_selection_alone_is_exported(session: Session, tmp_path: Path) -> None:
    mark_at(session, 1.0)
    current(session).go(0.5)
    press(session, Qt.Key.Key_I)
    current(session).go(2.0)
    press(session, Qt.Key.Key_O)
    for wanted, count in ((True, 46), (False, FRAMES)):
        session.window.exporting.ask()
        dialog = session.window.findChildren(ExportDialog)[-1]
        assert dialog.only.text() == "Only the selection, 00:00.5 to 00:02.0"
        dialog.only.setChecked(wanted)
        dialog._path = tmp_path / f"{count}.csv"
        dialog.file.setText(dialog._path.name)
        dialog.go.click()
        until(lambda path=dialog._path: path.exists(), "the table")
        QTest.qWait(100)
        with (tmp_path / f"{count}.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == count
        assert [row["event"] for row in rows if row["event"]] == ["Event 1"]
    said = json.loads((tmp_path / "46.csv.json").read_text("utf-8"))
    assert (said["selection"]["first_frame"], said["selection"]["last_frame"]) == (15, 60)


def test_looping_plays_the_selection_again_and_again() -> None:
    now = [0.0]
    clock = Clock(10.0, lambda: now[0])
    clock.part, clock.loop = (2.0, 5.0), True
    clock.play()
    now[0] = 5.5
    assert clock.read() == pytest.approx(2.5)
    now[0] = 9.0
    assert clock.read() == pytest.approx(3.0)
    clock.loop = False
    now[0] = 20.0
    assert clock.read() == 10.0, "without it everything is played, once"
    assert not clock.playing


@pytest.mark.slow
def test_where_the_camera_was_lost_there_is_nothing_and_events_stay_where_they_were(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    writer = RecordingWriter.create(tmp_path, "lost", source=CAMERA, size=SIZE)
    for index in range(60):
        writer.append(packet(index, time_s=index / 30 + 4.0 * (index >= 30)), None)
    recording = Recording.open(writer.close())
    recording.save_poses(poses(60), INFO)
    opened = open_window(str(recording.path))
    until(lambda: opened.presenter.playback, "the recording")
    window, playing = opened.window, current(opened)
    playing.clock.pause()
    playing.go(0.5)
    until(lambda: window.view_state.pose is not None, "a pose before the loss")
    until(lambda: DIFFERENT in window.view_state.hint, "that it is not of whom the picture shows")
    place = window.timeline.scrubber
    (hole,) = place._holes
    assert hole == pytest.approx((29 / 30 / playing.clock.duration_s, 5 / 5.9667), abs=0.01)
    playing.go(3.0)
    until(lambda: window.view_state.pose is None and window.view_state.keypoints is None, "nothing")
    assert "the camera was lost" in window.view_state.hint
    QTest.keyClick(window, Qt.Key.Key_E)
    until(lambda: opened.presenter.marking.marks, "the event")
    ((_, moment_s),) = opened.presenter.marking.marks
    assert moment_s == pytest.approx(3.0)
    assert changes_above(place, 0.3, 0.45) > 5, "hatched"
    assert changes_above(place, 0.9, 1.0) == 0
    playing.go(5.5)
    until(lambda: window.view_state.pose is not None, "a pose after the loss")


def changes_above(line: Scrubber, start: float, end: float) -> int:
    """How often the brightness changes just above a part of the line."""
    image, row = line.grab().toImage(), round(line._track().top()) - 2
    columns = range(round(line.place_of(start)), round(line.place_of(end)))
    grey = [image.pixelColor(column, row).lightness() for column in columns]
    return sum(abs(a - b) > 20 for a, b in pairwise(grey))
