"""Thumbnails of recordings as icons of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPalette, QPixmap

from app.render import colours
from app.ui import icons
from app.ui.painting import painting
from app.ui.presenters import picture as geometry
from app.ui.views import kit, strokes
from models.visibility import seen_mask

if TYPE_CHECKING:
    from app.recording.preview import Preview

_ROUND: Final = 0.06
"""Radius of the corners, relative to the height."""
_MARGIN: Final = 0.25
"""Margin around a drawn person, relative to their size."""


def thumbnail(
    preview: Preview | None, size: QSize, ratio: float, palette: QPalette, *, damaged: bool
) -> QIcon:
    """Return the picture of a recording, or its skeleton, or a symbol if it is damaged or empty.

    Args:
        preview: the recording's preview; None if it is not loaded yet or damaged.
        size: size of the icon, logical pixels.
        ratio: device pixel ratio of the screen.
        palette: palette of the list.
        damaged: whether the recording cannot be read.
    """
    pixmap = QPixmap(round(size.width() * ratio), round(size.height() * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    with painting(QPainter(pixmap)) as painter:
        _draw(painter, size, preview, palette, damaged=damaged)
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # otherwise Qt makes it pale in a selected row
    return icon


def _draw(
    painter: QPainter, size: QSize, preview: Preview | None, palette: QPalette, *, damaged: bool
) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    whole = QRectF(0, 0, size.width(), size.height())
    edge = QPainterPath()
    edge.addRoundedRect(whole, _ROUND * whole.height(), _ROUND * whole.height())
    painter.setClipPath(edge)
    painter.fillRect(whole, palette.color(QPalette.ColorRole.Shadow))
    if damaged or (preview is not None and preview.picture is None and not preview.tracked):
        _sign(painter, whole, "warning" if damaged else "person", palette)
    elif preview is not None:
        _paint(painter, whole, preview)


def _sign(painter: QPainter, whole: QRectF, name: str, palette: QPalette) -> None:
    side = 0.45 * whole.height()
    place = QRectF(0, 0, side, side)
    place.moveCenter(whole.center())
    icons.paint(name, painter, place, QColor(palette.color(QPalette.ColorRole.PlaceholderText)))


def _paint(painter: QPainter, whole: QRectF, preview: Preview) -> None:
    pane = (whole.width(), whole.height())
    if preview.picture is not None:
        place = geometry.place(preview.size, pane, fill=False, mirror=False)
        pixels = np.ascontiguousarray(preview.picture)
        target = QRectF(place.left, place.top, place.width, place.height)
        painter.drawImage(target, kit.image(pixels))
    elif preview.tracked:
        seen = seen_mask(preview.conf[None])[0] & np.isfinite(preview.xy).all(axis=1)
        if not seen.any():
            return
        # The person fills the icon, as there is no picture around them to be shown.
        low, high = preview.xy[seen].min(axis=0), preview.xy[seen].max(axis=0)
        wide, tall = (high - low + _MARGIN * (high - low).max() + 1.0).tolist()
        place = geometry.place((wide, tall), pane, fill=False, mirror=False)
        corner = (low + high) / 2 - np.array((wide, tall)) / 2
        points = place.to_pane(preview.xy - corner, (wide, tall))
        lines, dots = geometry.figure(points, seen, colours.opacity(preview.conf))
        strokes.paint(painter, lines, dots, max(1.0, 0.045 * whole.height()))
