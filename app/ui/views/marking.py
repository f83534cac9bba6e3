"""Events and the selection: menu entries, the context menu of a tick, the list of all events."""

from __future__ import annotations

from functools import partial
from typing import Final

from PyQt6.QtCore import QObject, QPoint, Qt, QTimer
from PyQt6.QtGui import QKeySequence, QShortcut
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QInputDialog,
    QMenu,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.ui import words
from app.ui.presenters.marking import Marking
from app.ui.views import kit, menus
from app.ui.views.menus import LINE, Entries, Entry
from app.ui.views.scrubber import Scrubber

_UPDATE_MS: Final = 100


class MarkingController(QObject):
    """Connects the menu and the timeline with events and the selection.

    Args:
        parent: parent of its menus and dialogs.
        marking: the presenter of events and the selection.
        scrubber: shows ticks and handles that can be pressed and dragged.
    """

    def __init__(self, parent: QWidget, marking: Marking, scrubber: Scrubber) -> None:
        super().__init__(parent)
        self._parent, self._marking = parent, marking
        scrubber.part_moved.connect(marking.drag)
        scrubber.event_pressed.connect(marking.go)
        scrubber.event_menu.connect(self._show_menu)

    def entries(self) -> Entries:
        """Return the entries of the Control menu, with their shortcuts."""
        marking = self._marking
        back, on = partial(marking.go_along, -1), partial(marking.go_along, 1)
        return [
            Entry("mark", "Mark an event", marking.mark, "E"),
            Entry("event-before", "Event before", back, "Ctrl+Left"),
            Entry("event-next", "Next event", on, "Ctrl+Right"),
            Entry("events", "Events…", self.show_events, "Ctrl+Shift+E"),
            LINE,
            Entry("from-here", "Select from here", marking.select_from_here, "I"),
            Entry("to-here", "Select to here", marking.select_to_here, "O"),
            Entry("select-all", "Select all", marking.select_all, "X"),
        ]

    def show_events(self) -> EventsDialog:
        """Open the list of events, or bring it to the front."""
        open_already = self._parent.findChildren(EventsDialog)
        dialog = open_already[0] if open_already else EventsDialog(self._marking, self._parent)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()
        return dialog

    def _show_menu(self, number: int, place: QPoint) -> None:
        menu = QMenu(self._parent)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menus.add(menu, "Rename…", partial(self._ask_label, number))
        menus.add(menu, "Remove", partial(self._marking.remove, number))
        menu.popup(place)

    def _ask_label(self, number: int) -> None:
        """Ask for a new label of an event."""
        dialog = QInputDialog(self._parent)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Event")
        dialog.setLabelText("What happened here?")
        dialog.setTextValue(self._marking.label_of(number))
        dialog.textValueSelected.connect(lambda text: self._marking.rename(number, text))
        dialog.open()


class EventsDialog(QDialog):
    """The list of all events of the recording shown; labels are edited in place."""

    def __init__(self, marking: Marking, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._marking = marking
        self._shown: object = None
        self.table = QTableWidget(0, 2)
        self.table.setHorizontalHeaderLabels(["Time", "Event"])
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setToolTip("Click to go there; double click to change what it is called")
        self.table.itemSelectionChanged.connect(self._go)
        self.table.itemChanged.connect(self._renamed)
        self._none = kit.label(dim=True, wraps=True)
        self.remove = kit.push_button("Remove", self._remove, tip="Remove this event (Delete)")
        QShortcut(QKeySequence("Delete"), self.table, self._remove)
        self._build()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._update)
        self._timer.start(_UPDATE_MS)
        self._update()

    def _build(self) -> None:
        gap = kit.ems(self, 0.6)
        column = kit.spaced(QVBoxLayout(self), gap, margins=2 * gap)
        if (down := self.table.verticalHeader()) is not None:
            down.hide()
        if (across := self.table.horizontalHeader()) is not None:
            across.setHighlightSections(False)
            across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
            across.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
            across.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        column.addWidget(self.table, 1)
        column.addWidget(self._none)
        buttons = QHBoxLayout()
        buttons.addWidget(self.remove)
        buttons.addStretch(1)
        buttons.addWidget(kit.push_button("Close", self.accept))
        column.addLayout(buttons)
        self.resize(kit.ems(self, 24), kit.ems(self, 22))

    def _update(self) -> None:
        """Update the list, unless a label is being edited."""
        now = (self._marking.title, self._marking.marks)
        if now == self._shown or self.table.state() == QAbstractItemView.State.EditingState:
            return
        self._shown = now
        title, marks = now
        self.setWindowTitle(f"Events of {title}" if title else "Events")
        none = "Press E while it plays or records." if title else "Open a recording first."
        self._none.setText("" if marks else f"No events. {none}")
        self._none.setVisible(not marks)
        row = self._chosen()
        self.table.blockSignals(True)
        self.table.setRowCount(len(marks))
        for number, (mark, moment_s) in enumerate(marks):
            moment = QTableWidgetItem(words.clock(moment_s))
            moment.setFlags(moment.flags() & ~Qt.ItemFlag.ItemIsEditable)
            moment.setData(Qt.ItemDataRole.UserRole, mark.number)
            self.table.setItem(number, 0, moment)
            self.table.setItem(number, 1, QTableWidgetItem(mark.label))
        if marks and row >= 0:  # keep the row selected, without going to the event again
            self.table.setCurrentCell(min(row, len(marks) - 1), 1)
        self.table.blockSignals(False)
        self.remove.setEnabled(self._chosen() >= 0)

    def _number(self, row: int) -> int | None:
        item = self.table.item(row, 0)
        return None if item is None else int(item.data(Qt.ItemDataRole.UserRole))

    def _chosen(self) -> int:
        """Return the selected row, or -1.  Qt's current row need not be selected."""
        model = self.table.selectionModel()
        rows = [] if model is None else [index.row() for index in model.selectedRows()]
        return rows[0] if rows else -1

    def _go(self) -> None:
        row = self._chosen()
        self.remove.setEnabled(row >= 0)
        number = self._number(row)
        if number is not None:
            self._marking.go(number)

    def _renamed(self, item: QTableWidgetItem) -> None:
        number = self._number(item.row())
        if number is not None:
            self._marking.rename(number, item.text())
            self._shown = None  # an empty label is rejected: show the old one again

    def _remove(self) -> None:
        number = self._number(self._chosen())
        if number is not None:
            self._marking.remove(number)
