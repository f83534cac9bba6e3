"""Video files as sources, with their own timestamps."""

from __future__ import annotations

import math
import os
import stat
import threading
import time
from pathlib import Path
from typing import Final

from app.errors import SourceError
from app.packets import Frame
from app.sources.base import SOURCE_SILENT_S, Kind, Request, Source
from app.sources.decoder import USUAL_RATE, Decoder
from app.sources.paced import PacedSource

_ENOUGH: Final = 0.9
"""Of the length that a file states."""
_SHORTEST_STEP_S: Final = 1e-4


class VideoFile(Source):
    """A video file: every frame in order, upright, with square pixels, at its own times.

    After :meth:`seek`, ``Frame.index`` is an estimate from the nominal rate.

    Args:
        path: of the file.
        rate: true frames per second of the recording; None if the stated rate is true.  A video in
            slow motion is taken at 240, say, and states 30.
        recent_bytes: memory limit of decoded frames that are kept for seeking back.

    Raises:
        SourceError: there is no such file, or nothing in it can be decoded; the text says which.
    """

    live = False

    def __init__(self, path: Path, *, rate: float | None = None, recent_bytes: int = 0) -> None:
        _check(path)
        self.label = path.name
        self.warnings: list[str] = []
        # FFmpeg crashes the process when a file is closed during a read.
        self._lock = threading.Lock()
        self._closed = False
        self._decoder = Decoder(path, recent_bytes)
        self.size = self._decoder.size
        self.fov_deg = self._decoder.fov_deg
        stated = self._decoder.rate
        self._slowed = 1.0 if rate is None else (stated or USUAL_RATE) / rate
        self.rate: float | None = rate or stated
        self.duration_s: float | None = None
        self.frame_count: int | None = None
        if self._decoder.count is not None:
            self.frame_count = int(self._decoder.count)
            self.duration_s = self.frame_count / self.rate if self.rate else None
        self._next_index: int | None = 0
        self._from_start = True
        self._last_s = 0.0
        self._lost = 0
        self._said: dict[str, str] = {}

    @property
    def dropped(self) -> int:
        """Always 0: every frame is delivered."""
        return 0

    def read(self, timeout_s: float = SOURCE_SILENT_S) -> Frame | None:
        """Return the next frame, or ``None`` at the end; never waits for ``timeout_s``."""
        with self._lock:
            if self._closed:
                return None
            picture = self._decoder.next()
            self._say_damage()
            if picture is None:
                self._say_end()
                return None
            captured_at = time.perf_counter()
            time_s = picture.time_s * self._slowed
            if self._next_index is None:
                self._next_index = round(time_s * (self.rate or 0.0))
            index = self._next_index
            self._next_index += 1
            self._last_s = time_s
        return Frame(index=index, time_s=time_s, image=picture.rgb, captured_at=captured_at)

    def seek(self, time_s: float) -> None:
        """Continue with the frame shown at ``time_s``; the first or last one beyond the ends.

        Raises:
            SourceError: the file has disappeared.
        """
        with self._lock:
            if self._closed:
                return
            self._decoder.seek(time_s / self._slowed)
            self._from_start = time_s <= 0
            self._next_index = None

    def close(self) -> None:
        """Close the file after the frame that is being decoded."""
        with self._lock:
            self._closed = True
            self._decoder.release()

    def _say(self, about: str, sentence: str) -> None:
        self._said[about] = sentence
        self.warnings[:] = self._said.values()

    def _say_damage(self) -> None:
        """Update the warnings about the pictures while reading: not every caller reads on."""
        decoder = self._decoder
        if decoder.damaged_at_s is not None and decoder.lost > self._lost:
            self._lost = decoder.lost
            at_s = decoder.damaged_at_s * self._slowed
            left_out = f"{_count(self._lost)} left out"
            self._say("damage", f"{self.label} is damaged at {at_s:.1f} s: {left_out}.")
        if decoder.resized_at_s is not None and "size" not in self._said:
            self._say(
                "size",
                f"The picture in {self.label} changes its size at "
                f"{decoder.resized_at_s * self._slowed:.1f} s. From there on it is fitted into the "
                "first size, with black borders.",
            )

    def _say_end(self) -> None:
        """Add a warning, once, about a file that ends early or has impossible times."""
        if "end" in self._said:
            return
        count = self._next_index or 0
        read = f"; {_count(count)} read" if self._from_start else ""
        if self._decoder.cut_off:
            self._forget_damage_at_end()
            self._say("end", f"{self.label} is cut off after {self._last_s:.1f} s{read}.")
        elif self._from_start and self._ends_early(count):
            self._forget_damage_at_end()
            self._say(
                "end",
                f"{self.label} ends after {self._last_s:.1f} s, but says that it is "
                f"{self.duration_s:.1f} s long{read}.",
            )
        elif self._decoder.times_leap or self._is_too_fast(count):
            self._say(
                "end",
                f"The times in {self.label} cannot be right{read}. Speeds measured in it are "
                "wrong.",
            )

    def _forget_damage_at_end(self) -> None:
        """Drop the warning about a last frame that was merely cut in two."""
        at_s = self._decoder.damaged_at_s
        if at_s is not None and math.isclose(at_s * self._slowed, self._last_s):
            self._said.pop("damage", None)

    def _is_too_fast(self, count: int) -> bool:
        """Whether the frames are closer together than those of any camera."""
        shortest_s = _SHORTEST_STEP_S * self._slowed
        return self._from_start and count > 1 and self._last_s < (count - 1) * shortest_s

    def _ends_early(self, count: int) -> bool:
        """Whether more than a tenth of the stated length was missing."""
        if self.duration_s is None or self.frame_count is None or not self.rate:
            return False
        if not self._decoder.states_length:
            return False
        # Both, since a rate may be wrong; less is normal, as sound may go on a little longer.
        ends_early = self._last_s + 2 / self.rate < _ENOUGH * self.duration_s
        return ends_early and count < _ENOUGH * self.frame_count


def _count(frames: int) -> str:
    return "1 frame was" if frames == 1 else f"{frames} frames were"


def _check(path: Path) -> None:
    """Raise SourceError for what is evident without decoding."""
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


def is_file(spec: str) -> bool:
    """Return whether this is the path of a file or folder; devices and numbers mean cameras."""
    if not spec or spec.isdecimal() or spec.startswith("/dev/"):
        return False
    try:
        return Path(spec).exists()
    except (OSError, ValueError):  # too long for a path, or with a zero byte in it
        return False


def open_file(spec: str, request: Request) -> Source:
    """Open a video file, which need not exist.  Raises SourceError."""
    source = VideoFile(Path(spec), rate=request.true_rate)
    return PacedSource(source) if request.paced else source


KIND: Final = Kind(is_file, open_file)
