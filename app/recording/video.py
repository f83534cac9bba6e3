"""The pictures of a recording: encoded and written in a separate thread, and read again."""

from __future__ import annotations

import logging
import threading
from collections import deque
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from app import __version__
from app.recording import matroska
from app.recording.storage import AppendOnlyFile, open_regular
from app.system.files import plain_reason

_log = logging.getLogger(__name__)

FILE_NAME: Final = "video.mkv"
_QUALITY: Final = 85
"""JPEG quality.  At 720p on one core, 2.1 ms and 84 to 99 kB a picture (two real clips); pictures
are independent, so any can be shown at once and damage spoils only one.  OpenCV's other encoders:
MJPG 5.3 ms (63 kB), mp4v 4.0 ms (18 kB, blurred, and a picture depends on those before it), VP8 72
ms, VP9 203 ms, FFV1 25 ms (249 kB); its wheels have no H.264."""
_WAITING_BYTES: Final = 64 * 2**20
"""Memory limit for pictures waiting to be encoded; a single picture may exceed it."""

Image = NDArray[np.uint8]


class PictureWriter:
    """Keeps the pictures it is offered, as long as encoder and disk keep up."""

    def __init__(self, path: Path, size: tuple[int, int]) -> None:
        """Create ``path`` for pictures of ``size`` (width, height).  Raises OSError."""
        self.file = AppendOnlyFile(path)
        try:
            self.file.append(matroska.opening(size, f"mixpose {__version__}"))
        except OSError:
            self.file.close()
            raise
        self.written = 0
        self.problem: str | None = None
        """Why no more pictures are kept, in a sentence."""
        self._accepted = 0
        self._refused = 0
        self._first_time_s = 0.0
        self._waiting: deque[tuple[Image, float]] = deque()
        self._waiting_bytes = 0
        self._finishing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="recording-video", daemon=True)
        self._thread.start()

    def offer(self, image: Image, time_s: float) -> int:
        """Queue an RGB picture without waiting: its number in the file, or -1 if left out."""
        with self._changed:
            full = self._waiting and self._waiting_bytes + image.nbytes > _WAITING_BYTES
            if full or self._finishing or self.problem is not None:
                self._refused += 1
                return -1
            if not self._accepted:
                self._first_time_s = time_s
            self._waiting.append((image, time_s - self._first_time_s))
            self._waiting_bytes += image.nbytes
            self._accepted += 1
            self._changed.notify()
            return self._accepted - 1

    @property
    def left_out(self) -> int:
        """Pictures offered but not kept, because encoder or disk was too slow or had stopped."""
        lost = 0 if self.problem is None else self._accepted - self.written
        return self._refused + lost

    def give_up(self, problem: str) -> None:
        """Stop keeping pictures because of ``problem`` (a sentence)."""
        with self._changed:
            if self.problem is None:
                self.problem = problem
                _log.warning("pictures are no longer kept: %s", problem)
            self._waiting.clear()
            self._waiting_bytes = 0
            self._changed.notify()

    def finish(self, timeout_s: float) -> bool:
        """Write the waiting pictures and end the thread; False if it takes over ``timeout_s``.

        The file stays open, to be synced and closed by the caller.
        """
        with self._changed:
            self._finishing = True
            self._changed.notify()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while (picture := self._next()) is not None:
                self.file.append(_encode(*picture))
                self.written += 1
        except OSError as error:
            self.give_up(f"The pictures could not be kept any longer: {plain_reason(error)}.")
        except Exception:
            _log.exception("the encoder failed")
            self.give_up("The pictures could not be kept any longer: the encoder failed.")

    def _next(self) -> tuple[Image, float] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._finishing or self.problem)
            if not self._waiting:
                return None
            image, time_s = self._waiting.popleft()
            self._waiting_bytes -= image.nbytes
            return image, time_s


def kept_bytes(image: Image) -> int:
    """Return the size in bytes that an RGB picture takes when it is kept."""
    return len(_encode(image, 0.0))


def _encode(image: Image, time_s: float) -> bytes:
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return matroska.cluster(jpeg.tobytes(), round(time_s * 1000))


class Pictures:
    """Random access to the pictures of a recording's video, by number."""

    def __init__(self, path: Path, size: tuple[int, int]) -> None:
        """Find the pictures of ``size`` (width, height) in ``path``; a truncated one is left out.

        Raises OSError.
        """
        self._path = path
        self._shape = (size[1], size[0], 3)
        with open_regular(path, "rb") as file:
            self._places = tuple(matroska.find_pictures(file))

    def __len__(self) -> int:
        return len(self._places)

    def read(self, number: int) -> Image | None:
        """Return the picture, (height, width, 3) RGB; None if it does not exist or is damaged."""
        if not 0 <= number < len(self._places):
            return None
        place = self._places[number]
        try:
            with open_regular(self._path, "rb") as file:
                file.seek(place.offset)
                jpeg = np.frombuffer(file.read(place.length), np.uint8)
            bgr = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
        except (OSError, cv2.error) as error:
            _log.warning("picture %d of %s cannot be read: %s", number, self._path, error)
            return None
        if bgr is None or bgr.shape != self._shape:
            return None
        return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
