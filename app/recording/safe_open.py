"""Opening the files inside a recording's folder.

A recording may come from an untrusted source, so a link in its folder, which could lead to any of
the user's files, is never followed, and a pipe, which would block its reader, is never opened.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import IO, Any


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
