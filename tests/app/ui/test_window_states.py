"""Every state the window can be in: what it says, and that leaving it in the middle is clean."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QAbstractButton, QComboBox, QFileDialog, QLabel, QWidget

from app.system.files import VIDEO_SUFFIXES
from app.ui.notices import Action
from app.ui.presenters.recording import RecordState
from app.ui.views import kit
from app.ui.views.desktop import videos
from app.ui.views.skeleton import STARTING
from tests.support.clips import performer_pictures, write_clip
from tests.support.mjpeg import MjpegServer
from tests.support.processes import spawned
from tests.support.windows import OpenWindow, close, until

REPOSITORY = Path(__file__).resolve().parents[3]


def test_a_missing_file_is_explained_and_something_else_offered(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    session = open_window(str(tmp_path / "no such film.mp4"))
    card = session.window.picture.card
    until(lambda: card.notice is not None and not card.notice.busy, "the error")
    assert card.notice is not None
    assert "no such film.mp4" in card.notice.title
    assert card.isVisible()
    words = {button.text() for button in card.findChildren(QAbstractButton)}
    assert {"Try again", "Show the performer"} <= words
    assert not session.window.toolbar.record.isEnabled()


def test_a_file_that_is_no_video(open_window: OpenWindow, tmp_path: Path) -> None:
    wrong = tmp_path / "letter.mp4"
    wrong.write_text("Dear all")
    session = open_window(str(wrong))
    card = session.window.picture.card
    until(lambda: card.notice is not None and not card.notice.busy, "the error")
    assert card.notice is not None
    assert "letter.mp4" in card.notice.title


def test_what_could_not_be_opened_is_forgotten_with_what_is_shown_next(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    session = open_window(str(tmp_path / "none.mp4"), plot_open=True)
    presenter, window = session.presenter, session.window
    until(lambda: presenter.failed_source, "the card")
    presenter.choose(str(tmp_path / "none.mixpose"))
    until(lambda: presenter.message, "the sentence")
    assert "is not a recording" in presenter.message.text
    presenter.choose(str(tmp_path / "neither.mp4"))
    until(lambda: "neither" in presenter.failed_source, "the other card")
    assert presenter.message is None
    assert window.plot.summary.text() == "", "nothing was seen, well or not"


def test_stopping_lets_go_of_the_camera_and_starting_takes_it_again(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    session = open_window(camera.url)
    window = session.window
    until(lambda: window.view_state.frame is not None, "the first picture")
    QTest.keyClick(window, Qt.Key.Key_Space)
    until(lambda: window.view_state.notice is not None, "the card")
    assert window.view_state.notice is not None
    assert window.view_state.notice.title == "Stopped"
    assert window.view_state.frame is None
    session.presenter.perform(Action.START)
    until(lambda: window.view_state.frame is not None, "the camera again")


def test_an_unforeseen_error_is_shown_and_the_window_lives_on(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    session = open_window(camera.url)
    window = session.window
    until(lambda: window.view_state.frame is not None, "the first picture")
    session.presenter.program_error(RuntimeError("the moon is in the way"))
    until(lambda: window.picture.card.isVisible(), "the card")
    assert window.picture.card.notice is not None
    assert "the moon is in the way" in window.picture.card.notice.body
    session.presenter.perform(Action.DISMISS)
    until(lambda: not window.picture.card.isVisible(), "the card to go")
    before = window.view_state.frame
    until(lambda: window.view_state.frame is not before, "the camera to run on")


def test_errors_on_every_tick_end_what_causes_them(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    session = open_window(camera.url)
    until(lambda: session.window.view_state.frame is not None, "the first picture")
    for _ in range(5):
        session.presenter.program_error(RuntimeError("again"))
    assert session.presenter.current is None
    until(lambda: session.window.picture.card.isVisible(), "the card")


@pytest.mark.parametrize(
    "moment",
    [
        "recording",
        *(
            pytest.param(moment, marks=pytest.mark.slow)
            for moment in ("starting", "counting down", "lifting", "lost")
        ),
    ],
)
def test_closing_in_the_middle_is_quick_and_loses_nothing(
    open_window: OpenWindow, camera: MjpegServer, moment: str, tmp_path: Path
) -> None:
    countdown_s = 30 if moment == "counting down" else 0
    session = open_window(camera.url, in_3d=True, countdown_s=countdown_s)
    window, recorder = session.window, session.presenter.recorder
    if moment != "starting":
        until(lambda: window.view_state.keypoints is not None, "the first keypoints")
    if moment in ("counting down", "recording", "lifting"):
        window.toolbar.record.click()
    if moment in ("recording", "lifting"):
        until(lambda: recorder.state is RecordState.RECORDING, "the recording")
        until(lambda: recorder.status(None).elapsed_s > 0.2, "some frames")
    if moment == "lifting":
        window.toolbar.record.click()
        until(lambda: session.presenter.last_recording, "the lifting to begin")
    if moment == "lost":
        camera.die()
        until(lambda: window.view_state.greyed, "the loss")
    began = time.monotonic()
    close(session)
    assert time.monotonic() - began < 3.5
    kept = list((tmp_path / "recordings").glob("*.mixpose/keypoints.bin"))
    assert len(kept) == (1 if moment in ("recording", "lifting") else 0)
    assert not list((tmp_path / "recordings").glob("*.mixpose/.writing"))
    until(lambda: not spawned(), "what draws to end", 5)


@pytest.mark.slow
def test_the_detector_s_size_changes_while_it_runs_and_the_line_says_so(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    window = open_window(camera.url, detector="").window
    until(lambda: window.view_state.keypoints is not None, "the person to be found")
    choice = window.settings.choice("detector")
    assert [choice.itemText(row) for row in range(choice.count())] == [
        "Automatic", "Faster", "Balanced", "Most accurate",
    ]  # fmt: skip
    assert choice.currentText() == "Automatic"
    choice.setCurrentText("Most accurate")
    choice.activated.emit(choice.currentIndex())
    until(lambda: "ms, most accurate" in window.status.words, "the other size")


def test_settings_are_remembered_but_not_what_the_command_line_asked_for(
    open_window: OpenWindow,
) -> None:
    first = open_window(delay=7)
    first.presenter.set_preference("mirror", True)
    first.presenter.set_preference("countdown_s", 5)
    first.window.orbit.drag(50, 10, 500, pan=False)
    azimuth = first.window.orbit.camera.azimuth
    first.window.resize(1111, 666)
    close(first)
    again = open_window()
    assert again.preferences.mirror
    assert again.window.picture.mirror.isChecked()
    assert again.preferences.countdown_s == 5
    assert again.preferences.delay == 2
    assert again.window.orbit.camera.azimuth == pytest.approx(azimuth, abs=1e-4)
    assert (again.window.width(), again.window.height()) == (1111, 666)


@pytest.mark.parametrize("count", [1, 3])
def test_the_first_dropped_file_is_opened(
    open_window: OpenWindow, tmp_path: Path, count: int
) -> None:
    session = open_window()
    film = tmp_path / "film.mp4"
    film.write_bytes(b"")
    data = QMimeData()
    data.setUrls(count * [QUrl.fromLocalFile(str(film))])
    event = QDropEvent(
        QPointF(50, 50),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    session.window.dropEvent(event)  # Qt delivers it only after a real drag over the window
    assert event.isAccepted()
    card = session.window.picture.card
    until(lambda: card.notice is not None and "film.mp4 is empty" in card.notice.title, "its fault")
    said = "Only the first of 3 is opened" in session.presenter.marking.hint()
    assert said is (count > 1)


def test_the_3d_view_says_that_it_is_starting_until_its_first_picture(
    open_window: OpenWindow,
) -> None:
    view = open_window(in_3d=True).window.skeleton
    until(lambda: view.hint.text == STARTING, "what is waited for")
    until(lambda: view._pictures.image is not None, "the first picture", 60)
    until(lambda: not view.hint.text, "no word of it any more")


def test_the_first_steps_ask_nobody_to_step_back_while_the_performer_plays(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    session = open_window("performer", welcomed=False)
    welcome = session.window.welcome

    def steps() -> str:
        return " ".join(each.text() for each in welcome.findChildren(QLabel) if each.isVisible())

    until(lambda: "Watch the performer" in steps(), "what there is to do with the performer")
    assert "Step back" not in steps()
    session.presenter.choose(camera.url)
    until(lambda: "Step back" in steps(), "what to do in front of a camera")
    assert "performer" not in steps()


def test_the_first_steps_are_not_those_of_a_video_that_plays(
    open_window: OpenWindow, camera: MjpegServer, tmp_path: Path
) -> None:
    film = write_clip(tmp_path / "film.mp4", performer_pictures(10))
    session = open_window(str(film), welcomed=False)
    welcome = session.window.welcome
    until(lambda: session.presenter.playback is not None, "the video")
    until(lambda: not welcome.isVisible(), "no word of stepping back or recording")
    session.presenter.choose(camera.url)
    until(welcome.isVisible, "what to do in front of a camera")


@pytest.mark.parametrize(
    ("theme", "size"),
    [
        pytest.param("light", (1024, 640), marks=pytest.mark.slow),
        pytest.param("dark", (1024, 640), marks=pytest.mark.slow),
        ("dark", (800, 600)),
    ],
)
def test_no_words_are_cut_off_at_the_smallest_size(
    open_window: OpenWindow, theme: str, size: tuple[int, int]
) -> None:
    session = open_window(theme=theme, welcomed=False)
    window = session.window
    window.resize(*size)
    session.presenter.notify("The diagnostics are on the clipboard: paste them into your report")
    session.presenter.retry()
    window._toggle_settings()
    QTest.qWait(300)
    assert (window.width(), window.height()) == size
    for widget in window.findChildren(QWidget):
        if widget.isVisible() and isinstance(widget, QAbstractButton | QLabel | QComboBox):
            assert not cut(widget), f"{words_of(widget)!r} has {widget.size()}"


def test_nothing_overlaps_in_a_small_window_and_smaller_is_not_offered(
    open_window: OpenWindow, camera: MjpegServer, tmp_path: Path
) -> None:
    session = open_window(camera.url, settings_open=True)
    window = session.window
    window.resize(300, 200)
    QTest.qWait(100)
    assert window.width() == kit.ems(window, 57)
    assert window.height() == kit.ems(window, 42)
    assert window.width() <= 800
    assert window.height() <= 600
    until(lambda: window.toolbar.pictures.isVisible(), "all that is there while a camera runs")
    require_apart(window.toolbar, window.width())
    session.presenter.recorder.toggle(session.presenter.current)
    until(lambda: session.presenter.recorder.status(None).elapsed_s > 0.2, "the recording")
    require_apart(window.toolbar, window.width())
    window.toolbar.record.click()
    until(lambda: session.presenter.last_recording, "the recording to be saved")
    session.presenter.open_recording(session.presenter.last_recording)
    until(lambda: window.timeline.isVisible(), "what is there while it plays")
    QTest.qWait(100)
    require_apart(window.toolbar, window.width())
    require_apart(window.timeline, window.width())


def require_apart(bar: QWidget, width: int) -> None:
    """What is visible in a bar lies inside of it and beside each other."""
    shown = [
        each
        for each in bar.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        if each.isVisible()
    ]
    shown.sort(key=lambda each: each.x())
    assert len(shown) > 4
    assert bar.width() == width
    assert shown[-1].geometry().right() < width
    for left, right in pairwise(shown):
        assert left.geometry().right() < right.x(), (left, right)


def words_of(widget: QAbstractButton | QLabel | QComboBox) -> str:
    return widget.currentText() if isinstance(widget, QComboBox) else widget.text()


def cut(widget: QAbstractButton | QLabel | QComboBox) -> bool:
    """Whether the widget's words do not fit into it, or it sticks out of what shows it."""
    seen = widget.visibleRegion().boundingRect()
    if not seen.isEmpty() and seen.width() < widget.width():
        return True
    if isinstance(widget, kit.Choice):
        return widget.shown_text != widget.currentText()
    if isinstance(widget, QLabel) and widget.wordWrap():
        return widget.heightForWidth(widget.width()) > widget.height()
    wanted = widget.sizeHint()
    return wanted.width() > widget.width() or wanted.height() > widget.height()


