"""Writes a report and the table of its numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.errors import ExportError
from app.export.report.findings import Findings
from app.export.report.numbers import as_csv, numbers
from app.export.report.page import page
from app.motion.data import MotionData
from app.system.files import write_together


def write(
    path: Path, data: MotionData, *, overwrite: bool, progress: Callable[[float], None]
) -> tuple[Path, ...]:
    """Write the page and, beside it, ``NAME.numbers.csv``, both or neither; return their paths.

    ``progress`` is given the share done, 0 to 1; an exception it raises cancels.  Raises OSError,
    and ExportError if there are no frames.
    """
    if not len(data.frame):
        raise ExportError("There is no frame to report on.")
    table = path.with_name(f"{path.stem}.numbers.csv")
    progress(0.0)
    found = Findings.of(data)
    progress(0.3)
    with write_together([table, path], overwrite=overwrite) as (numbers_file, page_file):
        numbers_file.write(as_csv(numbers(found)))
        page_file.write(page(data, found, table.name))
        progress(1.0)
    return path, table
