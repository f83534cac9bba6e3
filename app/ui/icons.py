"""The window's icons: small line drawings kept as SVG text, painted in the palette's text colour.

They are drawn at the requested size and pixel ratio, so they stay sharp at any scaling, and follow
a change of theme automatically because the colour is looked up while painting.
"""

from __future__ import annotations

from typing import Final

from PyQt6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PyQt6.QtSvg import QSvgRenderer

from app.ui.painting import painting

_SHAPES: Final = {
    "play": '<path d="M7 4.5v15l12.5-7.5z" fill="C"/>',
    "pause": '<path d="M7.5 5v14M16.5 5v14" stroke-width="3.4"/>',
    "first": '<path d="M6 5v14"/><path d="M19 5.5v13L9.5 12z" fill="C"/>',
    "step": '<path d="M5.5 5.5v13L13 12z" fill="C"/><path d="M17.5 5v14"/>',
    "back": '<path d="M18.5 5.5v13L11 12z" fill="C"/><path d="M6.5 5v14"/>',
    "loop": '<path d="M4.5 11V9.5a3 3 0 0 1 3-3h11M15.5 3.5l3 3-3 3"/>'
    '<path d="M19.5 13v1.5a3 3 0 0 1-3 3h-11M8.5 20.5l-3-3 3-3"/>',
    "export": '<path d="M12 14.5v-11M7.8 7.2 12 3l4.2 4.2M4.5 14v4.5a2 2 0 0 0 2 2h11'
    'a2 2 0 0 0 2-2V14"/>',
    "settings": '<path d="M4 7h9M19 7h1M4 17h1M11 17h9"/><circle cx="16" cy="7" r="2.6"/>'
    '<circle cx="8" cy="17" r="2.6"/>',
    "mirror": '<path d="M12 3v18" stroke-dasharray="2.2 2.4"/><path d="M8.5 7v10H3z"/>'
    '<path d="M15.5 7v10H21z" fill="C"/>',
    "fill": '<path d="M9 4.5H4.5V9M15 4.5h4.5V9M9 19.5H4.5V15M15 19.5h4.5V15"/>',
    "fit": '<path d="M4.5 9H9V4.5M19.5 9H15V4.5M4.5 15H9v4.5M19.5 15H15v4.5"/>',
    "follow": '<circle cx="12" cy="12" r="6.5"/><circle cx="12" cy="12" r="1.6" fill="C"/>'
    '<path d="M12 2.5v3.4M12 18.1v3.4M2.5 12h3.4M18.1 12h3.4"/>',
    "plot": '<path d="M4 4v14.5a1.5 1.5 0 0 0 1.5 1.5H20"/><path d="m7.5 14.5 3.5-5 3.5 3L19 6"/>',
    "angle": '<path d="M4.5 19.5h15M4.5 19.5 15.5 5"/><path d="M9.2 13.4a7.6 7.6 0 0 1 3.4 6.1"/>',
    "whole": '<path d="M13.5 10.5 20 4M14.5 4H20v5.5M10.5 13.5 4 20M4 14.5V20h5.5"/>',
    "level": '<path d="M12 4v11.5M8.5 12l3.5 3.5L15.5 12M3.5 19.5h17"/>',
    "reset": '<path d="M4 4.5V10h5.5"/><path d="M4.6 10a8 8 0 1 1-.4 4.4"/>',
    "eye": '<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z"/>'
    '<circle cx="12" cy="12" r="2.8"/>',
    "chevron": '<path d="M6.5 9.5 12 15l5.5-5.5"/>',
    "close": '<path d="m6 6 12 12M18 6 6 18"/>',
    "camera": '<path d="M3.5 8.5a2 2 0 0 1 2-2h8.5a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H5.5a2 2 0 0 1-2-2'
    'z"/>'
    '<path d="m16 11 4.5-2.7v7.4L16 13"/>',
    "no_camera": '<path d="M9 6.5h5a2 2 0 0 1 2 2v4.6M15.6 17a2 2 0 0 1-1.6.5H5.5a2 2 0 0 1-2-2v-7'
    'a2 2 0 0 1 1.4-1.9"/><path d="m16 11 4.5-2.7v7.4L17.5 14M3 3l18 18"/>',
    "person": '<circle cx="12" cy="5.4" r="2.4"/><path d="M12 8.5v6M5.5 10.5 12 9.5l6.5 1'
    'M8 21l4-6.5L16 21"/>',
    "warning": '<path d="M12 4 2.8 19.5h18.4z"/><path d="M12 10v4.5M12 17v.4"/>',
    "check": '<path d="m4.5 12.5 5 5 10-11"/>',
    "folder": '<path d="M3.5 6.5a1.5 1.5 0 0 1 1.5-1.5h4.5l2 2.5H19a1.5 1.5 0 0 1 1.5 1.5v8.5'
    'a1.5 1.5 0 0 1-1.5 1.5H5a1.5 1.5 0 0 1-1.5-1.5z"/>',
    "drop": '<path d="M12 3.5v11M7.5 10.5l4.5 4.5 4.5-4.5"/><path d="M4 17.5v3h16v-3"/>',
}
NAMES: Final = tuple(_SHAPES)


def _svg(name: str, colour: QColor) -> QByteArray:
    text = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="C" '
        f'stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round">{_SHAPES[name]}</svg>'
    )
    return QByteArray(text.replace('"C"', f'"{colour.name()}"').encode())


def paint(name: str, painter: QPainter, rect: QRectF, colour: QColor) -> None:
    """Draw the named icon into ``rect`` (logical pixels)."""
    painter.save()
    painter.setOpacity(painter.opacity() * colour.alphaF())
    QSvgRenderer(_svg(name, colour)).render(painter, rect)
    painter.restore()


class _Engine(QIconEngine):
    """Paints one icon in the current text colour."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def paint(
        self, painter: QPainter | None, rect: QRect, mode: QIcon.Mode, _state: QIcon.State
    ) -> None:
        if painter is None:
            return
        disabled = mode == QIcon.Mode.Disabled
        group = QPalette.ColorGroup.Disabled if disabled else QPalette.ColorGroup.Active
        colour = QGuiApplication.palette().color(group, QPalette.ColorRole.ButtonText)
        paint(self._name, painter, QRectF(rect), colour)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        picture = QPixmap(size)
        picture.fill(Qt.GlobalColor.transparent)
        with painting(QPainter(picture)) as painter:
            self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        return picture

    def clone(self) -> QIconEngine:
        return _Engine(self._name)


def icon(name: str) -> QIcon:
    """Return the named icon.  Raises KeyError for an unknown name."""
    if name not in _SHAPES:
        raise KeyError(f"no icon called {name!r}")
    return QIcon(_Engine(name))
