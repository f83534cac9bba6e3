"""Whether somebody has a recording open, so that it is not moved away under them.

Whoever shows a recording holds a shared lock on its ``keypoints.bin``, which the system lets go of
when the process ends.  Windows moves no folder in which a file is open: there that is enough.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import IO

from app.recording.inside import open_inside
from app.recording.names import KEYPOINTS_FILE
from app.system.files import lock, lock_patiently


class Hold:
    """Keeps the recording in ``folder`` where it is until :meth:`let_go`; none if that fails."""

    def __init__(self, folder: Path) -> None:
        self._file: IO[bytes] | None = None
        try:
            self._file = open_inside(folder / KEYPOINTS_FILE, "rb")
        except OSError:  # gone meanwhile
            return
        if sys.platform != "win32":
            lock_patiently(self._file, exclusive=False)

    def let_go(self) -> None:
        """Others may move it from now on; idempotent."""
        if self._file is not None:
            self._file.close()


def is_held(folder: Path) -> bool:
    """Whether anybody holds the recording in ``folder``, this process included."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError), open_inside(folder / KEYPOINTS_FILE, "rb") as file:
            return not lock(file, exclusive=True)
    return False
