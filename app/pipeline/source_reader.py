"""Reads one source: timeout at the start, reconnection when it is lost, one common time axis."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from app.errors import SourceError
from app.packets import Frame
from app.pipeline.controls import Controls
from app.pipeline.results import LatestResults
from app.pipeline.status import SourceFacts, State
from app.pipeline.threads import WorkerThreads
from app.sources.base import SOURCE_SILENT_S
from app.sources.paced import PacedSource
from app.system.clock import elapsed_s

if TYPE_CHECKING:
    from app.sources.base import Source

_log = logging.getLogger(__name__)

POLL_S: Final = 0.25
"""Longest wait in one ``read``: how soon a live source notices that it should stop."""
FIRST_FRAME_S: Final = 10.0
"""Some cameras take seconds to send a picture after they have opened."""
_SILENT_S: Final = SOURCE_SILENT_S - POLL_S
"""Checked once in ``POLL_S``, so that silence is noticed within ``SOURCE_SILENT_S``."""
REOPEN_S: Final = 1.0


class Timeline:
    """One frame index and one time axis across all reconnections of a source."""

    def __init__(self) -> None:
        self._last: Frame | None = None
        self._last_at = 0.0
        self._index_shift = 0
        self._time_shift = 0.0
        self._splice = False

    @property
    def last(self) -> Frame | None:
        """The newest frame."""
        return self._last

    def reopened(self) -> None:
        """Note that the next frame comes from a source that counts from 0 again."""
        self._splice = self._last is not None

    def place(self, frame: Frame) -> Frame:
        """Return ``frame`` with its index and time in the run; a gap keeps its real duration."""
        captured = elapsed_s() - (time.perf_counter() - frame.captured_at)
        if self._splice and self._last is not None:
            gap_s = captured - self._last_at
            self._index_shift = self._last.index + 1 - frame.index
            self._time_shift = self._last.time_s + gap_s - frame.time_s
            self._splice = False
        if self._index_shift:
            frame = replace(
                frame,
                index=frame.index + self._index_shift,
                time_s=frame.time_s + self._time_shift,
            )
        self._last, self._last_at = frame, captured
        return frame


class SourceReader:
    """Frames of one source, which is reopened if it is live and was lost.

    For the capture thread alone, except ``interrupt``.
    """

    def __init__(
        self,
        open_source: Callable[[], Source],
        controls: Controls,
        results: LatestResults,
        threads: WorkerThreads,
    ) -> None:
        self._open_source = open_source
        self._controls = controls
        self._results = results
        self._threads = threads
        self.ended = False
        """Whether a file has been read to its end."""
        self._source: Source | None = None
        self._timeline = Timeline()
        self._dropped_before = 0
        self._last_frame_at = 0.0
        self._silence_limit_s = FIRST_FRAME_S

    @property
    def live(self) -> bool:
        """Whether the source sends frames at its own pace and drops those not read in time."""
        return self._opened.live

    @property
    def dropped(self) -> int:
        """Frames lost before they were delivered, over all reconnections."""
        return self._dropped_before + (self._source.dropped if self._source else 0)

    def open(self) -> bool:
        """Open the source; False if the run is to stop first.

        Raises:
            SourceError: it cannot be opened.
        """
        opening = self._threads.background("source", self._open_source, lambda late: late.close())
        if not self._controls.wait_until(lambda: opening.ready):
            opening.give_up()
            return False
        self._source = opening.take()
        self._last_frame_at = time.perf_counter()
        self._silence_limit_s = FIRST_FRAME_S
        self.describe()
        return True

    def describe(self) -> None:
        """Publish what is known about the source, including warnings of the last read."""
        source = self._opened
        self._results.describe_source(
            SourceFacts(
                label=source.label,
                live=source.live,
                size=source.size,
                rate=source.rate,
                warnings=tuple(source.warnings),
                fov_deg=source.fov_deg,
            )
        )

    def next(self) -> Frame | None:
        """Return the next frame; None if none is due yet, at the end, or if the run is to stop.

        Raises:
            SourceError: a file cannot be read, or a live source has never sent a frame.
        """
        while not self._controls.stopping:
            try:
                frame = self._opened.read(POLL_S)
            except TimeoutError:
                if not self.live:
                    return None
                self._check_silence()
            except SourceError as error:
                self._lose(error)
            else:
                if frame is not None:
                    self._last_frame_at, self._silence_limit_s = time.perf_counter(), _SILENT_S
                    return self._timeline.place(frame)
                if not self.live:
                    self.ended = True
                    return None
                self._lose(SourceError(f"{self._opened.label} has ended."))
        return None

    def interrupt(self) -> None:
        """Close the source while another thread reads it, which wakes that thread.

        Called when the run is to stop: otherwise ``read`` of the performer waits until its drawing
        process has started.
        """
        source = self._source
        if source is not None:
            source.close()

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Pause the clock of a file played at its own pace, so that no frames are skipped."""
        try:
            yield
        finally:
            if isinstance(self._opened, PacedSource):
                self._opened.go_on()

    def rewind(self) -> None:
        """Rewind a file to its beginning."""
        self._opened.seek(0.0)
        self.ended = False

    def close(self) -> None:
        """Close the source, if one is open."""
        if self._source is not None:
            self._dropped_before += self._source.dropped
            self._source.close()
            self._source = None

    @property
    def _opened(self) -> Source:
        if self._source is None:
            raise RuntimeError("the source is not open")
        return self._source

    def _check_silence(self) -> None:
        if time.perf_counter() - self._last_frame_at > self._silence_limit_s:
            self._lose(
                SourceError(
                    f"{self._opened.label} sends no picture. "
                    "Check that it is switched on and that no other program is using it."
                )
            )

    def _lose(self, error: SourceError) -> None:
        """Reopen a live source until that succeeds; raise ``error`` for other sources."""
        if self._controls.stopping:
            return  # closed by ``interrupt``
        if not self.live or self._timeline.last is None:
            raise error
        _log.warning("%s is lost: %s", self._opened.label, error)
        self._results.enter(State.LOST)
        self._timeline.reopened()
        self.close()
        while True:
            began = time.perf_counter()
            try:
                self.open()
            except SourceError as again:
                _log.info("still lost: %s", again)
            else:
                return
            self._controls.wait_until(lambda: False, REOPEN_S - (time.perf_counter() - began))
