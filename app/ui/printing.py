"""Sheets of paper as a PDF: laid out and drawn by Qt, letters and lines as such, not as pixels.

Without a widget, so that any thread may do it, and the command line, too.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from PyQt6.QtCore import (
    QBuffer,
    QByteArray,
    QEventLoop,
    QIODevice,
    QLocale,
    QMarginsF,
    QObject,
    QPointF,
    QRectF,
    QSizeF,
    Qt,
)
from PyQt6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontMetricsF,
    QGuiApplication,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QTextBlock,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrame,
    QTextObjectInterface,
    QTextTable,
)
from PyQt6.QtSvg import QSvgRenderer

from app.errors import ExportError
from app.export.file_options import Sheets
from app.system.startup import forget_plugins_of_cv2
from app.ui.painting import painting

_LETTER: Final = frozenset(
    ("US", "CA", "MX", "PH", "CL", "CO", "CR", "GT", "NI", "PA", "PR", "SV", "VE", "BZ")
)
"""Territories whose paper is US letter (CLDR, supplemental data, ``paperSize``)."""
_MARGIN_MM: Final = 16.0
_DPI: Final = 1200
_SMALL_PT, _TEXT_PT = 8.0, 9.5
_SOFT: Final = "#555c64"
_GAP: Final = 2.0
"""Between head or foot and what stands between them, in lines."""
_LONG: Final = 0.6
"""Share of a page up to which a section stands on one."""
_LATE: Final = 0.7
"""Share of a page after which nothing begins that needs more than a page."""
_DRAWING: Final = "\ufffc"
"""The character that stands for one."""
_IMAGE: Final = QTextFormat.ObjectTypes.ImageObject.value
_application: QGuiApplication | None = None
"""The command line's own: Qt knows no letters without one."""


def pdf(sheets: Sheets, *, today: date | None = None, territory: str = "") -> bytes:
    """Lay out sheets and return the file.

    Args:
        sheets: what stands on them.
        today: stands in their head; the computer's date unless given.
        territory: decides the size of the paper, ISO 3166; the system's unless given.

    Raises:
        ExportError: nothing can be drawn on this computer.
    """
    _ready()
    # A text starts a timer to lay itself out, for which Qt misses a loop in a thread of Python's.
    _loop = QEventLoop()
    content, buffer = QByteArray(), QBuffer()
    buffer.setBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = _writer(buffer, sheets.title, territory)
    with painting(QPainter()) as painter:
        if not painter.begin(writer):
            raise ExportError(
                "This computer's Qt cannot draw a PDF. Save the report as HTML instead."
            )
        _Press(sheets, writer, today or date.today()).print_on(painter)
    buffer.close()
    return content.data()


def _writer(into: QBuffer, title: str, territory: str) -> QPdfWriter:
    writer = QPdfWriter(into)
    writer.setResolution(_DPI)
    writer.setTitle(f"Motion report: {title}")
    writer.setCreator("mixpose")
    paper = _paper(territory or QLocale.territoryToCode(QLocale.system().territory()))
    upright, unit = QPageLayout.Orientation.Portrait, QPageLayout.Unit.Millimeter
    writer.setPageLayout(QPageLayout(paper, upright, QMarginsF(*4 * [_MARGIN_MM]), unit))
    return writer


def _paper(territory: str) -> QPageSize:
    letter = territory.upper() in _LETTER
    return QPageSize(QPageSize.PageSizeId.Letter if letter else QPageSize.PageSizeId.A4)


def _ready() -> None:
    global _application
    if QGuiApplication.instance() is None:
        forget_plugins_of_cv2()
        # Elsewhere the system's own needs no screen either, and it knows the system's letters.
        platform = ["-platform", "offscreen"] if sys.platform == "linux" else []
        _application = QGuiApplication(["mixpose", *platform])


class _Drawings(QObject, QTextObjectInterface):
    """Draws the SVG that stands for a character of the text."""

    def __init__(self, drawings: Sequence[bytes], width: float) -> None:
        super().__init__()
        self._drawings = [QSvgRenderer(QByteArray(_without_outlines(svg))) for svg in drawings]
        self._width = width
        """Of a sheet, in the device's pixels."""

    def intrinsicSize(  # noqa: N802 - Qt names it
        self, doc: QTextDocument | None, at: int, how: QTextFormat
    ) -> QSizeF:
        """As wide as the text says, as high as that makes it."""
        image = how.toImageFormat()
        drawn = self._drawings[int(image.name())].viewBoxF()
        width = self._width * image.width()
        return QSizeF(width, width * drawn.height() / drawn.width())

    def drawObject(  # noqa: N802 - Qt names it
        self,
        painter: QPainter | None,
        rect: QRectF,
        doc: QTextDocument | None,
        at: int,
        how: QTextFormat,
    ) -> None:
        """Lines as lines."""
        self._drawings[int(how.toImageFormat().name())].render(painter, rect)


_Element = QTextBlock | QTextFrame


def _without_outlines(svg: bytes) -> bytes:
    """Where SVG has no stroke, Qt's PDF engine draws one as wide as was said last, a unit at first
    (Qt 6.11); of no width, it draws none."""
    begun = re.sub(rb"<svg[^>]*>", rb'\g<0><g stroke="none" stroke-width="0">', svg, count=1)
    return begun.replace(b"</svg>", b"</g></svg>")


@dataclass(frozen=True, slots=True)
class _Part:
    """What should stand on one sheet."""

    first: _Element
    top: float
    bottom: float


