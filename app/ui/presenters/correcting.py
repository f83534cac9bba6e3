"""Putting right what the detector got wrong in the recording on stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from app.recording.corrections import (
    Correction,
    CorrectionList,
    Exchange,
    Move,
    Nobody,
    exchange,
)
from app.ui import words
from app.ui.presenters.clips import RecordedClip
from app.ui.tasks import Job
from models.skeleton import JOINT, JOINT_NAMES, MIRROR

if TYPE_CHECKING:
    from app.recording.reader import Recording
    from app.ui.presenters.host import Host

_NONE = "Open a recording first: what was found in it can be corrected"
_UNSELECTED = "Select the part to correct first: I where it begins, O where it ends"


class Correcting:
    """Corrections of the selection, or of a joint; each has the recording lifted again."""

    def __init__(self, window: Host) -> None:
        self._window = window
        self._lifting: Job | None = None

    @property
    def clip(self) -> RecordedClip | None:
        """The recording on stage."""
        stage = self._window.playback
        clip = None if stage is None else stage.clip
        return clip if isinstance(clip, RecordedClip) else None

    @property
    def grabs(self) -> bool:
        """Whether joints in the picture can be dragged: those of a recording that stands still."""
        stage = self._window.playback
        return self.clip is not None and stage is not None and not stage.clock.playing

    def exchange(self) -> None:
        """Left was taken for right in the selection."""
        clip = self.clip
        make = Exchange if clip is None else partial(shown_exchange, clip.recording)
        self._correct_selection(make, "Left and right are exchanged")

    def empty(self) -> None:
        """Whoever was found in the selection is not the person."""
        self._correct_selection(Nobody, "What was found is taken out")

    def move(self, joint: str, x: float, y: float) -> None:
        """A joint of the frame shown is at this place of the picture, in pixels."""
        stage, clip = self._window.playback, self.clip
        if stage is None or clip is None:
            return
        stage.clock.pause()
        moment_s = stage.starts_at_s + stage.shown_s
        recorded, poses = JOINT[joint], clip.recording.poses
        if poses is not None and poses.swapped[stage.index]:  # what is shown had been repaired
            recorded = MIRROR[recorded]
        move = Move(moment_s, JOINT_NAMES[recorded], x, y)
        said = f"The {joint.replace('_', ' ')} is moved"
        self._change(lambda: clip.recording.corrections.add(move), lambda _: said)

    def undo(self) -> None:
        """Take the last correction back."""
        self._step(CorrectionList.undo, "taken back")

    def redo(self) -> None:
        """Make again what was taken back last."""
        self._step(CorrectionList.redo, "made again")

    def _step(self, step: Callable[[CorrectionList], Correction | None], done: str) -> None:
        clip = self.clip
        if clip is None:
            self._window.marking.say(_NONE)
            return

        def said(correction: Correction | None) -> str:
            return f"{_name(correction)} {done}" if correction is not None else ""

        self._change(lambda: step(clip.recording.corrections), said)

    def _correct_selection(self, make: Callable[[float, float], Correction], said: str) -> None:
        stage, clip = self._window.playback, self.clip
        if stage is None or clip is None:
            self._window.marking.say(_NONE)
        elif stage.selection.whole:
            self._window.marking.say(_UNSELECTED)
        else:
            begins_s, ends_s = stage.selection.bounds(stage.clock.duration_s)
            made = make(stage.starts_at_s + begins_s, stage.starts_at_s + ends_s)
            stretch = f"{words.clock(begins_s)} to {words.clock(ends_s)}"
            self._change(
                lambda: clip.recording.corrections.add(made), lambda _: f"{said} from {stretch}"
            )

    def _change(self, change: Callable[[], Any], said: Callable[[Any], str]) -> None:
        """Change the corrections on the disk, then lift with them."""
        window, clip = self._window, self.clip

        def changed(result: Any) -> None:
            sentence = said(result)
            window.marking.say(sentence or "There is nothing more")
            if sentence and clip is not None and not window.closing:
                self._lift(clip)

        window.jobs.start(
            Job(
                "Correcting",
                lambda _control: change(),
                done=changed,
                failed=window.job_failed,
                quiet=True,
            )
        )

    def _lift(self, clip: RecordedClip) -> None:
        """Anew if it is being lifted: that would be with the corrections before."""
        from app.ui.presenters import work

        window, chosen = self._window, replace(self._window.preferences)
        if self._lifting is not None:
            self._lifting.cancel()
        self._lifting = window.jobs.start(
            Job(
                "Computing the 3D poses with the correction",
                lambda control: work.lift_recording(clip.recording, chosen, control),
                failed=window.job_failed,
                stop_label="Later",
                about=clip.path,
            )
        )


def shown_exchange(recording: Recording, start_s: float, end_s: float) -> Exchange:
    """What exchanges left and right as the recording is shown."""
    poses, time_s = recording.poses, recording.keypoints.time_s
    swapped = np.zeros(len(time_s), bool) if poses is None else poses.swapped
    return exchange(time_s, swapped, start_s, end_s)


def _name(correction: Correction) -> str:
    if isinstance(correction, Move):
        return f"Moving the {correction.joint.replace('_', ' ')} is"
    exchanged = isinstance(correction, Exchange)
    return "Exchanging left and right is" if exchanged else "Taking out what was found is"
