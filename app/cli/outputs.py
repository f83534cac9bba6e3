"""The output file of each source of ``lift`` and ``export``, and checks that it can be written.

They are made before the work starts: an hour of lifting must not fail for a missing folder.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from app.cli.exits import UsageError
from app.cli.file_options import require
from app.export.file_options import AS_USUAL, FileOptions
from app.export.people_names import files_there, person_file
from app.export.registry import FORMATS, Exporter, endings, formats_of, sidecar_of
from app.system.files import names_in_turn, plain_reason, safe_name

DEFAULT: Final = "csv"


def choose(output: str, wanted: str | None, name: str) -> tuple[Path, str]:
    """Return file and format of an export of the recording ``name``.

    Args:
        output: a file, or a folder for a file named after the recording.
        wanted: the format; None for that of the file's extension, or a table in a folder.

    Raises:
        UsageError: there is no such format, or it does not fit the file's extension.
    """
    if wanted is not None and wanted not in FORMATS:
        raise UsageError(f"'{wanted}' is not a format. Choose one of: {', '.join(FORMATS)}.")
    path = Path(output)
    if path.is_dir() or output.endswith(("/", os.sep)):
        kind = wanted or DEFAULT
        return FORMATS[kind].file(path, name), kind
    fitting = formats_of(path)
    if wanted is None:
        if not fitting:
            raise UsageError(
                f"What should {path} be? End it with {endings()}, or say it with --to."
            )
        return path, fitting[0]
    if fitting and wanted not in fitting:
        raise UsageError(
            f"{path} ends like {fitting[0]}, but --to says {wanted}. "
            f"End it with {FORMATS[wanted].suffix}, or leave --to out."
        )
    return path, wanted


@dataclass(frozen=True, slots=True)
class Job:
    """One source and its output file."""

    source: str
    table: Path
    kind: str = DEFAULT
    """The format, a key of ``app.export.registry.FORMATS``."""


def plan(
    sources: Sequence[str],
    output: str,
    wanted: str | None = None,
    options: FileOptions = AS_USUAL,
) -> list[Job]:
    """Pair each source with a unique output file.

    Args:
        sources: as given on the command line.
        output: a file for one source; a folder for one or several, which need not exist yet if
            its parent does.
        wanted: the format; None for that of the file's extension, or CSV in a folder.
        options: of the format.

    Raises:
        UsageError: ``output`` does not fit, or is not writable.
        ExportError: the format needs a missing library, or does not allow the options.
    """
    target = Path(output)
    is_folder = target.is_dir() or output.endswith(("/", os.sep))
    if len(sources) > 1 and not is_folder:
        if target.name.lower().endswith(tuple(each.suffix for each in FORMATS.values())):
            raise UsageError(f"Several sources need a folder after -o, not one file ({target}).")
        is_folder, output = True, f"{output}{os.sep}"
    file, kind = choose(output, wanted, "")
    require(kind, options)
    if not is_folder:
        require_writable(target.parent)
        return [Job(sources[0], file, kind)]
    require_writable(target if os.path.lexists(target) else target.parent)
    files = _files(sources, target, FORMATS[kind])
    return [Job(source, each, kind) for source, each in zip(sources, files, strict=True)]


def require_free(table: Path, *, force: bool) -> None:
    """Raise UsageError if ``table`` or its sidecar exists and may not be replaced, or if its name
    is not valid Unicode or too long for the file system."""
    try:
        table.name.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"The name {table.name} has broken letters. Choose another.") from error
    for path in (table, sidecar_of(table)):
        if _is_too_long(path):
            raise UsageError(f"The name {path.name} is too long. Choose a shorter one.")
        if not force and os.path.lexists(path):
            raise UsageError(_taken(path))


def require_free_of_people(table: Path, kind: str, *, force: bool) -> None:
    """The same for the files of all people in a clip, whose number is not known yet."""
    require_free(person_file(table, kind, 1), force=force)
    for paths in files_there(table, kind).values():
        if not force:
            raise UsageError(_taken(paths[0]))


def require_room_for_people(kind: str) -> None:
    """Raise UsageError unless a file of the format ``kind`` can contain several people."""
    if not FORMATS[kind].people:
        able = " and ".join(name for name, each in FORMATS.items() if each.people)
        raise UsageError(f"--one-file needs a long table: --to {able} are such, not {kind}.")


def _taken(path: Path) -> str:
    return f"{path} exists already. Choose another name, or add --force to replace it."


def _is_too_long(path: Path) -> bool:
    try:
        os.lstat(path)
    except OSError as error:
        return error.errno == errno.ENAMETOOLONG
    return False


def _files(sources: Sequence[str], folder: Path, exporter: Exporter) -> Iterator[Path]:
    """Return a file in ``folder`` for each source; equal names are numbered in the order given."""
    taken: set[str] = set()
    for source in sources:
        stems = names_in_turn(Path(_stem(source)), "")
        names = (exporter.file(folder, stem.name) for stem in stems)
        # Without case, as by the file systems of Windows and macOS.
        table = next(name for name in names if name.name.casefold() not in taken)
        taken.add(table.name.casefold())
        yield table


def _stem(source: str) -> str:
    if "://" in source:
        address = urlsplit(source)
        return safe_name(PurePosixPath(address.path).stem or address.hostname or "", "stream")
    return safe_name(Path(source).stem, "source")


def require_writable(folder: Path) -> None:
    """Raise UsageError unless a file can be created in ``folder``.

    By creating one: permissions are not reliable on network drives, on Windows and for root.
    """
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
