"""``.writing``: the lock file of a recording that was not closed.

The writer holds a lock on the file for as long as it lives; the system releases it with the
process, however that ends.  So a recording interrupted by a crash is told from one that another
window or ``record`` is making at this moment.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Final

from app.recording.safe_open import open_regular
from app.system.files import lock, lock_patiently

FILE_NAME: Final = ".writing"


class WritingLock:
    """The lock file of the recording in ``folder``, created by this.  Raises OSError."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._file = self._path.open("xb")
        # Somebody who only looks whether this is being written may hold it at this moment.
        if not lock_patiently(self._file, exclusive=True):
            self._file.close()
            raise BlockingIOError(errno.EAGAIN, "another one holds it", str(self._path))

    def remove(self) -> None:
        """The recording is closed in order.  Raises OSError."""
        self.release()  # first: Windows does not remove what is open
        self._path.unlink()

    def release(self) -> None:
        """Leave the mark where it is, as an ended process does; idempotent."""
        self._file.close()


def has_writing_lock(folder: Path) -> bool:
    """Whether the recording in ``folder`` is being written or was interrupted."""
    return (folder / FILE_NAME).exists()


def is_being_written(folder: Path) -> bool:
    """Whether a living process holds the lock file of the recording in ``folder``.

    False where the file system knows no locks: then it counts as interrupted.
    """
    try:
        with open_regular(folder / FILE_NAME, "rb") as file:
            return not lock(file, exclusive=False)
    except OSError:
        return False
