"""Decode a video file with PyAV (FFmpeg) into upright pictures with exact timestamps.

Pictures are as a player shows them: rotated and mirrored by the display matrix, with square pixels,
deinterlaced where necessary, all of one size.  Frames that cannot be decoded are left out and
counted; nothing is substituted for them.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from app.errors import SourceError
from app.sources.film import LONGEST_GAP_S, Film
from app.sources.headers import is_cut_off, noted_focal_mm
from app.sources.interlacing import deinterlaced
from app.sources.upright import UprightPictures

_FEWEST: Final = 2
"""The frame shown and the one after it are kept whatever memory they need."""


@dataclass(frozen=True, slots=True, eq=False)
class RecentFrame:
    """A frame and the interval in which it is shown."""

    start_s: float
    end_s: float
    """When the next one is shown; infinite for the last one."""
    frame: av.VideoFrame


class RecentFrames:
    """Keeps the newest frames that fit into ``limit_bytes``."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit, self._taken = limit_bytes, 0
        self._frames: deque[RecentFrame] = deque()

    def add(self, start_s: float, end_s: float, frame: av.VideoFrame) -> None:
        """Keep a frame that is shown from ``start_s`` to ``end_s``."""
        known = self.at(start_s)
        if known is not None and known.end_s == end_s:
            return
        self._frames.append(RecentFrame(start_s, end_s, frame))
        self._taken += _bytes(frame)
        while self._taken > self._limit and len(self._frames) > _FEWEST:
            self._taken -= _bytes(self._frames.popleft().frame)

    def clear(self) -> None:
        """Drop all frames."""
        self._frames.clear()
        self._taken = 0

    def at(self, time_s: float) -> RecentFrame | None:
        """The frame shown at ``time_s`` if it is kept; of several the newest."""
        shown = (each for each in reversed(self._frames) if each.start_s <= time_s < each.end_s)
        return next(shown, None)


def _bytes(frame: av.VideoFrame) -> int:
    return sum(plane.buffer_size for plane in frame.planes)


SEEK_MARGINS_S: Final = (0.0, 1.0, 5.0, 30.0)
"""How far before the wanted time to seek for a key frame.  Without an index, or if a group's first
picture is shown late, the first attempt ends after the wanted time."""
NEAR_S: Final = 0.5
"""A time no further ahead is reached by decoding on: at most half a second of frames, whereas the
key frame before it may be ten seconds back."""
SAME_TIME_S: Final = 1e-6
USUAL_RATE: Final = 25.0
"""FFmpeg's assumption for files that state no rate."""
_FILM_DIAGONAL_MM: Final = 43.27
"""Of the 24 x 36 mm frame to which a "35 mm equivalent" focal length refers."""
_FOCAL_MM: Final = (5.0, 500.0)


_Timed = tuple[float, "av.VideoFrame"]
"""A frame's time, in seconds from the first frame, and the frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One decoded picture."""

    time_s: float
    rgb: NDArray[np.uint8]
    """(height, width, 3)."""


