"""The thread between a live run and one receiver."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.errors import LiveOutError, MixposeError
from app.packets import Pose3D
from app.stream_out.channel import Channel
from app.stream_out.figures import Figures, Tally
from app.stream_out.targets import Target
from app.system.files import plain_reason

log: Final = logging.getLogger(__name__)
CAPACITY: Final = 30
"""Poses that may wait, a second of them: older ones are of no use to anybody live."""
_PATIENCE_S: Final = 10.0
"""How long after it was said that nothing can be sent it is said again, if it works in between."""

_Item = tuple[Pose3D, NDArray[np.float32]]


class Sender:
    """Sends every pose it is given, in a thread of its own, until it is closed.

    What goes wrong is told by ``error`` and does not end it: a network may come back.  What keeps
    it from beginning does.

    Args:
        target: where to; LiveOutError if a library for it is missing.
    """

    def __init__(self, target: Target) -> None:
        target.require()
        self.target = target
        self.error: MixposeError | None = None
        """The last thing that went wrong; a new object each time."""
        self.failed = False
        """Whether it sends nothing any more."""
        self._tally = Tally()
        self._changed = threading.Condition()
        self._waiting: deque[_Item] = deque(maxlen=CAPACITY)
        self._newest = -np.inf
        self._closing = False
        self._trouble_at = -np.inf
        self._thread = threading.Thread(target=self._run, name="mixpose-send", daemon=True)
        self._thread.start()

    def put(self, pose: Pose3D, conf: NDArray[np.float32]) -> None:
        """Send ``pose`` soon; never waits.  One that is not newer than the last is left out.

        ``conf`` is (17,) the detector's confidence in its joints, left and right repaired.
        """
        with self._changed:
            if self._closing or self.failed or pose.captured_at <= self._newest:
                return
            self._newest = pose.captured_at
            if len(self._waiting) == CAPACITY:
                self._tally.add_lost()
            self._waiting.append((pose, conf))
            self._changed.notify()

    def figures(self) -> Figures:
        """Rate, latency and loss."""
        return self._tally.figures()

    def close(self, timeout_s: float = 2.0) -> bool:
        """Send what waits, and end; whether that was possible within ``timeout_s``."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            channel = self.target.open()
            try:
                while (item := self._next()) is not None:
                    self._send(channel, *item)
            finally:
                channel.close()
        except OSError as error:
            reason = plain_reason(error)
            self._give_up(LiveOutError(f"Nothing can be sent ({self.target.label}): {reason}."))
        except MixposeError as error:
            self._give_up(error)
        except Exception:
            log.exception("sending has failed")
            self._give_up(
                LiveOutError(
                    f"Something went wrong inside the program, and nothing more is sent "
                    f"({self.target.label}). The log file has the details."
                )
            )

    def _give_up(self, error: MixposeError) -> None:
        log.warning("%s", error)
        with self._changed:
            self.error, self.failed = error, True
            self._tally.add_lost(len(self._waiting))
            self._waiting.clear()

    def _next(self) -> _Item | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            return self._waiting.popleft() if self._waiting else None

    def _send(self, channel: Channel, pose: Pose3D, conf: NDArray[np.float32]) -> None:
        seen = np.where(pose.filled | pose.missing, np.float32(np.nan), conf)
        try:
            heard = channel.send(pose, seen)
        except OSError as error:
            self._tally.add_lost()
            self._report(error)
            return
        self._tally.add_sent(pose.captured_at, heard=heard)

    def _report(self, error: OSError) -> None:
        """Say it once for all that goes wrong in a row."""
        now = time.monotonic()
        if now - self._trouble_at > _PATIENCE_S:
            reason = plain_reason(error)
            self.error = LiveOutError(
                f"Poses cannot be sent at the moment ({self.target.label}): {reason}. "
                "It goes on being tried."
            )
            log.warning("%s", self.error)
        self._trouble_at = now
