"""Fixtures of the window's tests: real windows with settings and recordings of their own."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.system import paths, startup

if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
startup.prepare()
startup.import_qt_before_cv2()

import mediapipe  # noqa: E402, F401  # imported here, it does not count as the window's slowness
import torch  # noqa: E402, F401
from PyQt6.QtTest import QTest  # noqa: E402
from PyQt6.QtWidgets import QApplication  # noqa: E402

from app.ui.main import Session  # noqa: E402
from app.ui.preferences import PreferencesFile  # noqa: E402
from tests.support.mjpeg import MjpegServer, jpeg  # noqa: E402
from tests.support.windows import OpenWindow, until  # noqa: E402

FRAMES = 60


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found in videos, and noted of them, is kept beside everything else of the test."""
    monkeypatch.setattr(paths, "video_cache_dir", lambda: tmp_path / "cache")
    monkeypatch.setattr(paths, "video_notes_dir", lambda: tmp_path / "notes")


@pytest.fixture
def open_window(qapp: QApplication, tmp_path: Path, folders: None) -> Iterator[OpenWindow]:
    """Opens a window: ``open_window(source, name=preference…)``; closed at the end of the test."""
    sessions: list[Session] = []
    qapp.setQuitOnLastWindowClosed(False)

    def opened(source: str | None = None, **given: Any) -> Session:
        given = {"theme": "dark", "welcomed": True, **given}
        file = PreferencesFile(tmp_path / "settings.ini")
        session = Session(file, tmp_path / "recordings", given)
        session.window.resize(1024, 640)
        sessions.append(session)
        if source is not None:
            session.open(source)
        else:
            session.window.open()
        QTest.qWaitForWindowExposed(session.window)
        session.window.activateWindow()  # no window manager does it under Xvfb
        assert QTest.qWaitForWindowActive(session.window)
        return session

    yield opened
    for session in sessions:
        if not session.closed:
            session.window.leave()  # asks nothing, whatever a test that failed has left running
            until(lambda session=session: session.closed, "the window to close", 5)
        session.window.deleteLater()
    QTest.qWait(20)
    for thread in threading.enumerate():
        if thread.name.startswith("job: "):  # left behind by a window: it only reads
            thread.join(30)


@pytest.fixture(scope="session")
def person_jpegs() -> list[bytes]:
    """Two seconds of the performer as JPEGs, forth and back so that they repeat without a jump."""
    from app.synthetic.performer.source import PerformerSource

    with PerformerSource(rate=30.0, duration_s=FRAMES / 30) as source:
        forth = []
        while (frame := source.read()) is not None:
            forth.append(jpeg(frame.image))
    assert len(forth) == FRAMES
    return forth + forth[-2:0:-1]


@pytest.fixture
def camera(person_jpegs: list[bytes]) -> Iterator[MjpegServer]:
    """A network camera on loopback that shows the performer."""
    with MjpegServer(lambda number: person_jpegs[number % len(person_jpegs)], fps=30) as server:
        yield server
