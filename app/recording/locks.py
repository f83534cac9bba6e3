"""Locks on recordings: one that is being written, and one that is open.

``.writing`` is a file in a recording that was not closed.  The writer holds a lock on it for as
long as it lives; the system releases it with the process, however that ends.  So a recording
interrupted by a crash is told from one that another window or ``record`` is making at this moment.

An open recording has a shared lock on its ``keypoints.bin``, so that it is not moved or deleted
meanwhile.  Windows moves no folder in which a file is open: there that is enough.
"""

from __future__ import annotations

import contextlib
import errno
import sys
from pathlib import Path
from typing import IO, Final

from app.recording.names import KEYPOINTS_FILE
from app.recording.storage import open_regular
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


class OpenLock:
    """Keeps the recording in ``folder`` where it is until :meth:`release`; none if that fails."""

    def __init__(self, folder: Path) -> None:
        self._file: IO[bytes] | None = None
        try:
            self._file = open_regular(folder / KEYPOINTS_FILE, "rb")
        except OSError:  # gone meanwhile
            return
        if sys.platform != "win32":
            lock_patiently(self._file, exclusive=False)

    def release(self) -> None:
        """Others may move it from now on; idempotent."""
        if self._file is not None:
            self._file.close()


def is_open_elsewhere(folder: Path) -> bool:
    """Whether anybody holds the recording in ``folder``, this process included."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError), open_regular(folder / KEYPOINTS_FILE, "rb") as file:
            return not lock(file, exclusive=True)
    return False
