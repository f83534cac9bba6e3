"""The few dialogs: export, a stream's address, the list of shortcuts, about."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from app.ui.presenters.exporting import EXPLAINED, ExportPresenter, Target
from app.ui.views import kit

SHORTCUTS: Final = (
    ("Space", "Play or pause; start or stop the camera"),
    ("R", "Record, and stop recording"),
    ("M", "Mirror the picture (never what is recorded)"),
    ("F", "Follow the person in the 3D view"),
    ("1  2  3  0", "3D from the front, the side, the top; as at first"),
    ("Left  Right", "One frame back, one frame on"),
    ("Home", "Back to the start"),
    ("L", "Play again and again"),
    ("Ctrl+O", "Open a video or a recording"),
    ("Ctrl+U", "Open a stream's address"),
    ("Ctrl+E", "Export as a table"),
    ("Ctrl+,", "Settings"),
    ("F11", "Whole screen"),
    ("Ctrl+Q", "Quit"),
    ("F1", "This list"),
)
MOUSE: Final = (
    ("Drag", "Turn the 3D view"),
    ("Shift+drag, middle button", "Move it"),
    ("Wheel", "Closer or farther"),
    ("Double click", "Back to the first view"),
)


class ExportDialog(QDialog):
    """Format and file; the writing itself shows in the strip under the panes."""

    export_wanted = pyqtSignal(object, Path, str)
    """Target, file, kind."""

    def __init__(self, presenter: ExportPresenter, target: Target, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._target = target
        self._formats = presenter.formats
        self._path = presenter.suggestion(target, self._formats[0].suffix)
        self.kind = kit.Choice()
        self.kind.fill([(each.label, each.kind) for each in self._formats], "csv")
        self.kind.currentIndexChanged.connect(lambda _index: self._format_changed())
        self.file = QLineEdit(self._path.name)
        self.file.setAccessibleName("File name")
        self._folder = kit.label(dim=True)
        self._note = kit.label(dim=True)
        self.file.textChanged.connect(lambda _text: self._check())
        self.go = kit.push_button("Export", self._go, main=True)
        self.go.setDefault(True)
        self._build()
        self._show_folder()
        self._check()

    def _build(self) -> None:
        gap = kit.ems(self, 0.6)
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * gap)
        grid.setVerticalSpacing(gap)
        folder = QHBoxLayout()
        folder.addWidget(self._folder, 1)
        folder.addWidget(kit.push_button("Change…", self._choose_folder))
        self._folder.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        rows = (("What", kit.label(self._target.name)), ("Format", self.kind), ("File", self.file))
        for row, (words, widget) in enumerate(rows):
            grid.addWidget(kit.label(words, dim=True), row, 0)
            grid.addWidget(widget, row, 1)
        grid.addWidget(kit.label("Folder", dim=True), len(rows), 0)
        grid.addLayout(folder, len(rows), 1)
        explained = kit.label(EXPLAINED, dim=True)
        explained.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.addWidget(self._note, 1)
        buttons.addWidget(kit.push_button("Cancel", self.reject))
        buttons.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(4 * [3 * gap]))
        column.setSpacing(2 * gap)
        column.addLayout(grid)
        column.addWidget(explained)
        column.addLayout(buttons)
        self.setMinimumWidth(kit.ems(self, 32))

    @property
    def path(self) -> Path:
        """The file to be written, with the format's suffix."""
        suffix = self._formats[self.kind.currentIndex()].suffix
        name = self.file.text().strip()
        return self._path.parent / (name if name.endswith(suffix) else name + suffix)

    def _format_changed(self) -> None:
        suffix = self._formats[self.kind.currentIndex()].suffix
        self.file.setText(Path(self.file.text()).stem + suffix)

    def _check(self) -> None:
        usable = bool(self.file.text().strip()) and not set(self.file.text()) & set('/\\:*?"<>|')
        self.go.setEnabled(usable)
        there = usable and self.path.exists()
        self._note.setText("This file exists and will be replaced" if there else "")

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder", str(self._path.parent))
        if chosen:
            self._path = Path(chosen) / self._path.name
            self._show_folder()
            self._check()

    def _show_folder(self) -> None:
        folder = str(self._path.parent)
        room = kit.ems(self, 22)
        middle = Qt.TextElideMode.ElideMiddle
        self._folder.setText(self._folder.fontMetrics().elidedText(folder, middle, room))
        self._folder.setToolTip(folder)

    def _go(self) -> None:
        self.export_wanted.emit(self._target, self.path, str(self.kind.currentData()))
        self.accept()


class AddressDialog(QDialog):
    """Asks for the address of a stream."""

    chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Stream address")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.address = QLineEdit()
        self.address.setPlaceholderText("http://… or rtsp://…")
        self.address.textChanged.connect(lambda _text: self._check())
        self.go = kit.push_button("Open", self._go, main=True)
        self.go.setDefault(True)
        gap = kit.ems(self, 0.6)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(4 * [3 * gap]))
        column.setSpacing(2 * gap)
        words = kit.label("The address of a network camera, or of a phone's camera app.", dim=True)
        words.setWordWrap(True)
        column.addWidget(words)
        column.addWidget(self.address)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(kit.push_button("Cancel", self.reject))
        buttons.addWidget(self.go)
        column.addLayout(buttons)
        self.setMinimumWidth(kit.ems(self, 28))
        self._check()

    def _check(self) -> None:
        self.go.setEnabled("://" in self.address.text().strip())

    def _go(self) -> None:
        self.chosen.emit(self.address.text().strip())
        self.accept()


class ShortcutsDialog(QDialog):
    """F1: everything the keyboard and the mouse do."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard and mouse")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        gap = kit.ems(self, 0.45)
        grid = QGridLayout(self)
        grid.setContentsMargins(*(4 * [5 * gap]))
        grid.setHorizontalSpacing(4 * gap)
        grid.setVerticalSpacing(gap)
        for title, rows in (("Keyboard", SHORTCUTS), ("In the 3D view", MOUSE)):
            if grid.rowCount() > 1:
                grid.setRowMinimumHeight(grid.rowCount(), 2 * gap)
            grid.addWidget(kit.label(title, heading=True), grid.rowCount(), 0, 1, 2)
            for keys, words in rows:
                row = grid.rowCount()
                grid.addWidget(kit.label(keys), row, 0)
                grid.addWidget(kit.label(words, dim=True), row, 1)
        grid.setRowMinimumHeight(grid.rowCount(), gap)
        close = kit.push_button("Close", self.accept)
        right = Qt.AlignmentFlag.AlignRight
        grid.addWidget(close, grid.rowCount(), 0, 1, 2, right)