@pytest.mark.slow
@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT", "SIGHUP"])
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
def test_the_program_says_ready_and_ends_cleanly_on_a_signal(
    camera: MjpegServer, tmp_path: Path, number: str
) -> None:
    environment = dict(os.environ, XDG_CONFIG_HOME=str(tmp_path), XDG_STATE_HOME=str(tmp_path))
    process = subprocess.Popen(
        [sys.executable, str(REPOSITORY / "run_app.py"), "--source", camera.url],
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        lines: list[str] = []
        for line in process.stderr:
            lines.append(line)
            if line == "ready\n":
                break
        assert "ready\n" in lines, lines
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.Signals[number])
        assert process.wait(timeout=10) == 0
        assert "Traceback" not in process.stderr.read()
        _, alive = psutil.wait_procs(children, timeout=3)
        assert not alive
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_the_dialog_shows_films_of_telephones(open_window: OpenWindow) -> None:
    window = open_window().window
    window.opening.ask_file()
    dialog = window.findChild(QFileDialog)
    assert dialog is not None
    assert dialog.directory().absolutePath() == str(videos()), "at first"
    for ending in VIDEO_SUFFIXES:
        assert f"*{ending} *{ending.upper()} " in dialog.nameFilters()[0]
    assert {".3gp", ".mts"} < set(VIDEO_SUFFIXES)
    dialog.reject()


def test_a_child_s_height_can_be_entered(open_window: OpenWindow) -> None:
    session = open_window(height_m=0.9, settings_open=True)
    metres = session.window.settings.findChild(kit.Number, "height_m")
    assert metres is not None
    assert metres.value() == pytest.approx(0.9)


def test_a_stream_s_password_never_reaches_the_settings(
    open_window: OpenWindow, camera: MjpegServer, tmp_path: Path
) -> None:
    session = open_window(camera.url.replace("//", "//anna:topsecret@"))
    until(lambda: session.window.view_state.keypoints is not None, "the stream, with its password")
    close(session)
    stored = [path.read_text(errors="replace") for path in tmp_path.rglob("*.ini")]
    assert any("anna@127.0.0.1" in text for text in stored)
    assert not any("topsecret" in text for text in stored)
