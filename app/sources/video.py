"""Video files, with the timestamps they carry."""

from __future__ import annotations

import os
import stat
import threading
import time
from pathlib import Path
from typing import Final

from app.errors import SourceError
from app.packets import Frame
from app.sources.base import SOURCE_SILENT_S, Source
from app.sources.decoder import Decoder

_ENOUGH: Final = 0.9
"""Of what a file states."""
_SHORTEST_STEP_S: Final = 1e-4


class VideoFile(Source):
    """A video file: every frame in order, upright, with square pixels, at its own times.

    After :meth:`seek`, ``Frame.index`` is an estimate from the nominal rate.

    Raises:
        SourceError: there is no such file, or nothing in it can be shown; the text says which.
    """

    live = False

    def __init__(self, path: Path) -> None:
        _check(path)
        self.label = path.name
        self.warnings: list[str] = []
        # FFmpeg crashes the process when a file is closed during a read.
        self._lock = threading.Lock()
        self._closed = False
        self._decoder = Decoder(path)
        self.size = self._decoder.size
        self.fov_deg = self._decoder.fov_deg
        self.rate: float | None = self._decoder.rate
        self.duration_s: float | None = None
        self.frame_count: int | None = None
        if self._decoder.count is not None:
            self.frame_count = int(self._decoder.count)
            self.duration_s = self.frame_count / self.rate if self.rate else None
        self._next_index: int | None = 0
        self._from_start = True
        self._last_s = 0.0

    @property
    def dropped(self) -> int:
        """None: every frame is delivered."""
        return 0

    def read(self, timeout_s: float = SOURCE_SILENT_S) -> Frame | None:
        """Return the next frame, or ``None`` at the end; never waits for ``timeout_s``."""
        with self._lock:
            picture = None if self._closed else self._decoder.next()
            if picture is None:
                if not self._closed:
                    self._warn_at_end()
                return None
            captured_at = time.perf_counter()
            if self._next_index is None:
                self._next_index = round(picture.time_s * (self.rate or 0.0))
            index = self._next_index
            self._next_index += 1
            self._last_s = picture.time_s
        return Frame(index=index, time_s=picture.time_s, image=picture.rgb, captured_at=captured_at)

    def seek(self, time_s: float) -> None:
        """Continue with the frame shown at ``time_s``; the first or last one beyond the ends.

        Raises:
            SourceError: the file has disappeared.
        """
        with self._lock:
            if self._closed:
                return
            self._decoder.seek(time_s)
            self._from_start = time_s <= 0
            self._next_index = None

    def close(self) -> None:
        """Close the file, once a frame being decoded is done."""
        with self._lock:
            self._closed = True
            self._decoder.release()

    def _warn_at_end(self) -> None:
        """Say once what the file lacked."""
        if self.warnings:
            return
        read = f"; {_count(self._next_index)} read" if self._from_start else ""
        decoder = self._decoder
        if decoder.cut_off:
            self.warnings.append(f"{self.label} is cut off after {self._last_s:.1f} s{read}.")
        elif self._from_start and self._ends_early(self._next_index or 0):
            self.warnings.append(
                f"{self.label} ends after {self._last_s:.1f} s, but says that it is "
                f"{self.duration_s:.1f} s long{read}."
            )
        elif decoder.damaged_at_s is not None:
            lost = f": {_count(decoder.lost)} left out" if self._from_start else ""
            self.warnings.append(
                f"{self.label} is damaged at {decoder.damaged_at_s:.1f} s{lost}{read}."
            )
        elif decoder.times_leap or self._is_too_fast(self._next_index or 0):
            self.warnings.append(
                f"The times in {self.label} cannot be right{read}. Speeds measured in it are wrong."
            )
        if decoder.resized_at_s is not None:
            self.warnings.append(
                f"The picture in {self.label} changes its size at {decoder.resized_at_s:.1f} s. "
                "From there on it is fitted into the first size, with black borders."
            )

    def _is_too_fast(self, count: int) -> bool:
        """Whether the frames are closer together than those of any camera."""
        return self._from_start and count > 1 and self._last_s < (count - 1) * _SHORTEST_STEP_S

    def _ends_early(self, count: int) -> bool:
        """Whether more than a tenth of what the file states was not there to be read."""
        if self.duration_s is None or self.frame_count is None or not self.rate:
            return False
        if not self._decoder.states_length:
            return False
        # Both, since a rate may be wrong; less is normal, as sound may go on a little longer.
        ends_early = self._last_s + 2 / self.rate < _ENOUGH * self.duration_s
        return ends_early and count < _ENOUGH * self.frame_count


def _count(frames: int | None) -> str:
    return "1 frame was" if frames == 1 else f"{frames} frames were"


def _check(path: Path) -> None:
    """Raise SourceError for what can be told without decoding."""
    try:
        mode, length = path.stat().st_mode, path.stat().st_size
        str(path).encode()
    except FileNotFoundError as error:
        raise SourceError(f"There is no file {path}. Check its name and folder.") from error
    except UnicodeEncodeError as error:
        raise SourceError("The name of this file has broken letters. Rename the file.") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be opened ({error}). Check its name.") from error
    if stat.S_ISDIR(mode):
        raise SourceError(f"{path} is a folder. Choose a video file in it.")
    if not stat.S_ISREG(mode):
        raise SourceError(f"{path} is not a file.")
    if not os.access(path, os.R_OK):
        raise SourceError(f"This user may not read {path}. Change its permissions.")
    if length == 0:
        raise SourceError(f"{path.name} is empty. Copy or record it again.")
