"""Widgets and helpers for all views: lengths relative to the font, buttons, labels, choices."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPoint, QRectF, QSize, Qt, QTimer
from PyQt6.QtGui import (
    QFocusEvent,
    QImage,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QWheelEvent,
)
from PyQt6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QMainWindow,
    QPushButton,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolButton,
    QWidget,
)

from app.ui import icons
from app.ui.painting import painting


def em(widget: QWidget) -> float:
    """Return the height of the widget's font in logical pixels: the unit of all lengths."""
    return float(widget.fontMetrics().height())


def ems(widget: QWidget, share: float) -> int:
    """Return ``share`` times the font's height, at least one pixel."""
    return max(1, round(share * em(widget)))


_Layout = TypeVar("_Layout", bound=QBoxLayout)


def spaced(layout: _Layout, gap: int, margins: int | tuple[int, int, int, int] = 0) -> _Layout:
    """``layout`` with a gap between its parts, and margins: left, top, right and bottom, or the
    same all round."""
    layout.setSpacing(gap)
    layout.setContentsMargins(*(4 * (margins,) if isinstance(margins, int) else margins))
    return layout


_BREAK: Final = "\N{ZERO WIDTH SPACE}"


def breakable(text: str, fits: Callable[[str], bool]) -> str:
    """Return a label's text in which words that do not fit into a line, as names of files may be,
    can be broken anywhere: Qt would cut them off."""
    return re.sub(r"\S+", lambda word: word[0] if fits(word[0]) else _BREAK.join(word[0]), text)


def label(
    text: str = "", *, dim: bool = False, heading: bool = False, wraps: bool = False
) -> QLabel:
    """Return a label, in the secondary colour (``dim``) or as a heading."""
    result = QLabel(text)
    result.setWordWrap(wraps)
    result.setProperty("dim", dim)
    result.setProperty("heading", heading)
    result.setTextFormat(Qt.TextFormat.PlainText)
    return result


def push_button(
    text: str, pressed: Callable[[], Any], *, icon: str = "", main: bool = False, tip: str = ""
) -> QPushButton:
    """Return a button with text.  A click does not focus it, so Space keeps its meaning."""
    result = QPushButton(text)
    if icon:
        result.setText(with_icon_gap(text))
        result.setIcon(icons.icon(icon))
        result.setIconSize(QSize(ems(result, 1.05), ems(result, 1.05)))
    result.setProperty("main", main)
    result.setToolTip(tip)
    result.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    result.clicked.connect(lambda _checked=False: pressed())
    return result


def with_icon_gap(text: str) -> str:
    """Return the text of a button with an icon; Qt leaves too little space between the two."""
    return f" {text}"


def tool_button(
    icon: str, tip: str, pressed: Callable[[], Any], *, checkable: bool = False
) -> QToolButton:
    """Return a button with only an icon; its tooltip explains it and names the shortcut."""
    result = QToolButton()
    result.setIcon(icons.icon(icon))
    result.setIconSize(QSize(ems(result, 1.2), ems(result, 1.2)))
    result.setToolTip(tip)
    result.setAccessibleName(tip.partition("\n")[0])
    result.setCheckable(checkable)
    result.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    result.clicked.connect(lambda _checked=False: pressed())
    return result


def switch(icon: str, tip: str, chosen: Callable[[bool], Any]) -> QToolButton:
    """A tool button that stays down; ``chosen`` is told whether it was pressed down or released."""
    result = tool_button(icon, tip, lambda: chosen(result.isChecked()), checkable=True)
    return result


