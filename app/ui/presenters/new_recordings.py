"""Recordings made in this window: the record button, and lifting after a recording has ended."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.ui.notices import Message, MessageButton
from app.ui.presenters import background
from app.ui.presenters.clips import RecordedClip
from app.ui.presenters.live import LivePresenter
from app.ui.presenters.playback import PlaybackPresenter
from app.ui.presenters.recording import RecordPresenter, RecordState, RecordStatus
from app.ui.tasks import Job

if TYPE_CHECKING:
    from app.recording.reader import Recording
    from app.ui.preferences import Preferences
    from app.ui.presenters.host import Host


class NewRecordings:
    """Records the live run shown, lifts the recording at full quality, and reports that."""

    def __init__(self, window: Host) -> None:
        self._window = window
        self.recorder = RecordPresenter(
            window.jobs,
            window.preferences,
            lambda: window.recordings,
            saved=self._saved,
            failed=window.notify,
            ended=window.recording_ended,
        )

    def toggle(self) -> None:
        """Start or stop recording (R and the record button); say why if it is not possible."""
        status = self.status
        if status.state is RecordState.OFF and not status.possible:
            self._window.marking.show_hint(status.explained)
        self.recorder.toggle(self._live)

    @property
    def status(self) -> RecordStatus:
        return self.recorder.status(self._live)

    @property
    def _live(self) -> LivePresenter | None:
        current = self._window.current
        return current if isinstance(current, LivePresenter) else None

    def _saved(self, path: Path, why_ended: str) -> None:
        window = self._window
        window.last_recording = path
        window.end_welcome()
        window.list_recordings()
        if why_ended:
            window.notify(why_ended)
            # The strip soon shows the message about its 3D poses.
            window.marking.show_hint(why_ended)
        if window.closing:  # it is lifted when it is opened or exported
            window.set_preference("saved_at_close", path.name)
        else:
            self.lift(path, why_ended=why_ended)

    def lift(
        self,
        path: Path,
        opened: Recording | None = None,
        *,
        why_ended: str = "",
        preferences: Preferences | None = None,
    ) -> None:
        """Compute the final 3D poses of a recording in the background.

        Args:
            path: the recording's folder.
            opened: the recording, if it is open already.
            why_ended: the sentence shown afterwards, if it ended automatically.
            preferences: those to lift with, the window's if None.
        """
        window = self._window
        chosen = replace(preferences or window.preferences)

        def lifted(recording: Recording) -> None:
            current = window.current
            window.list_recordings()
            if isinstance(current, PlaybackPresenter) and current.clip.path == path:
                if isinstance(current.clip, RecordedClip):  # it may have been reopened meanwhile
                    current.clip.recording.poses = recording.poses
                window.announce(
                    Message("The 3D poses are ready", self._after(path, play=False), path)
                )
            else:
                ready = f"Recording {path.stem} is ready"
                window.announce(Message(why_ended or ready, self._after(path), path))

        def skipped() -> None:
            later = "its 3D poses will be computed when you export it"
            saved = why_ended or f"Recording {path.stem} is saved"
            window.announce(Message(f"{saved.rstrip('.')}; {later}", self._after(path), path))

        def failed(error: BaseException) -> None:
            window.job_failed(error)
            window.last_recording = path

        window.jobs.start(
            Job(
                f"Computing the 3D poses of {path.stem} at full quality",
                lambda control: background.lift_recording(
                    opened or background.open_recording(path), chosen, control
                ),
                done=lifted,
                failed=failed,
                stopped=skipped,
                stop_label="Skip",
                about=path,
            )
        )

    def _after(self, path: Path, *, play: bool = True) -> tuple[MessageButton, ...]:
        window = self._window
        play_button = (MessageButton("Play", lambda: window.open_recording(path)),) if play else ()
        return (
            *play_button,
            MessageButton("Export…", lambda: window.ask_export.emit(path)),
            MessageButton("Show in folder", lambda: window.show_folder.emit(path)),
        )
