"""Side-by-side comparison with a second take, on one timeline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.recording.names import SUFFIX
from app.ui.presenters import sources
from app.ui.presenters.clock import FollowingClock
from app.ui.presenters.opening import Opening
from app.ui.presenters.playback import PlaybackPresenter
from app.ui.presenters.view_state import Position, ViewState

if TYPE_CHECKING:
    from app.recording.events import Mark
    from app.ui.presenters.clips import Clip
    from app.ui.presenters.host import Host
    from app.ui.presenters.new_recordings import NewRecordings

FIRST_OPEN = "Open a recording or a video first: another can be compared with it"
_NOT_LIVE = "Only recordings and videos can be compared"


class Comparison:
    """Plays a second clip by the clock of the first, with an offset between the two.

    Meanwhile the timeline reaches from the earlier start to the later end of the two.
    """

    def __init__(self, window: Host, new_recordings: NewRecordings) -> None:
        """``new_recordings`` lifts recordings that have not been lifted yet."""
        self._window = window
        self._opening = Opening(window, new_recordings, self)
        self._first: PlaybackPresenter | None = None
        self._second: PlaybackPresenter | None = None

    @property
    def playback(self) -> PlaybackPresenter | None:
        """The presenter of the second take; None without a comparison."""
        return self._second

    @property
    def first(self) -> PlaybackPresenter | None:
        """The presenter of the first take; None without a comparison."""
        return self._first

    def open(self, spec: str) -> None:
        """Load a recording or a video, and show it beside the first take."""
        if self._window.playback is None:
            self._window.marking.show_hint(FIRST_OPEN)
        elif spec.endswith(SUFFIX):
            self._opening.open_recording(Path(spec))
        elif sources.is_video(spec):
            self._opening.open_video(Path(spec))
        else:
            self._window.marking.show_hint(_NOT_LIVE)

    def play(self, clip: Clip, spec: str) -> None:
        """Show a clip beside the first take, with both starting at the same moment."""
        first = self._window.playback
        if first is None:  # it was closed while this one was loaded
            clip.close()
            return
        self.close()
        self._first = first
        self._second = PlaybackPresenter(clip, clock=FollowingClock(first.clock))
        self._extend_timeline()

    def cannot_open(self, spec: str, reason: str) -> None:
        """Report the reason; the first take stays as it is."""
        self._window.notify(reason)

    def close(self) -> None:
        """End the comparison; the first take stays."""
        self._opening.cancel()
        first, second = self._first, self._second
        self._first = self._second = None
        if first is not None:
            first.clock.bounds_s = None
            first.clock.move(first.clock.last_s)
        if second is not None:
            self._window.close_later(second)

    def view_state(self) -> ViewState | None:
        """Return the view state of the second take; None without one.

        Call it after the first take's ``view_state``, which advances the clock.
        """
        if self._second is None:
            return None
        self._extend_timeline()
        return self._second.view_state()

    def choose_person(self, x: float, y: float) -> None:
        """Follow the person at this position of the second take's picture, in pixels."""
        if self._second is not None:
            self._opening.choose_person(self._second, x, y)

    # --- the offset -------------------------------------------------------------------------

    @property
    def offset_s(self) -> float:
        """Time shown of the second take minus that of the first, in seconds."""
        clock = None if self._second is None else self._second.clock
        return clock.offset_s if isinstance(clock, FollowingClock) else 0.0

    def set_offset(self, offset_s: float) -> None:
        """Set the offset of the second take, in seconds."""
        if self._second is not None and isinstance(self._second.clock, FollowingClock):
            self._second.clock.offset_s = offset_s
            self._extend_timeline()

    def align(self, time_s: float) -> None:
        """Align a time of the second take, in its seconds, with the frame shown of the first."""
        if self._first is not None and self._second is not None:
            self._first.clock.pause()
            self.set_offset(self._second.frame_time(time_s) - self._shown_s(self._first))

    def align_share(self, share: float) -> None:
        """:meth:`align` for a fraction of the second take's duration."""
        if self._second is not None:
            self.align(share * self._second.clock.duration_s)

    def step(self, frames: int) -> None:
        """Move only the second take, by this number of its frames."""
        second = self._second
        if second is not None:
            index = min(len(second.time_s) - 1, max(0, second.index + frames))
            self.align(float(second.time_s[index]))

    def align_event(self, number: int) -> None:
        """Align an event of the second take with the frame shown of the first."""
        for mark, moment_s in self.events:
            if mark.number == number:
                self.align(moment_s)

    @property
    def events(self) -> tuple[tuple[Mark, float], ...]:
        """Events of the second take, each with its time in seconds from the first frame."""
        return _events(self._second)

    @property
    def shared_labels(self) -> tuple[str, ...]:
        """Labels of events that both takes have."""
        others = {mark.label for mark, _ in self.events}
        return tuple(
            dict.fromkeys(mark.label for mark, _ in _events(self._first) if mark.label in others)
        )

    def align_label(self, label: str) -> None:
        """Align the first events of this label in both takes, and go there."""
        first = self._first
        if first is None:
            return
        here, there = (
            next(moment_s for mark, moment_s in events if mark.label == label)
            for events in (_events(first), self.events)
        )
        first.go(here)
        self.align(there)

    def position(self) -> Position | None:
        """Return the playback position of the second take, on its own timeline."""
        second = self._second
        if second is None:
            return None
        return second.position()

    def _shown_s(self, current: PlaybackPresenter) -> float:
        """Return the time of the frame shown, or the clock's time if there is no frame."""
        moment_s = current.clock.read()
        return moment_s if current.why_outside(moment_s) else current.shown_s

    def _extend_timeline(self) -> None:
        """Extend the timeline to both takes; a video's duration may grow while it is read."""
        first, second = self._first, self._second
        if first is None or second is None:
            return
        begins_s = -self.offset_s
        ends_s = second.clock.duration_s + begins_s
        first.clock.bounds_s = min(0.0, begins_s), max(first.clock.duration_s, ends_s)


def _events(current: PlaybackPresenter | None) -> tuple[tuple[Mark, float], ...]:
    if current is None:
        return ()
    return tuple((mark, mark.time_s - current.starts_at_s) for mark in current.marks)
