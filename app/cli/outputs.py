"""Which table each source of ``lift`` goes to, and whether it can be written there at all.

Looked at before the work starts: an hour of lifting must not end at a folder that never existed.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from app.cli.exits import UsageError
from app.export.registry import FORMATS
from app.files import names_in_turn, plain_reason, safe_name


@dataclass(frozen=True, slots=True)
class Job:
    """One source and the table it becomes."""

    source: str
    table: Path


def plan(sources: Sequence[str], output: str) -> list[Job]:
    """Pair each source with a file of its own.

    Args:
        sources: as given on the command line.
        output: a file for one source; a folder for one or several, which need not exist yet if
            its parent does.

    Raises:
        UsageError: ``output`` does not fit, or cannot be written to.
    """
    target = Path(output)
    is_folder = target.is_dir() or output.endswith(("/", os.sep))
    if len(sources) == 1 and not is_folder:
        if target.suffix.lower().lstrip(".") not in FORMATS:
            raise UsageError(
                f"What should {target} be? End it with {_endings()}, or with / for a folder."
            )
        _require_writable(target.parent)
        return [Job(sources[0], target)]
    if not is_folder and target.suffix.lower().lstrip(".") in FORMATS:
        raise UsageError(f"Several sources need a folder after -o, not one file ({target}).")
    _require_writable(target if os.path.lexists(target) else target.parent)
    return [
        Job(source, table) for source, table in zip(sources, _tables(sources, target), strict=True)
    ]


def require_free(table: Path, *, force: bool) -> None:
    """Raise UsageError if ``table`` or its sidecar exists and may not be replaced."""
    for path in (table, table.with_name(f"{table.name}.json")):
        if not force and os.path.lexists(path):
            raise UsageError(
                f"{path} exists already. Choose another name, or add --force to replace it."
            )


def make_folder(folder: Path) -> None:
    """Make the last part of ``folder``, now that there is something to put into it."""
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise UsageError(f"The folder {folder} cannot be made: {plain_reason(error)}.") from error


def _tables(sources: Sequence[str], folder: Path) -> Iterator[Path]:
    """A file in ``folder`` for each source; equal names are numbered in the order given."""
    taken: set[str] = set()
    for source in sources:
        names = names_in_turn(folder / f"{_stem(source)}.csv")
        # Compared as on the disks of Windows and macOS, where Dance.csv is dance.csv.
        table = next(name for name in names if name.name.casefold() not in taken)
        taken.add(table.name.casefold())
        yield table


def _stem(source: str) -> str:
    if "://" in source:
        address = urlsplit(source)
        return safe_name(PurePosixPath(address.path).stem or address.hostname or "", "stream")
    return safe_name(Path(source).stem, "source")


def _require_writable(folder: Path) -> None:
    """Try it: permissions alone say little on network disks, on Windows and to root."""
    if not folder.is_dir():
        what = "is not a folder" if os.path.lexists(folder) else "does not exist"
        raise UsageError(f"The folder to write to, {folder}, {what}.")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageError(
            f"The folder {folder} cannot be written to: {plain_reason(error)}."
        ) from error


def _endings() -> str:
    return " or ".join(f".{ending}" for ending in FORMATS)
