"""A report's numbers as a table."""

from __future__ import annotations

from app.export.file_options import Destination
from app.export.report.findings import measured
from app.export.report.numbers import as_csv, numbers
from app.motion.data import MotionData


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`.  Raises ExportError if there are no frames."""
    rows = numbers(measured(data, to.progress))
    to.file.write(as_csv(rows))
    to.progress(1.0)
    return {"rows": len(rows)}
