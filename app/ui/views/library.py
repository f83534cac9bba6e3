"""The dialog of all recordings: a sortable list, and actions on the selected one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from PyQt6.QtCore import QPoint, QSize, Qt, QTimer
from PyQt6.QtGui import QHideEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.ui.presenters.library import COLUMNS, LibraryPresenter, Thumbnails, cells
from app.ui.views import desktop, kit
from app.ui.views.controllers import ExportController
from app.ui.views.thumbnail import thumbnail
from app.ui.words import length

if TYPE_CHECKING:
    from app.recording.listing import RecordingEntry

_NAME: Final = 0
_DATE: Final = 1
_THUMBNAIL_EMS: Final = 3.2
_PAUSE_MS: Final = 800
"""Notes are saved after this time without typing."""
_NUMBERS: Final = ("Length", "Frames", "Events")


class _Item(QTreeWidgetItem):
    """A row that is sorted by its cells' keys instead of their text."""

    def __init__(self, row: RecordingEntry) -> None:
        of_row = cells(row)
        super().__init__([cell.text for cell in of_row])
        self.row, self.cells = row, of_row
        self.key = (row.path, row.frames)
        self.pictured: tuple[bool, bool] | None = None
        """State of its icon: (thumbnail known, recording damaged); None without an icon."""
        self.setFlags(self.flags() | Qt.ItemFlag.ItemIsEditable)
        _align_numbers(self)
        self.setToolTip(_NAME, row.fault or str(row.path))

    def __lt__(self, other: QTreeWidgetItem) -> bool:
        tree = self.treeWidget()
        column = 0 if tree is None else tree.sortColumn()
        return bool(self.cells[column].key < cast(_Item, other).cells[column].key)


def _align_numbers(item: QTreeWidgetItem) -> None:
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    for column, name in enumerate(COLUMNS):
        if name in _NUMBERS:
            item.setTextAlignment(column, right)


class _List(QTreeWidget):
    """The list widget; only names can be edited."""

    def __init__(self) -> None:
        super().__init__()
        self.setHeaderLabels(list(COLUMNS))
        if (titles := self.headerItem()) is not None:
            _align_numbers(titles)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setSortingEnabled(True)
        self.sortByColumn(_DATE, Qt.SortOrder.DescendingOrder)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAccessibleName("Recordings")
        height = kit.ems(self, _THUMBNAIL_EMS)
        self.setIconSize(QSize(round(height * 16 / 9), height))
        header = self.header()
        if header is not None:
            header.setStretchLastSection(False)
            for column in range(1, len(COLUMNS)):
                header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
            header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)

    def rename(self) -> None:
        """Edit the name of the selected recording in place."""
        item = self.currentItem()
        if item is not None:
            self.editItem(item, _NAME)

    def visible_items(self) -> list[_Item]:
        """Return the items in the visible area, from the top."""
        item, found = self.itemAt(QPoint(1, 1)), []
        while isinstance(item, _Item) and self.visualItemRect(item).top() <= self.height():
            found.append(item)
            item = self.itemBelow(item)
        return found

    def show_thumbnails(self, thumbnails: Thumbnails) -> None:
        """Show the known thumbnails of the visible items, and request the others."""
        ratio, palette = self.devicePixelRatioF(), self.palette()
        items = self.visible_items()
        self.blockSignals(True)
        for item in items:
            known = thumbnails.known(item.key)
            preview = thumbnails.of(item.key)
            damaged = bool(item.row.fault) or (known and preview is None)
            if item.pictured != (known, damaged):
                item.pictured = (known, damaged)
                item.setIcon(
                    _NAME, thumbnail(preview, self.iconSize(), ratio, palette, damaged=damaged)
                )
        self.blockSignals(False)
        thumbnails.request([item.key for item in items if not item.row.fault])

    def chosen(self) -> RecordingEntry | None:
        item = self.currentItem()
        return item.row if isinstance(item, _Item) else None

    def fill(self, rows: list[RecordingEntry], chosen: Path | None) -> None:
        """Show these recordings, with ``chosen`` selected if it is among them."""
        self.blockSignals(True)
        self.setSortingEnabled(False)
        self.clear()
        items = [_Item(row) for row in rows]
        for item in items:  # each row is as high as its thumbnail will be
            item.setSizeHint(_NAME, QSize(0, self.iconSize().height() + kit.ems(self, 0.5)))
        self.addTopLevelItems(items)
        self.setSortingEnabled(True)
        self.blockSignals(False)
        wanted = next((item for item in items if item.row.path == chosen), self.topLevelItem(0))
        if wanted is not None:
            self.setCurrentItem(wanted)


