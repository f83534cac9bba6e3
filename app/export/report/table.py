"""A report's numbers as a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from app.export.report.findings import measured
from app.export.report.numbers import as_csv, numbers
from app.motion.data import MotionData


def write(
    file: BinaryIO, data: MotionData, *, name: str, progress: Callable[[float], None]
) -> dict[str, object]:
    """See :class:`app.export.registry.Write`.  Raises ExportError if there are no frames."""
    rows = numbers(measured(data, progress))
    file.write(as_csv(rows))
    progress(1.0)
    return {"rows": len(rows)}
