"""The bar under the panes while a file or a recording plays: step, scrub, speed, loop."""

from __future__ import annotations

from typing import Final

from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from app.ui import icons, words
from app.ui.presenters.stage import SPEEDS, Position
from app.ui.views import kit


class Scrubber(QWidget):
    """A line one can press and drag anywhere on; stretches in which nobody was seen are thin."""

    moved = pyqtSignal(float)
    """Share of the whole, 0 to 1."""

    def __init__(self) -> None:
        super().__init__()
        self._share = 0.0
        self._held = False
        self._gaps: tuple[tuple[float, float], ...] = ()
        self.setMinimumHeight(kit.ems(self, 1.6))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Position in the recording")
        self.setToolTip("Click or drag to move; arrow keys step one frame")

    def show_share(self, share: float, gaps: tuple[tuple[float, float], ...]) -> None:
        if (share, gaps) != (self._share, self._gaps):
            self._share, self._gaps = share, gaps
            self.update()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._held = True
            self._move(event.position())

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and self._held:
            self._move(event.position())

    def mouseReleaseEvent(self, _event: QMouseEvent | None) -> None:
        self._held = False

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None:
            event.ignore()  # the window's shortcuts own the arrows

    def _track(self) -> QRectF:
        knob = 0.45 * kit.em(self)
        return QRectF(
            knob, self.height() / 2 - 0.13 * kit.em(self), 0, 0.26 * kit.em(self)
        ).adjusted(0, 0, max(1.0, self.width() - 2 * knob), 0)

    def _move(self, place: QPointF) -> None:
        track = self._track()
        self.moved.emit(min(1.0, max(0.0, (place.x() - track.left()) / track.width())))

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        track = self._track()
        radius = track.height() / 2
        line = self.palette().color(QPalette.ColorRole.Mid)
        ink = self.palette().color(QPalette.ColorRole.Highlight)
        painter.setBrush(line)
        painter.drawRoundedRect(track, radius, radius)
        played = QRectF(track)
        played.setWidth(track.width() * self._share)
        painter.setBrush(self.palette().color(QPalette.ColorRole.PlaceholderText))
        painter.drawRoundedRect(played, radius, radius)
        self._paint_gaps(painter, track)
        painter.setBrush(ink)
        painter.drawEllipse(
            QPointF(played.right(), track.center().y()), *(2 * [0.42 * kit.em(self)])
        )
        painter.end()

    def _paint_gaps(self, painter: QPainter, track: QRectF) -> None:
        """Where nobody was seen the bar is hollowed out, so one knows where not to look."""
        painter.setBrush(QColor(self.palette().color(QPalette.ColorRole.Window)))
        for start, end in self._gaps:
            hole = QRectF(
                track.left() + start * track.width(),
                track.top() + track.height() * 0.3,
                max(1.0, (end - start) * track.width()),
                track.height() * 0.4,
            )
            painter.drawRect(hole)


class Timeline(QWidget):
    """The whole bar."""

    seek = pyqtSignal(float)
    """Share of the whole, 0 to 1."""
    to_start = pyqtSignal()
    toggle = pyqtSignal()
    step = pyqtSignal(int)
    speed_chosen = pyqtSignal(float)
    loop_chosen = pyqtSignal(bool)

    MARGIN: Final = 0.7

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("timeline")
        self._first = kit.tool_button("first", "Go to the start (Home)", self.to_start.emit)
        self._back = kit.tool_button("back", "One frame back (Left)", lambda: self.step.emit(-1))
        self.play = kit.tool_button("play", "Play or pause (Space)", self.toggle.emit)
        self._next = kit.tool_button("step", "One frame on (Right)", lambda: self.step.emit(1))
        self.scrubber = Scrubber()
        self.scrubber.moved.connect(self.seek)
        self._time = kit.label()
        self._speed = kit.Choice()
        self._speed.setToolTip("Speed of playing")
        self._speed.setMinimumContentsLength(4)
        self._speed.fill([(f"×{speed:g}", speed) for speed in SPEEDS], 1.0)
        self._speed.activated.connect(
            lambda _index: self.speed_chosen.emit(float(self._speed.currentData()))
        )
        self.loop = kit.tool_button(
            "loop", "Start again at the end (L)", self._loop_pressed, checkable=True
        )
        self._playing = False
        self._build()

    def _build(self) -> None:
        row = QHBoxLayout(self)
        gap = kit.ems(self, 0.3)
        row.setContentsMargins(2 * gap, gap, 2 * gap, gap)
        row.setSpacing(gap)
        self._time.setMinimumWidth(
            self._time.fontMetrics().horizontalAdvance("00:00.0 / 00:00.0") + 2 * gap
        )
        self._time.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for widget in (self._first, self._back, self.play, self._next):
            row.addWidget(widget)
        row.addWidget(self.scrubber, 1)
        row.addWidget(self._time)
        row.addWidget(self._speed)
        row.addWidget(self.loop)

    def show_position(self, position: Position) -> None:
        self.scrubber.show_share(position.share, position.gaps)
        length = f" / {words.clock(position.duration_s)}" if position.duration_s else ""
        self._time.setText(words.clock(position.time_s) + length)
        self._speed.setVisible(position.speed is not None)
        if position.speed is not None and position.speed != self._speed.currentData():
            self._speed.choose(position.speed)
        if self.loop.isChecked() != position.loop:
            self.loop.setChecked(position.loop)
        if position.playing != self._playing:
            self._playing = position.playing
            self.play.setIcon(icons.icon("pause" if position.playing else "play"))

    @property
    def time_text(self) -> str:
        return self._time.text()

    def _loop_pressed(self) -> None:
        self.loop_chosen.emit(self.loop.isChecked())
