"""Playback clocks: that of a clip, and that of a second clip which follows the first."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """The playback position, which advances with real time while playing.

    Args:
        duration_s: the last frame's time.
        now: returns monotonic seconds.
    """

    def __init__(self, duration_s: float, now: Callable[[], float] = time.monotonic) -> None:
        self.duration_s = duration_s
        self.bounds_s: tuple[float, float] | None = None
        """Start and end of the timeline if it is longer than this clip, because a second clip is
        compared with it; None for the clip alone."""
        self.loop = False
        self.part: tuple[float, float] | None = None
        """The interval repeated with ``loop``; None for the whole."""
        self.ready_s: float | None = None
        """Playback waits here until later frames are ready; None if all are."""
        self._now = now
        self._speed = 1.0
        self._playing = False
        self._time_s = 0.0
        self._since = now()

    @property
    def playing(self) -> bool:
        return self._playing

    @property
    def speed(self) -> float:
        return self._speed

    @property
    def timeline_s(self) -> tuple[float, float]:
        """Start and end of the timeline."""
        return (0.0, self.duration_s) if self.bounds_s is None else self.bounds_s

    @property
    def last_s(self) -> float:
        """The position read last, without advancing."""
        return self._time_s

    def read(self) -> float:
        """Advance to the present, and return the position in seconds."""
        now = self._now()
        if self._playing:
            ahead = self._time_s + (now - self._since) * self._speed
            if self.ready_s is not None:
                ahead = max(self._time_s, min(ahead, self.ready_s))
            self._time_s = ahead
            start_s, end_s = self._interval
            if self._time_s >= end_s:
                self._end(start_s, end_s)
        self._since = now
        return self._time_s

    def play(self) -> None:
        self.read()
        start_s, end_s = self._interval
        if self._time_s >= end_s:
            self._time_s = start_s
        self._playing = True

    def pause(self) -> None:
        self.read()
        self._playing = False

    def move(self, time_s: float) -> None:
        self.read()
        begins_s, ends_s = self.timeline_s
        self._time_s = min(ends_s, max(begins_s, time_s))

    def set_speed(self, speed: float) -> None:
        self.read()
        self._speed = speed

    @property
    def _interval(self) -> tuple[float, float]:
        """Start and end of the interval that is played."""
        return self.part if self.loop and self.part is not None else self.timeline_s

    def _end(self, start_s: float, end_s: float) -> None:
        if self.loop and end_s > start_s:
            self._time_s = start_s + (self._time_s - start_s) % (end_s - start_s)
        else:
            self._time_s, self._playing = self.timeline_s[1], False


class FollowingClock(Clock):
    """The position of a second clip, always ``offset_s`` later than that of the ``leader``.

    It may lie before the clip's first frame or after its last.
    """

    def __init__(self, leader: Clock) -> None:
        super().__init__(0.0)
        self.leader = leader
        self.offset_s = 0.0

    @property
    def playing(self) -> bool:
        return self.leader.playing

    @property
    def speed(self) -> float:
        return self.leader.speed

    @property
    def last_s(self) -> float:
        return self.read()

    def read(self) -> float:
        """Return the leader's last position plus the offset, so that both show the same moment."""
        return self.leader.last_s + self.offset_s

    def play(self) -> None:
        self.leader.play()

    def pause(self) -> None:
        self.leader.pause()

    def move(self, time_s: float) -> None:
        self.leader.move(time_s - self.offset_s)

    def set_speed(self, speed: float) -> None:
        self.leader.set_speed(speed)