class _Press:
    """A document in pages, each with a head and a foot."""

    def __init__(self, sheets: Sheets, writer: QPdfWriter, today: date) -> None:
        self._writer, self._today, self._title = writer, today, sheets.title
        self._small = _letters(_SMALL_PT)
        self._line = QFontMetricsF(self._small, writer).lineSpacing()
        edge = _GAP * self._line
        self._page = QSizeF(writer.width(), writer.height() - 2 * edge)
        self._document = QTextDocument()
        layout = self._document.documentLayout()
        assert layout is not None
        self._layout = layout
        layout.setPaintDevice(writer)
        self._drawings = _Drawings(sheets.drawings, self._page.width())
        layout.registerHandler(_IMAGE, self._drawings)
        self._document.setDocumentMargin(0.0)
        self._document.setDefaultFont(_letters(_TEXT_PT))
        self._document.setHtml(sheets.html)
        self._document.setPageSize(self._page)
        self._keep_together()

    def print_on(self, painter: QPainter) -> None:
        """Every page."""
        count = self._document.pageCount()
        for page in range(count):
            if page:
                self._writer.newPage()
            self._print_edges(painter, page + 1, count)
            shown = QRectF(QPointF(0.0, page * self._page.height()), self._page)
            # Else the first line of the next sheet is there, cut away, but found by a search.
            shown.adjust(0.0, 1.0, 0.0, -1.0)
            painter.save()
            painter.translate(0.0, _GAP * self._line - page * self._page.height())
            painter.setPen(Qt.GlobalColor.black)
            self._document.drawContents(painter, shown)
            painter.restore()

    def _print_edges(self, painter: QPainter, page: int, count: int) -> None:
        """The head, which says of what and when, and the foot with the page's number."""
        painter.setFont(self._small)
        painter.setPen(QColor(_SOFT))
        width, height = self._writer.width(), self._writer.height()
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        when = self._today.isoformat()
        metrics = QFontMetricsF(self._small, self._writer)
        room = width - metrics.horizontalAdvance(f"{when}    ")
        title = metrics.elidedText(self._title, Qt.TextElideMode.ElideMiddle, room)
        for top, align, words in (
            (0.0, left, title),
            (0.0, right, when),
            (height - self._line, left, "mixpose"),
            (height - self._line, right, f"{page} of {count}"),
        ):
            painter.drawText(QRectF(0.0, top, width, self._line), align, words)

    def _keep_together(self) -> None:
        """Begin a new page before what would be cut in two."""
        done = 0
        while True:
            for number, part in enumerate(self._parts()):
                if number >= done and self._is_cut(part):
                    _begin_page(part.first)
                    done = number + 1
                    break
            else:
                return

    def _is_cut(self, part: _Part) -> bool:
        """Whether a part goes over the end of a page that it need not go over."""
        high = self._page.height()
        used = part.top % high
        if part.bottom - part.top > high:
            return used > _LATE * high
        return used + part.bottom - part.top > high + 1.0

    def _parts(self) -> list[_Part]:
        """Sections, or what of a long one belongs together."""
        parts: list[_Part] = []
        for section in self._sections():
            whole = self._joined(section)
            if whole.bottom - whole.top <= _LONG * self._page.height():
                parts.append(whole)
            else:
                parts += map(self._joined, _in_pieces(section))
        return parts

    def _sections(self) -> list[list[_Element]]:
        """Elements from one heading to the next."""
        sections: list[list[_Element]] = []
        for element in _elements(self._document):
            if self._rect(element).height() <= 0.0:
                continue
            if not sections or _is_heading(element):
                sections.append([])
            sections[-1].append(element)
        return sections

    def _joined(self, elements: Sequence[_Element]) -> _Part:
        first, last = elements[0], elements[-1]
        return _Part(first, self._rect(first).top(), self._rect(last).bottom())

    def _rect(self, element: _Element) -> QRectF:
        if isinstance(element, QTextFrame):
            return self._layout.frameBoundingRect(element)
        return self._layout.blockBoundingRect(element)


def _letters(size_pt: float) -> QFont:
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    font.setPointSizeF(size_pt)
    return font


def _elements(document: QTextDocument) -> Iterator[_Element]:
    """Blocks and tables, from the first to the last."""
    root = document.rootFrame()
    assert root is not None
    at = root.begin()
    while not at.atEnd():
        frame = at.currentFrame()
        yield at.currentBlock() if frame is None else frame
        at += 1


def _in_pieces(section: Sequence[_Element]) -> list[list[_Element]]:
    """Tables and drawings each with what is said before the first and behind them."""
    pieces: list[list[_Element]] = [[]]
    whole = False
    for element in section:
        main = _is_main(element)
        if main and whole:
            pieces.append([])
        whole = whole or main
        pieces[-1].append(element)
    return pieces


def _is_heading(element: _Element) -> bool:
    return isinstance(element, QTextBlock) and element.blockFormat().headingLevel() > 0


def _is_main(element: _Element) -> bool:
    """Whether it is a drawing, or a table of drawings or of more than a line."""
    if isinstance(element, QTextBlock):
        return _DRAWING in element.text()
    cursor = element.firstCursorPosition()
    cursor.setPosition(element.lastPosition(), QTextCursor.MoveMode.KeepAnchor)
    table = isinstance(element, QTextTable) and element.rows() > 1
    return table or _DRAWING in cursor.selectedText()


def _begin_page(element: _Element) -> None:
    before = QTextFormat.PageBreakFlag.PageBreak_AlwaysBefore
    if isinstance(element, QTextFrame):
        table = element.frameFormat()
        table.setPageBreakPolicy(before)
        element.setFrameFormat(table)
    else:
        block = element.blockFormat()
        block.setPageBreakPolicy(before)
        QTextCursor(element).setBlockFormat(block)
