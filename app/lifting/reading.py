"""Read a source to its end and detect in parallel with decoding.

For sources that cannot be cut into segments: cameras, streams, the performer, short clips.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from app.errors import SourceError
from app.lifting.clip import DetectedClip, Rows, clip_of
from app.lifting.people import identified
from app.lifting.progress import Progress, ProgressCallback, Stage, never
from app.packets import Frame

if TYPE_CHECKING:
    from app.detection.detector import Detector, PeopleDetector
    from app.sources.base import Source

_AHEAD: Final = 4
"""Frames decoded in advance: enough to bridge the detector's slow frames, and at most 25 MB of
full-HD pictures."""
_POLL_S: Final = 0.2
"""Interval at which waiting for a frame or for room in the queue checks whether to stop."""
_PATIENCE_S: Final = 1.0
"""A source still reading a frame this long after the end is closed."""
_SILENT_S: Final = 10.0
"""A live source that delivers nothing for this long has ended, as streams do without notice."""


def detect_clip(
    source: Source,
    detector: Detector | PeopleDetector,
    *,
    seconds: float | None = None,
    stop: Callable[[], bool] = never,
    progress: ProgressCallback | None = None,
) -> DetectedClip:
    """Read a source to its end and detect the joints in each frame, as fast as possible.

    The source is read in a separate thread, which has ended when this returns.  The detector runs
    in the calling thread.

    Args:
        source: an open source, not paced; closed by its owner.
        detector: a new one.
        seconds: read no frame later than this after the first.
        stop: polled between frames; once True, the frames read so far are returned.
        progress: called after each frame in the calling thread.

    Raises:
        SourceError: the source failed before its first frame, or has none.
        DetectorError: the detector failed.
    """
    rows = Rows()
    faults: tuple[str, ...] = ()
    total = expected_frames(source, seconds)
    with ReadAhead(source, stop, seconds) as frames:
        try:
            for frame in frames:
                rows.append(detector.detect(frame))
                if progress is not None:
                    progress(Progress(Stage.DETECTING, len(rows), total))
        except SourceError as error:
            if not len(rows):
                raise
            faults = (str(error),)  # the frames before the damage are kept
    if not len(rows) and not frames.stopped:
        raise no_frames(source.label)
    clip = clip_of(source, detector.size, rows, faults, complete=not frames.stopped)
    return replace(clip, people=identified(rows.people))


def no_frames(label: str) -> SourceError:
    """The error for a source without any frame."""
    return SourceError(f"{label} holds no frames that can be read.")


def expected_frames(source: Source, seconds: float | None) -> int | None:
    """The expected number of frames in the first ``seconds``; None if unknown."""
    expected = source.frame_count
    if seconds is None or source.rate is None:
        return expected
    wanted = math.ceil(seconds * source.rate)
    return wanted if expected is None else min(expected, wanted)


class ReadAhead:
    """Reads a source in a thread, a few frames ahead of its iterator.

    Args:
        source: closed by its owner.
        stop: polled between frames; once True, the iteration ends.
        seconds: how much to read, from the first frame; None for all.
    """

    def __init__(
        self, source: Source, stop: Callable[[], bool], seconds: float | None = None
    ) -> None:
        self.stopped = False
        """Whether ``stop`` has ended it."""
        self._source = source
        self._seconds = seconds
        self._stop = stop
        self._left = threading.Event()
        self._frames: queue.Queue[Frame | None] = queue.Queue(_AHEAD)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="clip-reader")

    def __enter__(self) -> ReadAhead:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._thread.join(_PATIENCE_S)
        if self._thread.is_alive():
            self._source.close()  # ends a blocking read
            self._thread.join()

    def __iter__(self) -> Iterator[Frame]:
        while not self._stop():
            try:
                frame = self._frames.get(timeout=_POLL_S)
            except queue.Empty:
                continue
            if frame is not None:
                yield frame
            elif self._error is not None:
                raise self._error
            else:
                return
        self.stopped = True

    def _run(self) -> None:
        try:
            for frame in self._read():
                self._put(frame)
        except BaseException as error:
            self._error = error
        self._put(None)

    def _read(self) -> Iterator[Frame]:
        first_s: float | None = None
        heard_at = time.monotonic()
        while not self._left.is_set():
            try:
                frame = self._source.read(_POLL_S)
            except TimeoutError as error:
                if not self._source.live:
                    raise SourceError(f"{self._source.label} stopped: {error}.") from error
                if time.monotonic() - heard_at > _SILENT_S:
                    raise SourceError(
                        f"{self._source.label} sent nothing for {_SILENT_S:g} seconds; "
                        "this was taken as its end."
                    ) from error
                continue
            if frame is None:
                return
            heard_at = time.monotonic()
            first_s = frame.time_s if first_s is None else first_s
            if self._seconds is not None and frame.time_s - first_s >= self._seconds:
                return
            yield frame

    def _put(self, frame: Frame | None) -> None:
        while not self._left.is_set():
            try:
                self._frames.put(frame, timeout=_POLL_S)
            except queue.Full:
                continue
            return
