"""A lock on an open recording, so that it is not moved or deleted meanwhile.

An open recording has a shared lock on its ``keypoints.bin``, which the system releases when the
process ends.  Windows moves no folder in which a file is open: there that is enough.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import IO

from app.recording.names import KEYPOINTS_FILE
from app.recording.safe_open import open_regular
from app.system.files import lock, lock_patiently


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