class Decoder:
    """Decodes one file forward, skipping damaged parts, and seeks in it.

    Times are relative to the first picture.

    Attributes:
        size: (width, height) of the first picture; later ones are fitted into it.
        resized_at_s: when the first picture of another size was shown, or None.
        rate: nominal frames a second, or None.
        count: number of frames as the container states or implies it, or None.
        states_length: whether the file's header says how long it lasts.
        cut_off: whether the file is shorter than its own headers state.
        fov_deg: field of view of the longer side of the picture, if the file states it, or None.
        damaged_at_s: time of the last picture before one that could not be decoded, or None.

    Args:
        path: of the file.
        recent_bytes: memory limit of decoded frames that are kept for seeking back.

    Raises:
        SourceError: nothing in the file can be decoded.
    """

    def __init__(self, path: Path, recent_bytes: int = 0) -> None:
        self._path = path
        self._film = Film(path)
        self.rate, self.count = self._film.rate, self._film.count
        self.states_length = self._film.states_length
        self.cut_off = is_cut_off(path)
        self.damaged_at_s: float | None = None
        self._clock = FrameClock(1 / (self.rate or USUAL_RATE))
        self._pictures = UprightPictures()
        self._frames = deinterlaced(self._film.frames())
        self._zero_s = self._now_s = 0.0
        self._at: deque[_Timed] = deque()
        """The frame to be returned next and, if decoded already, its successor."""
        self._last: _Timed | None = None
        """The last frame decoded."""
        self._recent = RecentFrames(recent_bytes)
        self._goes_on_s: float | None = None
        """Time of the frame that follows those in ``_at`` if they are from the kept ones; None if
        they are the last decoded."""
        self._handed_out = False
        """Whether the first frame in ``_at`` has been returned."""
        height, width = self._begin().rgb.shape[:2]
        self.size = (width, height)
        self.fov_deg = _fov_deg(self._film.focal_mm() or noted_focal_mm(path), self.size)

    def next(self) -> Picture | None:
        """Return the next picture in presentation order, or ``None`` at the end."""
        while True:
            if self._at and self._handed_out:
                self._at.popleft()
            if not self._at and not self._decode():
                return None
            self._handed_out = True
            time_s, frame = self._at[0]
            try:
                return Picture(time_s, self._pictures.make(frame, self._film.pixel_aspect, time_s))
            except (av.error.FFmpegError, ValueError):  # no pixels, or of an unknown kind
                self._film.lost += 1
                self._note_damage()

    def seek(self, time_s: float) -> None:
        """Make :meth:`next` return the picture shown at ``time_s``: the last that starts by then.

        Raises:
            SourceError: the file must be reopened for that, and has disappeared.
        """
        damaged_at_s = self.damaged_at_s
        if not self._show_recent(time_s):
            self._find(time_s)
        self._handed_out = False
        # Frames lost on the way there would not have been shown.
        self._film.lost, self.damaged_at_s = 0, damaged_at_s

    @property
    def times_leap(self) -> bool:
        """Whether timestamps were ignored because they jump."""
        return self._clock.leapt

    @property
    def resized_at_s(self) -> float | None:
        """When the first picture of another size was shown."""
        return self._pictures.resized_at_s

    @property
    def lost(self) -> int:
        """Frames that could not be decoded since the file was opened or the last seek."""
        return self._film.lost

    def release(self) -> None:
        """Close the file."""
        self._film.close()

    def _begin(self) -> Picture:
        """Decode the first picture, to which times are relative, and keep it as the next one."""
        first = self.next()
        if first is None:
            self._film.close()
            raise SourceError(f"{self._path.name} holds no picture that can be decoded.")
        self._zero_s = first.time_s
        self._at[0] = self._last = 0.0, self._at[0][1]
        self._recent.clear()
        self._handed_out = False
        return first

    def _find(self, time_s: float) -> None:
        """Decode up to the frame shown at ``time_s``."""
        if self._last is not None and self._last[0] <= time_s <= self._last[0] + NEAR_S:
            self._stand_at(*self._last)
        elif not self._land(time_s):
            self._start(self._film.begin())
            self._decode()
        while len(self._at) > 1 or (self._at and self._decode()):
            if self._at[1][0] > time_s + SAME_TIME_S:
                break
            self._at.popleft()

    def _show_recent(self, time_s: float) -> bool:
        """Continue from the frame at ``time_s`` if it was decoded recently; whether it was."""
        known = self._recent.at(time_s + SAME_TIME_S)
        if known is not None:
            self._stand_at(known.start_s, known.frame, known.end_s)
        return known is not None

    def _stand_at(
        self, time_s: float, frame: av.VideoFrame, goes_on_s: float | None = None
    ) -> None:
        self._at = deque([(time_s, frame)])
        self._goes_on_s = goes_on_s

    def _go_on(self) -> bool:
        """Continue after a frame that was decoded earlier; False at the end."""
        assert self._goes_on_s is not None
        time_s = self._goes_on_s
        if math.isinf(time_s):
            return False
        lost = self._film.lost, self.damaged_at_s
        if self._last is not None and self._last[0] == time_s:
            self._stand_at(*self._last)
        elif not self._show_recent(time_s):
            self._find(time_s)
        self._film.lost, self.damaged_at_s = lost  # frames lost on the way were counted before
        return bool(self._at)

    def _start(self, frames: Iterator[av.VideoFrame]) -> None:
        self._at.clear()
        self._last = self._goes_on_s = None
        self._frames = deinterlaced(frames)
        self._clock.restart()

    def _decode(self) -> bool:
        """Append the next frame and its time to ``_at``; False at the end."""
        if self._goes_on_s is not None:
            return self._go_on()
        lost_before = self._film.lost
        frame = next(self._frames, None)
        if self._film.lost > lost_before:
            self._note_damage()
        if frame is not None:
            self._now_s = self._clock.time(frame.time) - self._zero_s
            self._at.append((self._now_s, frame))
        if self._last is not None:
            start_s, shown = self._last
            self._recent.add(start_s, self._now_s if frame is not None else math.inf, shown)
        self._last = None if frame is None else self._at[-1]
        return frame is not None

    def _note_damage(self) -> None:
        if self.damaged_at_s is None:
            self.damaged_at_s = self._now_s

    def _land(self, time_s: float) -> bool:
        """Jump to a frame at or before ``time_s``; False if that fails."""
        for margin_s in SEEK_MARGINS_S:
            if time_s <= margin_s:
                break
            frames = self._film.jump(time_s - margin_s + self._zero_s)
            if frames is None:
                break
            self._start(frames)
            if self._decode():
                landed_s, frame = self._at[0]
                # Without a timestamp the position is unknown.
                if frame.time is not None and landed_s <= time_s + SAME_TIME_S:
                    return True
        return False


class FrameClock:
    """Makes strictly increasing times out of a container's timestamps.

    FFmpeg gives none for the last frames of an AVI with B-frames, and for any frame of a bare H.264
    stream; spliced transport streams jump back, damaged files anywhere.  Such a frame follows the
    previous one at the last credible interval.
    """

    def __init__(self, step_s: float) -> None:
        self.leapt = False
        """Whether timestamps were rejected because they jump."""
        self._step_s = step_s
        self._last_s: float | None = None

    def restart(self) -> None:
        """Take the next timestamp as it is."""
        self._last_s = None

    def time(self, stamp_s: float | None) -> float:
        """Return the time of the next frame in seconds, from its timestamp if it has one."""
        if self._last_s is None:
            self._last_s = stamp_s or 0.0
        elif stamp_s is not None and self._last_s < stamp_s <= self._last_s + LONGEST_GAP_S:
            self._step_s, self._last_s = stamp_s - self._last_s, stamp_s
        else:
            self.leapt |= stamp_s is not None and stamp_s > self._last_s
            self._last_s += self._step_s
        return self._last_s


def _fov_deg(focal_mm: float | None, size: tuple[int, int]) -> float | None:
    """The field of view of the longer side of pictures of ``size``, in degrees."""
    if focal_mm is None or not _FOCAL_MM[0] <= focal_mm <= _FOCAL_MM[1]:
        return None
    share = max(size) / math.hypot(*size)
    return 2 * math.degrees(math.atan(0.5 * share * _FILM_DIAGONAL_MM / focal_mm))
