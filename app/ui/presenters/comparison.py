"""A second take beside the one on stage, both at the same moment of one timeline."""

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

    While it does, the timeline reaches from where the earlier one begins to where the later one
    ends.
    """

    def __init__(self, window: Host, new_recordings: NewRecordings) -> None:
        """``takes`` lift what has not been lifted yet."""
        self._window = window
        self._opening = Opening(window, new_recordings, self)
        self._first: PlaybackPresenter | None = None
        self._beside: PlaybackPresenter | None = None

    @property
    def playback(self) -> PlaybackPresenter | None:
        """The second take; None while nothing is compared."""
        return self._beside

    @property
    def first(self) -> PlaybackPresenter | None:
        """The take on stage, with which it is compared; None while nothing is."""
        return self._first

    def open(self, spec: str) -> None:
        """Load a recording or a video, and show it beside what is shown."""
        if self._window.playback is None:
            self._window.marking.say(FIRST_OPEN)
        elif spec.endswith(SUFFIX):
            self._opening.open_recording(Path(spec))
        elif sources.is_video(spec):
            self._opening.open_video(Path(spec))
        else:
            self._window.marking.say(_NOT_LIVE)

    def play(self, clip: Clip, spec: str) -> None:
        """Show a clip beside what is shown; both then begin at the same moment."""
        first = self._window.playback
        if first is None:  # it has gone while this one was loaded
            clip.close()
            return
        self.close()
        self._first = first
        self._beside = PlaybackPresenter(clip, clock=FollowingClock(first.clock))
        self._stretch()

    def cannot_open(self, spec: str, reason: str) -> None:
        """What plays goes on, and the reason is said."""
        self._window.tell(reason)

    def close(self) -> None:
        """Leave the first take as it was before."""
        self._opening.give_up()
        first, beside = self._first, self._beside
        self._first = self._beside = None
        if first is not None:
            first.clock.bounds_s = None
            first.clock.move(first.clock.last_s)
        if beside is not None:
            self._window.end_behind(beside)

    def view_state(self) -> ViewState | None:
        """What the second take shows, once the window has looked at the first; None without it."""
        if self._beside is None:
            return None
        self._stretch()
        return self._beside.view_state()

    def choose_person(self, x: float, y: float) -> None:
        """Follow whoever is at this place of the second take's picture, in pixels."""
        if self._beside is not None:
            self._opening.choose_person(self._beside, x, y)

    # --- the offset -------------------------------------------------------------------------

    @property
    def offset_s(self) -> float:
        """How much later than the first take's the moment of the second is, in seconds."""
        clock = None if self._beside is None else self._beside.clock
        return clock.offset_s if isinstance(clock, FollowingClock) else 0.0

    def shift(self, offset_s: float) -> None:
        """Show the second take so much later than the first."""
        if self._beside is not None and isinstance(self._beside.clock, FollowingClock):
            self._beside.clock.offset_s = offset_s
            self._stretch()

    def align(self, time_s: float) -> None:
        """Let a moment of the second take, in its seconds, fall together with the one shown."""
        if self._first is not None and self._beside is not None:
            self._first.clock.pause()
            self.shift(self._beside.frame_time(time_s) - self._shown_s(self._first))

    def align_share(self, share: float) -> None:
        """:meth:`align` for a share of the second take."""
        if self._beside is not None:
            self.align(share * self._beside.clock.duration_s)

    def step(self, frames: int) -> None:
        """Move the second take alone by so many of its frames."""
        beside = self._beside
        if beside is not None:
            index = min(len(beside.time_s) - 1, max(0, beside.index + frames))
            self.align(float(beside.time_s[index]))

    def align_event(self, number: int) -> None:
        """Let an event of the second take fall together with the moment shown of the first."""
        for mark, moment_s in self.events:
            if mark.number == number:
                self.align(moment_s)

    @property
    def events(self) -> tuple[tuple[Mark, float], ...]:
        """Those of the second take, each with its seconds from the first frame."""
        return _events(self._beside)

    @property
    def shared_labels(self) -> tuple[str, ...]:
        """Labels of events that both takes have."""
        others = {mark.label for mark, _ in self.events}
        return tuple(
            dict.fromkeys(mark.label for mark, _ in _events(self._first) if mark.label in others)
        )

    def align_label(self, label: str) -> None:
        """Let the first events of that label fall together, and go there."""
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
        """Where the second take is, on a line of its own."""
        beside = self._beside
        if beside is None:
            return None
        return beside.position()

    def _shown_s(self, current: PlaybackPresenter) -> float:
        """The time of its frame, or where there is none, the moment itself."""
        moment_s = current.clock.read()
        return moment_s if current.away(moment_s) else current.shown_s

    def _stretch(self) -> None:
        """Let the timeline hold both takes; how long a video is may only be known by and by."""
        first, beside = self._first, self._beside
        if first is None or beside is None:
            return
        begins_s = -self.offset_s
        ends_s = beside.clock.duration_s + begins_s
        first.clock.bounds_s = min(0.0, begins_s), max(first.clock.duration_s, ends_s)


def _events(current: PlaybackPresenter | None) -> tuple[tuple[Mark, float], ...]:
    if current is None:
        return ()
    return tuple((mark, mark.time_s - current.starts_at_s) for mark in current.marks)
