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

import torch  # noqa: E402, F401  # imported here, it does not count as the window's slowness
from PyQt6.QtTest import QTest  # noqa: E402
from PyQt6.QtWidgets import QApplication  # noqa: E402

from app.detection.landmarker import import_mediapipe  # noqa: E402
from app.render.client import Renderer  # noqa: E402
from app.ui.main import Session  # noqa: E402
from app.ui.preferences import PreferencesFile  # noqa: E402
from app.ui.views import skeleton  # noqa: E402
from tests.support.clips import performer_pictures  # noqa: E402
from tests.support.mjpeg import MjpegServer, jpeg  # noqa: E402
from tests.support.windows import OpenWindow, until  # noqa: E402

import_mediapipe()
FRAMES = 60


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found in videos, and noted of them, is kept beside everything else of the test."""
    monkeypatch.setattr(paths, "video_cache_dir", lambda: tmp_path / "cache")
    monkeypatch.setattr(paths, "video_notes_dir", lambda: tmp_path / "notes")


class StillLoading(Renderer):
    """The process that draws, as long as Open3D is not loaded: the view paints by itself.

    To load it takes 0.4 s of a core and more, and most tests are over by then.
    """

    def start(self) -> None:
        """Not yet."""


@pytest.fixture
def open_window(
    qapp: QApplication, tmp_path: Path, folders: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OpenWindow]:
    """Opens a window: ``open_window(source, name=preference…)``; closed at the end of the test.

    With ``in_3d=True`` Open3D draws its 3D view; the detector is the quickest unless told.
    """
    sessions: list[Session] = []
    qapp.setQuitOnLastWindowClosed(False)

    def opened(source: str | None = None, *, in_3d: bool = False, **given: Any) -> Session:
        monkeypatch.setattr(skeleton, "Renderer", Renderer if in_3d else StillLoading)
        given = {"theme": "dark", "welcomed": True, "detector": "lite", **given}
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
    forth = [jpeg(picture) for picture in performer_pictures(FRAMES)]
    return forth + forth[-2:0:-1]


@pytest.fixture
def camera(person_jpegs: list[bytes]) -> Iterator[MjpegServer]:
    """A network camera on loopback that shows the performer, at half their speed: to look at a
    picture and draw it costs more than all else that a test of a live window does."""
    with MjpegServer(lambda number: person_jpegs[number % len(person_jpegs)], fps=15) as server:
        yield server
