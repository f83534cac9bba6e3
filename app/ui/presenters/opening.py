"""Recordings and videos opened: loaded in the background, then played; videos are lifted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from app.errors import MixposeError
from app.lifting.video import VideoClip
from app.ui.notices import Message
from app.ui.presenters import background
from app.ui.presenters.clips import RecordedClip
from app.ui.presenters.host import Host
from app.ui.presenters.new_recordings import NewRecordings
from app.ui.tasks import Control, Job

if TYPE_CHECKING:
    from app.recording.reader import Recording
    from app.ui.presenters.clips import Clip
    from app.ui.presenters.playback import PlaybackPresenter


class Player(Protocol):
    """Where what was loaded is played: the window's stage, or beside it."""

    @property
    def playback(self) -> PlaybackPresenter | None:
        """What plays there."""

    def play(self, clip: Clip, spec: str) -> None: ...

    def cannot_open(self, spec: str, reason: str) -> None: ...


class Opening:
    """Loads files and has them played; what is there stays until they are loaded."""

    def __init__(
        self, window: Host, new_recordings: NewRecordings, player: Player | None = None
    ) -> None:
        """They play on the window's stage, or with another ``player``; ``takes`` lift what has not
        been lifted yet."""
        self._window, self._takes, self._player = window, new_recordings, player or window
        self._request = 0
        self._lifting: Job | None = None

    def give_up(self) -> None:
        """Something else is wanted than what is being opened or lifted."""
        self._request += 1
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
                window.announce(Message(recording.recovered, of_shown=True))
            if recording.poses is None:
                self._takes.lift(path, recording)

        self._start(
            f"Opening {path.stem}",
            lambda: background.open_recording(path),
            opened,
            failed=partial(window.tell, of_shown=True),
        )

    def open_video(self, path: Path) -> None:
        """Play a video, and lift it."""
        self.give_up()

        def opened(video_clip: VideoClip) -> None:
            self._player.play(video_clip, str(path))
            self.lift(video_clip)

        def failed(reason: str) -> None:
            self._player.cannot_open(str(path), reason)

        self._start(f"Opening {path.name}", lambda: background.open_video(path), opened, failed)

    def lift(self, video_clip: VideoClip, around: tuple[float, float] | None = None) -> None:
        """Lift a video in the background, anew if it is being lifted; it shows how far that is.

        ``around`` is what was corrected, seconds.
        """
        window, preferences = self._window, replace(self._window.preferences)
        if self._lifting is not None:
            self._lifting.cancel()

        def lifted(_result: object) -> None:
            shown = self._player.playback
            if video_clip.warnings and shown is not None and shown.clip is video_clip:
                window.tell(" ".join(video_clip.warnings), of_shown=True)

        def lift(control: Control) -> None:
            background.lift_video(video_clip, preferences, control, around=around)

        self._lifting = window.jobs.start(
            Job(
                f"Lifting {video_clip.label}",
                lift,
                done=lifted,
                failed=partial(window.job_failed, of_shown=True),
                quiet=True,
            )
        )

    def choose_person(self, current: PlaybackPresenter, x: float, y: float) -> None:
        """Select whoever is at this place of a video, as soon as it is lifted; where only one was
        tracked, follow them from the frame shown on."""
        video_clip = current.clip
        if isinstance(video_clip, VideoClip) and current.people:
            self.select_person(current.person_at(x, y) or 0)
            return
        choice = current.choose_person(x, y)
        if choice is None or not isinstance(video_clip, VideoClip):
            return
        if not video_clip.found().complete:
            video_clip.wished = choice
            self._window.marking.say("They are selected as soon as the video is lifted")
            return
        video_clip.choices += (choice,)
        self.lift(video_clip)

    def select_person(self, number: int) -> None:
        """Let plot, numbers, corrections and export be of another person of the video shown."""
        current = self._window.playback
        if current is not None and isinstance(current.clip, VideoClip) and number:
            current.people.show(number)
            current.clip.select(number)

    def toggle_person(self, number: int) -> None:
        """Hide one of the people of the video shown, or show them again."""
        current = self._window.playback
        if current is not None:
            current.toggle_person(number)

    def hide_person_at(self, x: float, y: float) -> None:
        """Hide who is at this place of the picture of a video with several people."""
        current = self._window.playback
        number = None if current is None else current.person_at(x, y)
        if number is not None:
            self.toggle_person(number)

    def _start(
        self,
        title: str,
        load: Callable[[], Any],
        opened: Callable[[Any], None],
        failed: Callable[[str], object],
    ) -> None:
        """Load in the background; whoever wants something else by then hears of nothing."""
        request = self._request

        def told(error: BaseException) -> None:
            if not isinstance(error, MixposeError):
                raise error
            if request == self._request:
                failed(str(error))

        def done(result: Any) -> None:
            if request == self._request:
                opened(result)
            elif isinstance(result, VideoClip):
                result.close()

        self._window.jobs.start(Job(title, lambda _control: load(), done=done, failed=told))
