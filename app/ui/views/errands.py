"""Small things the window does with the desktop: dialogs, folders, the clipboard, drops."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PyQt6.QtCore import QMimeData, QProcess, QProcessEnvironment, QUrl
from PyQt6.QtGui import QDesktopServices, QGuiApplication
from PyQt6.QtWidgets import QFileDialog, QMessageBox, QWidget

from app import __version__
from app.detection.no_telemetry import environment_for_others
from app.recording.names import SUFFIX
from app.system.files import VIDEO_SUFFIXES
from app.ui.presenters import sources, work
from app.ui.presenters.exporting import Target
from app.ui.tasks import Job
from app.ui.views.dialogs import AddressDialog, ExportDialog, ShortcutsDialog

if TYPE_CHECKING:
    from app.ui.views.main_window import MainWindow

_VIDEOS: Final = " ".join(f"*{suffix} *{suffix.upper()}" for suffix in VIDEO_SUFFIXES)
_FILTER: Final = f"Videos and recordings ({_VIDEOS} recording.json);;All files (*)"


def ask_file(window: MainWindow) -> None:
    """Let the user choose a video, or a recording by the file inside its folder."""
    dialog = QFileDialog(window, "Open a video or recording", _folder(window), _FILTER)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setOption(QFileDialog.Option.HideNameFilterDetails)  # sixty endings
    dialog.fileSelected.connect(lambda chosen: _open(window, Path(chosen)))
    dialog.open()


def _folder(window: MainWindow) -> str:
    presenter = window.presenter
    last = presenter.preferences.last_folder
    return last if last and Path(last).is_dir() else str(presenter.recordings)


def _open(window: MainWindow, path: Path) -> None:
    spec = specification(path)
    window.presenter.preferences.last_folder = str(Path(spec).parent)
    window.presenter.choose(spec)


def specification(path: Path) -> str:
    """The source meant by a chosen file: a file inside a recording means the recording."""
    inside = path.parent.suffix == SUFFIX and path.is_file()
    return str(path.parent if inside else path)


def ask_address(window: MainWindow) -> None:
    dialog = AddressDialog(window)
    dialog.chosen.connect(window.presenter.choose)
    dialog.open()


def ask_export(window: MainWindow) -> None:
    target = window.exporter.target
    if target is None:
        window.presenter.tell(window.exporter.explained)
    else:
        export(window, target)


def export(window: MainWindow, target: Target, parent: QWidget | None = None) -> ExportDialog:
    """Ask what the 3D poses of ``target`` are to become, and where; in front of ``parent``."""
    dialog = ExportDialog(window.exporter, target, parent or window)
    dialog.export_wanted.connect(window.exporter.export)
    dialog.open()
    return dialog


def show_shortcuts(window: MainWindow) -> None:
    ShortcutsDialog(window).open()


def show_about(window: MainWindow) -> None:
    box = QMessageBox(window)
    box.setWindowTitle("About mixpose")
    box.setText(f"mixpose {__version__}")
    box.setInformativeText(
        "Live 3D human pose from one camera.\n\n"
        "Free software under the GNU General Public License 3 or later. Nothing you show to the "
        "camera leaves this computer."
    )
    box.open()


def may_lose(window: MainWindow, what: str) -> bool:
    """Ask whether to close although ``what`` is not finished."""
    box = QMessageBox(window)
    box.setText("Close now?")
    box.setInformativeText(f"{what} is not finished and would be lost.")
    stay = box.addButton("Wait", QMessageBox.ButtonRole.RejectRole)
    box.addButton("Close", QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(stay)
    box.exec()
    return box.clickedButton() is not stay


def show_folder(folder: Path) -> None:
    """Open a folder in the desktop's file manager."""
    if sys.platform == "linux":
        opener = QProcess()
        opener.setProgram("xdg-open")
        opener.setArguments([str(folder)])
        environment = QProcessEnvironment()
        for name, value in environment_for_others().items():
            environment.insert(name, value)
        opener.setProcessEnvironment(environment)
        if opener.startDetached()[0]:
            return
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def show_in_folder(path: Path) -> None:
    """Open the folder of a file, with the file selected where the desktop can do that."""
    if sys.platform == "win32":
        QProcess.startDetached("explorer", ["/select,", str(path)])
    elif sys.platform == "darwin":
        QProcess.startDetached("open", ["-R", str(path)])
    else:
        show_folder(path.parent)


def copy_diagnostics(window: MainWindow) -> None:
    """Put what a fault report needs on the clipboard; it takes seconds to gather."""

    def copied(text: str) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(text)
        window.presenter.tell("The diagnostics are on the clipboard: paste them into your report")

    extra = window.diagnostics()
    window.presenter.jobs.start(
        Job("Gathering diagnostics", lambda _control: work.diagnostics(extra), done=copied)
    )


def list_machine(window: MainWindow) -> None:
    """Fill the lists of weights and compute devices, which takes a moment to find out."""

    def found(lists: tuple[list[tuple[str, str]], list[tuple[str, str]]]) -> None:
        weights, devices = lists
        window.settings.show_choices("weights", [("Automatic", ""), *weights])
        window.settings.show_choices("device", [("Automatic", "auto"), *devices])

    window.presenter.jobs.start(
        Job(
            "Looking at this computer",
            lambda _control: (work.weights(), work.devices()),
            done=found,
            quiet=True,
        )
    )


def dropped(data: QMimeData | None) -> str:
    """The source that is being dragged in; empty if it is none."""
    if data is None or not data.hasUrls():
        return ""
    url = data.urls()[0]
    if not url.isLocalFile():
        text = url.toString()
        return text if sources.is_url(text) else ""
    return specification(Path(url.toLocalFile()))
