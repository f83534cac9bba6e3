"""The scrubber of the timeline: playback position, selection, and marked events."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from PyQt6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QBrush,
    QColor,
    QContextMenuEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
)
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.ui.painting import painting
from app.ui.presenters.view_state import Position, Tick
from app.ui.views import kit

_NEAR: Final = 0.45
"""Largest horizontal distance at which a tick or handle is hit, in ems."""
_TIP: Final = (
    "Click or drag to move; arrow keys step one frame.\nI and O select from here and to here"
)


class Scrubber(QWidget):
    """A bar that can be clicked and dragged anywhere; intervals without a person are hollow.

    Marked events are above it, the handles of the selection below it.
    """

    moved = pyqtSignal(float)
    """Dragged to this fraction of the timeline."""
    part_moved = pyqtSignal(str, float)
    """``start`` or ``end`` of the selection was dragged to this fraction of the timeline."""
    event_pressed = pyqtSignal(int)
    """The tick of the event with this number was clicked."""
    event_menu = pyqtSignal(int, QPoint)
    """The tick of the event with this number was right-clicked, at this point of the screen."""

    def __init__(self, tip: str = _TIP, name: str = "Position in the recording") -> None:
        super().__init__()
        self._share = 0.0
        self._dragged = ""
        """What is being dragged: ``place`` (the position), ``start`` or ``end``; empty if none."""
        self._gaps: tuple[tuple[float, float], ...] = ()
        self._ticks: tuple[Tick, ...] = ()
        self._part: tuple[float, float] | None = None
        self._ready: float | None = None
        self._holes: tuple[tuple[float, float], ...] = ()
        self._shown: Position | None = None
        self.setMinimumHeight(kit.ems(self, 2.0))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(name)
        self.setToolTip(tip)

    def show_position(self, position: Position) -> None:
        before, self._shown = self._shown, replace(position, time_s=0.0, playing=False)
        if self._shown != before or position.share != self._share:
            self._share, self._ready = position.share, position.ready
            self._gaps, self._holes = position.gaps, position.holes
            self._ticks, self._part = position.ticks, position.part
            self.update()

    # --- pressing ---------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            return
        place = event.position()
        tick = self._tick_at(place)
        if tick is not None:
            self.event_pressed.emit(tick.number)
            return
        self._dragged = self._handle_at(place) or "place"
        self._move(place)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and self._dragged:
            self._move(event.position())

    def mouseReleaseEvent(self, _event: QMouseEvent | None) -> None:
        self._dragged = ""

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        tick = None if event is None else self._tick_at(QPointF(event.pos()))
        if event is not None and tick is not None:
            self.event_menu.emit(tick.number, event.globalPos())

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None:
            event.ignore()  # arrow keys are shortcuts of the window

    def event(self, event: QEvent | None) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            tick = self._tick_at(QPointF(event.pos()))
            handle = self._handle_at(QPointF(event.pos()))
            words = {"start": "The selection begins here (I)", "end": "It ends here (O)"}
            tip = words.get(handle, self.toolTip())
            tip = tip if tick is None else f"{tick.label} (right click: more)"
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().event(event)

    def place_of(self, share: float) -> float:
        """Return the x of a fraction of the timeline, in pixels of this widget."""
        track = self._track()
        return track.left() + share * track.width()

    def _move(self, place: QPointF) -> None:
        track = self._track()
        share = min(1.0, max(0.0, (place.x() - track.left()) / track.width()))
        if self._dragged == "place":
            self.moved.emit(share)
        else:
            self.part_moved.emit(self._dragged, share)

    def _tick_at(self, place: QPointF) -> Tick | None:
        if place.y() > self._track().top():
            return None
        near = [(abs(self.place_of(tick.share) - place.x()), tick) for tick in self._ticks]
        away, tick = min(near, key=lambda each: each[0], default=(0.0, None))
        return tick if away <= _NEAR * kit.em(self) else None

    def _handle_at(self, place: QPointF) -> str:
        if self._part is None or place.y() < self._track().bottom():
            return ""
        near = [
            (abs(self.place_of(share) - place.x()), side)
            for side, share in zip(("start", "end"), self._part, strict=True)
        ]
        away, side = min(near)
        return side if away <= _NEAR * kit.em(self) else ""

    # --- painting ---------------------------------------------------------------------------

    def _track(self) -> QRectF:
        knob = 0.45 * kit.em(self)
        return QRectF(
            knob, self.height() / 2 - 0.13 * kit.em(self), 0, 0.26 * kit.em(self)
        ).adjusted(0, 0, max(1.0, self.width() - 2 * knob), 0)

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        with painting(QPainter(self)) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            track = self._track()
            radius = track.height() / 2
            painter.setBrush(self._colour(QPalette.ColorRole.Mid))
            painter.drawRoundedRect(track, radius, radius)
            self._paint_ready(painter, track)
            self._paint_part(painter, track)
            played, ready = QRectF(track), self._ready
            played.setWidth(track.width() * min(self._share, 1.0 if ready is None else ready))
            painter.setBrush(self._colour(QPalette.ColorRole.PlaceholderText))
            painter.drawRoundedRect(played, radius, radius)
            self._paint_gaps(painter, track)
            self._paint_holes(painter, track)
            self._paint_handles(painter, track)
            self._paint_ticks(painter, track)
            painter.setBrush(self._colour(QPalette.ColorRole.Highlight))
            painter.drawEllipse(
                QPointF(self.place_of(self._share), track.center().y()),
                *(2 * [0.42 * kit.em(self)]),
            )

    def _colour(self, role: QPalette.ColorRole) -> QColor:
        return self.palette().color(role)

    def _paint_ready(self, painter: QPainter, track: QRectF) -> None:
        """Paint the part that has poses already; the rest is thin."""
        if self._ready is None:
            return
        left = self.place_of(self._ready)
        painter.setBrush(self._colour(QPalette.ColorRole.Window))
        for top in (track.top(), track.bottom() - track.height() * 0.35):
            painter.drawRect(QRectF(left, top, track.right() - left, track.height() * 0.35))
        ready = self._colour(QPalette.ColorRole.Highlight)
        ready.setAlphaF(0.5)
        painter.setBrush(ready)
        painter.drawRect(QRectF(track.left(), track.top(), left - track.left(), track.height()))

    def _paint_gaps(self, painter: QPainter, track: QRectF) -> None:
        """Hollow out the bar in intervals without a person."""
        painter.setBrush(self._colour(QPalette.ColorRole.Window))
        for start, end in self._gaps:
            hole = QRectF(
                self.place_of(start),
                track.top() + track.height() * 0.3,
                max(1.0, (end - start) * track.width()),
                track.height() * 0.4,
            )
            painter.drawRect(hole)

    def _paint_holes(self, painter: QPainter, track: QRectF) -> None:
        """Hatch the bar in intervals without pictures, because the camera was lost."""
        for start, end in self._holes:
            left, tall = self.place_of(start), 0.25 * kit.em(self)
            place = QRectF(left, track.top() - tall, (end - start) * track.width(), 0)
            place.setHeight(track.height() + 2 * tall)
            painter.setBrush(self._colour(QPalette.ColorRole.Window))
            painter.drawRect(place)
            ink = self._colour(QPalette.ColorRole.WindowText)
            painter.setBrush(QBrush(ink, Qt.BrushStyle.BDiagPattern))
            painter.drawRect(place)

    def _paint_part(self, painter: QPainter, track: QRectF) -> None:
        """Paint a band behind the bar over the selection."""
        if self._part is None:
            return
        band = self._colour(QPalette.ColorRole.Highlight)
        band.setAlphaF(0.28)
        painter.setBrush(band)
        left, right = (self.place_of(share) for share in self._part)
        tall = 0.34 * kit.em(self)
        painter.drawRect(QRectF(left, track.top() - tall, right - left, track.height() + 2 * tall))

    def _paint_handles(self, painter: QPainter, track: QRectF) -> None:
        """Paint a handle at either end of the selection, with a foot that points into it."""
        if self._part is None:
            return
        painter.setBrush(self._colour(QPalette.ColorRole.Highlight))
        em = kit.em(self)
        for share, inwards in zip(self._part, (1, -1), strict=True):
            x, top, bottom = self.place_of(share), track.top() - 0.34 * em, self.height() - 1.0
            post = QRectF(x - 0.06 * em, top, 0.12 * em, bottom - top)
            painter.drawRect(post)
            foot = [(0.0, -0.5), (0.5 * inwards, 0.0), (0.0, 0.0)]
            painter.drawPolygon(QPolygonF([QPointF(x + a * em, bottom + b * em) for a, b in foot]))

    def _paint_ticks(self, painter: QPainter, track: QRectF) -> None:
        """Paint a flag above the bar for each event, in the text colour."""
        em = kit.em(self)
        ink = self._colour(QPalette.ColorRole.WindowText)
        for tick in self._ticks:
            x, foot = self.place_of(tick.share), track.center().y()
            painter.setPen(QPen(ink, max(1.0, 0.08 * em)))
            painter.drawLine(QPointF(x, 1.0), QPointF(x, foot))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink)
            flag = [(0.0, 0.0), (0.42, 0.2), (0.0, 0.4)]
            painter.drawPolygon(QPolygonF([QPointF(x + a * em, 1.0 + b * em) for a, b in flag]))
