"""Controllers for actions of the window that need dialogs or background jobs."""

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
    """Asks for a file or an address to open.

    Args:
        parent: parent of its dialogs.
        preferences: hold the folder used last.
        folder: returns the initial folder if none was used yet.
        choose: called with the source that was chosen.
        title: title of the file dialog.
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
        """Ask for a video, or for a recording by the file ``recording.json`` in its folder."""
        dialog = QFileDialog(self._parent, self._title, str(self.begins_in), _FILTER)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setOption(QFileDialog.Option.HideNameFilterDetails)  # it has dozens of suffixes
        dialog.fileSelected.connect(lambda chosen: self._open(Path(chosen)))
        _show_columns(dialog)
        dialog.open()

    def ask_address(self) -> None:
        """Ask for the address of a stream."""
        dialog = AddressDialog(self._parent, self._preferences.addresses.splitlines())
        dialog.chosen.connect(self._choose)
        dialog.open()

    @property
    def begins_in(self) -> Path:
        """The folder used last, or the initial one."""
        last = Path(self._preferences.last_folder) if self._preferences.last_folder else None
        return last if last is not None and last.is_dir() else self._folder()

    def _open(self, path: Path) -> None:
        spec = specification(path)
        self._preferences.last_folder = str(Path(spec).parent)
        self._choose(spec)


def _show_columns(dialog: QFileDialog) -> None:
    """Make all columns fully visible if Qt draws the dialog; a native one does so already."""
    dialog.resize(kit.ems(dialog, 56), kit.ems(dialog, 32))
    list_of_files = dialog.findChild(QTreeView)
    header = None if list_of_files is None else list_of_files.header()
    if header is not None:
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)


class ExportController:
    """Asks for format and file of an export or a report.

    Args:
        parent: parent of its dialogs.
        exporter: the presenter that exports.
        tell: called with the reason if nothing can be exported.
    """

    def __init__(
        self, parent: QWidget, exporter: ExportPresenter, notify: Callable[[str], None]
    ) -> None:
        self._parent, self._exporter, self._notify = parent, exporter, notify

    def ask(self) -> None:
        """Ask for the export of the source shown, or else of the last recording."""
        target = self._exporter.target
        if target is None:
            self._notify(self._exporter.explained)
        else:
            self.ask_about(target)

    def report(self) -> None:
        """Ask for the file of a report on the source shown, or else on the last recording."""
        target = self._exporter.target
        if target is None:
            self._notify(self._exporter.explained)
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
        """Ask for the export of a recording; ``parent`` is the dialog's parent."""
        return self.ask_about(self._exporter.target_of(path), parent)

    def ask_about(self, target: Target, parent: QWidget | None = None) -> ExportDialog:
        """Ask for the export of ``target``; ``parent`` is the dialog's parent."""
        dialog = ExportDialog(self._exporter, target, parent or self._parent)
        dialog.export_wanted.connect(self._exporter.export)
        dialog.open()
        return dialog


class ComputerController:
    """Queries this computer in the background.

    Args:
        jobs: runs the queries.
        settings: shows the weights and compute devices found.
        tell: called with a message about the result.
    """

    def __init__(self, jobs: Jobs, settings: SettingsPanel, notify: Callable[[str], None]) -> None:
        self._jobs, self._settings, self._notify = jobs, settings, notify

    def list_choices(self) -> None:
        """Fill the lists of weights and compute devices; the query takes a moment."""

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
        """Copy the diagnostics to the clipboard, with those of the ``window``."""

        def copied(text: str) -> None:
            clipboard = QGuiApplication.clipboard()
            if clipboard is not None:
                clipboard.setText(text)
            self._notify("The diagnostics are on the clipboard: paste them into your report")

        self._jobs.start(
            Job(
                "Gathering diagnostics",
                lambda _control: background.diagnostics(window),
                done=copied,
            )
        )


def show_about(parent: QWidget) -> None:
    """Show name, version and licence of the program."""
    box = QMessageBox(parent)
    box.setWindowTitle("About mixpose")
    box.setText(f"mixpose {__version__}")
    box.setInformativeText(
        "Live 3D human pose from one camera.\n\n"
        "Free software under the GNU General Public License 3 or later. Nothing you show to the "
        "camera leaves this computer."
    )
    box.open()


def confirm(parent: QWidget, question: str, explained: str, *, yes: str, no: str) -> bool:
    """Ask whether to proceed, and return the answer; the default is not to."""
    box = QMessageBox(parent)
    box.setText(question)
    box.setInformativeText(explained)
    stay = box.addButton(no, QMessageBox.ButtonRole.RejectRole)
    box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(stay)
    box.exec()
    return box.clickedButton() is not stay
