"""What the window's actions do that is more than a call: each knows what it needs, and no more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QFileDialog, QHeaderView, QMessageBox, QTreeView, QWidget

from app import __version__
from app.system.files import VIDEO_SUFFIXES
from app.ui.preferences import Preferences
from app.ui.presenters import background
from app.ui.presenters.exporting import ExportPresenter, Target
from app.ui.tasks import Job, Jobs
from app.ui.views import kit
from app.ui.views.desktop import specification
from app.ui.views.dialogs import AddressDialog, ExportDialog
from app.ui.views.report_dialog import ReportDialog
from app.ui.views.settings import SettingsPanel

_VIDEOS: Final = " ".join(f"*{suffix} *{suffix.upper()}" for suffix in VIDEO_SUFFIXES)
_FILTER: Final = f"Videos and recordings ({_VIDEOS} recording.json);;All files (*)"


class OpenController:
    """Asks what to open.

    Args:
        parent: in front of which it asks.
        preferences: remember the folder.
        folder: gives the folder to begin in while none is remembered.
        choose: told the source that was chosen.
        title: of the dialog that asks for a file.
    """

    def __init__(
        self,
        parent: QWidget,
        preferences: Preferences,
        folder: Callable[[], Path],
        choose: Callable[[str], None],
        title: str = "Open a video or recording",
    ) -> None:
        self._parent, self._preferences, self._title = parent, preferences, title
        self._folder, self._choose = folder, choose

    def ask_file(self) -> None:
        """A video, or a recording by the file inside its folder."""
        dialog = QFileDialog(self._parent, self._title, str(self.begins_in), _FILTER)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setOption(QFileDialog.Option.HideNameFilterDetails)  # sixty endings
        dialog.fileSelected.connect(lambda chosen: self._open(Path(chosen)))
        _show_columns(dialog)
        dialog.open()

    def ask_address(self) -> None:
        """Of a stream."""
        dialog = AddressDialog(self._parent, self._preferences.addresses.splitlines())
        dialog.chosen.connect(self._choose)
        dialog.open()

    @property
    def begins_in(self) -> Path:
        """The folder used last."""
        last = Path(self._preferences.last_folder) if self._preferences.last_folder else None
        return last if last is not None and last.is_dir() else self._folder()

    def _open(self, path: Path) -> None:
        spec = specification(path)
        self._preferences.last_folder = str(Path(spec).parent)
        self._choose(spec)


def _show_columns(dialog: QFileDialog) -> None:
    """Let no column be cut where Qt draws the dialog itself; a desktop's own knows how."""
    dialog.resize(kit.ems(dialog, 56), kit.ems(dialog, 32))
    list_of_files = dialog.findChild(QTreeView)
    header = None if list_of_files is None else list_of_files.header()
    if header is not None:
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)


class ExportController:
    """Asks what the 3D poses are to become, and where.

    Args:
        parent: in front of which it asks.
        exporter: exports.
        tell: told why nothing can be exported.
    """

    def __init__(
        self, parent: QWidget, exporter: ExportPresenter, tell: Callable[[str], None]
    ) -> None:
        self._parent, self._exporter, self._tell = parent, exporter, tell

    def ask(self) -> None:
        """About what is shown, or the last recording."""
        target = self._exporter.target
        if target is None:
            self._tell(self._exporter.explained)
        else:
            self.ask_about(target)

    def report(self) -> None:
        """A report about what is shown, or the last recording: a page or a PDF."""
        target = self._exporter.target
        if target is None:
            self._tell(self._exporter.explained)
            return
        kind = self._exporter.preferences.report_kind
        dialog = ReportDialog(self._parent, self._exporter.suggestion(target, kind), kind)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(lambda path, kind: self._report(target, path, kind))
        dialog.open()

    def _report(self, target: Target, path: Path, kind: str) -> None:
        self._exporter.remember({"report_kind": kind})
        self._exporter.export(target, path, kind, preset="report")

    def ask_recording(self, path: Path, parent: QWidget | None = None) -> ExportDialog:
        """About a recording; in front of ``parent``."""
        return self.ask_about(self._exporter.target_of(path), parent)

    def ask_about(self, target: Target, parent: QWidget | None = None) -> ExportDialog:
        """About ``target``; in front of ``parent``."""
        dialog = ExportDialog(self._exporter, target, parent or self._parent)
        dialog.export_wanted.connect(self._exporter.export)
        dialog.open()
        return dialog


class ComputerController:
    """Finds out about this computer in the background.

    Args:
        jobs: where that is done.
        settings: offer the weights and compute devices found.
        tell: told what has become of it.
    """

    def __init__(self, jobs: Jobs, settings: SettingsPanel, tell: Callable[[str], None]) -> None:
        self._jobs, self._settings, self._tell = jobs, settings, tell

    def list_choices(self) -> None:
        """Fill the lists of weights and compute devices, which takes a moment to find out."""

        def found(lists: tuple[list[tuple[str, str]], list[tuple[str, str]]]) -> None:
            weights, devices = lists
            self._settings.show_choices("weights", [("Automatic", ""), *weights])
            self._settings.show_choices("device", [("Automatic", "auto"), *devices])

        self._jobs.start(
            Job(
                "Looking at this computer",
                lambda _control: (background.weights(), background.devices()),
                done=found,
                quiet=True,
            )
        )

    def copy_diagnostics(self, window: dict[str, str]) -> None:
        """Put what a fault report needs on the clipboard, with what the ``window`` knows."""

        def copied(text: str) -> None:
            clipboard = QGuiApplication.clipboard()
            if clipboard is not None:
                clipboard.setText(text)
            self._tell("The diagnostics are on the clipboard: paste them into your report")

        self._jobs.start(
            Job(
                "Gathering diagnostics",
                lambda _control: background.diagnostics(window),
                done=copied,
            )
        )


def show_about(parent: QWidget) -> None:
    """What this program is."""
    box = QMessageBox(parent)
    box.setWindowTitle("About mixpose")
    box.setText(f"mixpose {__version__}")
    box.setInformativeText(
        "Live 3D human pose from one camera.\n\n"
        "Free software under the GNU General Public License 3 or later. Nothing you show to the "
        "camera leaves this computer."
    )
    box.open()


def may(parent: QWidget, question: str, explained: str, *, yes: str, no: str) -> bool:
    """Ask whether to go on; the cautious answer is the default."""
    box = QMessageBox(parent)
    box.setText(question)
    box.setInformativeText(explained)
    stay = box.addButton(no, QMessageBox.ButtonRole.RejectRole)
    box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(stay)
    box.exec()
    return box.clickedButton() is not stay
