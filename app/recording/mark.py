"""``.writing``: the mark of a recording that was not closed, and whether its writer is alive.

The writer holds a lock on the file for as long as it lives; the system lets go of it with the
process, however that ends.  So a recording interrupted by a crash is told from one that another
window or ``record`` is making at this moment.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO, Final

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

FILE_NAME: Final = ".writing"


class WritingMark:
    """The mark of the recording in ``folder``, set when this is made.  Raises OSError."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._file = self._path.open("xb")
        _lock(self._file, exclusive=True)

    def remove(self) -> None:
        """The recording is closed in order.  Raises OSError."""
        self.let_go()  # first: Windows does not remove what is open
        self._path.unlink()

    def let_go(self) -> None:
        """Leave the mark where it is, as an ended process does; idempotent."""
        self._file.close()


def is_marked(folder: Path) -> bool:
    """Whether the recording in ``folder`` is being written or was interrupted."""
    return (folder / FILE_NAME).exists()


def is_being_written(folder: Path) -> bool:
    """Whether a living process holds the mark of the recording in ``folder``.

    False where the file system knows no locks: then it counts as interrupted.
    """
    try:
        with (folder / FILE_NAME).open("rb") as file:
            return not _lock(file, exclusive=False)
    except OSError:
        return False


def _lock(file: IO[bytes], *, exclusive: bool) -> bool:
    """Try to lock ``file`` until it is closed; False if another one holds it."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
            fcntl.flock(file, kind | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # as Linux and macOS say it, and Windows
        return False
    except OSError:  # a file system without locks
        return True
    return True
