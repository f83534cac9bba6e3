"""Which format ``export`` writes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from app.cli.exits import UsageError
from app.export.registry import FORMATS, endings, formats_of

DEFAULT: Final = "csv"


def choose(output: str, wanted: str | None, name: str) -> tuple[Path, str]:
    """File and format of an export of the recording ``name``.

    Args:
        output: a file, or a folder for a file named after the recording.
        wanted: the format asked for; None for that of the file's ending, or a table in a folder.

    Raises:
        UsageError: there is no such format, or it does not fit the file's ending.
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
