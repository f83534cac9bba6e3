"""The report on sheets of paper, read back by another reader: Qt's own of PDF, which is PDFium."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QBuffer, QByteArray
from PyQt6.QtGui import QImage, QPainter
from PyQt6.QtPdf import QPdfDocument

from app.errors import ExportError
from app.export.file_options import FileOptions, Sheets
from app.export.registry import export
from app.export.report.findings import Findings
from app.export.report.numbers import numbers
from app.export.report.sheets import sheets
from app.motion.data import MotionData
from app.ui.printing import pdf
from tests.support.disks import small_disk
from tests.support.drawn_walker import STRIDE_S, walker
from tests.support.motion import motion

pytestmark = pytest.mark.usefixtures("qapp")

PRINTED = FileOptions(printer="app.ui.printing:pdf")
SQUARE = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0H9V9H0z"/></svg>'


class Read:
    """A PDF as somebody else reads it."""

    def __init__(self, content: bytes) -> None:
        self._buffer = QBuffer()
        self._buffer.setData(QByteArray(content))
        self._buffer.open(QBuffer.OpenModeFlag.ReadOnly)
        self.document = QPdfDocument(None)
        self.document.load(self._buffer)
        assert self.document.status() == QPdfDocument.Status.Ready
        self.pages = [
            self.document.getAllText(page).text() for page in range(self.document.pageCount())
        ]
        self.text = "\n".join(self.pages)

    def picture(self, page: int) -> np.ndarray:
        """(800, 566) how dark it is, 0 to 255."""
        paper = QImage(566, 800, QImage.Format.Format_Grayscale8)
        paper.fill(255)
        painter = QPainter(paper)
        painter.drawImage(0, 0, self.document.render(page, paper.size()))
        painter.end()
        bits = paper.constBits()
        assert bits is not None
        grey = np.frombuffer(bits.asarray(paper.sizeInBytes()), np.uint8).reshape(800, -1)
        return 255 - grey[:, :566].astype(int)


def report_of(data: MotionData) -> Sheets:
    return sheets(data, Findings.of(data))


def laid_out(html: str, drawings: Sequence[bytes] = (), territory: str = "DE") -> Read:
    sheets = Sheets(html, tuple(drawings), "A title")
    return Read(pdf(sheets, today=date(2026, 12, 1), territory=territory))


def test_a_walkers_report_can_be_read_on_paper(tmp_path: Path) -> None:
    files = export(tmp_path / "walk.pdf", walker(), "pdf", options=PRINTED)
    assert set(tmp_path.iterdir()) == set(files)
    read = Read((tmp_path / "walk.pdf").read_bytes())
    for words in ("Motion report", "Moments", "Walking", "Range of motion", "Angles over time"):
        assert words in read.text
    assert f"{120 / STRIDE_S:.0f}" in read.text
    assert "steps a minute" in read.text
    assert "Kamera „Süd“" in read.text
    assert "seconds" in read.text, "letters of charts are letters, too"
    content = (tmp_path / "walk.pdf").read_bytes()
    assert b"/FontFile2" in content or b"/FontFile3" in content or b"/FontFile" in content
    assert b"/Subtype /Image" not in content, "lines are lines"


def test_it_says_the_numbers_of_the_table() -> None:
    data = motion(80)
    found = Findings.of(data)
    text = Read(pdf(sheets(data, found))).text.replace("−", "-")
    widths = [row for row in numbers(found) if row.measure == "range"]
    assert len(widths) > 10
    for row in widths:
        assert row.value is not None
        assert f"({round(row.value)})" in text


def test_every_sheet_says_of_what_it_is_when_and_which() -> None:
    read = laid_out("".join(f"<p>Line {number}</p>" for number in range(200)))
    assert len(read.pages) > 2
    for number, text in enumerate(read.pages, start=1):
        assert "A title" in text
        assert "2026-12-01" in text
        assert f"{number} of {len(read.pages)}" in text
    found = [int(each) for each in re.findall(r"Line (\d+)", read.text)]
    assert found == list(range(200)), "nothing is lost between two sheets, nor twice there"


def test_a_heading_stands_with_its_table_and_no_drawing_is_cut() -> None:
    lines = "".join("<p>Line</p>" for _ in range(12))
    table = "<table><tr><td>First row</td></tr>" + "<tr><td>Row</td></tr>" * 20 + "</table>"
    for more in range(12):
        filler = "<p>Filler</p>" * (22 + 2 * more)
        read = laid_out(f"{filler}<h2>Heading</h2><p>About</p>{table}<p>Note</p>{lines}")
        (page,) = (text for text in read.pages if "Heading" in text)
        assert "First row" in page, f"with {more}"
        assert page.count("Row") == 20
        drawn = laid_out(f'{filler}<h2>Heading</h2><p><img src="0" width="0.4" /></p>', [SQUARE])
        (page_number,) = (n for n, text in enumerate(drawn.pages) if "Heading" in text)
        dark = (drawn.picture(page_number) > 200).sum(axis=1)
        # 0.4 of the sheet's width less its margins, 178 mm.
        assert (dark > 150).sum() == pytest.approx(0.4 * 178 / 297 * 800, abs=3), f"with {more}"


def test_a_table_longer_than_a_sheet_repeats_its_head() -> None:
    rows = "".join(f"<tr><td>Row {number}</td></tr>" for number in range(120))
    read = laid_out(f"<h2>Long</h2><table><thead><tr><th>Head</th></tr></thead>{rows}</table>")
    assert all("Head" in text for text in read.pages)
    assert [int(each) for each in re.findall(r"Row (\d+)", read.text)] == list(range(120))
    assert "Row 0" in read.pages[0]


@pytest.mark.parametrize(
    ("territory", "points"), [("US", (612, 792)), ("CA", (612, 792)), ("DE", (595, 842))]
)
def test_the_paper_is_that_of_the_country(territory: str, points: tuple[int, int]) -> None:
    size = laid_out("<p>x</p>", territory=territory).document.pagePointSize(0)
    assert (round(size.width()), round(size.height())) == points


def test_a_sheet_is_not_blank_and_nothing_stands_in_its_margins() -> None:
    read = Read(pdf(report_of(walker())))
    for page in range(len(read.pages)):
        dark = read.picture(page) > 60
        assert dark.mean() > 0.002
        edge = round(14 / 297 * 800)  # 16 mm less what letters hang over
        assert not dark[:edge].any()
        assert not dark[-edge:].any()
        assert not dark[:, :edge].any()
        assert not dark[:, -edge:].any()


def test_it_is_made_beside_the_windows_thread(qtlog: Any) -> None:
    made: list[bytes] = []
    report = report_of(walker())
    thread = threading.Thread(target=lambda: made.append(pdf(report)))
    thread.start()
    thread.join(60)
    assert "Walking" in Read(made[0]).text
    assert [each.message for each in qtlog.records] == []


def test_a_title_from_a_stranger_is_but_words() -> None:
    hostile = '<img src="/etc/passwd"><h1>x</h1>'
    read = Read(pdf(Sheets("<p>x</p>", (), hostile * 20)))
    assert len(read.pages) == 1
    assert "…" in read.text


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 16 * 1024) as disk:
        with pytest.raises(ExportError, match=r"cannot be written: the disk is full\."):
            export(disk / "a.pdf", walker(), "pdf", options=PRINTED)
        assert list(disk.iterdir()) == []


def test_cancelling_leaves_nothing(tmp_path: Path) -> None:
    def cancel(share: float) -> None:
        if share > 0.6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(tmp_path / "a.pdf", walker(), "pdf", options=PRINTED, progress=cancel)
    assert list(tmp_path.iterdir()) == []
