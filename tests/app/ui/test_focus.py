"""Whoever works with the keyboard sees where it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QCheckBox, QMenuBar, QWidget

from app.recording.reader import Recording
from app.ui.main import Session
from tests.support.recordings import INFO, poses, record
from tests.support.windows import OpenWindow, until

LEAST = 8
"""Pixels that must look different."""


@pytest.fixture(params=["dark", pytest.param("light", marks=pytest.mark.slow)])
def session(
    request: pytest.FixtureRequest, open_window: OpenWindow, tmp_path: Path
) -> Iterator[Session]:
    """A window with all of its parts: a recording beside itself, the plot, the settings."""
    path = record(tmp_path / "recordings", 31)
    Recording.open(path).save_poses(poses(31), INFO)
    session = open_window(str(path), theme=request.param, plot_open=True, settings_open=True)
    session.window.resize(1280, 900)
    until(lambda: session.presenter.playback, "the recording")
    session.presenter.playback.clock.pause()
    session.presenter.comparison.open(str(path))
    until(lambda: session.window.comparing.bar.isVisible(), "the second take")
    return session


def reached_by_tab(root: QWidget) -> list[QWidget]:
    return [
        each
        for each in root.findChildren(QWidget)
        if each.isVisible()
        and each.isEnabled()
        and each.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not isinstance(each, QMenuBar)
        and each.focusProxy() is None
        and each.objectName() != "qt_spinbox_lineedit"  # shown by the number around it
    ]


def unseen(root: QWidget) -> list[str]:
    """Which of them look the same with the keyboard as without it."""
    found = []
    for each in reached_by_tab(root):
        root.setFocus()
        QTest.qWait(10)
        without = each.grab().toImage()
        each.setFocus(Qt.FocusReason.TabFocusReason)
        QTest.qWait(10)
        assert QApplication.focusWidget() is each, each.accessibleName()
        seen = each.grab().toImage()
        places = [(x, y) for x in range(seen.width()) for y in range(seen.height())]
        if sum(seen.pixel(*place) != without.pixel(*place) for place in places) < LEAST:
            found.append(f"{type(each).__name__} {each.accessibleName()}")
    return found


def test_the_keyboard_is_seen_everywhere(session: Session) -> None:
    window = session.window
    for tick in window.settings.findChildren(QCheckBox):
        if tick.objectName() in ("camera_told", "height_told"):
            tick.click()
    window._tick.stop()  # nothing else shall look different
    assert len(reached_by_tab(window)) > 25
    assert unseen(window) == []
    window._tick.start()
    window.exporting.ask()
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    dialog.activateWindow()
    assert QTest.qWaitForWindowActive(dialog)
    dialog.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    assert unseen(dialog) == []
    dialog.reject()
