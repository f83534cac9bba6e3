"""The rate at which a recording fills its disk, and the time until the disk is full."""

from __future__ import annotations

import math
import shutil
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

from app.recording.storage import AppendOnlyFile
from app.recording.video import PictureWriter

LOW_DISK_S: Final = 30 * 60.0
"""A warning is shown if the disk will be full sooner than this, at the present rate."""
LAST_DISK_S: Final = 2 * 60.0
"""With less time left than this the recording ends, while there is room to close it properly."""
_WARNED_S: Final = 1.1 * LOW_DISK_S
"""The warning is withdrawn above this (hysteresis)."""
_VIDEO_RESERVE: Final = 256 * 2**20
"""Disk space reserved for keypoints, 1.3 kB a frame: nearly two hours at 30 frames/s."""
_SPAN_S: Final = 10.0
_LEAST_S: Final = 1.0


class FillRate:
    """Growth of a file in bytes per second, over the last ten seconds in which it grew.

    Time without growth does not count: a camera that was away for an hour fills the disk as fast as
    before when it is back, so the time left must not be estimated longer meanwhile.
    """

    def __init__(self, size: int, clock: Callable[[], float] = time.perf_counter) -> None:
        """Start with a file of ``size`` bytes."""
        self._clock = clock
        self._updated_at = clock()
        self._growing_s = 0.0
        self._sizes = deque([(0.0, size)])

    def update(self, size: int) -> None:
        """Record the file's ``size`` in bytes; to be called about every second."""
        now = self._clock()
        if size > self._sizes[-1][1]:
            self._growing_s += now - self._updated_at
            self._sizes.append((self._growing_s, size))
            while len(self._sizes) > 2 and self._growing_s - self._sizes[1][0] >= _SPAN_S:
                self._sizes.popleft()
        self._updated_at = now

    @property
    def bytes_per_s(self) -> float:
        """Bytes per second; 0.0 until the file has grown."""
        (began_s, began), (ended_s, ended) = self._sizes[0], self._sizes[-1]
        return (ended - began) / max(_LEAST_S, ended_s - began_s)


class DiskSpace:
    """The free space for a recording in ``folder``, as of the last :meth:`update`."""

    def __init__(self, folder: Path, rows: AppendOnlyFile, pictures: PictureWriter | None) -> None:
        self.free_bytes = 0
        """Free space on the disk; 0 before the first :meth:`update`."""
        self._folder, self._rows, self._pictures = folder, rows, pictures
        self._rows_rate = FillRate(rows.size)
        self._pictures_rate = FillRate(0 if pictures is None else pictures.file.size)
        self._low = False

    @property
    def bytes_per_s(self) -> float:
        """The recording's rate at present; 0 until it has frames."""
        pictures = self._pictures is not None and self._pictures.problem is None
        return self._rows_rate.bytes_per_s + (self._pictures_rate.bytes_per_s if pictures else 0.0)

    @property
    def seconds_left(self) -> float:
        """The time until the disk is full at this rate."""
        rate = self.bytes_per_s
        return self.free_bytes / rate if rate else math.inf

    @property
    def last(self) -> bool:
        """Whether the free space is needed to close the recording properly."""
        return self.seconds_left < LAST_DISK_S

    @property
    def warning(self) -> str | None:
        """A text, without a full stop, if the disk will be full within half an hour."""
        if not self._low:
            return None
        minutes = max(1, round(self.seconds_left / 60))
        return (
            f"The disk is nearly full: room for about {minutes} minute{'s' if minutes > 1 else ''} "
            "more"
        )

    def update(self) -> None:
        """Measure the free space; if it is short, stop keeping pictures.

        To be called about every second.  Raises OSError.
        """
        self._rows_rate.update(self._rows.size)
        if self._pictures is not None:
            self._pictures_rate.update(self._pictures.file.size)
        self.free_bytes = shutil.disk_usage(self._folder).free
        if self._pictures is not None and (self.free_bytes < _VIDEO_RESERVE or self.last):
            self._pictures.give_up(
                "The pictures are no longer kept because the disk is nearly full; "
                "the keypoints are."
            )
        self._low = self.seconds_left < (_WARNED_S if self._low else LOW_DISK_S)
