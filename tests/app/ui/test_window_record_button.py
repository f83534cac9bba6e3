"""The one button that records, and what turns the camera off."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QAbstractButton, QApplication, QMessageBox

from app.recording.reader import Recording
from app.ui.main import Session
from app.ui.presenters.live import LivePresenter
from app.ui.presenters.recording import RecordState
from tests.support.mjpeg import MjpegServer
from tests.support.windows import OpenWindow, until


def recording(session: Session) -> None:
    recorder = session.presenter.recorder
    until(lambda: session.window.toolbar.record.isEnabled(), "something to record")
    session.window.toolbar.record.click()
    until(lambda: recorder.state is RecordState.RECORDING, "the recording to begin")
    until(lambda: recorder.status(None).elapsed_s > 0.2, "some frames")


def answer(words: str, seen: list[str]) -> None:
    """Press the button with these words in the question that comes."""

    def press() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(20, press)
            return
        seen.append(box.text())
        (button,) = [each for each in box.findChildren(QAbstractButton) if each.text() == words]
        button.click()

    QTimer.singleShot(20, press)


def test_while_a_camera_runs_there_is_one_button_named_by_what_it_does(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    session = open_window(camera.url)
    bar, presenter = session.window.toolbar, session.presenter
    until(lambda: session.window.view_state.frame is not None, "the first picture")
    until(lambda: not bar.start.isVisible(), "nothing beside the record button that stops")
    assert bar.record.words == "Record"
    recording(session)
    until(lambda: bar.record.words.startswith("Stop recording"), "what it does now")
    questions: list[str] = []
    answer("Go on", questions)
    QTest.keyClick(session.window, Qt.Key.Key_Space)
    assert questions == ["Turn the camera off?"]
    assert presenter.recorder.state is RecordState.RECORDING
    answer("Turn off", questions)
    session.window.menu_actions["camera"].trigger()
    assert len(questions) == 2
    assert presenter.current is None
    until(lambda: presenter.last_recording, "the recording to be saved")
    assert len(Recording.open(presenter.last_recording).keypoints.time_s) > 1
    until(lambda: bar.start.isVisible(), "the button that starts again")


@pytest.mark.slow
def test_a_recording_that_another_source_ends_is_saved_and_said_to_be(
    open_window: OpenWindow, camera: MjpegServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_window(camera.url)
    presenter = session.presenter
    lifted: list[str] = []
    monkeypatch.setattr(
        presenter.new_recordings, "lift", lambda path, why_ended: lifted.append(why_ended)
    )
    recording(session)
    presenter.choose(camera.url)
    until(lambda: presenter.last_recording, "the recording to be saved")
    path = presenter.last_recording
    said = f"The recording {path.stem} ended because something else was chosen to be shown. "
    until(lambda: session.window.strip.text.startswith(said), "what was saved, in the strip")
    assert session.window.strip.text.endswith("It is saved.")
    assert lifted == [session.window.strip.text], "said again when its 3D poses are ready"
    assert presenter.marking.hint() == lifted[0]
    assert len(Recording.open(path).keypoints.time_s) > 1
    assert QApplication.activeModalWidget() is None


@pytest.mark.slow
def test_a_press_right_after_the_first_is_not_lost(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    session = open_window(camera.url)
    recorder, button = session.presenter.recorder, session.window.toolbar.record
    until(button.isEnabled, "something to record")
    button.click()
    assert recorder.state is RecordState.OPENING
    session.window.tick()
    assert button.isEnabled()
    button.click()
    until(lambda: recorder.state is RecordState.OFF, "the end of what had only begun", 20)


@pytest.mark.slow
def test_another_source_while_a_recording_begins_ends_it(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    session = open_window(camera.url)
    recorder = session.presenter.recorder
    until(lambda: session.window.toolbar.record.isEnabled(), "something to record")
    session.window.toolbar.record.click()
    assert recorder.state is RecordState.OPENING
    session.presenter.close_source()
    until(lambda: recorder.state is RecordState.OFF, "the end of what had only begun", 20)
    until(lambda: session.window.toolbar.record.words == "Record", "the button to say so")


@pytest.mark.slow
def test_the_camera_changes_when_the_recording_has_ended(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    session = open_window(camera.url)
    before = session.presenter.current
    assert isinstance(before, LivePresenter)
    before.is_camera = True  # no camera can be counted on where this runs
    recording(session)
    session.presenter.set_preference("resolution", "640x480")
    until(lambda: "when the recording has ended" in session.window.strip.text, "the promise")
    assert session.presenter.current is before
    session.window.toolbar.record.click()
    until(lambda: session.presenter.current is not before, "the camera to change", 20)
    assert isinstance(session.presenter.current, LivePresenter)
    assert session.presenter.current.spec == before.spec


@pytest.mark.slow
def test_keeping_pictures_stands_beside_the_record_button_with_what_it_costs(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    session = open_window(camera.url)
    tick = session.window.toolbar.pictures
    until(lambda: "MB/min" in tick.text(), "what it costs")
    tick.click()
    assert session.preferences.keep_video
    recording(session)
    QTest.qWait(2000)
    weighed = session.presenter.current._picture_bytes
    session.window.toolbar.record.click()
    until(lambda: session.presenter.last_recording, "the recording to be saved")
    made = Recording.open(session.presenter.last_recording)
    assert made.video_path is not None
    # By the picture: how many come a second while the machine is busy is another matter.
    a_picture = made.video_path.stat().st_size / len(made.keypoints.time_s)
    assert a_picture / 2 < weighed < a_picture * 2


@pytest.mark.slow
def test_a_recording_without_pictures_says_so(open_window: OpenWindow, camera: MjpegServer) -> None:
    session = open_window(camera.url)
    recording(session)
    session.window.toolbar.record.click()
    until(lambda: session.presenter.last_recording, "the recording to be saved")
    session.presenter.open_recording(session.presenter.last_recording)
    until(lambda: "without its pictures" in session.window.view_state.hint, "that to be said")
