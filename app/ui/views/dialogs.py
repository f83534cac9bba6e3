"""Dialogs: export, a stream's address, keyboard and mouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.export.registry import FORMATS, Exporter
from app.motion.selection import Selection
from app.system.files import free_name
from app.ui.presenters import sources
from app.ui.presenters.background import PeopleScope
from app.ui.presenters.exporting import EXPLAINED, ExportPresenter, Target, suits, would_replace
from app.ui.views import kit
from app.ui.views.export_presets import FileOptionsForm, PresetRows
from app.ui.views.processing import ProcessingForm

SHORTCUTS: Final = (
    ("Space", "Play or pause; start or stop the camera"),
    ("R", "Record, and stop recording"),
    ("M", "Mirror the picture (never what is recorded)"),
    ("F", "Follow the person in the 3D view"),
    ("1  2  3  0", "3D from the front, the side, the top; as at first"),
    ("V", "Level: I am standing straight now"),
    ("A", "Joint angles over time, below the 3D view"),
    ("N", "Joint angles at the joints in the 3D view"),
    ("S", "A snapshot, into a file and onto the clipboard"),
    ("Left  Right", "One frame back, one frame on"),
    ("Home", "Back to the start"),
    ("L", "Play again and again"),
    ("E", "Mark an event while it records or plays"),
    ("Ctrl+Left  Ctrl+Right", "To the event before, to the next one"),
    ("Ctrl+Shift+E", "All events of the recording"),
    ("I  O  X", "Select from here, to here; select all"),
    ("Ctrl+T  Del", "In the selection: exchange left and right; this is not the person"),
    ("Shift+Del", "Delete the poses in the selection"),
    ("Ctrl+Z  Ctrl+Shift+Z  Ctrl+Y", "Undo a correction, make it again"),
    ("Ctrl+L", "All recordings: rename, delete, notes"),
    ("Ctrl+O", "Open a video or a recording"),
    ("Ctrl+U", "Open a stream's address"),
    ("Ctrl+E", "Export the 3D poses"),
    ("Ctrl+,", "Settings"),
    ("F11  Esc", "Whole screen, back to the window"),
    ("Ctrl+Q", "Quit"),
    ("F1", "This list"),
)
MOUSE: Final = (
    ("Drag", "Turn the 3D view"),
    ("Shift+drag, middle button", "Move it"),
    ("Wheel", "Closer or farther; in the plot of a recording, less or more of its time"),
    ("Double click", "Back to the first view"),
    ("Click on a person", "Follow them instead; in a video, select them"),
    ("Right click on a person", "Hide them, in a video with several"),
    ("Drag a joint in the picture", "Put it where it is, while a recording or video stands still"),
    ("Right click on an event", "Rename or remove it"),
)


class ExportDialog(QDialog):
    """Presets that export with one click, or else format, file and processing of the poses.

    The progress of writing is shown in the strip below the panes.
    """

    export_wanted = pyqtSignal(object, Path, str, str)
    """Target, file, format, preset (empty: options as chosen)."""

    def __init__(self, presenter: ExportPresenter, target: Target, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._presenter, self._target = presenter, target
        self.presets = PresetRows(presenter.preferences)
        self.presets.wanted.connect(self._go_preset)
        self.options = FileOptionsForm(presenter.preferences)
        self.processing = ProcessingForm(presenter.preferences)
        self.kind = kit.Choice("Format")
        self.kind.fill([(each.label, kind) for kind, each in FORMATS.items()], presenter.kind)
        self.kind.currentIndexChanged.connect(lambda _index: self._format_changed())
        self._path = presenter.suggestion(target, self._kind)
        self._suggested, self._suffix = self._path.name, self._format.suffix
        self.only = kit.CheckBox(target.part_in_words)
        self.only.setChecked(True)
        if not target.part_in_words:
            self.only.hide()
        self.scope = kit.Choice("Whose poses")
        self.scope.setMinimumContentsLength(20)
        if target.people:
            self.scope.fill(target.people, target.scope)
        self.scope.setVisible(bool(target.people))
        self.scope.currentIndexChanged.connect(lambda _index: self._scope_changed())
        self.file = QLineEdit(self._path.name)
        self.file.setAccessibleName("File name")
        self._folder = kit.label(dim=True)
        self._note = kit.label(dim=True, wraps=True)
        self.file.textChanged.connect(lambda _text: self._check())
        self.go = kit.push_button("Export", self._go, main=True)
        self.go.setDefault(True)
        self.more = kit.push_button("More…", lambda: self._show_more(not self._shows_more))
        self.blender = kit.push_button("Choose Blender…", self._choose_blender)
        self._inside, self._everything, self._shows_more = QWidget(), QWidget(), False
        self._explained = kit.label(EXPLAINED, dim=True, wraps=True)
        self._build()
        self.processing.fit()
        self.processing.room.toggled.connect(lambda _on: self._fit())
        self._show_folder()
        self._show_more(presenter.preferences.export_more)

    def _build(self) -> None:
        gap = kit.ems(self, 0.6)
        grid = QGridLayout(self._everything)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * gap)
        grid.setVerticalSpacing(gap)
        grid.setColumnStretch(1, 1)
        for row, (words, widget) in enumerate((("Format", self.kind), ("File", self.file))):
            grid.addWidget(kit.label(words, dim=True), row, 0)
            grid.addWidget(widget, row, 1)
        self.options.add_to(grid, gap)
        done = kit.label("What is done to the poses", heading=True)
        grid.setRowMinimumHeight(grid.rowCount(), gap // 2)
        grid.addWidget(done, grid.rowCount(), 0, 1, 2)
        self.processing.add_to(grid, gap)
        self._buttons = buttons = QHBoxLayout()
        buttons.addStretch(1)
        cancel = kit.push_button("Cancel", self.reject)
        for button in (self.blender, self.more, cancel, self.go):
            buttons.addWidget(button)
        inside = kit.spaced(QVBoxLayout(self._inside), 2 * gap)
        inside.addLayout(self._what(gap))
        inside.addWidget(self.presets)
        inside.addWidget(self._everything)
        inside.addLayout(self._where())
        inside.addWidget(self._explained)
        inside.addStretch(1)
        column = kit.spaced(QVBoxLayout(self), 2 * gap, margins=3 * gap)
        area = _scrolling(self._inside)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it scrolls to the focused widget inside
        column.addWidget(area)
        column.addWidget(self._note)
        column.addLayout(buttons)
        self.setMinimumWidth(kit.ems(self, 38))
        self.setTabOrder(self.only, self.kind)

    def _what(self, gap: int) -> QHBoxLayout:
        """Return the row with the recording, the people and the selection to export."""
        what = QHBoxLayout()
        what.setSpacing(3 * gap)
        for widget in (kit.label("What", dim=True), self._name(), self.scope, self.only):
            what.addWidget(widget)
        what.addStretch(1)
        return what

    def _where(self) -> QHBoxLayout:
        """Return the row with the folder."""
        folder = QHBoxLayout()
        folder.addWidget(kit.label("Folder", dim=True))
        folder.addWidget(self._folder, 1)
        folder.addWidget(kit.push_button("Change…", self._choose_folder))
        self._folder.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return folder

    def _show_more(self, more: bool) -> None:
        """Show all options, or the presets."""
        self._shows_more = more
        self._everything.setVisible(more)
        self.presets.setVisible(not more)
        self.go.setVisible(more)
        self._explained.setVisible(not more)
        self.more.setText("Presets" if more else "More…")
        self._check()

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self._fit()

    def _name(self) -> QLabel:
        """Return the label with the recording's name, elided if it is long."""
        result = kit.label()
        room, right = kit.ems(self, 14), Qt.TextElideMode.ElideRight
        result.setText(result.fontMetrics().elidedText(self._target.name, right, room))
        result.setToolTip(self._target.name)
        return result

    @property
    def path(self) -> Path:
        """The path of the file to be written, with the format's suffix."""
        suffix, name = self._format.suffix, self.file.text().strip()
        return self._path.parent / (name if name.endswith(suffix) else name + suffix)

    @property
    def _kind(self) -> str:
        return str(self.kind.currentData())

    @property
    def _format(self) -> Exporter:
        return FORMATS[self._kind]

    def _format_changed(self) -> None:
        before, self._suffix = self._suffix, self._format.suffix
        if self.file.text() == self._suggested:  # not typed: suggest a free name again
            folder = self._path.parent
            named = self._presenter.suggestion(self._target, self._kind, folder)
            self._suggested = named.name
        else:
            typed = self.file.text().strip().removesuffix(before)
            named = self._path.with_name(typed + self._suffix)
        # The video itself must not be overwritten.
        self.file.setText((free_name(named) if named == self._target.path else named).name)
        self._check()  # textChanged is not emitted if the name is the same

    def _scope_changed(self) -> None:
        """Update the formats; one table of all people is not offered by any preset."""
        scope = self.scope.currentData()
        self._target = replace(self._target, scope=scope)
        if not suits(self._kind, scope):
            self.kind.setCurrentIndex(
                next(index for index, kind in enumerate(FORMATS) if suits(kind, scope))
            )
        if scope is PeopleScope.TABLE:
            self._show_more(True)
        self.more.setEnabled(scope is not PeopleScope.TABLE)
        self._format_changed()

    def _check(self) -> None:
        usable = bool(self.file.text().strip()) and not set(self.file.text()) & set('/\\:*?"<>|')
        own = usable and self.path == self._target.path
        lacking = self._presenter.lacking(self._kind)
        self.processing.offer_angles(self._format.angles)
        self.options.offer(self._format)
        suited = suits(self._kind, self._target.scope)
        self.go.setEnabled(usable and not own and not lacking and suited)
        there = usable and would_replace(self.path, self._kind, self._target.scope)
        replaced = "This file exists and will be replaced" if there else ""
        replaced = replaced if suited else "One table of all people is a long table: CSV or Parquet"
        message = lacking or ("This is the video itself" if own else replaced)
        self._note.setText(message if self._shows_more else "")
        self._note.setVisible(bool(self._note.text()))
        absent = self._presenter.lacks_blender(self._kind)
        self.blender.setVisible(self._shows_more and absent)
        self._fit()

    def _fit(self) -> None:
        """Resize to the height, and at least the width, that the content needs; it scrolls if the
        screen is too small."""
        column, inside = self.layout(), self._inside.layout()
        if column is None or inside is None or not self.isVisible():
            return
        for layout in (inside, column):
            layout.activate()
        edges = column.contentsMargins()
        margin_width = edges.left() + edges.right()
        least = max(inside.totalMinimumSize().width(), self._buttons.minimumSize().width())
        width = max(self.width(), least + margin_width)
        # Without wrapping labels, a layout has no height for width.
        content = inside.totalSizeHint().height()
        if inside.hasHeightForWidth():
            content = inside.totalHeightForWidth(width - margin_width)
        parts = [content, self._buttons.sizeHint().height()]
        if not self._note.isHidden():
            parts.append(self._note.heightForWidth(width - margin_width))
        gaps = (len(parts) - 1) * column.spacing() + edges.top() + edges.bottom()
        height = sum(parts) + gaps
        room = kit.on_screen(self, QSize(width, height))
        if room.height() < height:
            width += kit.ems(self, 1)  # the scroll bar
        kit.resize_on_screen(self, QSize(width, height))
        kit.keep_on_screen(self)

    def _choose_blender(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Where is Blender's program?")
        if chosen:
            self._presenter.use_blender(Path(chosen))
            self._check()

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
        chosen = {"export_kind": self._kind, "export_more": True}
        self._presenter.remember(chosen | self.options.values() | self.processing.values())
        self.export_wanted.emit(self._wanted, self.path, self._kind, "")
        self.accept()

    def _go_preset(self, name: str, kind: str) -> None:
        self._presenter.remember({"export_more": False, **self.presets.values()})
        path = self._presenter.suggestion(self._target, kind, self._path.parent)
        self.export_wanted.emit(self._wanted, path, kind, name)
        self.accept()

    @property
    def _wanted(self) -> Target:
        """The target, with only the selection if that is checked."""
        return self._target if self.only.isChecked() else replace(self._target, part=Selection())


class AddressDialog(QDialog):
    """Asks for the address of a stream, and offers those used last."""

    chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget, used: Sequence[str] = ()) -> None:
        super().__init__(parent)
        self.setWindowTitle("Stream address")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.address = QLineEdit()
        self.address.setPlaceholderText("http://… or rtsp://…")
        self.address.setAccessibleName("Stream address")
        self.address.textChanged.connect(lambda _text: self._check())
        self.wrong = kit.label(dim=True, wraps=True)
        self.used = [
            kit.push_button(each, partial(self.address.setText, each), tip="Take this address")
            for each in used
        ]
        self.go = kit.push_button("Open", self._go, main=True)
        self.go.setDefault(True)
        self._build()
        self._check()

    def _build(self) -> None:
        gap = kit.ems(self, 0.6)
        column = kit.spaced(QVBoxLayout(self), 2 * gap, margins=3 * gap)
        words = kit.label(
            "The address of a network camera, or of a phone's camera app.", dim=True, wraps=True
        )
        self.wrong.setMinimumHeight(4 * self.wrong.fontMetrics().lineSpacing())
        self.wrong.setAlignment(Qt.AlignmentFlag.AlignTop)
        for widget in (words, self.address, self.wrong):
            column.addWidget(widget)
        if self.used:
            column.addWidget(kit.label("Used last", heading=True))
        for button in self.used:
            column.addWidget(button)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(kit.push_button("Cancel", self.reject))
        buttons.addWidget(self.go)
        column.addLayout(buttons)
        self.setMinimumWidth(kit.ems(self, 32))

    def _check(self) -> None:
        address = self.address.text().strip()
        wrong = sources.wrong_with(address) if "://" in address else ""
        self.wrong.setText(wrong)
        self.go.setEnabled("://" in address and not wrong)

    def _go(self) -> None:
        self.chosen.emit(self.address.text().strip())
        self.accept()


