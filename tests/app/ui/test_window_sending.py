"""Sending from the real window: a tick in the settings, and a receiver in another process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QCheckBox, QLineEdit

from app.recording.reader import Recording
from app.stream_out.sender import Sender
from app.ui.main import Session
from app.ui.presenters.playback import PlaybackPresenter
from models.skeleton import MIRROR
from tests.support.live_receivers import Receiver
from tests.support.mjpeg import MjpegServer
from tests.support.recordings import INFO, poses, record
from tests.support.windows import OpenWindow, close, until


def tick(session: Session, name: str) -> QCheckBox:
    found = session.window.settings.findChild(QCheckBox, name)
    assert found is not None
    return found


def write(session: Session, name: str, text: str) -> None:
    """Type into a line of the settings, and leave it."""
    line = session.window.settings.findChild(QLineEdit, name)
    assert line is not None
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, text)
    QTest.keyClick(line, Qt.Key.Key_Return)


def sending(session: Session) -> str:
    return next((s.text for s in session.presenter.view_state().status if "sending" in s.text), "")


@pytest.mark.slow
def test_a_tick_sends_what_is_live_and_the_status_line_says_so(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    with Receiver("vmc", 0) as avatar:
        session = open_window(camera.url, osc_address=str(avatar.port), settings_open=True)
        window = session.window
        until(lambda: session.presenter.current.run.latest().pose is not None, "the first pose")
        assert not session.preferences.osc, "off by default"
        assert "sending" not in window.status.words
        tick(session, "osc").click()
        until(lambda: "sending" in window.status.words, "the status line to say it")
        (sender,) = session.sending._senders.values()
        until(lambda: sender.figures().sent > 10, "ten poses")
        tip = next(
            s for s in session.presenter.view_state().status if "sending" in s.text
        ).explained
        assert tip.startswith(f"VMC to 127.0.0.1:{avatar.port}: ")
        assert "0 lost" in tip
        assert "nobody" not in tip
        tick(session, "osc").click()
        until(lambda: "sending" not in window.status.words, "the sending to end")
        assert sender.close()
        sent = sender.figures().sent
        QTest.qWait(200)
        assert sender.figures().sent == sent
        assert len(avatar.frames()) == sent


@pytest.mark.slow
def test_another_source_is_sent_on_and_closing_ends_it(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    with Receiver("vmc", 0) as avatar:
        session = open_window(camera.url, osc=True, osc_address=str(avatar.port))
        (sender,) = session.sending._senders.values()
        until(lambda: sender.figures().sent > 3, "three poses")
        session.presenter.choose("performer")
        before = sender.figures().sent
        until(lambda: sender.figures().sent > before + 6, "poses of the other source")
        close(session)
        assert not sender._thread.is_alive()
        assert len(avatar.frames()) == sender.figures().sent


def lifted(folder: Path, frames: int) -> Path:
    path = record(folder, frames)
    Recording.open(path).save_poses(poses(frames), INFO)
    return path


def played(
    open_window: OpenWindow, path: Path, **given: object
) -> tuple[Session, PlaybackPresenter]:
    session = open_window(str(path), **given)
    until(lambda: isinstance(session.presenter.current, PlaybackPresenter), "the recording to open")
    current = session.presenter.current
    assert isinstance(current, PlaybackPresenter)
    return session, current


def at_rest(sender: Sender) -> int:
    """How many poses were sent once no more are."""
    sent = -1
    for _ in range(10):
        if sender.figures().sent == sent:
            return sent
        sent = sender.figures().sent
        QTest.qWait(300)
    raise AssertionError("poses of a recording that stands still are sent on and on")


@pytest.mark.slow
def test_a_recording_that_plays_is_sent_and_one_that_stands_still_is_not(
    open_window: OpenWindow, camera: MjpegServer, tmp_path: Path
) -> None:
    path = lifted(tmp_path, 300)
    with Receiver("vmc", 0) as avatar:
        session, current = played(open_window, path, osc=True, osc_address=str(avatar.port))
        (sender,) = session.sending._senders.values()
        until(lambda: sender.figures().sent > 20, "twenty poses")
        until(lambda: "sending" in session.window.status.words, "the status line to say it")
        assert sender.figures().sent <= current.index + 1, "each frame once"
        current.toggle()
        sent = at_rest(sender)
        current.step(1)
        until(lambda: sender.figures().sent == sent + 1, "the next frame")
        for share in np.linspace(0, 1, 200):
            current.seek(float(share))
        QTest.qWait(100)
        assert sender.figures().sent == sent + 2, "where the playhead stopped, not all between"
        assert sender.figures().lost == 0
        session.presenter.choose(camera.url)
        until(lambda: sender.figures().sent > sent + 4, "poses of the camera")
        assert sender.close()
        assert len(avatar.frames()) == sender.figures().sent


@pytest.mark.timing
def test_a_recording_is_sent_as_it_was_lifted_at_the_time_of_sending(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    path = lifted(tmp_path, 90)
    with Receiver("lsl", "mixpose-played") as laboratory:
        session, current = played(open_window, path, lsl=True, lsl_name="mixpose-played")
        current.set_loop(True)
        laboratory.connected()
        (sender,) = session.sending._senders.values()
        heard_from = sender.figures().sent
        until(lambda: sender.figures().sent > heard_from + 60, "two seconds of poses")
        take = laboratory.take()
    delays = np.subtract(take.arrived, take.stamps)
    assert np.abs(delays).max() < 0.5
    assert (np.diff(take.stamps) > 0).all(), "on and on, though it begins again"
    recording = Recording.open(path)
    found = recording.poses
    assert found is not None
    conf = recording.keypoints.conf.copy()
    conf[found.swapped] = conf[found.swapped][:, list(MIRROR)]
    conf[found.filled | found.missing] = np.nan
    xyz = np.where(found.missing[..., None], np.nan, found.xyz * (1, -1, -1))
    expected = np.concatenate([xyz, conf[..., None]], axis=-1).reshape(len(xyz), -1)
    samples = np.array(take.samples, float)
    assert len(samples) > 30
    for sample in samples[:, : expected.shape[1]]:  # heels and toes are behind the joints
        same = np.isclose(expected, sample, atol=1e-5, equal_nan=True).all(axis=1)
        assert same.sum() == 1


@pytest.mark.slow
def test_an_address_that_is_none_is_told_and_a_right_one_works(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    session = open_window(camera.url, settings_open=True)
    write(session, "osc_address", "a b")
    tick(session, "osc").click()
    assert session.presenter.message is not None
    assert "'a b' is no address to send to" in session.presenter.message.text
    assert sending(session) == ""
    session.presenter.clear_message()
    with Receiver("vmc", 0) as avatar:
        write(session, "osc_address", str(avatar.port))
        until(lambda: sending(session), "the sending to begin")
        (sender,) = session.sending._senders.values()
        until(lambda: sender.figures().sent > 3, "three poses")
    assert session.presenter.message is None
    write(session, "osc_address", "no..such:1")
    until(lambda: session.presenter.message, "the sentence")
    assert "no computer named no..such" in session.presenter.message.text
    assert sending(session) == ""
