"""Live devices: a thread grabs continuously, and the reader gets the newest picture."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from app.errors import SourceError
from app.packets import Frame
from app.sources.base import SOURCE_SILENT_S, Source
from app.system.clock import elapsed_s

_log = logging.getLogger(__name__)

# OpenCV writes a line to the terminal for each camera or stream that does not open, and the FFmpeg
# inside it dozens for a damaged picture.  The user is told in sentences of ours instead.  Both read
# these variables when the first capture opens, not at import; -8 is AV_LOG_QUIET.  If the user has
# set them, they stay.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
if "OPENCV_LOG_LEVEL" not in os.environ:
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
# V4L2 waits 10 s for a picture of a camera that was unplugged, and the grabbing thread with it.
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "3")

OPEN_LIMIT_S: Final = 10.0
"""Longest wait for the first picture; some cameras need several seconds."""
CLOSE_WAIT_S: Final = 1.0
EXIT_WAIT_S: Final = 4.0
"""A little longer than the longest read; a thread still running then hangs in a driver."""
RETRY_S: Final = 0.01
FLAT: Final = 8
"""Pixel values that differ by no more than this make a picture without content."""


class Device(Protocol):
    """The part of ``cv2.VideoCapture`` that is used here."""

    def grab(self) -> bool:
        """Wait for the next picture; False if there is none."""

    def retrieve(self) -> tuple[bool, Any]:
        """Return whether there is one, and the grabbed picture: (height, width, 3) uint8."""

    def release(self) -> None:
        """Free the device."""


@dataclass(slots=True)
class OpenedDevice:
    """An open device and its properties."""

    device: Device
    rate: float | None = None
    rgb: bool = False
    """Whether its pictures are RGB; OpenCV's are BGR."""
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class _Picture:
    pixels: NDArray[np.uint8]
    grabbed_at: float
    clock_s: float


class RepeatFilter:
    """Detects a device that repeats its last picture.

    DirectShow and AVFoundation do so for ever after the camera is unplugged.  Sensor noise makes
    any two pictures of a working camera differ, except in the dark: a closed lens cover gives one
    flat colour, which does not mean a lost camera.
    """

    def __init__(self) -> None:
        self._last: NDArray[np.uint8] | None = None

    def is_repeat(self, picture: NDArray[np.uint8]) -> bool:
        """Return whether ``picture`` has content and equals the previous one."""
        last, self._last = self._last, picture
        if last is None or last.shape != picture.shape:
            return False
        few = picture[::8, ::8]
        if not np.array_equal(few, last[::8, ::8]) or int(few.max()) - int(few.min()) <= FLAT:
            return False
        return bool(np.array_equal(picture, last))


_running: weakref.WeakSet[LiveSource] = weakref.WeakSet()


@atexit.register
def _stop_all() -> None:
    """End the grabbing threads with the program.

    A thread that returns from OpenCV while Python shuts down aborts the process ("terminate called
    without an active exception"), so they are ended before that.
    """
    give_up_at = time.monotonic() + EXIT_WAIT_S
    for source in list(_running):
        source._stop(max(0.0, give_up_at - time.monotonic()))


