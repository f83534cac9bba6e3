"""Play a file or the performer in real time, by the wall clock."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import replace
from typing import Final

from app.errors import SourceError
from app.packets import Frame
from app.sources.base import SOURCE_SILENT_S, Source

STANDSTILL_S: Final = 0.5
"""A frame later than this does not count as late: reading was paused, and so was the clock."""
SHOW_EVERY_S: Final = 0.1
"""Longest time spent on skipping before a late frame is returned anyway."""
USUAL_STEP_S: Final = 0.04


class PlayClock:
    """Determines when each frame is due, and which ones are too late to be shown.

    All times are seconds: ``time_s`` of the file, ``now`` of the wall clock.
    """

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s
        self._anchor: tuple[float, float] | None = None
        self._last_s = math.nan
        self._shown_at = -math.inf

    def stop(self) -> None:
        """Make the next frame due at once, and restart the clock from it."""
        self._anchor = None

    def position(self, now: float) -> float | None:
        """Return the ``time_s`` that is due now; None while the next frame is due at once."""
        if self._anchor is None:
            return None
        began_at, began_s = self._anchor
        return began_s + now - began_at

    def due_in(self, time_s: float, now: float) -> float:
        """Return the seconds until a frame is due; negative if it is late."""
        position = self.position(now)
        if position is None:
            return 0.0
        late_s = position - time_s
        return 0.0 if late_s > STANDSTILL_S else -late_s

    def came(self, time_s: float) -> None:
        """Update the frame interval from a frame that has been read."""
        if time_s > self._last_s:
            self._step_s = time_s - self._last_s
        self._last_s = time_s

    def is_too_late(self, due_in_s: float, now: float) -> bool:
        """Return whether the frame after this one is due already."""
        return -due_in_s >= self._step_s and now - self._shown_at < SHOW_EVERY_S

    def show(self, time_s: float, due_in_s: float, now: float) -> None:
        """Register a frame returned at ``now``; ``due_in_s`` of 0 sets the clock to it."""
        if due_in_s == 0:
            self._anchor = now, time_s
        self._shown_at = now


class CameraClock(PlayClock):
    """For a source that itself skips what it cannot deliver in time: the clock never waits for it,
    however late a frame is, and no frame that was made is discarded."""

    def due_in(self, time_s: float, now: float) -> float:
        position = self.position(now)
        return 0.0 if position is None else time_s - position

    def is_too_late(self, due_in_s: float, now: float) -> bool:
        return False


class PacedSource(Source):
    """Returns each frame when it is due; frames that are too late are skipped.

    A frame is too late when its successor is due.  Skipped frames count as dropped and leave no
    gap in ``Frame.index``.  Playback pauses while no thread reads; a file that decodes slower than
    real time is played slower.  One thread reads; ``seek`` and ``close`` may be called from any.

    Args:
        source: a file or the performer; closed with this one.
        clock: determines when frames are due; by default one that waits for a slow file.

    Raises:
        SourceError: ``source`` is live.
    """

    live = False

    def __init__(self, source: Source, clock: PlayClock | None = None) -> None:
        if source.live:
            raise SourceError(f"{source.label} is live and has a pace of its own.")
        self._source = source
        self.label = source.label
        self.size = source.size
        self.rate: float | None = source.rate
        self.duration_s: float | None = source.duration_s
        self.frame_count: int | None = source.frame_count
        self.fov_deg = source.fov_deg
        self.warnings = source.warnings
        self._clock = clock or PlayClock(1 / source.rate if source.rate else USUAL_STEP_S)
        self._next: Frame | None = None
        self._next_index: int | None = None
        self._skipped = 0
        self._changed = threading.Condition()
        self._requests = 0
        self._closed = False
        self._seek_to: float | None = None

    @property
    def dropped(self) -> int:
        """Frames skipped because they were late."""
        return self._skipped + self._source.dropped

    def read(self, timeout_s: float = SOURCE_SILENT_S) -> Frame | None:
        """Wait until the next frame is due and return it, or ``None`` at the end.

        Raises:
            TimeoutError: none is due within ``timeout_s`` seconds.
        """
        give_up_at = time.perf_counter() + timeout_s
        while True:
            with self._changed:
                if self._closed:
                    return None
                requests = self._requests
                seek_to, self._seek_to = self._seek_to, None
            if seek_to is not None:
                self._jump(seek_to)
            if not self._fetch(timeout_s):
                return None
            wait_s, frame = self._hand_out_if_due()
            if frame is not None:
                return frame
            left_s = give_up_at - time.perf_counter()
            if left_s <= 0:
                raise TimeoutError(f"{self.label} has nothing due within {timeout_s:g} s.")
            self._sleep(min(wait_s, left_s), requests)

    def go_on(self) -> None:
        """Continue from the current position after a pause in reading: the next frame is due at
        once.

        To be called by the thread that reads.
        """
        self._clock.stop()

    def seek(self, time_s: float) -> None:
        """Continue with the frame shown at ``time_s``, which is due at once."""
        with self._changed:
            self._seek_to = time_s
            self._wake()

    def close(self) -> None:
        """Close the file or performer, and end a wait in :meth:`read`."""
        with self._changed:
            self._closed = True
            self._wake()
        self._source.close()

    def _wake(self) -> None:
        self._requests += 1
        self._changed.notify_all()

    def _sleep(self, wait_s: float, requests: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._requests != requests, wait_s)

    def _jump(self, time_s: float) -> None:
        self._source.seek(time_s)
        self._next = None
        self._next_index = None
        self._clock.stop()

    def _fetch(self, timeout_s: float) -> bool:
        """Read the next frame unless there is one already; False at the end."""
        if self._next is None:
            self._next = self._source.read(timeout_s)
            if self._next is not None:
                self._clock.came(self._next.time_s)
        return self._next is not None

    def _hand_out_if_due(self) -> tuple[float, Frame | None]:
        """Return how long to wait, and the next frame if it is due and not too late."""
        frame, now = self._next, time.perf_counter()
        assert frame is not None
        due_in_s = self._clock.due_in(frame.time_s, now)
        if due_in_s > 0:
            return due_in_s, None
        self._next = None
        if self._clock.is_too_late(due_in_s, now):
            self._skipped += 1
            return 0.0, None
        self._clock.show(frame.time_s, due_in_s, now)
        index = frame.index if self._next_index is None else self._next_index
        self._next_index = index + 1
        return 0.0, replace(frame, index=index, captured_at=now)
