"""Opening and locking the files inside a recording's folder.

A recording may come from a stranger, so a link in its folder, which could lead to any file of the
user's, is never followed, and a pipe, which would keep its reader waiting, never opened.  The
system lets go of a lock with the process that holds it.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from pathlib import Path
from typing import IO, Any, Final

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_PATIENCE_S: Final = 2.0
"""Whoever only looks whether there is a lock holds one for a moment, well below a millisecond."""
_AGAIN_S: Final = 0.005
_FAR: Final = 2**30
"""What is locked on Windows nobody else can read there, so it is a byte beyond any content."""


def open_inside(path: Path, mode: str) -> IO[Any]:
    """Open a file of a recording as :func:`open` does.

    Raises OSError, for a link and whatever else is no file, too.
    """
    return open(path, mode, opener=_only_files)


def _only_files(path: str, flags: int) -> int:
    if Path(path).is_symlink():  # Windows knows no O_NOFOLLOW, which elsewhere closes the gap
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
    if Path(path).is_fifo():
        raise OSError(errno.ESPIPE, os.strerror(errno.ESPIPE), path)
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def lock(file: IO[bytes], *, exclusive: bool) -> bool:
    """Try to lock ``file``, just opened, until it is closed; False if another one holds it.

    True as well on a file system without locks.
    """
    try:
        if sys.platform == "win32":
            file.seek(_FAR)
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            finally:
                file.seek(0)
        else:
            kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
            fcntl.flock(file, kind | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # as Linux and macOS say it, and Windows
        return False
    except OSError:
        return True
    return True


def lock_patiently(file: IO[bytes], *, exclusive: bool) -> bool:
    """:func:`lock`, tried again for two seconds before it counts as held by another one."""
    deadline = time.monotonic() + _PATIENCE_S
    while not lock(file, exclusive=exclusive):
        if time.monotonic() > deadline:
            return False
        time.sleep(_AGAIN_S)
    return True
