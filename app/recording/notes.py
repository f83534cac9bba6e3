"""``notes.txt``: the user's notes about a recording, plain UTF-8 text."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import Final

from app.errors import RecordingError
from app.recording.storage import open_regular
from app.system.files import plain_reason, write_atomically

_log = logging.getLogger(__name__)

FILE_NAME: Final = "notes.txt"
LONGEST: Final = 20_000
"""Characters; longer notes are truncated."""


def read(folder: Path) -> str:
    """Return the notes of the recording in ``folder``; empty if there are none or on errors."""
    try:
        with open_regular(folder / FILE_NAME, "rb") as file:
            return io.TextIOWrapper(file, encoding="utf-8", errors="replace").read(LONGEST)
    except FileNotFoundError:
        return ""
    except OSError as error:
        _log.warning("the notes of %s cannot be read: %s", folder, error)
        return ""


def write(folder: Path, text: str) -> None:
    """Write the notes, or remove the file if there is no text.  Raises RecordingError."""
    path = folder / FILE_NAME
    try:
        if not text.strip():
            path.unlink(missing_ok=True)
            return
        with write_atomically(path, overwrite=True, through_links=False) as file:
            file.write(text[:LONGEST].encode("utf-8", "replace"))
    except OSError as error:
        raise RecordingError(
            f"The notes of {folder.stem} cannot be saved: {plain_reason(error)}. "
            "Copy the recording to where it can be written to."
        ) from error
