"""Painting of 2D skeletons, outlines and number labels over the panes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from app.render.colours import of_sides, rgb
from app.ui.presenters.picture import Dot, Stroke

_LIGHT: Final = 0.47
"""Luminance of a background, 0 to 1, above which dark text is more legible than white text."""
NUMBER_EMS: Final = 1.2
"""Height of a number's background plate."""


def paint(
    painter: QPainter,
    strokes: Iterable[Stroke],
    dots: Iterable[Dot],
    width: float,
    colour: str | None = None,
) -> None:
    """Draw bones ``width`` pixels wide, and joints a little wider.

    A dark outline keeps light grey visible against a white wall.  ``colour`` is that of the
    person if there are several, else None.
    """
    sides = of_sides(colour)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    strokes = list(strokes)
    for stroke in strokes:
        _line(painter, stroke, QColor(0, 0, 0), 0.45 * stroke.opacity, width * 1.7)
    for stroke in strokes:
        _line(painter, stroke, QColor(sides[stroke.side]), stroke.opacity, width)
    painter.setPen(Qt.PenStyle.NoPen)
    for dot in dots:
        painter.setOpacity(dot.opacity)
        painter.setBrush(QColor(sides[dot.side]).darker(135))
        painter.drawEllipse(QPointF(*dot.centre), width * 0.95, width * 0.95)
        painter.setBrush(QColor(sides[dot.side]).lighter(125))
        painter.drawEllipse(QPointF(*dot.centre), width * 0.62, width * 0.62)
    painter.restore()


def outline(painter: QPainter, box: QRectF, em: float, *, firm: bool) -> None:
    """Draw a grey frame around a person who can be clicked; ``firm`` while hovered.

    It is light with a dark border, so that it is visible against any background.
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
    """Write a number next to a point, light on a dark plate to be legible on any background."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    metrics = QFontMetricsF(painter.font())
    em = metrics.height()
    width = metrics.horizontalAdvance(text) + 0.6 * em
    left = place[0] + 0.8 * em if rightward else place[0] - 0.8 * em - width
    plate = QRectF(left, place[1] - NUMBER_EMS / 2 * em, width, NUMBER_EMS * em)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(20, 22, 24, 190))
    painter.drawRoundedRect(plate, 0.3 * em, 0.3 * em)
    painter.setPen(QColor("#ffffff"))
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


def tag(
    painter: QPainter, text: str, place: tuple[float, float], colour: str, *, firm: bool
) -> None:
    """Write the number of a person on a disc of their colour, above a point; ``firm``, with a ring
    around it, for the selected person."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    radius = 0.75 * QFontMetricsF(painter.font()).height()
    disc = QRectF(place[0] - radius, place[1] - 2.2 * radius, 2 * radius, 2 * radius)
    paint_disc(painter, text, disc, colour, firm=firm)
    painter.restore()


def paint_disc(painter: QPainter, text: str, disc: QRectF, colour: str, *, firm: bool) -> None:
    """Draw the disc; ``firm`` with a light and a dark ring, visible on any background."""
    ring = 0.09 * disc.height()
    rings = ("#141618", "#ffffff", colour) if firm else (colour,)
    inner = disc if firm else disc.adjusted(ring, ring, -ring, -ring)
    painter.setPen(Qt.PenStyle.NoPen)
    for number, each in enumerate(rings):
        painter.setBrush(QColor(each))
        edge = number * ring
        painter.drawEllipse(inner.adjusted(edge, edge, -edge, -edge))
    font = painter.font()
    font.setBold(firm)
    painter.setFont(font)
    luminance = float(np.dot(rgb(colour), (0.299, 0.587, 0.114))) / 255
    painter.setPen(QColor("#141618" if luminance > _LIGHT else "#ffffff"))
    painter.drawText(disc, Qt.AlignmentFlag.AlignCenter, text)


def _line(painter: QPainter, stroke: Stroke, colour: QColor, opacity: float, width: float) -> None:
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setOpacity(opacity)
    painter.setPen(pen)
    painter.drawLine(QPointF(*stroke.start), QPointF(*stroke.end))
