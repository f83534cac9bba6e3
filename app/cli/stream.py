"""``stream``: sends poses of a source to other programs, without a window."""

from __future__ import annotations

import argparse
import logging
import time
from typing import Final

from app.cli.exits import Exit, Interrupt, leave_hanging_threads, warn
from app.cli.live_output import Sending, WatchedRun, lifter_factory
from app.cli.model_options import lift_options
from app.cli.progress import StatusLine
from app.detection.models import FOR_LIVE, WHY, Size
from app.errors import MixposeError
from app.pipeline import LiveRun, Snapshot, State
from app.sources import reopener
from app.system import logs

log: Final = logging.getLogger(__name__)
_LOOK_S: Final = 0.05
_STOP_S: Final = 3.0


def run(options: argparse.Namespace) -> int:
    """Send until stopped; return the exit code described in ``stream --help``."""
    logs.divert_native_stderr()
    sending = Sending(options)
    with Interrupt() as interrupt:
        stream = _Stream(options, sending)
        error = stream.run(interrupt)
    hangs = stream.hangs or not sending.close()
    for warning in stream.warnings:
        warn(f"mixpose: Warning: {warning}")
    if error is not None:
        log.warning("%s", error)
        warn(f"mixpose: {error}")
    if stream.began:
        sending.report()
    code = int(Exit.OK if error is None else Exit.FAILED)
    if interrupt.signal is not None:
        code = 128 + interrupt.signal
    if hangs:
        leave_hanging_threads(code)
    return code


class _Stream(WatchedRun):
    """A live run whose poses are sent; files and the performer play at their own pace."""

    def __init__(self, options: argparse.Namespace, sending: Sending) -> None:
        super().__init__(options.source, StatusLine(), sending)
        self._options = options
        delay = {} if options.delay is None else {"delay": options.delay}
        self._run = LiveRun(
            reopener(options.source, paced=True),
            lifter_factory(options),
            detector_size=options.detector,
            height_m=options.height,
            level=lift_options(options).level,
            smooth=options.smooth,
            **delay,
        )
        self._run.send_to(*sending.senders)
        self._announced = False
        self._size: Size = options.detector or FOR_LIVE
        self._first_at: float | None = None

    @property
    def began(self) -> bool:
        """Whether there was a pose yet."""
        return self._first_at is not None

    def run(self, interrupt: Interrupt) -> MixposeError | None:
        """Send until the end of the source, of the requested duration, or a signal.

        Returns the reason of a premature end, or None."""
        self._run.start()
        try:
            while interrupt.signal is None:
                now = self._run.latest()
                self._look_at_source(now)
                error = now.error or self._sending.error
                if error is not None or self._has_all(now):
                    return error or self._empty(now)
                self._tell(now)
                time.sleep(_LOOK_S)
            return None
        finally:
            self._line.clear()
            self.hangs = not self._run.stop(_STOP_S)

    def _has_all(self, now: Snapshot) -> bool:
        if self._first_at is None and now.pose is not None:
            self._first_at = time.monotonic()
        if now.state is State.ENDED:
            # At the end of a short file the network may just have been loaded.
            return now.pose is not None or now.frame is None
        seconds, began = self._options.seconds, self._first_at
        return seconds is not None and began is not None and time.monotonic() - began >= seconds

    def _empty(self, now: Snapshot) -> MixposeError | None:
        return self._no_frames() if now.state is State.ENDED and now.frame is None else None

    def _tell(self, now: Snapshot) -> None:
        if now.pose is not None and not self._announced:
            self._announced = True
            where = " and ".join(sender.target.label for sender in self._sending.senders)
            self._line.warn(f"mixpose: Sending {self._label} ({where}); Ctrl-C ends it.")
        self._sending.tell(self._line)
        self._tell_size(now.stats.detector_size)
        self._tell_lost(now)
        self._show(now, self._sending.status() if now.pose else f"{self._label}: starting ...")

    def _tell_size(self, size: Size | None) -> None:
        if size is not None and size != self._size:
            self._size = size
            why = WHY[size]
            self._line.warn(f"mixpose: The detector's model is {size} now: {why}.")
