"""Sending from the real window: a tick in the settings, and a receiver in another process."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QCheckBox, QLineEdit

from app.ui.main import Session
from tests.support.live_receivers import Receiver
from tests.support.mjpeg import MjpegServer
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
    return next((s.text for s in session.presenter.look().status if "sending" in s.text), "")


def test_a_tick_sends_what_is_live_and_the_status_line_says_so(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    with Receiver("vmc", 0) as avatar:
        session = open_window(camera.url, osc_address=str(avatar.port), settings_open=True)
        window = session.window
        until(lambda: session.presenter.stage.run.latest().pose is not None, "the first pose")
        assert not session.preferences.osc, "off by default"
        assert "sending" not in window.status.words
        tick(session, "osc").click()
        until(lambda: "sending" in window.status.words, "the status line to say it")
        (sender,) = session.sending._senders.values()
        until(lambda: sender.figures().sent > 10, "ten poses")
        tip = next(s for s in session.presenter.look().status if "sending" in s.text).explained
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


def test_an_address_that_is_none_is_told_and_a_right_one_works(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    session = open_window(camera.url, settings_open=True)
    write(session, "osc_address", "a b")
    tick(session, "osc").click()
    assert session.presenter.news is not None
    assert "'a b' is no address to send to" in session.presenter.news.text
    assert sending(session) == ""
    session.presenter.clear_news()
    with Receiver("vmc", 0) as avatar:
        write(session, "osc_address", str(avatar.port))
        until(lambda: sending(session), "the sending to begin")
        (sender,) = session.sending._senders.values()
        until(lambda: sender.figures().sent > 3, "three poses")
    assert session.presenter.news is None
    write(session, "osc_address", "no..such:1")
    until(lambda: session.presenter.news, "the sentence")
    assert "no computer named no..such" in session.presenter.news.text
    assert sending(session) == ""