class LiveSource(Source):
    """The newest picture of a camera or stream.

    One thread opens the device, grabs from it as fast as it delivers, and releases it; no other
    thread touches it, because releasing a ``cv2.VideoCapture`` that another thread reads crashes
    the process, and DirectShow and AVFoundation require one thread for all calls.  The reader takes
    the newest picture; an unread one is overwritten and counted as dropped, so that memory and
    delay stay bounded.

    Opening waits for the first picture: drivers and containers claim sizes that they do not
    deliver.

    Args:
        open_device: opens it, in the grabbing thread; raises SourceError with the reason if not.
        label: name shown to the user.
        patience_s: how long grabbing may fail before the source counts as stopped.
        repeats: whether consecutive equal pictures are real (a stream of a still picture); if not,
            they are the sign of a lost camera, and no new frames.
        open_limit_s: longest wait for the first picture.

    Raises:
        SourceError: it does not open, or delivers no picture in time.
    """

    live = True
    duration_s = None
    frame_count = None

    def __init__(
        self,
        open_device: Callable[[], OpenedDevice],
        *,
        label: str,
        patience_s: float = 0.0,
        repeats: bool = True,
        open_limit_s: float = OPEN_LIMIT_S,
    ) -> None:
        self.label = label
        self.rate: float | None = None
        self.warnings: list[str] = []
        self._open_device = open_device
        self._rgb = False
        self._patience_s = patience_s
        self._filter = None if repeats else RepeatFilter()
        self._changed = threading.Condition()
        self._newest: _Picture | None = None
        self._error: Exception | None = None
        self._closed = False
        self._first_at: float | None = None
        self._index = 0
        self._dropped = 0
        self._thread = threading.Thread(target=self._run, name=f"grab {label}", daemon=True)
        _running.add(self)
        self._thread.start()
        self.size = self._wait_for_first(open_limit_s)

    @property
    def dropped(self) -> int:
        """Pictures overwritten since the first one was read."""
        return self._dropped

    def read(self, timeout_s: float = SOURCE_SILENT_S) -> Frame | None:
        """Return the newest unread frame; see :meth:`Source.read`."""
        with self._changed:
            self._changed.wait_for(self._something_to_tell, timeout_s)
            if self._closed:
                return None
            picture, self._newest = self._newest, None
            if picture is None:
                if self._error is not None:
                    raise self._error
                raise TimeoutError(f"{self.label} gave no new picture for {timeout_s:g} s.")
            if self._first_at is None:
                self._first_at = picture.clock_s
            index, self._index = self._index, self._index + 1
            time_s = picture.clock_s - self._first_at
        image = picture.pixels
        if not self._rgb:
            image = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)
        return Frame(index=index, time_s=time_s, image=image, captured_at=picture.grabbed_at)

    def seek(self, time_s: float) -> None:
        """Raise SourceError: a live source cannot seek."""
        raise SourceError(f"{self.label} is live; there is nothing to wind back or forward.")

    def close(self) -> None:
        """End the thread, which releases the device; waits up to a second for it.

        A device that hangs in a call keeps its thread until that call returns.
        """
        self._stop(CLOSE_WAIT_S)

    def _stop(self, wait_s: float) -> None:
        with self._changed:
            self._closed = True
            self._newest = None
            self._changed.notify_all()
        self._thread.join(wait_s)

    def _something_to_tell(self) -> bool:
        return self._newest is not None or self._error is not None or self._closed

    def _wait_for_first(self, limit_s: float) -> tuple[int, int]:
        with self._changed:
            self._changed.wait_for(self._something_to_tell, limit_s)
            if self._newest is not None:
                height, width = self._newest.pixels.shape[:2]
                return width, height
            self._closed = True
            if self._error is not None:
                raise self._error
        raise SourceError(
            f"{self.label} gave no picture within {limit_s:g} s. Check that it is connected and "
            "not used by another program, then try again."
        )

    def _run(self) -> None:
        try:
            opened = self._open_device()
            try:
                self.rate, self.warnings, self._rgb = opened.rate, opened.warnings, opened.rgb
                self._grab_all(opened.device)
            finally:
                opened.device.release()
        except Exception as error:  # any error ends the reading: the reader raises it
            _log.info("%s stopped: %s", self.label, error)
            with self._changed:
                self._error = error
                self._changed.notify_all()

    def _grab_all(self, device: Device) -> None:
        good_until = time.perf_counter()
        while not self._closed:
            ok = device.grab()
            # Not time.monotonic(): on Windows that ticks every 16 ms before Python 3.13.
            now, clock_s = time.perf_counter(), elapsed_s()
            pixels = None
            if ok:
                ok, pixels = device.retrieve()
            if ok and pixels is not None:
                good_until = now
                if self._filter is not None and self._filter.is_repeat(pixels):
                    time.sleep(RETRY_S)
                else:
                    self._publish(_Picture(pixels, now, clock_s))
            elif now - good_until >= self._patience_s:
                raise SourceError(
                    f"{self.label} has stopped sending pictures. Check the connection, then start "
                    "it again."
                )
            else:
                time.sleep(RETRY_S)

    def _publish(self, picture: _Picture) -> None:
        with self._changed:
            if self._closed:
                return
            if self._newest is not None and self._first_at is not None:
                self._dropped += 1
            self._newest = picture
            self._changed.notify_all()
