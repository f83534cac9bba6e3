"""Writes a report as a page, or its numbers as a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from app.errors import ExportError
from app.export.report.findings import Findings
from app.export.report.numbers import as_csv, numbers
from app.export.report.page import page
from app.motion.data import MotionData


def write_page(
    file: BinaryIO, data: MotionData, *, name: str, progress: Callable[[float], None]
) -> dict[str, object]:
    """See :class:`app.export.registry.Write`.  Raises ExportError if there are no frames."""
    found = _measured(data, progress)
    table = as_csv(numbers(found))
    file.write(page(data, found, table, name))
    progress(1.0)
    return {}


def write_numbers(
    file: BinaryIO, data: MotionData, *, name: str, progress: Callable[[float], None]
) -> dict[str, object]:
    """See :class:`app.export.registry.Write`.  Raises ExportError if there are no frames."""
    rows = numbers(_measured(data, progress))
    file.write(as_csv(rows))
    progress(1.0)
    return {"rows": len(rows)}


def _measured(data: MotionData, progress: Callable[[float], None]) -> Findings:
    if not len(data.frame):
        raise ExportError("There is no frame to report on.")
    progress(0.0)
    found = Findings.of(data)
    progress(0.5)
    return found
