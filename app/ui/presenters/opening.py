"""Recordings and videos opened: loaded in the background, then played; videos are lifted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from app.errors import MixposeError
from app.lifting.video import VideoTake
from app.ui.presenters import work
from app.ui.presenters.clips import RecordedClip
from app.ui.presenters.host import Host
from app.ui.presenters.news import News
from app.ui.presenters.takes import Takes
from app.ui.tasks import Control, Job

if TYPE_CHECKING:
    from app.recording.reader import Recording
    from app.ui.presenters.clips import Clip
    from app.ui.presenters.playback import PlaybackStage


class Player(Protocol):
    """Where what was loaded is played: the window's stage, or beside it."""

    @property
    def playback(self) -> PlaybackStage | None:
        """What plays there."""

    def play(self, clip: Clip, spec: str) -> None: ...

    def cannot_open(self, spec: str, reason: str) -> None: ...


class Opening:
    """Loads files and has them played; what is there stays until they are loaded."""

    def __init__(self, window: Host, takes: Takes, player: Player | None = None) -> None:
        """They play on the window's stage, or with another ``player``; ``takes`` lift what has not
        been lifted yet."""
        self._window, self._takes, self._player = window, takes, player or window
        self._wish = 0
        self._lifting: Job | None = None

    def give_up(self) -> None:
        """Something else is wanted than what is being opened or lifted."""
        self._wish += 1
        if self._lifting is not None:
            self._lifting.cancel()
            self._lifting = None

    def open_recording(self, path: Path) -> None:
        """Load a recording and play it."""
        window = self._window
        self.give_up()

        def opened(recording: Recording) -> None:
            self._player.play(RecordedClip(recording), str(path))
            if recording.recovered:
                window.announce(News(recording.recovered, of_stage=True))
            if recording.poses is None:
                self._takes.lift(path, recording)

        self._start(f"Opening {path.stem}", lambda: work.open_recording(path), opened, window.tell)

    def open_video(self, path: Path) -> None:
        """Play a video, and lift it."""
        self.give_up()

        def opened(take: VideoTake) -> None:
            self._player.play(take, str(path))
            self.lift(take)

        def failed(reason: str) -> None:
            self._player.cannot_open(str(path), reason)

        self._start(f"Opening {path.name}", lambda: work.open_video(path), opened, failed)

    def lift(self, take: VideoTake) -> None:
        """Lift a video in the background, anew if it is being lifted; it shows how far that is."""
        window, preferences = self._window, replace(self._window.preferences)
        if self._lifting is not None:
            self._lifting.cancel()

        def lifted(_result: object) -> None:
            shown = self._player.playback
            if take.warnings and shown is not None and shown.clip is take:
                window.tell(" ".join(take.warnings))

        def lift(control: Control) -> None:
            work.lift_video(take, preferences, control)

        self._lifting = window.jobs.start(
            Job(f"Lifting {take.label}", lift, done=lifted, failed=window.job_failed, quiet=True)
        )

    def choose_person(self, stage: PlaybackStage, x: float, y: float) -> None:
        """Follow whoever is at this place of a video from the frame shown on."""
        take = stage.clip
        choice = stage.choose_person(x, y)
        if choice is None or not isinstance(take, VideoTake):
            return
        take.choices += (choice,)
        self.lift(take)

    def _start(
        self,
        title: str,
        load: Callable[[], Any],
        opened: Callable[[Any], None],
        failed: Callable[[str], object],
    ) -> None:
        """Load in the background; whoever wants something else by then hears of nothing."""
        wish = self._wish

        def told(error: BaseException) -> None:
            if not isinstance(error, MixposeError):
                raise error
            if wish == self._wish:
                failed(str(error))

        def done(result: Any) -> None:
            if wish == self._wish:
                opened(result)
            elif isinstance(result, VideoTake):
                result.close()

        self._window.jobs.start(Job(title, lambda _control: load(), done=done, failed=told))
