"""Video files, with the timestamps they carry."""

from __future__ import annotations

import os
import stat
import threading
import time
from pathlib import Path

import cv2

from app.errors import SourceError
from app.packets import Frame
from app.sources.base import SOURCE_SILENT_S, Source
from app.sources.container import is_cut_off, lacks_index
from app.sources.decoder import Decoder


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
        # cv2.VideoCapture crashes the process when it is released during a read.
        self._lock = threading.Lock()
        self._closed = False
        self._cut_off = is_cut_off(path)
        self._decoder = Decoder(path)
        self.size = self._decoder.size
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
        rgb = cv2.cvtColor(picture.bgr, cv2.COLOR_BGR2RGB)
        return Frame(index=index, time_s=picture.time_s, image=rgb, captured_at=captured_at)

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
        read = f"; {self._next_index} frames were read" if self._from_start else ""
        if self._cut_off:
            self.warnings.append(f"{self.label} is cut off after {self._last_s:.1f} s{read}.")
        elif self._decoder.damaged_at_s is not None:
            at_s = self._decoder.damaged_at_s
            self.warnings.append(f"{self.label} is damaged at {at_s:.1f} s{read}.")


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
    if lacks_index(path):
        raise SourceError(
            f"{path.name} has no index: it was cut off while it was recorded or copied. Copy it "
            "again, or repair it with the program that recorded it."
        )
