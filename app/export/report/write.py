"""Writes a report, its sidecar and the table of its numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.errors import ExportError
from app.export.report.findings import Findings
from app.export.report.numbers import as_csv, numbers
from app.export.report.page import page
from app.export.sidecar import describe
from app.motion.data import MotionData
from app.system.files import write_together


def write(
    path: Path, data: MotionData, *, overwrite: bool, progress: Callable[[float], None]
) -> tuple[Path, ...]:
    """Write the page, its sidecar and ``NAME.numbers.csv``, all or none; return their paths.

    ``progress`` is given the share done, 0 to 1; an exception it raises cancels.  Raises OSError,
    and ExportError if there are no frames.
    """
    if not len(data.frame):
        raise ExportError("There is no frame to report on.")
    table = path.with_name(f"{path.stem}.numbers.csv")
    progress(0.0)
    found = Findings.of(data)
    progress(0.3)
    sidecar = path.with_name(f"{path.name}.json")
    with write_together([sidecar, table, path], overwrite=overwrite) as files:
        description, numbers_file, page_file = files
        description.write(describe(data, table_name=path.name, numbers=table.name))
        numbers_file.write(as_csv(numbers(found)))
        page_file.write(page(data, found, table.name))
        progress(1.0)
    return path, sidecar, table
