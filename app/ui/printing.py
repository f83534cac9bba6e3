"""Reports as paginated PDF, laid out and drawn by Qt, with text and lines as vectors.

No widget is used, so this works in any thread and from the command line.
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
"""Territories that use US letter paper (CLDR, supplemental data, ``paperSize``)."""
_MARGIN_MM: Final = 16.0
_DPI: Final = 1200
_SMALL_PT, _TEXT_PT = 8.0, 9.5
_GREY: Final = "#555c64"
_GAP: Final = 2.0
"""Height reserved for the header and for the footer, in lines of small text."""
_LARGEST_WHOLE: Final = 0.6
"""A section up to this fraction of a page is kept on one page."""
_LATEST_START: Final = 0.7
"""A part that is longer than a page does not begin below this fraction of a page."""
_DRAWING: Final = "\ufffc"
"""The object replacement character, which marks a drawing in a Qt document."""
_IMAGE: Final = QTextFormat.ObjectTypes.ImageObject.value
_application: QGuiApplication | None = None
"""The command line's application: without one, Qt has no fonts."""


def pdf(sheets: Sheets, *, today: date | None = None, territory: str = "") -> bytes:
    """Lay out a document and return the content of the PDF file.

    Args:
        sheets: the document's title, HTML and drawings.
        today: the date in the header; the computer's date unless given.
        territory: ISO 3166 code that decides the paper size; the system's unless given.

    Raises:
        ExportError: Qt cannot draw a PDF on this computer.
    """
    _ready()
    # A QTextDocument lays itself out by a timer, for which a Python thread needs an event loop.
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
        _PagePrinter(sheets, writer, today or date.today()).print_on(painter)
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
        # Elsewhere the system's platform plugin needs no screen and provides the system's fonts.
        platform = ["-platform", "offscreen"] if sys.platform == "linux" else []
        _application = QGuiApplication(["mixpose", *platform])


class _Drawings(QObject, QTextObjectInterface):
    """Draws an SVG in place of each object replacement character of the text."""

    def __init__(self, drawings: Sequence[bytes], width: float) -> None:
        super().__init__()
        self._drawings = [QSvgRenderer(QByteArray(_without_outlines(svg))) for svg in drawings]
        self._width = width
        """Width of a page, in device pixels."""

    def intrinsicSize(  # noqa: N802 - Qt names it
        self, doc: QTextDocument | None, at: int, how: QTextFormat
    ) -> QSizeF:
        """Return the drawing's size: the width that the text sets, the height in proportion."""
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
        """Draw the SVG as vectors."""
        self._drawings[int(how.toImageFormat().name())].render(painter, rect)


_Element = QTextBlock | QTextFrame


def _without_outlines(svg: bytes) -> bytes:
    """Return ``svg`` with a default stroke width of 0.

    For shapes without a stroke, Qt's PDF engine draws one of the last width that was set,
    initially one unit (Qt 6.11); with a width of 0 it draws none.
    """
    begun = re.sub(rb"<svg[^>]*>", rb'\g<0><g stroke="none" stroke-width="0">', svg, count=1)
    return begun.replace(b"</svg>", b"</g></svg>")


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the document that should not be split between pages."""

    first: _Element
    top: float
    bottom: float


class _PagePrinter:
    """Lays out a document in pages, each with a header and a footer."""

    def __init__(self, sheets: Sheets, writer: QPdfWriter, today: date) -> None:
        self._writer, self._today, self._title = writer, today, sheets.title
        self._small = _font(_SMALL_PT)
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
        self._document.setDefaultFont(_font(_TEXT_PT))
        self._document.setHtml(sheets.html)
        self._document.setPageSize(self._page)
        self._keep_together()

    def print_on(self, painter: QPainter) -> None:
        """Draw every page."""
        count = self._document.pageCount()
        for page in range(count):
            if page:
                self._writer.newPage()
            self._print_edges(painter, page + 1, count)
            shown = QRectF(QPointF(0.0, page * self._page.height()), self._page)
            # Otherwise the next page's first line is on this one too: clipped, but searchable.
            shown.adjust(0.0, 1.0, 0.0, -1.0)
            painter.save()
            painter.translate(0.0, _GAP * self._line - page * self._page.height())
            painter.setPen(Qt.GlobalColor.black)
            self._document.drawContents(painter, shown)
            painter.restore()

    def _print_edges(self, painter: QPainter, page: int, count: int) -> None:
        """Draw the header with title and date, and the footer with the page number."""
        painter.setFont(self._small)
        painter.setPen(QColor(_GREY))
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
        """Insert a page break before each part that would be split."""
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
        """Whether a part crosses a page boundary that it could avoid."""
        high = self._page.height()
        used = part.top % high
        if part.bottom - part.top > high:
            return used > _LATEST_START * high
        return used + part.bottom - part.top > high + 1.0

    def _parts(self) -> list[_Part]:
        """Return the short sections, and the pieces of the long ones."""
        parts: list[_Part] = []
        for section in self._sections():
            whole = self._joined(section)
            if whole.bottom - whole.top <= _LARGEST_WHOLE * self._page.height():
                parts.append(whole)
            else:
                parts += map(self._joined, _in_pieces(section))
        return parts

    def _sections(self) -> list[list[_Element]]:
        """Return the elements grouped by section, from one heading to the next."""
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


def _font(size_pt: float) -> QFont:
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    font.setPointSizeF(size_pt)
    return font


def _elements(document: QTextDocument) -> Iterator[_Element]:
    """Yield the document's blocks and tables in order."""
    root = document.rootFrame()
    assert root is not None
    at = root.begin()
    while not at.atEnd():
        frame = at.currentFrame()
        yield at.currentBlock() if frame is None else frame
        at += 1


def _in_pieces(section: Sequence[_Element]) -> list[list[_Element]]:
    """Split a section so that each piece has one table or drawing and the text that follows it;
    the first has the text before it too."""
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
    """Whether it is a drawing, a table that holds drawings, or a table of more than one row."""
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
