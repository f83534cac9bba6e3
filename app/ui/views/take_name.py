"""The label of one of two compared takes, with a sample of its line style in the plot."""

from __future__ import annotations

from typing import Final

from PyQt6.QtCore import QLineF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.ui.painting import painting
from app.ui.theme import ON_DARK
from app.ui.views import kit

DASHES: Final = (3.0, 2.0)
"""Dash pattern of the second take's lines: dash and gap, in line widths."""
_KEY_EMS: Final = 1.6
_GROUND: Final = QColor(20, 22, 24, 200)


class TakeName(QWidget):
    """A sample of the line, dashed for the second take, and the take's name.

    Args:
        parent: pane over which it lies, on a dark background; None if it is in a layout.
        second: whether it is the second take.
    """

    def __init__(self, parent: QWidget | None = None, *, second: bool) -> None:
        super().__init__(parent)
        self._over, self._second, self._name = parent is not None, second, ""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        if self._over:
            self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    @property
    def name(self) -> str:
        return self._name

    def show_name(self, name: str) -> None:
        if name != self._name:
            self._name = name
            self.setToolTip(name)
            self.setAccessibleName(f"{'Second' if self._second else 'First'} take: {name}")
            self.updateGeometry()
            self.update()

    def place(self, left: int, top: int, room: int) -> None:
        """Place it over the parent, no wider than ``room``."""
        hint = self.sizeHint()
        self.setGeometry(left, top, max(0, min(hint.width(), room)), hint.height())

    def sizeHint(self) -> QSize:
        words = self.fontMetrics().horizontalAdvance(self._name)
        return QSize(words + kit.ems(self, _KEY_EMS + 1.0), kit.ems(self, 1.5))

    def minimumSizeHint(self) -> QSize:
        return QSize(kit.ems(self, _KEY_EMS + 3.0), kit.ems(self, 1.5))

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        with painting(QPainter(self)) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            em, ink = kit.em(self), self.palette().windowText().color()
            if self._over:
                ink = QColor(ON_DARK)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(_GROUND)
                painter.drawRoundedRect(self.rect(), 0.35 * em, 0.35 * em)
            pen = QPen(ink, 0.13 * em)
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            if self._second:
                pen.setDashPattern(DASHES)
            painter.setPen(pen)
            middle = self.height() / 2
            painter.drawLine(QLineF(0.4 * em, middle, (_KEY_EMS + 0.1) * em, middle))
            painter.setPen(ink)
            words = self.rect().adjusted(round((_KEY_EMS + 0.5) * em), 0, -round(0.3 * em), 0)
            text = self.fontMetrics().elidedText(
                self._name, Qt.TextElideMode.ElideMiddle, words.width()
            )
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, text)
