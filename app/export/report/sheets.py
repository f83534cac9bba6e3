"""The report as PDF: the same sections, in HTML simple enough for Qt's rich text.

The layout is done by :attr:`app.export.file_options.FileOptions.printer`: it needs Qt, which only
the window's room imports.
"""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Final

from markupsafe import Markup

from app.export.file_options import Destination, Sheets
from app.export.report.charts import WIDE_IN, Drawing
from app.export.report.content import rendered
from app.export.report.findings import Findings, measured
from app.motion.data import MotionData

_DRAWN: Final = 0.8
"""Fraction of the work that is done before the layout."""


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`.  Raises ExportError if there are no frames."""
    assert to.options.printer is not None, "app.export.registry.require asks for one"
    found = measured(data, to.progress)
    report = sheets(data, found)
    to.progress(_DRAWN)
    to.file.write(resolve_name(to.options.printer)(report))
    to.progress(1.0)
    return {}


def sheets(data: MotionData, found: Findings) -> Sheets:
    """Return the sheets of a motion."""
    drawings: list[bytes] = []

    def number(drawing: Drawing) -> Markup:
        drawings.append(drawing.svg.encode())
        share = drawing.width_in / WIDE_IN
        return Markup('<img src="{}" width="{:.3f}" />').format(len(drawings) - 1, share)

    html = rendered("sheets.html", data, found, number)
    return Sheets(html, tuple(drawings), data.provenance.source)
