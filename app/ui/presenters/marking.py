"""Marked events and the selection of the recording that is being made or played."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from app.motion.selection import Selection
from app.ui import words
from app.ui.notices import Message, MessageButton
from app.ui.presenters.playback import PlaybackPresenter
from app.ui.tasks import Job, Jobs

if TYPE_CHECKING:
    from app.recording.events import Mark
    from app.ui.presenters.recording import RecordPresenter

_FLASH_S: Final = 2.0
_SAME_TIME_S: Final = 5e-4
_SHORTEST_S: Final = 1e-3


class Host(Protocol):
    """What :class:`Marking` needs of the window's presenter."""

    jobs: Jobs
    recorder: RecordPresenter

    @property
    def current(self) -> object:
        """The presenter of the source shown."""

    def announce(self, message: Message) -> None: ...

    def clear_message(self) -> None: ...

    def job_failed(self, error: BaseException) -> None: ...


class Marking:
    """Handles the keys E, I, O and X, and the ticks and handles of the timeline."""

    def __init__(self, window: Host, clock: Callable[[], float] = time.monotonic) -> None:
        self._window, self._clock = window, clock
        self._flash, self._flash_until = "", 0.0

    def hint(self) -> str:
        """Return the sentence of the last action for ``_FLASH_S``, an empty string after that."""
        return self._flash if self._clock() < self._flash_until else ""

    def show_hint(self, sentence: str) -> None:
        """Show a sentence over the picture for ``_FLASH_S``."""
        self._flash, self._flash_until = sentence, self._clock() + _FLASH_S

    @property
    def _current(self) -> PlaybackPresenter | None:
        current = self._window.current
        return current if isinstance(current, PlaybackPresenter) else None

    # --- events -----------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """The label of the recording whose :attr:`marks` are shown."""
        return "" if self._current is None else self._current.label

    @property
    def marks(self) -> tuple[tuple[Mark, float], ...]:
        """The events of the recording shown, each with its time in seconds from the first frame."""
        current = self._current
        if current is None:
            return ()
        return tuple((mark, mark.time_s - current.starts_at_s) for mark in current.marks)

    def mark(self) -> None:
        """E: mark an event now in the recording that is being made, or at the frame shown."""
        current = self._current
        made = self._window.recorder.mark()
        if made is not None:
            self.show_hint(f"{made.label} marked")
        elif current is not None:
            events, moment_s = current.clip.events, current.starts_at_s + current.shown_s
            self._change(
                lambda: events.add(moment_s),
                lambda made: self.show_hint(
                    f"{made.label} marked at {words.clock(current.shown_s)}"
                ),
            )
        else:
            self.show_hint("Press R to record first: events are marked in recordings")

    def rename(self, number: int, label: str) -> None:
        """Change the label of an event of the recording shown."""
        current, mark = self._current, self._mark(number)
        if current is not None and mark is not None and label.strip() != mark.label:
            events = current.clip.events
            self._change(lambda: events.rename(number, label))

    def remove(self, number: int) -> None:
        """Remove an event from the recording shown; the message strip offers to undo that."""
        current, mark = self._current, self._mark(number)
        if current is None or mark is None:
            return
        events = current.clip.events

        def put_back() -> None:
            self._window.clear_message()
            self._change(lambda: events.put_back(mark))

        def removed(_: object) -> None:
            text, undo = f"{mark.label} is no longer marked", MessageButton("Undo", put_back)
            self._window.announce(Message(text, (undo,), of_shown=True))

        self._change(lambda: events.remove(number), removed)

    def go(self, number: int) -> None:
        """Show the frame of an event."""
        current, mark = self._current, self._mark(number)
        if current is not None and mark is not None:
            current.go(mark.time_s - current.starts_at_s)

    def go_along(self, step: int) -> None:
        """Go to the next event (1), or to the previous one (-1)."""
        current = self._current
        if current is None:
            return
        moments = [moment_s for _, moment_s in self.marks]
        now_s = current.shown_s
        if step > 0:
            found = [each for each in moments if current.frame_time(each) > now_s + _SAME_TIME_S]
        else:
            found = [each for each in moments if current.frame_time(each) < now_s - _SAME_TIME_S]
        if found:
            current.go(min(found) if step > 0 else max(found))

    def label_of(self, number: int) -> str:
        mark = self._mark(number)
        return "" if mark is None else mark.label

    def _mark(self, number: int) -> Mark | None:
        marks = () if self._current is None else self._current.clip.events.marks
        return next((mark for mark in marks if mark.number == number), None)

    def _change(
        self, change: Callable[[], Any], done: Callable[[Any], object] = lambda _result: None
    ) -> None:
        """Change the events on the disk, then update those shown."""
        current = self._current

        def changed(result: Any) -> None:
            if current is not None:
                current.read_events()
            done(result)

        self._window.jobs.start(
            Job(
                "Changing an event",
                lambda _control: change(),
                done=changed,
                failed=self._window.job_failed,
                quiet=True,
            )
        )

    # --- selection --------------------------------------------------------------------------

    @property
    def selection(self) -> Selection:
        """The selected part of the recording shown, in seconds from the first frame."""
        return Selection() if self._current is None else self._current.selection

    def select_from_here(self) -> None:
        """I: begin the selection at the frame shown; an end before that is removed."""
        current = self._current
        if current is not None:
            end_s = current.selection.end_s
            keep = end_s is not None and end_s >= current.shown_s + _SHORTEST_S
            current.select(Selection(current.shown_s, end_s if keep else None))
        self._hint_selection(current)

    def select_to_here(self) -> None:
        """O: end the selection at the frame shown; a beginning after that is removed."""
        current = self._current
        if current is not None:
            start_s = current.selection.start_s
            keep = start_s is not None and start_s <= current.shown_s - _SHORTEST_S
            current.select(Selection(start_s if keep else None, current.shown_s))
        self._hint_selection(current)

    def select_all(self) -> None:
        """X: remove the selection."""
        if self._current is not None and not self._current.selection.whole:
            self._current.select(Selection())
            self.show_hint("The whole recording is selected")

    def drag(self, side: str, share: float) -> None:
        """Move the ``start`` or the ``end`` of the selection to a fraction of the timeline.

        They do not pass each other.
        """
        current = self._current
        if current is None:
            return
        length_s = current.clock.duration_s
        start_s, end_s = current.selection.bounds(length_s)
        moment_s = current.frame_time(current.time_at(share))
        if side == "start":
            start_s = min(moment_s, current.frame_time(end_s - _SHORTEST_S))
        else:
            end_s = max(moment_s, current.frame_after(start_s))
        current.select(
            Selection(start_s if start_s > 0 else None, end_s if end_s < length_s else None)
        )

    def _hint_selection(self, current: PlaybackPresenter | None) -> None:
        if current is None:
            self.show_hint("Open a recording first: a part of it can be selected")
            return
        start_s, end_s = current.selection.bounds(current.clock.duration_s)
        self.show_hint(f"Selected from {words.clock(start_s)} to {words.clock(end_s)}")
