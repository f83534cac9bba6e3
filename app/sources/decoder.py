"""Decodes a video file: pictures in the order of showing, with the container's own timestamps."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from app.errors import SourceError
from app.sources.ffmpeg import open_file

DAMAGED_PACKETS: Final = 300
"""How many undecodable packets in a row end the reading; at a file's end they cost 5 ms in all."""
SEEK_MARGINS_S: Final = (1.0, 5.0, 30.0)
SAME_TIME_S: Final = 1e-6
LONGEST_GAP_S: Final = 86400.0
"""A leap by more than a day is damage (one flipped bit made 12 frames last for years), no gap."""
USUAL_RATE: Final = 25.0
"""What FFmpeg assumes where a container says nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One decoded picture."""

    time_s: float
    bgr: NDArray[np.uint8]


class FrameClock:
    """Makes strictly increasing times out of a container's timestamps.

    FFmpeg gives none (0 here) for the last frames of an AVI with B-frames, and for any frame of a
    bare H.264 stream; spliced transport streams jump back, damaged files anywhere.  Such a frame
    follows the one before at the last distance that was real.
    """

    def __init__(self, step_s: float) -> None:
        self.leapt = False
        """Whether timestamps were not believed because they leap."""
        self._step_s = step_s
        self._last_s: float | None = None

    def restart(self) -> None:
        """Take the next timestamp as it is."""
        self._last_s = None

    def time(self, stamp_s: float) -> float:
        """Return the time of the next frame in seconds, from its timestamp."""
        if self._last_s is None:
            self._last_s = stamp_s
        elif self._last_s < stamp_s <= self._last_s + LONGEST_GAP_S:
            self._step_s, self._last_s = stamp_s - self._last_s, stamp_s
        else:
            self.leapt |= stamp_s > self._last_s
            self._last_s += self._step_s
        return self._last_s


class Decoder:
    """Decodes one file forward, over damaged places, and finds places in it.

    Pictures are upright (OpenCV obeys the rotation tag) and have square pixels; times count from
    the first of them.

    Attributes:
        size: (width, height) of the first picture.
        rate: nominal frames a second, or None.
        count: number of frames as the container states or implies it, or None.
        damaged_at_s: time of the first picture after a place that could not be decoded.

    Raises:
        SourceError: nothing in the file can be decoded.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._capture = open_file(path)
        if not self._capture.isOpened():
            raise SourceError(
                f"{path.name} is not a video that can be read: it is another kind of file, has "
                "only sound, or is damaged."
            )
        self.rate = _plausible(self._capture.get(cv2.CAP_PROP_FPS), 1000, 1 / LONGEST_GAP_S)
        self.count = _plausible(self._capture.get(cv2.CAP_PROP_FRAME_COUNT), 1e9)
        self.damaged_at_s: float | None = None
        self._clock = FrameClock(1 / (self.rate or USUAL_RATE))
        self._stretch = _stretch(self._capture)
        self._zero_s = 0.0
        first = self._begin()
        self._ready = deque([first])
        self.size = (first.bgr.shape[1], first.bgr.shape[0])

    def next(self) -> Picture | None:
        """Return the next picture in the order of showing, or ``None`` at the end."""
        return self._ready.popleft() if self._ready else self._decode()

    def seek(self, time_s: float) -> None:
        """Make :meth:`next` return the picture shown at ``time_s``: the last begun by then.

        Raises:
            SourceError: the file has disappeared.
        """
        self._ready.clear()
        shown = self._land(time_s)
        if shown is None:
            self._reopen()
            shown = self._decode()
        if shown is None:
            return
        following = self._decode()
        while following is not None and following.time_s <= time_s + SAME_TIME_S:
            shown, following = following, self._decode()
        self._ready.append(shown)
        if following is not None:
            self._ready.append(following)

    @property
    def times_leap(self) -> bool:
        """Whether timestamps were left aside because they leap."""
        return self._clock.leapt

    def release(self) -> None:
        """Close the file."""
        self._capture.release()

    def _begin(self) -> Picture:
        """Decode the first picture, from which times count."""
        first = self._decode()
        if first is None:
            self._capture.release()
            raise SourceError(f"{self._path.name} holds no picture that can be decoded.")
        self._zero_s = first.time_s
        return Picture(0.0, first.bgr)

    def _stamp_s(self) -> float:
        return float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000

    def _decode(self) -> Picture | None:
        # A packet that cannot be decoded makes grab() return False just as the end does; only
        # grabbing on tells them apart (a clip with 30 bytes flipped: 199 of 200 frames, not 130).
        for failures in range(DAMAGED_PACKETS):
            if not self._capture.grab():
                continue
            time_s = self._clock.time(self._stamp_s()) - self._zero_s
            ok, bgr = self._capture.retrieve()
            if not ok:
                continue
            if failures and self.damaged_at_s is None:
                self.damaged_at_s = time_s
            if self._stretch != 1:
                bgr = cv2.resize(bgr, None, fx=self._stretch, fy=1, interpolation=cv2.INTER_LINEAR)
            return Picture(time_s, np.asarray(bgr, dtype=np.uint8))
        return None

    def _land(self, time_s: float) -> Picture | None:
        """Jump to a picture at or before ``time_s`` and return it; ``None`` if that fails."""
        # OpenCV turns the time into a frame number with the mean rate and back: with a variable
        # rate that lands seconds off, on either side.
        for margin_s in (1 / (self.rate or USUAL_RATE), *SEEK_MARGINS_S):
            if time_s <= margin_s:
                break
            stamp_s = time_s - margin_s + self._zero_s
            self._capture.set(cv2.CAP_PROP_POS_MSEC, stamp_s * 1000)
            self._clock.restart()
            landed = self._decode()
            # A stamp of 0 means none: it is not known where this is.
            if landed is not None and landed.time_s <= time_s + SAME_TIME_S and self._stamp_s() > 0:
                return landed
        return None

    def _reopen(self) -> None:
        self._capture.release()
        self._capture = open_file(self._path)
        if not self._capture.isOpened():
            raise SourceError(
                f"{self._path.name} can no longer be opened. Was it moved or deleted?"
            )
        self._clock.restart()


def _plausible(value: float, most: float, least: float = 1e-6) -> float | None:
    """Return ``value``, or ``None`` for OpenCV's ways of not knowing (0, -2e14, inf)."""
    return float(value) if math.isfinite(value) and least <= value <= most else None


def _stretch(capture: cv2.VideoCapture) -> float:
    """Return by how much the upright picture must be widened for square pixels.

    OpenCV ignores the pixels' shape; people from an HDV or DVD camera would come out up to 1.4
    times too slim, and their 3D poses with them.
    """
    wide = _plausible(capture.get(cv2.CAP_PROP_SAR_NUM), 1e4)
    high = _plausible(capture.get(cv2.CAP_PROP_SAR_DEN), 1e4)
    if wide is None or high is None or abs(wide / high - 1) < 0.01:
        return 1.0
    sideways = round(capture.get(cv2.CAP_PROP_ORIENTATION_META)) % 180 != 0
    return high / wide if sideways else wide / high
