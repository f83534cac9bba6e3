"""Passes every detected frame to the recording, if there is one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.errors import MixposeError, RecordingError
from app.packets import Frame, Keypoints2D

if TYPE_CHECKING:
    from app.recording.writer import RecordingWriter


class Recorder:
    """Holds the writer that the caller attaches and detaches, for the capture thread.

    Args:
        report: called when the recording fails.
    """

    def __init__(self, report: Callable[[MixposeError], None]) -> None:
        self._report = report
        self._lock = threading.Lock()
        self._writer: RecordingWriter | None = None
        self._broken = False
        self._over = False

    @property
    def active(self) -> bool:
        """Whether frames are being written."""
        return self._writer is not None and not self._broken

    def attach(self, writer: RecordingWriter) -> None:
        """Write to ``writer`` from the next frame on.

        Raises:
            RecordingError: a recording is under way, or the run is over.
        """
        with self._lock:
            if self._over:
                raise RecordingError(
                    "Nothing is running that could be recorded. Press Start first."
                )
            if self._writer is not None:
                raise RecordingError("A recording is under way already. Stop it first.")
            self._writer, self._broken = writer, False

    def detach(self) -> RecordingWriter | None:
        """Return the writer, even a failed one; nothing is written to it after this."""
        with self._lock:
            writer, self._writer = self._writer, None
            return writer

    def append(self, keypoints: Keypoints2D, frame: Frame, *, dropped: int) -> None:
        """Write one frame.  A recording that has failed is reported once and gets
        no more frames."""
        with self._lock:
            if self._writer is None or self._broken:
                return
            self._writer.append(keypoints, frame, dropped=dropped)
            self._check_failure(self._writer)

    def mark(self, label: str) -> None:
        """Mark the frame written last in the recording, if there is one."""
        with self._lock:
            if self._writer is not None and not self._broken:
                self._writer.mark(label, last_frame=True)

    def finish(self) -> None:
        """Close a recording that is still attached, at the end of the run."""
        with self._lock:
            self._over = True
            writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
            if not self._broken:
                self._check_failure(writer)

    def _check_failure(self, writer: RecordingWriter) -> None:
        # The writer's threads notice a full disk some time after the frame was queued.
        if writer.error is not None:
            self._broken = True
            self._report(writer.error)
