"""Opens recordings and videos: loads them in the background, plays them, and lifts videos."""

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
    """Plays what was loaded: the window's presenter, or the comparison."""

    @property
    def playback(self) -> PlaybackPresenter | None:
        """The clip that is playing."""

    def play(self, clip: Clip, spec: str) -> None: ...

    def cannot_open(self, spec: str, reason: str) -> None: ...


class Opening:
    """Loads files and plays them; the previous source stays until they are loaded."""

    def __init__(
        self, window: Host, new_recordings: NewRecordings, player: Player | None = None
    ) -> None:
        """``player`` plays the files, the window's presenter if it is None; ``new_recordings``
        lifts recordings that have not been lifted yet."""
        self._window, self._new_recordings, self._player = window, new_recordings, player or window
        self.request = 0
        """Changes whenever something else is to be shown, or nothing any more."""
        self._lifting: Job | None = None

    def cancel(self) -> None:
        """Cancel what is being opened or lifted."""
        self.request += 1
        if self._lifting is not None:
            self._lifting.cancel()
            self._lifting = None

    def open_recording(self, path: Path) -> None:
        """Load a recording and play it."""
        window = self._window
        self.cancel()

        def opened(recording: Recording) -> None:
            self._player.play(RecordedClip(recording), str(path))
            if recording.recovered:
                window.announce(Message(recording.recovered, of_shown=True))
            if recording.poses is None:
                self._new_recordings.lift(path, recording)

        self._start(
            f"Opening {path.stem}",
            path,
            background.open_recording,
            opened,
            failed=partial(window.notify, of_shown=True),
        )

    def open_video(self, path: Path) -> None:
        """Play a video, and lift it."""
        self.cancel()

        def opened(video_clip: VideoClip) -> None:
            self._player.play(video_clip, str(path))
            self.lift(video_clip)

        def failed(reason: str) -> None:
            self._player.cannot_open(str(path), reason)

        self._start(f"Opening {path.name}", path, background.open_video, opened, failed)

    def lift(self, video_clip: VideoClip, around: tuple[float, float] | None = None) -> None:
        """Lift a video in the background, from the start if it is being lifted already.

        ``around`` is the interval that was corrected, (start, end) in seconds.
        """
        window, preferences = self._window, replace(self._window.preferences)
        if self._lifting is not None:
            self._lifting.cancel()

        def lifted(_result: object) -> None:
            shown = self._player.playback
            if video_clip.warnings and shown is not None and shown.clip is video_clip:
                window.notify(" ".join(video_clip.warnings), of_shown=True)

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
        """Select the person at this position of a video's picture, in pixels.

        Before the video is lifted, the choice is kept until it is.  If only one person was
        tracked, the one chosen is followed from the frame shown on.
        """
        video_clip = current.clip
        if isinstance(video_clip, VideoClip) and current.people:
            self.select_person(current.person_at(x, y) or 0)
            return
        choice = current.choose_person(x, y)
        if choice is None or not isinstance(video_clip, VideoClip):
            return
        if not video_clip.found().complete:
            video_clip.wished = choice
            self._window.marking.show_hint("They are selected as soon as the video is lifted")
            return
        video_clip.choices += (choice,)
        self.lift(video_clip)

    def select_person(self, number: int) -> None:
        """Use another person of the video shown for plot, numbers, corrections and export."""
        current = self._window.playback
        if current is not None and isinstance(current.clip, VideoClip) and number:
            current.people.show(number)
            current.clip.select(number)

    def toggle_person(self, number: int) -> None:
        """Hide a person of the video shown, or show them again."""
        current = self._window.playback
        if current is not None:
            current.toggle_person(number)

    def hide_person_at(self, x: float, y: float) -> None:
        """Hide the person at this position of the picture of a video with several people."""
        current = self._window.playback
        number = None if current is None else current.person_at(x, y)
        if number is not None:
            self.toggle_person(number)

    def _start(
        self,
        title: str,
        path: Path,
        load: Callable[[Path], Any],
        opened: Callable[[Any], None],
        failed: Callable[[str], object],
    ) -> None:
        """Load in the background; the result is dropped if another request was made meanwhile."""
        request = self.request

        def load_failed(error: BaseException) -> None:
            if not isinstance(error, MixposeError):
                raise error
            if request == self.request:
                failed(str(error))

        def done(result: Any) -> None:
            if request == self.request:
                opened(result)
            elif isinstance(result, VideoClip):
                result.close()

        self._window.jobs.start(
            Job(title, lambda _control: load(path), done=done, failed=load_failed, about=path)
        )
