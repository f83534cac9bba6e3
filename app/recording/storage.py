"""The files in a recording's folder: opened safely, parsed strictly, and written append-only.

A recording may come from an untrusted source, so a link in its folder, which could lead to any of
the user's files, is never followed, and a pipe, which would block its reader, is never opened.
"""

from __future__ import annotations

import errno
import json
import os
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import IO, Any, Final


def open_regular(path: Path, mode: str) -> IO[Any]:
    """Open a file of a recording as :func:`open` does.

    Raises OSError, also for a link or a pipe.
    """
    return open(path, mode, opener=_only_files)


def _only_files(path: str, flags: int) -> int:
    if Path(path).is_symlink():  # Windows knows no O_NOFOLLOW, which elsewhere closes the gap
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
    if Path(path).is_fifo():
        raise OSError(errno.ESPIPE, os.strerror(errno.ESPIPE), path)
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


class AppendOnlyFile:
    """A new file; each piece given to :meth:`append` is with the system when the call returns.

    It is unbuffered, so that nothing is lost with this process.  For one thread at a time, except
    :meth:`sync`, which another one may call.
    """

    def __init__(self, path: Path) -> None:
        """Create ``path``.  Raises FileExistsError if it exists, or another OSError."""
        self.path = path
        self._file: FileIO = path.open("xb", buffering=0)
        self._made = os.fstat(self._file.fileno())
        self.size = 0
        """Bytes in the file, complete pieces only."""

    def append(self, piece: bytes) -> None:
        """Append ``piece``; on OSError, a part of it that was written is removed if possible.

        After an error the file must be closed, not appended to.
        """
        rest = memoryview(piece)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            with suppress(OSError):  # report the first error; readers detect truncated pieces
                self._file.truncate(self.size)
            raise
        self.size += len(piece)

    def sync(self) -> None:
        """Sync everything appended so far to the disk.  Raises OSError."""
        os.fsync(self._file.fileno())

    def in_place(self) -> bool:
        """Whether ``path`` still is this file: a folder can be deleted or moved away."""
        try:
            return os.path.samestat(self.path.lstat(), self._made)
        except OSError:
            return False

    def close(self) -> None:
        """Close the file; idempotent."""
        self._file.close()


_MOST_DIGITS: Final = 18
"""Fits into 64 bits; Python's integers are unlimited, and large ones cannot become floats."""


def load_json(text: str | bytes) -> object:
    """Return the parsed ``text``.  Raises ValueError if it is damaged or a number is too large."""
    found: object = json.loads(text, parse_int=_whole)
    return found


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > _MOST_DIGITS:
        raise ValueError(f"it has a number of {len(digits)} digits")
    return int(digits)