class LibraryDialog(QDialog):
    """The non-modal dialog that lists all recordings."""

    def __init__(
        self, parent: QWidget, presenter: LibraryPresenter, exporting: ExportController
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Recordings")
        self.presenter, self._exporting = presenter, exporting
        self.list = _List()
        self.notes = QPlainTextEdit()
        self.notes.setPlaceholderText("Notes about this recording")
        self.notes.setAccessibleName("Notes")
        self.notes.setTabChangesFocus(True)
        self.message = kit.label(dim=True, wraps=True)
        self.undo = kit.push_button("Undo", self._undo, tip="Bring it back (Ctrl+Z)")
        self.undo.hide()
        self.buttons = {
            words: kit.push_button(words, pressed, main=words == "Open", tip=tip)
            for words, pressed, tip in (
                ("Open", self._open, "Play it (Enter, double click)"),
                ("Compare", self._compare, "Play it beside what the window shows"),
                ("Export…", self._export, "Save its 3D poses (Ctrl+E)"),
                ("Rename", self.list.rename, "Give it another name (F2)"),
                ("Delete", self._delete, "Put it into the trash (Delete)"),
                ("Show in folder", self._show_in_folder, "Open the folder it is in"),
            )
        }
        self._noted: Path | None = None
        self._fault = ""
        """The message shown last about a recording that cannot be read."""
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self.keep_notes)
        self._build()
        self._connect()

    def _build(self) -> None:
        gap = kit.ems(self, 0.6)
        column = kit.spaced(QVBoxLayout(self), gap, margins=2 * gap)
        column.addWidget(self.list, 1)
        self.notes.setFixedHeight(kit.ems(self, 5))
        column.addWidget(self.notes)
        message_row = QHBoxLayout()
        message_row.addWidget(self.message, 1)
        message_row.addWidget(self.undo)
        column.addLayout(message_row)
        row = QHBoxLayout()
        row.setSpacing(gap)
        for words, button in self.buttons.items():
            row.addWidget(button)
            button.setAutoDefault(False)  # Enter after editing a name must not press it
            if words == "Show in folder":
                row.addStretch(1)
        row.addWidget(kit.push_button("Close", self.close))
        column.addLayout(row)
        kit.resize_on_screen(self, QSize(kit.ems(self, 68), kit.ems(self, 38)))

    def _connect(self) -> None:
        self.presenter.listed.connect(self._listed)
        # A bound method: PyQt disconnects it with the dialog, which it does not do for a lambda.
        self.presenter.thumbnails.made.connect(self._show_thumbnails)
        if (bar := self.list.verticalScrollBar()) is not None:
            bar.valueChanged.connect(lambda _: self._show_thumbnails())
        self.presenter.reported.connect(self._show)
        self.notes.textChanged.connect(self._pause.start)
        self.list.currentItemChanged.connect(lambda _now, _before: self._chosen())
        self.list.itemDoubleClicked.connect(lambda _item, _column: self._open())
        self.list.itemChanged.connect(self._renamed)
        for keys, pressed in (
            ("F2", self.list.rename),
            ("Delete", self._delete),
            ("Return", self._open),
            ("Ctrl+E", self._export),
        ):
            QShortcut(
                QKeySequence(keys), self.list, pressed, context=Qt.ShortcutContext.WidgetShortcut
            )
        QShortcut(QKeySequence("Ctrl+Z"), self.list, self._undo)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        QTimer.singleShot(0, self._show_thumbnails)  # once the list has its new size

    def _show_thumbnails(self) -> None:
        if self.isVisible():
            self.list.show_thumbnails(self.presenter.thumbnails)

    def showEvent(self, event: QShowEvent | None) -> None:
        self.presenter.refresh()

    def hideEvent(self, event: QHideEvent | None) -> None:
        self.keep_notes()

    def _listed(self) -> None:
        if self.list.state() == QAbstractItemView.State.EditingState:
            return
        chosen = self.list.chosen()
        path = self.presenter.pop_arrived() or (None if chosen is None else chosen.path)
        self.list.fill(self.presenter.rows, path)
        QTimer.singleShot(0, self._show_thumbnails)
        self._chosen()
        if not self.presenter.rows:
            self.message.setText("No recordings yet: press R in the window to record.")

    def _chosen(self) -> None:
        """Update buttons, message and notes for the selected recording."""
        row = self.list.chosen()
        for button in self.buttons.values():
            button.setEnabled(row is not None)
        readable = row is not None and not row.fault
        for words in ("Open", "Compare", "Export…"):
            self.button(words).setEnabled(readable)
        self.button("Compare").setEnabled(readable and self.presenter.can_compare)
        if row is not None and (row.fault or self.message.text() == self._fault):
            self._fault = row.fault
            self.message.setText(row.fault)
        self.notes.setEnabled(row is not None)
        path = None if row is None else row.path
        if path != self._noted:
            self.keep_notes()
            self._noted = path
            self.notes.setPlainText("" if path is None else self.presenter.notes_of(path))

    def keep_notes(self) -> None:
        """Save the notes that were typed."""
        if self._noted is not None:
            self.presenter.save_notes(self._noted, self.notes.toPlainText())

    def _show(self, sentence: str) -> None:
        self.message.setText(sentence)
        self.undo.setVisible(self.presenter.deleted is not None)

    def _open(self) -> None:
        row = self.list.chosen()
        if row is not None and not row.fault:
            self.keep_notes()
            self.presenter.open(row.path)
            self.close()

    def _compare(self) -> None:
        row = self.list.chosen()
        if row is not None:
            self.keep_notes()
            self.presenter.compare(row.path)
            self.close()

    def _export(self) -> None:
        row = self.list.chosen()
        if row is not None and not row.fault:
            dialog = self._exporting.ask_recording(row.path, self)
            dialog.accepted.connect(lambda: self._show("The window says when it is written."))

    def _show_in_folder(self) -> None:
        row = self.list.chosen()
        if row is not None:
            desktop.show_in_folder(row.path)

    def _renamed(self, item: QTreeWidgetItem, column: int) -> None:
        if isinstance(item, _Item) and column == _NAME and item.text(_NAME) != item.row.name:
            wanted = item.text(_NAME)
            self.keep_notes()
            self._noted = None
            self.presenter.rename(item.row.path, wanted)

    def _delete(self) -> None:
        row = self.list.chosen()
        if row is not None and self._confirm_delete(row):
            self.keep_notes()
            self._noted = None
            self.presenter.delete(row.path)

    def _confirm_delete(self, row: RecordingEntry) -> bool:
        box = QMessageBox(self)
        box.setWindowTitle("Delete")
        box.setText(f"Delete {row.name}?")
        box.setInformativeText(
            f"{length(row.duration_s)}, {row.frames:,} frames. It goes to the trash."
        )
        stay = box.addButton("Keep", QMessageBox.ButtonRole.RejectRole)
        box.addButton("Delete", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(stay)
        box.exec()
        return box.clickedButton() is not stay

    def _undo(self) -> None:
        self.presenter.undo()
        self.undo.hide()

    def button(self, words: str) -> QPushButton:
        """Return the button with this label."""
        return self.buttons[words]
