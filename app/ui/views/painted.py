"""Paints the 3D scene with QPainter: used until the first rendered picture and without OpenGL."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QPainter, QPen, QPolygonF

from app.render import painted
from app.render.camera import View
from app.render.colours import SIDE_COLOURS, SceneTheme
from app.render.request import Body


def paint_scene(
    painter: QPainter, rect: QRectF, theme: SceneTheme, view: View, person: Body | None
) -> None:
    """Paint floor, axes and person into ``rect``."""
    size = (max(1, round(rect.width())), max(1, round(rect.height())))
    painter.save()
    painter.fillRect(rect, QColor(theme.background))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for line in painted.floor(view, size):
        colour = QColor(theme.strong_line if line.strong else theme.line)
        _stroke(painter, line.start, line.end, colour, line.opacity, 1.2)
    _paint_axes(painter, theme, view, size)
    if person is not None and person.drawn.any():
        _paint_person(painter, theme, view, size, person)
    painter.restore()


def _paint_axes(painter: QPainter, theme: SceneTheme, view: View, size: tuple[int, int]) -> None:
    font = QFont(painter.font())
    font.setPointSizeF(font.pointSizeF() * 0.9)
    painter.setFont(font)
    for letter, start, end in painted.axes(view, size):
        _stroke(painter, start, end, QColor(theme.text), 0.9, 1.6)
        painter.setPen(QColor(theme.text))
        painter.drawText(QPointF(end[0] + 4, end[1] - 2), letter)


def _paint_person(
    painter: QPainter, theme: SceneTheme, view: View, size: tuple[int, int], person: Body
) -> None:
    centre = person.joints[person.drawn].mean(axis=0)
    outline = QPolygonF([QPointF(*spot) for spot in painted.ring(view, size, centre)])
    painter.setOpacity(0.35 * theme.shadow_strength)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.shadow))
    painter.drawPolygon(outline)
    painter.setOpacity(0.8)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.text), 1.4))
    painter.drawPolygon(outline)
    for bone in painted.bones(person.joints, person.drawn, person.opacity, view, size):
        colour = QColor(SIDE_COLOURS[bone.side])
        _stroke(painter, bone.start, bone.end, colour.darker(150), bone.opacity, bone.width)
        _stroke(painter, bone.start, bone.end, colour, bone.opacity, bone.width * 0.72)


def _stroke(
    painter: QPainter,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: QColor,
    opacity: float,
    width: float,
) -> None:
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setOpacity(opacity)
    painter.setPen(pen)
    if start == end:
        painter.drawPoint(QPointF(*start))
    else:
        painter.drawLine(QPointF(*start), QPointF(*end))
