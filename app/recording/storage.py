"""A file that only grows, whole piece by whole piece."""

from __future__ import annotations

import os
from contextlib import suppress
from io import FileIO
from pathlib import Path


class AppendOnlyFile:
    """A new file; each piece given to :meth:`append` is with the system when the call returns.

    Unbuffered, so nothing waits inside this process to be lost with it.  Used by one thread at a
    time, but for :meth:`sync`, which another one may call.
    """

    def __init__(self, path: Path) -> None:
        """Create ``path``; raises FileExistsError if it exists, OSError as the system gives it."""
        self.path = path
        self._file: FileIO = path.open("xb", buffering=0)
        self._made = os.fstat(self._file.fileno())
        self.size = 0
        """Bytes in the file, whole pieces only."""

    def append(self, piece: bytes) -> None:
        """Add ``piece``; on OSError, what a full disk took of it is cut off again if possible.

        After an error the file is to be closed, not appended to.
        """
        rest = memoryview(piece)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            with suppress(OSError):  # the first error is the one to tell; readers see torn pieces
                self._file.truncate(self.size)
            raise
        self.size += len(piece)

    def sync(self) -> None:
        """Put everything appended so far on the disk itself.  Raises OSError."""
        os.fsync(self._file.fileno())

    def in_place(self) -> bool:
        """Whether ``path`` still leads to this file: a folder can be deleted or moved away."""
        try:
            return os.path.samestat(self.path.lstat(), self._made)
        except OSError:
            return False

    def close(self) -> None:
        """Close the file; idempotent."""
        self._file.close()
