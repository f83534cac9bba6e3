"""Locks on recordings: on one that is being written, and on one that is open.

``.writing`` is a file in a recording that was not closed properly.  The writer holds a lock on it;
the system releases the lock with the process, however that ends.  This distinguishes a recording
interrupted by a crash from one that another window or ``record`` is writing at this moment.

An open recording has a shared lock on its ``keypoints.bin``, so that it is not moved or deleted
meanwhile.  On Windows no lock is needed: it does not move a folder in which a file is open.
"""

from __future__ import annotations

import contextlib
import errno
import sys
from pathlib import Path
from typing import IO, Final

from app.recording.names import KEYPOINTS_FILE
from app.recording.storage import open_regular
from app.system.files import lock, lock_with_retry

FILE_NAME: Final = ".writing"


class WritingLock:
    """The lock file of a recording, created in ``folder``.  Raises OSError."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._file = self._path.open("xb")
        # Another process that checks whether this is being written may hold it for a moment.
        if not lock_with_retry(self._file, exclusive=True):
            self._file.close()
            raise BlockingIOError(errno.EAGAIN, "another one holds it", str(self._path))

    def remove(self) -> None:
        """Remove the lock file of a properly closed recording.  Raises OSError."""
        self.release()  # first: Windows does not remove what is open
        self._path.unlink()

    def release(self) -> None:
        """Release the lock but keep its file, as a process that ends does; idempotent."""
        self._file.close()


def has_writing_lock(folder: Path) -> bool:
    """Whether the recording in ``folder`` is being written or was interrupted."""
    return (folder / FILE_NAME).exists()


def is_being_written(folder: Path) -> bool:
    """Whether a living process holds the lock file of the recording in ``folder``.

    False where the file system has no locks: the recording counts as interrupted then.
    """
    try:
        with open_regular(folder / FILE_NAME, "rb") as file:
            return not lock(file, exclusive=False)
    except OSError:
        return False


class OpenLock:
    """Protects the recording in ``folder`` from moves until :meth:`release`; never raises."""

    def __init__(self, folder: Path) -> None:
        self._file: IO[bytes] | None = None
        try:
            self._file = open_regular(folder / KEYPOINTS_FILE, "rb")
        except OSError:  # gone meanwhile
            return
        if sys.platform != "win32":
            lock_with_retry(self._file, exclusive=False)

    def release(self) -> None:
        """Allow others to move the recording; idempotent."""
        if self._file is not None:
            self._file.close()


def is_open_elsewhere(folder: Path) -> bool:
    """Whether any process, this one included, has the recording in ``folder`` open."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError), open_regular(folder / KEYPOINTS_FILE, "rb") as file:
            return not lock(file, exclusive=True)
    return False
