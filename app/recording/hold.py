"""Whether somebody has a recording open, so that it is not moved away under them.

Whoever shows a recording holds a shared lock on its ``keypoints.bin``, which the system lets go of
when the process ends.  Windows moves no folder in which a file is open: there that is enough.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO

from app.recording.writer import KEYPOINTS_FILE

if sys.platform != "win32":
    import fcntl


class Hold:
    """Keeps the recording in ``folder`` where it is until :meth:`let_go`; none if that fails."""

    def __init__(self, folder: Path) -> None:
        self._file: IO[bytes] | None = None
        try:
            self._file = (folder / KEYPOINTS_FILE).open("rb")
            if sys.platform != "win32":
                fcntl.flock(self._file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:  # gone meanwhile, or a file system without locks
            return

    def let_go(self) -> None:
        """Others may move it from now on; idempotent."""
        if self._file is not None:
            self._file.close()


def is_held(folder: Path) -> bool:
    """Whether anybody holds the recording in ``folder``, this process included."""
    if sys.platform == "win32":
        return False
    try:
        with (folder / KEYPOINTS_FILE).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
