"""The whole way through the real window: a live camera, a recording, a table, and back again."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QImage
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QWidget

from app.detection.models import about
from app.pipeline import State
from app.recording.reader import Recording
from app.ui.main import Session
from app.ui.presenters.live import LivePresenter
from app.ui.presenters.playback import PlaybackPresenter
from app.ui.presenters.recording import RecordState
from app.ui.views.dialogs import ExportDialog
from tests.support.mjpeg import MjpegServer
from tests.support.windows import OpenWindow, until


def record(session: Session, seconds: float) -> Path:
    """Press the record button, wait, press it again; the finished recording."""
    window, recorder = session.window, session.presenter.recorder
    window.toolbar.record.click()
    until(lambda: recorder.state is RecordState.RECORDING, "the recording to begin")
    writer = recorder._writer
    assert writer is not None
    QTest.qWait(round(seconds * 1000))
    until(lambda: writer.frames > 5, "some frames")
    assert window.toolbar.record.words.startswith("Stop recording")
    window.toolbar.record.click()
    until(lambda: session.presenter.last_recording, "the recording to be saved")
    path = session.presenter.last_recording
    assert path is not None
    return path


def test_start_record_export_reopen_scrub(
    open_window: OpenWindow, camera: MjpegServer, tmp_path: Path
) -> None:
    session = open_window(camera.url, in_3d=True)
    window, presenter = session.window, session.presenter
    ready: list[bool] = []
    window.ready.connect(lambda: ready.append(True))
    until(lambda: ready, "the first picture and the first pose")
    assert "fps" in window.status.words
    assert "skipped" in window.status.words

    path = record(session, 1.0)
    until(lambda: window.strip.button("Play") is not None, "the poses to be computed")
    assert isinstance(presenter.current, LivePresenter)
    assert presenter.current.state is State.RUNNING
    recorded = Recording.open(path)
    assert recorded.poses is not None
    count = len(recorded.keypoints.time_s)
    assert count > 3

    table = export(session, tmp_path / "table.csv")
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == count
    assert [row["tracked"] for row in rows].count("1") > count / 2
    assert float(rows[-1]["head_y"]) > float(rows[-1]["pelvis_y"])
    assert json.loads((tmp_path / "table.csv.json").read_text())

    button = window.strip.button("Dismiss")
    assert button is not None
    button.click()
    scrub(session, path, count)


def export(session: Session, path: Path) -> Path:
    session.window.toolbar.export.click()
    dialog = shown_dialog()
    dialog.file.setText(path.name)
    session.preferences.last_folder = str(path.parent)
    dialog._path = path
    dialog.go.click()
    until(path.exists, "the table")
    until(lambda: "Saved" in session.window.strip.text, "the success to be told")
    assert session.window.strip.button("Show in folder") is not None
    return path


def shown_dialog() -> ExportDialog:
    found = [each for each in QApplication.topLevelWidgets() if isinstance(each, ExportDialog)]
    assert len(found) == 1
    return found[0]


def scrub(session: Session, path: Path, count: int) -> None:
    """Open the recording again, and go through it with mouse and keys."""
    window, presenter = session.window, session.presenter
    presenter.open_recording(path)
    until(lambda: isinstance(presenter.current, PlaybackPresenter), "the recording to open")
    current = presenter.current
    assert isinstance(current, PlaybackPresenter)
    until(lambda: window.timeline.isVisible(), "the timeline")
    scrubber = window.timeline.scrubber
    # A busy machine records few frames: the middle one of those that are followed by another.
    tracked = Recording.open(path).keypoints.tracked
    both = np.flatnonzero(tracked[1:-2] & tracked[2:-1]) + 1
    chosen_s = current.time_s[both[len(both) // 2]] - current.time_s[0]
    share = chosen_s / (current.time_s[-1] - current.time_s[0])
    place = QPointF(scrubber.place_of(float(share)) + 1, scrubber.height() / 2).toPoint()
    QTest.mouseClick(scrubber, Qt.MouseButton.LeftButton, pos=place)
    current.clock.pause()
    until(lambda: window.view_state.pose is not None, "the pose of that moment")
    expected = int(np.searchsorted(current.time_s, current.clock.read() + 5e-7, side="right")) - 1
    assert 0 < expected < count - 1
    until(
        lambda: window.view_state.pose and window.view_state.pose.index == expected,
        "the frame scrubbed to",
    )
    QTest.keyClick(window, Qt.Key.Key_Right)
    until(
        lambda: window.view_state.pose and window.view_state.pose.index == expected + 1,
        "one frame on",
    )
    QTest.keyClick(window, Qt.Key.Key_Left)
    until(
        lambda: window.view_state.pose and window.view_state.pose.index == expected,
        "one frame back",
    )
    assert presenter.current.lifted
    window.toolbar.start.click()
    until(lambda: isinstance(presenter.current, LivePresenter), "the camera again")


@pytest.mark.slow
def test_the_mirror_changes_the_picture_and_not_the_recording(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    session = open_window(
        camera.url, keep_video=True, several=False, detector="lite",
        height_m=1.7, delay=3,
    )  # fmt: skip
    window = session.window
    until(lambda: window.skeleton.shown_pose >= 0, "the first pose")
    window.picture.mirror.click()
    assert session.preferences.mirror
    path = record(session, 1.5)
    session.presenter.jobs.running[-1].cancel()
    recording = Recording.open(path)
    assert recording.meta.settings == {
        "several": False,
        "detector": about("lite"),
        "height_m": 1.7,
        "weights": None,
        "camera_pitch_deg": None,
        "camera_roll_deg": None,
        "delay": 3,
    }
    row = int(np.flatnonzero(recording.keypoints.tracked)[0])
    picture = recording.picture(row)
    assert picture is not None
    mirrored_error, straight_error = (
        min(np.abs(each.astype(int) - picture).mean() for each in candidates(camera, flip))
        for flip in (True, False)
    )
    assert straight_error < 3 < mirrored_error
    # The performer faces the camera: the person's left is on the picture's right.
    xy = recording.keypoints.xy[row]
    assert xy[11, 0] > xy[14, 0]


def candidates(camera: MjpegServer, flip: bool) -> list[np.ndarray]:
    import cv2

    found = []
    for number in range(0, 118, 1):
        data = np.frombuffer(camera._picture(number), np.uint8)
        image = cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        found.append(image[:, ::-1] if flip else image)
    return found


@pytest.mark.slow
def test_a_camera_that_dies_is_shown_grey_and_comes_back(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    session = open_window(camera.url, in_3d=True)
    window = session.window
    until(lambda: window.skeleton.shown_pose >= 0, "the first pose")
    until(lambda: colourful(window.skeleton), "blue and orange limbs")
    camera.die()
    until(lambda: window.view_state.greyed, "the loss to be noticed")
    until(lambda: not colourful(window.skeleton), "the skeleton to be grey, too")
    notice = window.picture.card.notice
    assert notice is not None
    assert "stopped sending" in notice.title
    camera.come_back()
    until(
        lambda: not window.view_state.greyed and window.view_state.notice is None,
        "the camera again",
    )
    until(lambda: colourful(window.skeleton), "blue and orange limbs again")


def colourful(view: QWidget) -> bool:
    """Whether something in the middle of it is of a strong colour."""
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    data = image.constBits().asarray(image.sizeInBytes())
    rows = np.frombuffer(data, np.uint8).reshape(image.height(), image.bytesPerLine())
    pixels = rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)
    return bool((np.ptp(pixels, axis=-1) > 60).sum() > 50)


@pytest.mark.slow
def test_the_automatic_stop_and_the_countdown(open_window: OpenWindow, camera: MjpegServer) -> None:
    session = open_window(camera.url, countdown_s=1, auto_stop_s=1)
    presenter = session.presenter
    until(lambda: session.window.skeleton.shown_pose >= 0, "the first pose")
    QTest.keyClick(session.window, Qt.Key.Key_R)
    assert presenter.recorder.state is RecordState.COUNTDOWN
    assert session.presenter.new_recordings.status.countdown == 1
    until(lambda: presenter.recorder.state is RecordState.RECORDING, "the recording")
    until(lambda: presenter.last_recording, "the automatic stop")
    assert presenter.last_recording is not None
    for job in presenter.jobs.running:
        job.cancel()
    duration = Recording.open(presenter.last_recording).duration_s
    assert duration == pytest.approx(1.0, abs=0.9)


@pytest.mark.slow
def test_skipping_the_lifting_keeps_the_recording(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    session = open_window(camera.url)
    until(lambda: session.window.skeleton.shown_pose >= 0, "the first pose")
    path = record(session, 1.0)
    (job,) = [each for each in session.presenter.jobs.running if each.stop_label == "Skip"]
    job.cancel()
    until(lambda: session.presenter.message, "the message")
    assert session.presenter.message is not None
    assert "computed when you export it" in session.presenter.message.text
    assert Recording.open(path).poses is None
