"""A report as a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from app.export.report.findings import measured
from app.export.report.numbers import as_csv, numbers
from app.export.report.page import page
from app.motion.data import MotionData


def write(
    file: BinaryIO, data: MotionData, *, name: str, progress: Callable[[float], None]
) -> dict[str, object]:
    """See :class:`app.export.registry.Write`.  Raises ExportError if there are no frames."""
    found = measured(data, progress)
    file.write(page(data, found, as_csv(numbers(found)), name))
    progress(1.0)
    return {}
