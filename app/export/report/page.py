"""The report as a self-contained HTML page."""

from __future__ import annotations

import base64

from markupsafe import Markup

from app.export.file_options import Destination
from app.export.report.charts import Drawing
from app.export.report.content import rendered
from app.export.report.findings import Findings, measured
from app.export.report.numbers import as_csv, numbers
from app.motion.data import MotionData


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`.  Raises ExportError if there are no frames."""
    found = measured(data, to.progress)
    to.file.write(page(data, found, as_csv(numbers(found)), to.name))
    to.progress(1.0)
    return {}


def page(data: MotionData, found: Findings, table: bytes, name: str) -> bytes:
    """Return the page of a motion, UTF-8, for a file ``name``; it includes the ``table`` of
    numbers."""
    return rendered(
        "page.html",
        data,
        found,
        _inline,
        table=base64.b64encode(table).decode("ascii"),
        table_name=f"{name.removesuffix('.html')}.numbers.csv",
    ).encode()


def _inline(drawing: Drawing) -> Markup:
    label = Markup('<svg role="img" aria-label="{}"').format(drawing.title)
    return Markup(drawing.svg.replace("<svg", label, 1))
