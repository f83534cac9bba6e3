"""Snapshots, and one pane alone on the whole screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication, QImage
from PyQt6.QtTest import QTest

from app.errors import ExportError
from app.ui.main import Session
from app.ui.views import desktop
from app.ui.views.snapshot import shown, side_by_side, write
from tests.support.mjpeg import MjpegServer
from tests.support.windows import OpenWindow, close, until


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "pictures"
    monkeypatch.setattr(desktop, "pictures", lambda: folder)
    return folder


@pytest.fixture
def live(open_window: OpenWindow, camera: MjpegServer) -> Session:
    session = open_window(camera.url)
    until(
        lambda: session.window.view_state.frame and session.window.skeleton.shown_pose > 0, "a pose"
    )
    return session


def test_a_snapshot_is_saved_and_on_the_clipboard(pictures: Path, live: Session) -> None:
    window = live.window
    height = window.picture.height()  # the message takes some of it
    QTest.keyClick(window, Qt.Key.Key_S)
    until(lambda: "on the clipboard" in window.strip.text, "the message")
    (path,) = pictures.glob("mixpose *.png")
    saved = QImage(str(path))
    assert saved.width() == window.picture.width() + window.skeleton.width()
    assert saved.height() == height
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    assert clipboard.image().size() == saved.size()
    colours = {saved.pixel(x, y) for x in range(0, saved.width(), 9) for y in range(0, 500, 9)}
    assert len(colours) > 100, "there is something to be seen"
    window.menu_actions["snapshot-3d"].trigger()
    until(lambda: len(list(pictures.glob("*.png"))) == 2, "another")
    sizes = {QImage(str(each)).width() for each in pictures.glob("*.png")}
    assert sizes == {saved.width(), window.skeleton.width()}


@pytest.mark.slow
def test_it_shows_neither_buttons_nor_hints(pictures: Path, live: Session) -> None:
    window = live.window
    window.picture.hint.show_text("Something lies over the picture")
    QTest.qWait(50)
    place = window.picture.hint.geometry()
    over = window.picture.grab().toImage().copy(place)
    without = shown(window.picture).copy(place)
    assert over != without
    background = window.picture.hint.grab().toImage().pixel(3, place.height() // 2)
    assert background not in {without.pixel(x, y) for x in range(9) for y in range(9)}


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    image = side_by_side([QImage(8, 8, QImage.Format.Format_RGB32)])
    with pytest.raises(ExportError, match="could not be saved"):
        write(image, tmp_path / "file" / "a.png")
    assert write(image, tmp_path / "new" / "a.png").name == "a.png"
    assert write(image, tmp_path / "new" / "a.png").name == "a-2.png"


@pytest.mark.parametrize("name", ["picture", "skeleton"])
def test_one_pane_alone_and_back(open_window: OpenWindow, name: str) -> None:
    session = open_window()
    window = session.window
    pane = getattr(window, name)
    other = window.skeleton if name == "picture" else window.picture
    widths = window.panes.widths
    pane.whole.click()
    until(lambda: window.isFullScreen() and not other.isVisible(), "the pane alone")
    assert pane.isVisible()
    until(lambda: pane.width() > 0.97 * window.width(), "all the room")
    assert not window.toolbar.isVisible()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    until(lambda: not window.isFullScreen() and other.isVisible(), "both again")
    assert window.toolbar.isVisible()
    until(lambda: window.panes.widths == pytest.approx(widths, abs=3), "as they were")


def test_closed_while_a_pane_is_alone_both_are_there_next_time(open_window: OpenWindow) -> None:
    session = open_window()
    session.window.skeleton.whole.click()
    until(session.window.isFullScreen, "the whole screen")
    close(session)
    again = open_window().window
    assert again.picture.isVisible()
    assert again.toolbar.isVisible()
    assert min(again.panes.widths) > 100


def test_f11_keeps_everything(open_window: OpenWindow) -> None:
    window = open_window().window
    QTest.keyClick(window, Qt.Key.Key_F11)
    until(window.isFullScreen, "the whole screen")
    assert window.toolbar.isVisible()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    until(lambda: not window.isFullScreen(), "the window")
