"""Paints a person of bones and joints; shared by the picture's overlay and the painted 3D view."""

from __future__ import annotations

from collections.abc import Iterable

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from app.render.colours import SIDE_COLOURS
from app.ui.presenters.picture import Dot, Stroke


def paint(painter: QPainter, strokes: Iterable[Stroke], dots: Iterable[Dot], width: float) -> None:
    """Draw bones ``width`` pixels wide with joints a little wider.

    A dark rim below the colours keeps light grey readable on a white wall.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    strokes = list(strokes)
    for stroke in strokes:
        _line(painter, stroke, QColor(0, 0, 0), 0.45 * stroke.opacity, width * 1.7)
    for stroke in strokes:
        _line(painter, stroke, QColor(SIDE_COLOURS[stroke.side]), stroke.opacity, width)
    painter.setPen(Qt.PenStyle.NoPen)
    for dot in dots:
        painter.setOpacity(dot.opacity)
        painter.setBrush(QColor(SIDE_COLOURS[dot.side]).darker(135))
        painter.drawEllipse(QPointF(*dot.centre), width * 0.95, width * 0.95)
        painter.setBrush(QColor(SIDE_COLOURS[dot.side]).lighter(125))
        painter.drawEllipse(QPointF(*dot.centre), width * 0.62, width * 0.62)
    painter.restore()


def outline(painter: QPainter, box: QRectF, em: float, *, firm: bool) -> None:
    """Draw a grey frame around somebody who can be clicked; ``firm`` while pointed at.

    Light on dark, so that it is seen on any wall.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(255, 255, 255, 30) if firm else Qt.BrushStyle.NoBrush)
    for colour, opacity, width in (("#000000", 0.4, 0.28), ("#d8d8d8", 0.75, 0.12)):
        painter.setOpacity(1.0 if firm else opacity)
        painter.setPen(QPen(QColor(colour), width * em))
        painter.drawRoundedRect(box, 0.6 * em, 0.6 * em)
    painter.restore()


def number(painter: QPainter, text: str, place: tuple[float, float], *, rightward: bool) -> None:
    """Write a number beside a point, readable on any ground: light on a dark plate."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    metrics = QFontMetricsF(painter.font())
    em = metrics.height()
    width = metrics.horizontalAdvance(text) + 0.6 * em
    left = place[0] + 0.8 * em if rightward else place[0] - 0.8 * em - width
    plate = QRectF(left, place[1] - 0.6 * em, width, 1.2 * em)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(20, 22, 24, 190))
    painter.drawRoundedRect(plate, 0.3 * em, 0.3 * em)
    painter.setPen(QColor("#ffffff"))
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


def _line(painter: QPainter, stroke: Stroke, colour: QColor, opacity: float, width: float) -> None:
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setOpacity(opacity)
    painter.setPen(pen)
    painter.drawLine(QPointF(*stroke.start), QPointF(*stroke.end))
