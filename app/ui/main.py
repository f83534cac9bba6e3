"""Open the window and run Qt's event loop until it is closed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import QApplication

from app.stream_out.registry import OUTPUTS
from app.stream_out.targets import Target
from app.system import paths
from app.ui import DESKTOP_ID, ICON
from app.ui.guard import ErrorGuard, SignalGuard
from app.ui.preferences import Preferences, PreferencesFile
from app.ui.presenters.interrupted import InterruptedRecordings
from app.ui.presenters.orbit import OrbitPresenter
from app.ui.presenters.sending import SendingPresenter
from app.ui.presenters.window import WindowPresenter
from app.ui.views.main_window import MainWindow

_POLL_MS: Final = 20


def run_window(
    source: str | None = None,
    weights: str | None = None,
    device: str | None = None,
    height: float | None = None,
    camera_pitch: float | None = None,
    camera_roll: float | None = None,
    detector: str | None = None,
    delay: int | None = None,
    outputs: Mapping[str, Target] | None = None,
) -> int:
    """Open the window and return the exit code once it has been closed.

    Writes ``ready`` to stderr when the first picture and the first 3D pose are on the screen.

    Args:
        source: what to show; None for the last source, else a camera, else the performer.
        weights: weights' name or path; None for the remembered choice.
        device: auto, cpu, cuda or mps; None for the remembered choice.
        height: the person's height in metres; None for the remembered one.
        camera_pitch: degrees by which the camera is tilted down; None for the remembered value.
        camera_roll: degrees by which it is rotated clockwise; None for the remembered value.
        detector: size of its model: lite, full or heavy; None for the remembered choice.
        delay: frames of delay; None for the remembered one.
        outputs: targets of live poses by their names in ``OUTPUTS``; the remembered targets are
            used in addition.
    """
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("mixpose")
    application.setDesktopFileName(DESKTOP_ID)
    application.setWindowIcon(QIcon(str(ICON)))
    given = {
        "weights": weights,
        "device": device,
        "height_m": height,
        "camera_told": True if (camera_pitch, camera_roll) != (None, None) else None,
        "camera_pitch_deg": camera_pitch,
        "camera_roll_deg": camera_roll,
        "detector": detector,
        "delay": delay,
    }
    for name, target in (outputs or {}).items():
        given |= {name: True, OUTPUTS[name].remembered: str(target)}
    session = Session(
        PreferencesFile(paths.settings_file()),
        paths.recordings_dir(),
        {name: value for name, value in given.items() if value is not None},
    )
    session.window.ready.connect(_report_ready)
    return session.run(application, source)


def _report_ready() -> None:
    """Report to a script that started the program that the window is ready."""
    if sys.stderr is not None:
        sys.stderr.write("ready\n")
        sys.stderr.flush()


class Session:
    """One window and its presenters, from opening to the end of all background work.

    Args:
        file: where the preferences are stored.
        recordings: the folder in which recordings are saved.
        given: preferences from the command line; they apply to this session only and are stored
            only if the user changes them.
    """

    def __init__(self, file: PreferencesFile, recordings: Path, given: dict[str, Any]) -> None:
        self._file = file
        self._remembered = file.load()
        self._given = given
        preferences = file.load()
        for name, value in given.items():
            setattr(preferences, name, value)
        self.preferences = preferences
        self.presenter = WindowPresenter(preferences, lambda: recordings)
        self.interrupted = InterruptedRecordings(self.presenter)
        self.sending = SendingPresenter(self.presenter)
        self.window = MainWindow(self.presenter, OrbitPresenter())
        self.window.closing.connect(self._close)
        self.presenter.preferences_changed.connect(self._save_if_needed)
        self._poll = QTimer()
        self._poll.setInterval(_POLL_MS)
        self._poll.timeout.connect(self._check_closed)
        self.closed = False

    def run(self, application: QApplication, source: str | None) -> int:
        """Show the window, run Qt's event loop, and return the exit code."""
        application.setQuitOnLastWindowClosed(False)
        guard = ErrorGuard(self.presenter.program_error)
        guard.install()
        signals = SignalGuard(self.window.leave)
        hints = application.styleHints()
        if hints is not None:
            hints.colorSchemeChanged.connect(lambda _scheme: self.window.show_theme())
        try:
            self.open(source)
            self._poll.timeout.connect(lambda: application.quit() if self.closed else None)
            application.exec()
        finally:
            signals.remove()
            guard.remove()
        return 0

    def open(self, source: str | None) -> None:
        """Show the window with ``source``."""
        self.window.open()
        self.presenter.begin(source)
        self.interrupted.search()

    def _close(self) -> None:
        """Hide the window and close everything in threads: a camera may take seconds to close."""
        self.window.hide()
        self.save()
        self.presenter.begin_close(
            self.window.skeleton.close_renderer,
            self.window.comparing.close_renderer,
            self.sending.close,
        )
        self._poll.start()

    def _save_if_needed(self, name: str) -> None:
        """Save at once the preferences that must survive if this window is not closed regularly."""
        if name in ("offered", "saved_at_close"):
            self.save()

    def _check_closed(self) -> None:
        if self.presenter.has_closed():
            self._poll.stop()
            self.closed = True

    def save(self) -> None:
        """Save the preferences, except those that were only given on the command line."""
        stored = Preferences()
        for item in fields(Preferences):
            value = getattr(self.preferences, item.name)
            if item.name in self._given and value == self._given[item.name]:
                value = getattr(self._remembered, item.name)
            setattr(stored, item.name, value)
        self._file.save(stored)
