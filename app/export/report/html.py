"""A report as a page."""

from __future__ import annotations

from app.export.file_options import Destination
from app.export.report.findings import measured
from app.export.report.numbers import as_csv, numbers
from app.export.report.page import page
from app.motion.data import MotionData


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`.  Raises ExportError if there are no frames."""
    found = measured(data, to.progress)
    to.file.write(page(data, found, as_csv(numbers(found)), to.name))
    to.progress(1.0)
    return {}
