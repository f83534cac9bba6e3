"""The bar that lists the people of a video: a number and an eye each, to select, show and hide."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from app.ui.painting import painting
from app.ui.presenters.people import Entry, Roster
from app.ui.views import kit, strokes


class _Disc(QToolButton):
    """A number on a disc of the person's colour; faint while hidden or not in view."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCheckable(True)
        self._entry: Entry | None = None

    def show_entry(self, entry: Entry) -> None:
        """Show this person."""
        if entry == self._entry:
            return
        self._entry = entry
        self.setChecked(entry.selected)
        name = f"Person {entry.number}"
        self.setAccessibleName(name)
        away = "" if entry.in_view else ", not in view now"
        chosen = "plot, numbers and export are of them" if entry.selected else "click to select"
        self.setToolTip(f"{name}{away}: {chosen}")
        self.update()

    def sizeHint(self) -> QSize:
        side = kit.ems(self, 1.9)
        return QSize(side, side)

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        entry = self._entry
        if entry is None:
            return
        with painting(QPainter(self)) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if entry.hidden or not entry.in_view:
                painter.setOpacity(0.45)
            side = min(self.width(), self.height())
            disc = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
            if self.hasFocus() or self.underMouse():
                painter.setPen(self.palette().text().color())
                painter.drawEllipse(disc.adjusted(0.5, 0.5, -0.5, -0.5))
            inner = disc.adjusted(2, 2, -2, -2)
            strokes.paint_disc(painter, str(entry.number), inner, entry.colour, firm=entry.selected)


class PeopleBar(QWidget):
    """The list of people; hidden unless there are several."""

    selected = pyqtSignal(int)
    """The person with this number was selected."""
    toggled = pyqtSignal(int)
    """The person with this number is to be hidden, or shown again."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("people")
        gap = kit.ems(self, 0.3)
        self._row = kit.spaced(QHBoxLayout(self), gap, margins=(2 * gap, gap, 2 * gap, 0))
        self._row.addWidget(kit.label("People", dim=True))
        self.discs: list[_Disc] = []
        self.eyes: list[QToolButton] = []
        self.note = kit.label(dim=True)
        self._row.addStretch(1)
        self._row.addWidget(self.note)
        self._roster = Roster()
        self.hide()

    def show_roster(self, roster: Roster) -> None:
        """Show these people."""
        if roster == self._roster:
            return
        self._roster = roster
        self.setVisible(bool(roster.entries))
        while len(self.discs) < len(roster.entries):
            self._add(len(self.discs))
        self.note.setText(roster.note)
        for number, (disc, eye) in enumerate(zip(self.discs, self.eyes, strict=True)):
            there = number < len(roster.entries)
            disc.setVisible(there)
            eye.setVisible(there)
            if there:
                entry = roster.entries[number]
                disc.show_entry(entry)
                eye.setChecked(not entry.hidden)
                eye.setToolTip(f"{'Show' if entry.hidden else 'Hide'} person {entry.number}")
                eye.setAccessibleName(eye.toolTip())

    def _add(self, index: int) -> None:
        disc = _Disc()
        disc.clicked.connect(lambda: self._emit(self.selected.emit, index))
        eye = kit.tool_button(
            "eye", "", lambda: self._emit(self.toggled.emit, index), checkable=True
        )
        place = 1 + 2 * index
        self._row.insertWidget(place, disc)
        self._row.insertWidget(place + 1, eye)
        self.discs.append(disc)
        self.eyes.append(eye)

    def _emit(self, emit: Callable[[int], object], index: int) -> None:
        """Emit a signal for a person; restore the buttons, which follow the next roster."""
        entry = self._roster.entries[index]
        self.discs[index].setChecked(entry.selected)
        self.eyes[index].setChecked(not entry.hidden)
        emit(entry.number)
