"""The status line at the bottom of the window: frame rates, latency, devices."""

from __future__ import annotations

from typing import Final

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from app.ui.views import kit
from app.ui.words import Segment

_ELIDE: Final = Qt.TextElideMode.ElideRight


class StatusLine(QWidget):
    """Segments of text, each explained by its tooltip, and a message at the right."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("statusline")
        gap = kit.ems(self, 0.35)
        self._row = kit.spaced(QHBoxLayout(self), 0, margins=(2 * gap, gap, 2 * gap, gap))
        self._pieces: list[QLabel] = []
        self._message = kit.label(dim=True)
        self._message.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._row.addSpacing(4 * gap)
        self._row.addWidget(self._message, 1)
        self.setMinimumHeight(kit.ems(self, 1.7))

    @property
    def words(self) -> str:
        return "".join(piece.text() for piece in self._pieces if not piece.isHidden())

    @property
    def message(self) -> str:
        return self._message.text()

    def show_segments(self, segments: tuple[Segment, ...]) -> None:
        while len(self._pieces) < len(segments):
            self._add_piece()
        for index, piece in enumerate(self._pieces):
            piece.setVisible(index < len(segments))
            if index < len(segments):
                segment = segments[index]
                text = segment.text if index == 0 else f"  ·  {segment.text}"
                if piece.text() != text:
                    piece.setText(text)
                if piece.toolTip() != segment.explained:
                    piece.setToolTip(segment.explained)
                kit.restyle(piece, "dim", not segment.warn)

    def show_message(self, text: str) -> None:
        """Show a sentence at the right, such as that OpenGL is missing."""
        if text != self._message.toolTip():
            self._message.setToolTip(text)
        metrics = self._message.fontMetrics()
        from_right = text and metrics.elidedText(
            text, _ELIDE, max(0, self._message.width() - kit.ems(self, 1))
        )
        self._message.setText(from_right)

    def _add_piece(self) -> None:
        piece = kit.label(dim=True)
        self._row.insertWidget(len(self._pieces), piece)
        self._pieces.append(piece)