class ShortcutsDialog(QDialog):
    """F1: the list of keyboard shortcuts and mouse actions."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard and mouse")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        gap = kit.ems(self, 0.45)
        inside = QWidget()
        columns = kit.spaced(QHBoxLayout(inside), 8 * gap)
        half = (len(SHORTCUTS) + len(MOUSE) + 1) // 2  # of all lines, so that both are as long
        columns.addLayout(_keys(gap, ("Keyboard", SHORTCUTS[:half])))
        columns.addLayout(_keys(gap, ("", SHORTCUTS[half:]), ("Mouse", MOUSE)))
        column = kit.spaced(QVBoxLayout(self), 3 * gap, margins=5 * gap)
        column.addWidget(_scrolling(inside))
        close = kit.push_button("Close", self.accept)
        column.addWidget(close, alignment=Qt.AlignmentFlag.AlignRight)
        around = QSize(10 * gap, 13 * gap + close.sizeHint().height())
        screen = self.screen()
        if screen and (inside.sizeHint() + around).width() > screen.availableSize().width():
            columns.setDirection(QHBoxLayout.Direction.TopToBottom)
            around.setWidth(around.width() + kit.ems(self, 1))  # the scroll bar
        kit.resize_on_screen(self, inside.sizeHint() + around)


def _scrolling(inside: QWidget) -> QScrollArea:
    """Return a frameless scroll area with this content."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidget(inside)
    return area


def _keys(gap: int, *sections: tuple[str, tuple[tuple[str, str], ...]]) -> QGridLayout:
    """Return sections of (keys, description) rows, each below its title."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(4 * gap)
    grid.setVerticalSpacing(gap)
    for number, (title, rows) in enumerate(sections):
        if number:
            grid.setRowMinimumHeight(grid.rowCount(), gap)
        grid.addWidget(kit.label(title, heading=True), grid.rowCount(), 0, 1, 2)
        for keys, words in rows:
            row = grid.rowCount()
            grid.addWidget(kit.label(keys), row, 0)
            grid.addWidget(kit.label(words, dim=True), row, 1)
    grid.setRowStretch(grid.rowCount(), 1)
    return grid
