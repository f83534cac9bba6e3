"""The formats poses can be exported to, and the one way to do it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from app.errors import ExportError
from app.export import csv_table
from app.export.motion import MotionData
from app.files import plain_reason


class Write(Protocol):
    """Writes every file of an export, all or none, and returns their paths.

    Calls ``progress`` with the share done, 0 to 1; an exception it raises cancels.  Raises OSError.
    """

    def __call__(
        self, path: Path, data: MotionData, *, overwrite: bool, progress: Callable[[float], None]
    ) -> tuple[Path, ...]: ...


@dataclass(frozen=True, slots=True)
class Exporter:
    """One format."""

    label: str
    """As a person chooses it."""
    suffix: str
    write: Write


FORMATS: Final = {
    "csv": Exporter("Table (CSV)", ".csv", csv_table.write),
}


def export(
    path: Path,
    data: MotionData,
    kind: str = "csv",
    *,
    overwrite: bool = False,
    progress: Callable[[float], None] = lambda share: None,
) -> tuple[Path, ...]:
    """Write ``data`` to ``path`` in the format ``kind``; return every file written.

    The folder must exist.  Files there are replaced only if ``overwrite`` says so, and on any error
    they are as they were.  Raises ExportError if a file cannot be written, KeyError for an unknown
    format, and whatever ``progress`` raises to cancel.
    """
    try:
        return FORMATS[kind].write(path, data, overwrite=overwrite, progress=progress)
    except FileExistsError as error:
        raise ExportError(
            f"{error.filename or path} exists already. Choose another name, or allow overwriting."
        ) from error
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {plain_reason(error)}.") from error
