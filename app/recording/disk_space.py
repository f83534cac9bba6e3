"""How fast a recording fills its disk, and how long there will be room."""

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
"""A disk that will be full sooner than this, at the present rate, is worth a warning."""
LAST_DISK_S: Final = 2 * 60.0
"""With room for less than this the recording ends, while there is room to end it in order."""
_WARNED_S: Final = 1.1 * LOW_DISK_S
"""Where a warning is taken back, lest it come and go."""
_VIDEO_RESERVE: Final = 256 * 2**20
"""Disk space left to the keypoints, which need 1.3 kB a frame: nearly two hours at 30 frames/s."""
_SPAN_S: Final = 10.0
_LEAST_S: Final = 1.0


class FillRate:
    """Bytes a second by which a file grows, over the last ten seconds in which it grew.

    Time without growth does not count: a camera that is away for an hour comes back and fills the
    disk as fast as before, so the room left must not be made to look larger meanwhile.
    """

    def __init__(self, size: int, clock: Callable[[], float] = time.perf_counter) -> None:
        """``size`` is what the file begins with."""
        self._clock = clock
        self._looked_at = clock()
        self._growing_s = 0.0
        self._sizes = deque([(0.0, size)])

    def look(self, size: int) -> None:
        """Take note of the file's ``size`` now; to be called about every second."""
        now = self._clock()
        if size > self._sizes[-1][1]:
            self._growing_s += now - self._looked_at
            self._sizes.append((self._growing_s, size))
            while len(self._sizes) > 2 and self._growing_s - self._sizes[1][0] >= _SPAN_S:
                self._sizes.popleft()
        self._looked_at = now

    @property
    def bytes_per_s(self) -> float:
        """0.0 until it has grown."""
        (began_s, began), (ended_s, ended) = self._sizes[0], self._sizes[-1]
        return (ended - began) / max(_LEAST_S, ended_s - began_s)


class DiskSpace:
    """The room there is for a recording in ``folder``, as of the last :meth:`look`."""

    def __init__(self, folder: Path, rows: AppendOnlyFile, pictures: PictureWriter | None) -> None:
        self.free_bytes = 0
        """Space left on the disk; 0 before the first look."""
        self._folder, self._rows, self._pictures = folder, rows, pictures
        self._rows_rate = FillRate(rows.size)
        self._pictures_rate = FillRate(0 if pictures is None else pictures.file.size)
        self._low = False

    @property
    def bytes_per_s(self) -> float:
        """What the recording takes of the disk at present; 0 until it has frames."""
        pictures = self._pictures is not None and self._pictures.problem is None
        return self._rows_rate.bytes_per_s + (self._pictures_rate.bytes_per_s if pictures else 0.0)

    @property
    def seconds_left(self) -> float:
        """How long the disk will last at this rate."""
        rate = self.bytes_per_s
        return self.free_bytes / rate if rate else math.inf

    @property
    def last(self) -> bool:
        """Whether the room left is needed to end the recording in order."""
        return self.seconds_left < LAST_DISK_S

    @property
    def warning(self) -> str | None:
        """That the disk will be full within half an hour, in words without a full stop."""
        if not self._low:
            return None
        minutes = max(1, round(self.seconds_left / 60))
        return (
            f"The disk is nearly full: room for about {minutes} minute{'s' if minutes > 1 else ''} "
            "more"
        )

    def look(self) -> None:
        """See how much room there is; where it gets short, the pictures go first.

        To be called about every second.  Raises OSError.
        """
        self._rows_rate.look(self._rows.size)
        if self._pictures is not None:
            self._pictures_rate.look(self._pictures.file.size)
        self.free_bytes = shutil.disk_usage(self._folder).free
        if self._pictures is not None and (self.free_bytes < _VIDEO_RESERVE or self.last):
            self._pictures.give_up(
                "The pictures are no longer kept because the disk is nearly full; "
                "the keypoints are."
            )
        self._low = self.seconds_left < (_WARNED_S if self._low else LOW_DISK_S)
