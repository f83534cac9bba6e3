"""An append-only file, written piece by piece."""

from __future__ import annotations

import os
from contextlib import suppress
from io import FileIO
from pathlib import Path


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
