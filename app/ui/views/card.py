"""The card in the middle of a pane, and the one-line hint at its bottom."""

from __future__ import annotations

import functools

from PyQt6.QtCore import QRectF, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from app.ui import icons
from app.ui.notices import Action, Notice
from app.ui.painting import painting
from app.ui.views import kit


class _Glyph(QWidget):
    """A large icon in the secondary colour."""

    def __init__(self) -> None:
        super().__init__()
        self._name = ""
        side = kit.ems(self, 2.6)
        self.setFixedSize(side, side)

    def show_icon(self, name: str) -> None:
        self._name = name
        self.update()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        if self._name:
            colour = self.palette().windowText().color()
            with painting(QPainter(self)) as painter:
                painter.setOpacity(0.75)
                icons.paint(self._name, painter, QRectF(self.rect()), colour)


class Card(QFrame):
    """Shows a Notice, and emits the action of the button that was pressed."""

    chosen = pyqtSignal(Action)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._notice: Notice | None = None
        self._glyph = _Glyph()
        self._title = kit.label(heading=True)
        self._body = kit.label(dim=True)
        self._busy = QProgressBar()
        self._busy.setTextVisible(False)
        self._buttons = QVBoxLayout()
        self._build()
        self.hide()

    @property
    def notice(self) -> Notice | None:
        return self._notice

    def show_notice(self, notice: Notice | None) -> None:
        """Show the card, change it, or hide it for None."""
        if notice == self._notice:
            return
        rebuild = _buttons_of(notice) != _buttons_of(self._notice)
        self._notice = notice
        self.setVisible(notice is not None)
        if notice is None:
            return
        self._glyph.show_icon(notice.icon)
        self._body.setVisible(bool(notice.body))
        self._busy.setVisible(notice.busy)
        self._busy.setRange(0, 0 if notice.busy else 1)
        if rebuild:
            self._fill_buttons(notice)
        self.place()

    def place(self) -> None:
        """Resize to fit the text, in the middle of the parent."""
        parent = self.parentWidget()
        if parent is None or self._notice is None:
            return
        margin = kit.ems(self, 1)
        width = min(kit.ems(self, 26), parent.width() - 2 * margin)
        self.setFixedWidth(max(1, width))
        layout = self.layout()
        if layout is None:
            return
        margins = layout.contentsMargins()
        room = width - margins.left() - margins.right()
        _show_words(self._title, self._notice.title, room)
        _show_words(self._body, self._notice.body, room)
        layout.activate()
        height = max(layout.totalHeightForWidth(width), layout.totalMinimumSize().height())
        self.setFixedHeight(max(1, height))
        self.move((parent.width() - width) // 2, (parent.height() - height) // 2)
        self.raise_()

    def _build(self) -> None:
        for words in (self._title, self._body):
            words.setWordWrap(True)
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        gap = kit.ems(self, 0.6)
        column = kit.spaced(QVBoxLayout(self), gap, margins=(3 * gap, 2 * gap, 3 * gap, 2 * gap))
        column.addWidget(self._glyph, alignment=Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._title)
        column.addWidget(self._body)
        column.addWidget(self._busy)
        column.addLayout(self._buttons)
        self._buttons.setSpacing(kit.ems(self, 0.4))

    def _fill_buttons(self, notice: Notice) -> None:
        while (item := self._buttons.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for button in notice.buttons:
            press = functools.partial(self.chosen.emit, button.action)
            made = kit.push_button(button.label, press, main=button.main)
            self._buttons.addWidget(made)
            made.show()  # the layout ignores hidden widgets, and its size is needed now


def _show_words(label: QLabel, text: str, width: int) -> None:
    advance = label.fontMetrics().horizontalAdvance
    label.setText(kit.breakable(text, lambda word: advance(word) <= width))


def _buttons_of(notice: Notice | None) -> object:
    return notice.buttons if notice else None


class Hint(QWidget):
    """A line of text on a dark background at the bottom of a pane; ignores the mouse."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("hint")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._words = QLabel()
        self._words.setWordWrap(True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        row = QHBoxLayout(self)
        gap = kit.ems(self, 0.45)
        row.setContentsMargins(2 * gap, gap, 2 * gap, gap)
        row.addWidget(self._words)
        self._ending = QTimer(self)
        self._ending.setSingleShot(True)
        self._ending.timeout.connect(self.hide)
        self.hide()

    @property
    def text(self) -> str:
        return self._words.text() if self.isVisible() else ""

    def show_text(self, text: str) -> None:
        if text == self._words.text() and self.isVisible() == bool(text):
            return
        self._words.setText(text)
        self.setVisible(bool(text))
        self.place()

    def place(self) -> None:
        parent = self.parentWidget()
        if parent is None or not self._words.text():
            return
        gap = kit.ems(self, 0.8)
        room = max(1, parent.width() - 2 * gap)
        wanted = self._words.fontMetrics().horizontalAdvance(self._words.text()) + 3 * gap
        width = min(wanted, room)
        layout = self.layout()
        height = layout.heightForWidth(width) if layout else self.sizeHint().height()
        self.setGeometry(
            (parent.width() - width) // 2, parent.height() - height - gap, width, height
        )
        self.raise_()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        with painting(QPainter(self)) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(20, 22, 24, 225))
            radius = min(self.height() / 2, kit.em(self))
            painter.drawRoundedRect(QRectF(self.rect()), radius, radius)