class Choice(QComboBox):
    """A combo box with a painted chevron; a style sheet can only use image files for the arrow.

    Text that does not fit is elided; the list is as wide as its longest entry.
    """

    def __init__(self, name: str = "") -> None:
        """``name`` is for those who do not see the words beside it."""
        super().__init__()
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def showPopup(self) -> None:
        view = self.view()
        if view is not None:
            view.setMinimumWidth(max(self.width(), view.sizeHintForColumn(0) + ems(self, 1.2)))
        super().showPopup()

    @property
    def shown_text(self) -> str:
        """The text shown while the list is closed, elided if necessary."""
        middle, room = Qt.TextElideMode.ElideMiddle, int(self._room().width())
        return self.fontMetrics().elidedText(self.currentText(), middle, room)

    def _room(self) -> QRectF:
        """Return the rectangle of the text; styles differ in how much of it they clip."""
        left = 0.75 * em(self)
        if not self.itemIcon(self.currentIndex()).isNull():
            left += self.iconSize().width() + 0.4 * em(self)
        return QRectF(left, 0, max(0.0, self.width() - left - 1.6 * em(self)), self.height())

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        with painting(QStylePainter(self)) as painter:
            option = QStyleOptionComboBox()
            self.initStyleOption(option)
            option.currentText = ""
            painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
            painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
            group = self.palette().currentColorGroup()
            colour = self.palette().color(group, self.foregroundRole())
            painter.setPen(colour)
            painter.drawText(self._room(), Qt.AlignmentFlag.AlignVCenter, self.shown_text)
            side = 0.9 * em(self)
            place = QRectF(self.width() - 1.45 * em(self), (self.height() - side) / 2, side, side)
            painter.setOpacity(0.75)
            icons.paint("chevron", painter, place, colour)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Ignore the wheel: scrolling over it must not change a setting or the source."""
        if event is not None:
            event.ignore()

    def fill(self, entries: list[tuple[str, Any]], chosen: Any) -> None:
        """Show these (label, value) pairs, with ``chosen`` selected, without emitting signals."""
        self.blockSignals(True)
        self.clear()
        for words, value in entries:
            self.addItem(words, value)
        if self.findData(chosen) < 0:  # from the command line, or no longer available
            self.addItem(str(chosen), chosen)
        self.blockSignals(False)
        self.choose(chosen)

    def choose(self, value: Any) -> None:
        """Select this value without emitting signals."""
        self.blockSignals(True)
        self.setCurrentIndex(max(0, self.findData(value)))
        self.blockSignals(False)


class CheckBox(QCheckBox):
    """A check box whose frame is visible in both themes; Fusion's is not in a dark one."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        with painting(QPainter(self)) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            side = round(0.85 * em(self))
            box = QRectF(0.5, (self.height() - side) / 2 + 0.5, side, side)
            colours = self.palette()
            on = self.isChecked()
            strong = colours.color(QPalette.ColorRole.Highlight)
            painter.setBrush(strong if on else colours.color(QPalette.ColorRole.Base))
            quiet = colours.color(QPalette.ColorRole.PlaceholderText)
            painter.setPen(QPen(strong if on else quiet, 1.2))
            painter.drawRoundedRect(box, 0.18 * side, 0.18 * side)
            if on:
                inside = box.adjusted(0.12 * side, 0.12 * side, -0.12 * side, -0.12 * side)
                ink = colours.color(QPalette.ColorRole.HighlightedText)
                icons.paint("check", painter, inside, ink)
            painter.setPen(colours.color(QPalette.ColorRole.WindowText))
            words = QRectF(side + 0.5 * em(self), 0, self.width(), self.height())
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self.text())
            if self.hasFocus():
                painter.setPen(QPen(quiet, 1.0))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                width = min(self.width(), self.sizeHint().width())
                around = QRectF(0.5, 0.5, width - 1.0, self.height() - 1.0)
                painter.drawRoundedRect(around, 0.3 * em(self), 0.3 * em(self))

    def sizeHint(self) -> QSize:
        width = self.fontMetrics().horizontalAdvance(self.text()) + ems(self, 1.8)
        return QSize(width, ems(self, 1.6))

    def hitButton(self, place: QPoint) -> bool:
        return self.rect().contains(place)


class Number(QDoubleSpinBox):
    """A spin box with a unit.  A click selects all of its text, so that typing replaces it."""

    def __init__(self, limits: tuple[float, float], value: float, unit: str, step: float) -> None:
        super().__init__()
        self.setRange(*limits)
        self.setSingleStep(step)
        self.setDecimals(0 if step >= 1 else 2)
        self.setSuffix(unit)
        self.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        self.setValue(value)

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        super().focusInEvent(event)
        QTimer.singleShot(0, self.selectAll)  # later: the click would clear the selection

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Ignore the wheel: scrolling over it must not change the value."""
        if event is not None:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        super().keyPressEvent(event)
        _return_focus(self, event)


class Line(QLineEdit):
    """A line edit in a panel; Enter ends the editing, and the window's shortcuts work again."""

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        super().keyPressEvent(event)
        _return_focus(self, event)


def _return_focus(typed: QWidget, event: QKeyEvent | None) -> None:
    """Focus the main window on Enter and Escape; in a dialog they keep their meaning."""
    ends = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)
    window = typed.window()
    if event is not None and event.key() in ends and isinstance(window, QMainWindow):
        window.setFocus()


def on_screen(window: QWidget, wanted: QSize) -> QSize:
    """Return ``wanted``, limited to the available size of the window's screen."""
    screen = window.screen()
    return wanted if screen is None else wanted.boundedTo(screen.availableSize())


def resize_on_screen(window: QWidget, wanted: QSize) -> None:
    """Resize a window to ``wanted``, limited to the available size of its screen."""
    window.resize(on_screen(window, wanted))


def keep_on_screen(window: QWidget) -> None:
    """Move a window that has grown so that it is completely on its screen, if it fits."""
    screen = window.screen()
    if screen is None:
        return
    room, frame = screen.availableGeometry(), window.frameGeometry()
    x = max(room.left(), min(frame.x(), room.right() + 1 - frame.width()))
    y = max(room.top(), min(frame.y(), room.bottom() + 1 - frame.height()))
    if (x, y) != (frame.x(), frame.y()):
        window.move(x, y)


def image(pixels: NDArray[np.uint8]) -> QImage:
    """Return (height, width, 3) C-contiguous RGB as a QImage, without copying.

    The caller must keep the array alive.  PyQt's stubs ask for bytes, but any buffer works.
    """
    height, width = pixels.shape[:2]
    buffer = cast(bytes, pixels.data)
    return QImage(buffer, width, height, 3 * width, QImage.Format.Format_RGB888)


def restyle(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet uses, and restyle the widget if it has changed."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    style = widget.style()
    if style is not None:
        style.unpolish(widget)
        style.polish(widget)
