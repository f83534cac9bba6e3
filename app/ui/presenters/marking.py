"""Marked moments, and the selection, of what is being recorded or played."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from app.motion.selection import Selection
from app.ui import words
from app.ui.presenters.news import News, NewsButton
from app.ui.presenters.playback import PlaybackStage
from app.ui.tasks import Job, Jobs

if TYPE_CHECKING:
    from app.recording.events import Mark
    from app.ui.presenters.recording import RecordPresenter

_FLASH_S: Final = 2.0
_SAME_TIME_S: Final = 5e-4
_SHORTEST_S: Final = 1e-3


class Host(Protocol):
    """What is needed of the window."""

    jobs: Jobs
    recorder: RecordPresenter

    @property
    def stage(self) -> object:
        """What is being shown."""

    def announce(self, news: News) -> None: ...

    def clear_news(self) -> None: ...

    def job_failed(self, error: BaseException) -> None: ...


class Marking:
    """What the keys E, I, O and X do, and the ticks and handles of the timeline."""

    def __init__(self, window: Host, clock: Callable[[], float] = time.monotonic) -> None:
        self._window, self._clock = window, clock
        self._flash, self._flash_until = "", 0.0

    def hint(self) -> str:
        """What has just been done, for a moment; an empty string after that."""
        return self._flash if self._clock() < self._flash_until else ""

    def say(self, sentence: str) -> None:
        """Show a sentence for a moment."""
        self._flash, self._flash_until = sentence, self._clock() + _FLASH_S

    @property
    def _stage(self) -> PlaybackStage | None:
        stage = self._window.stage
        return stage if isinstance(stage, PlaybackStage) else None

    # --- events -----------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """Of which recording :attr:`marks` are."""
        return "" if self._stage is None else self._stage.label

    @property
    def marks(self) -> tuple[tuple[Mark, float], ...]:
        """The events of the recording on stage, each with its seconds from the first frame."""
        stage = self._stage
        if stage is None:
            return ()
        return tuple((mark, mark.time_s - stage.starts_at_s) for mark in stage.marks)

    def mark(self) -> None:
        """E: mark this moment of the recording that is being made, or the frame that is shown."""
        stage = self._stage
        made = self._window.recorder.mark()
        if made is not None:
            self.say(f"{made.label} marked")
        elif stage is not None:
            events, moment_s = stage.clip.events, stage.starts_at_s + stage.shown_s
            self._change(
                lambda: events.add(moment_s),
                lambda made: self.say(f"{made.label} marked at {words.clock(stage.shown_s)}"),
            )
        else:
            self.say("Press R to record first: events are marked in recordings")

    def rename(self, number: int, label: str) -> None:
        """Give an event of the recording on stage another label."""
        stage, mark = self._stage, self._mark(number)
        if stage is not None and mark is not None and label.strip() != mark.label:
            events = stage.clip.events
            self._change(lambda: events.rename(number, label))

    def remove(self, number: int) -> None:
        """Take an event out of the recording on stage; the strip offers to put it back."""
        stage, mark = self._stage, self._mark(number)
        if stage is None or mark is None:
            return
        events = stage.clip.events

        def put_back() -> None:
            self._window.clear_news()
            self._change(lambda: events.put_back(mark))

        def removed(_: object) -> None:
            away = NewsButton("Dismiss", self._window.clear_news)
            undo = NewsButton("Undo", put_back)
            self._window.announce(
                News(f"{mark.label} is no longer marked", (undo, away), of_stage=True)
            )

        self._change(lambda: events.remove(number), removed)

    def go(self, number: int) -> None:
        """Show the frame of an event."""
        stage, mark = self._stage, self._mark(number)
        if stage is not None and mark is not None:
            stage.go(mark.time_s - stage.starts_at_s)

    def go_along(self, step: int) -> None:
        """Go to the next event (1), or the one before (-1)."""
        stage = self._stage
        if stage is None:
            return
        moments = [moment_s for _, moment_s in self.marks]
        now_s = stage.shown_s
        if step > 0:
            found = [each for each in moments if stage.frame_time(each) > now_s + _SAME_TIME_S]
        else:
            found = [each for each in moments if stage.frame_time(each) < now_s - _SAME_TIME_S]
        if found:
            stage.go(min(found) if step > 0 else max(found))

    def label_of(self, number: int) -> str:
        mark = self._mark(number)
        return "" if mark is None else mark.label

    def _mark(self, number: int) -> Mark | None:
        marks = () if self._stage is None else self._stage.clip.events.marks
        return next((mark for mark in marks if mark.number == number), None)

    def _change(
        self, change: Callable[[], Any], done: Callable[[Any], object] = lambda _result: None
    ) -> None:
        """Change the events on the disk, then show them as they are."""
        stage = self._stage

        def changed(result: Any) -> None:
            if stage is not None:
                stage.read_events()
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
        """The part of the recording on stage that is chosen, in seconds from the first frame."""
        return Selection() if self._stage is None else self._stage.selection

    def select_from_here(self) -> None:
        """I: the selection begins with the frame shown; an end before that is given up."""
        stage = self._stage
        if stage is not None:
            end_s = stage.selection.end_s
            keep = end_s is not None and end_s >= stage.shown_s + _SHORTEST_S
            stage.select(Selection(stage.shown_s, end_s if keep else None))
        self._say_selection(stage)

    def select_to_here(self) -> None:
        """O: the selection ends with the frame shown; a beginning after that is given up."""
        stage = self._stage
        if stage is not None:
            start_s = stage.selection.start_s
            keep = start_s is not None and start_s <= stage.shown_s - _SHORTEST_S
            stage.select(Selection(start_s if keep else None, stage.shown_s))
        self._say_selection(stage)

    def select_all(self) -> None:
        """X: no selection any more."""
        if self._stage is not None and not self._stage.selection.whole:
            self._stage.select(Selection())
            self.say("The whole recording is selected")

    def drag(self, side: str, share: float) -> None:
        """Move the ``start`` or the ``end`` of the selection; they do not pass each other."""
        stage = self._stage
        if stage is None:
            return
        length_s = stage.clock.duration_s
        start_s, end_s = stage.selection.bounds(length_s)
        moment_s = stage.frame_time(stage.time_at(share))
        if side == "start":
            start_s = min(moment_s, stage.frame_time(end_s - _SHORTEST_S))
        else:
            end_s = max(moment_s, stage.frame_after(start_s))
        stage.select(
            Selection(start_s if start_s > 0 else None, end_s if end_s < length_s else None)
        )

    def _say_selection(self, stage: PlaybackStage | None) -> None:
        if stage is None:
            self.say("Open a recording first: a part of it can be selected")
            return
        start_s, end_s = stage.selection.bounds(stage.clock.duration_s)
        self.say(f"Selected from {words.clock(start_s)} to {words.clock(end_s)}")
