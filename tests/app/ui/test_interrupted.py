"""An interrupted recording is offered when the window opens, once; and low disks are said."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from app.recording.reader import Recording
from app.recording.writer import RecordingWriter
from app.ui.main import Session
from app.ui.presenters.background import interrupted
from app.ui.presenters.playback import PlaybackPresenter
from app.ui.presenters.recording import RecordState
from tests.support.mjpeg import MjpegServer
from tests.support.recordings import CAMERA, INFO, SIZE, packet, poses, record
from tests.support.windows import OpenWindow, close, until


def cut_off(folder: Path, name: str, frames: int = 97) -> Path:
    """A recording as a killed program leaves it, with poses, lest opening it lifts for long."""
    path = record(folder, frames, name=name)
    Recording.open(path).save_poses(poses(frames), INFO)
    (path / ".writing").touch()
    return path


def looked(session: Session) -> None:
    """Wait until the window has looked for interrupted recordings."""
    until(
        lambda: not [job for job in session.presenter.jobs.running if "interrupted" in job.title],
        "the looking",
    )
    QTest.qWait(50)


def test_an_interrupted_recording_is_offered_once(
    open_window: OpenWindow, camera: MjpegServer, tmp_path: Path
) -> None:
    folder = tmp_path / "recordings"
    path = cut_off(folder, "monday")
    record(folder, 5, name="whole")
    session = open_window(camera.url)
    strip = session.window.strip
    until(lambda: strip.isVisible() and strip.text, "the offer")
    assert strip.text == "An interrupted recording of 0:03 was found"
    button = strip.button("Dismiss")
    assert button is not None
    button.click()
    until(lambda: not strip.isVisible(), "the offer to go")
    # It is remembered before the window is closed, for this one may be killed as well.
    again = open_window(camera.url)
    looked(again)
    assert again.presenter.message is None
    close(again)
    close(session)
    second = cut_off(folder, "tuesday", 31)
    third = open_window(camera.url)
    until(lambda: third.window.strip.button("Open"), "the offer of the new one")
    assert third.window.strip.text == "An interrupted recording of 0:01 was found"
    button = third.window.strip.button("Open")
    assert button is not None
    button.click()
    until(lambda: isinstance(third.presenter.current, PlaybackPresenter), "the recording")
    current = third.presenter.current
    assert isinstance(current, PlaybackPresenter)
    assert current.clip.path == second
    until(lambda: "This recording was interrupted." in third.window.strip.text, "the words")
    assert {found for found, _ in interrupted(folder)} == {path, second}, "nothing was changed"


@pytest.mark.slow
def test_several_are_one_offer_and_one_being_made_is_none(
    open_window: OpenWindow, camera: MjpegServer, tmp_path: Path
) -> None:
    folder = tmp_path / "recordings"
    cut_off(folder, "a", 31)
    cut_off(folder, "b", 61)
    writer = RecordingWriter.create(folder, "now", source=CAMERA, size=SIZE)
    writer.append(packet(0))
    session = open_window(camera.url)
    until(lambda: session.presenter.message, "the offer")
    assert session.presenter.message is not None
    assert session.presenter.message.text == (
        "2 interrupted recordings were found; the newest has 0:02"
    )
    writer.close()


@pytest.mark.slow
def test_a_disk_that_gets_full_is_said_and_the_recording_kept(
    open_window: OpenWindow, camera: MjpegServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_window(camera.url)
    window, recorder = session.window, session.presenter.recorder
    until(lambda: window.view_state.keypoints is not None, "the first keypoints")
    usage = shutil.disk_usage("/")
    room = [10**12]
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=room[0]))
    window.toolbar.record.click()
    until(lambda: recorder.state is RecordState.RECORDING, "the recording")
    writer = recorder._writer
    assert writer is not None
    until(lambda: writer.disk.bytes_per_s, "the first second")
    assert recorder.hint() == ""
    room[0] = int(600 * writer.disk.bytes_per_s)
    until(
        lambda: "The disk is nearly full: room for about " in window.view_state.hint, "the warning"
    )
    room[0] = 1000
    ended = "ended because the disk is nearly full. What was recorded until then is kept."
    until(lambda: session.presenter.last_recording, "the recording to end")
    assert ended in session.presenter.message.text
    until(lambda: window.strip.button("Play") is not None, "the poses")
    assert ended in window.strip.text, "still said when the poses are there"


@pytest.mark.slow
def test_a_recording_that_closing_has_ended_is_told_next_time(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    session = open_window(camera.url)
    until(lambda: session.window.view_state.pose, "somebody to record")
    QTest.keyClick(session.window, Qt.Key.Key_R)
    until(lambda: session.presenter.recorder.state is RecordState.RECORDING, "the recording")
    until(lambda: session.presenter.new_recordings.status.elapsed_s > 1, "a second of it")
    close(session)
    (path,) = session.presenter.recordings.glob("*.mixpose")
    again = open_window(camera.url)
    until(lambda: path.stem in again.window.strip.text, "what became of it")
    assert "is saved" in again.window.strip.text
    again.presenter.clear_message()
    close(again)
    third = open_window(camera.url)
    QTest.qWait(300)
    assert path.stem not in third.window.strip.text, "once is enough"
