"""Corrections of the detector's errors in the recording or video shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from app.lifting.corrected import interval_of, place_of
from app.lifting.video import VideoClip
from app.recording.corrections import (
    Correction,
    CorrectionList,
    Delete,
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
    from app.ui.presenters.clips import Clip
    from app.ui.presenters.host import Host
    from app.ui.presenters.opening import Opening
    from app.ui.presenters.playback import PlaybackPresenter

_NONE: Final = "Open a recording or a video first: what was found in it can be corrected"
_NOT_YET: Final = "Wait until the whole video is lifted: then what was found can be corrected"
_UNSELECTED: Final = "Select the part to correct first: I where it begins, O where it ends"
_NAMES: Final = {
    Exchange: "Exchanging left and right is",
    Nobody: "Taking out what was found is",
    Delete: "Deleting the poses is",
}


class Correcting:
    """Corrects the selection, or one joint, of the selected person; after each correction the
    recording or video is lifted again."""

    def __init__(self, window: Host, opening: Opening) -> None:
        """``opening`` lifts videos again."""
        self._window, self._opening = window, opening
        self._lifting: Job | None = None

    @property
    def clip(self) -> Clip | None:
        """The recording shown, or the video once it is lifted; None if it cannot be corrected."""
        current = self._window.playback
        return None if current is None or not current.clip.found().complete else current.clip

    @property
    def can_drag(self) -> bool:
        """Whether joints in the picture can be dragged: only while playback is paused."""
        current = self._window.playback
        return self.clip is not None and current is not None and not current.clock.playing

    def exchange(self) -> None:
        """Exchange left and right in the selection."""
        self._correct_selection(self._shown_exchange, "Left and right are exchanged")

    def discard(self) -> None:
        """Discard the detections in the selection: they are not of the person."""
        self._correct_selection(Nobody, "What was found is taken out")

    def delete(self) -> None:
        """Delete the poses in the selection."""
        self._correct_selection(Delete, "The poses are deleted")

    def move(self, joint: str, x: float, y: float) -> None:
        """Move a joint of the frame shown to this position of the picture, in pixels."""
        current, clip = self._window.playback, self.clip
        if current is None or clip is None:
            return
        current.clock.pause()
        moment_s = current.starts_at_s + current.shown_s
        recorded, poses = JOINT[joint], current.poses
        if poses is not None and poses.swapped[current.index]:  # lifting has swapped its sides
            recorded = MIRROR[recorded]
        self._add(
            current,
            Move(moment_s, JOINT_NAMES[recorded], x, y),
            f"The {joint.replace('_', ' ')} is moved",
        )

    def undo(self) -> None:
        """Undo the last correction."""
        self._step(CorrectionList.undo, "taken back")

    def redo(self) -> None:
        """Redo the correction that was undone last."""
        self._step(CorrectionList.redo, "made again")

    def _step(self, step: Callable[[CorrectionList], Correction | None], done: str) -> None:
        current, clip = self._window.playback, self.clip
        if current is None or clip is None:
            self._explain()
            return

        def message(correction: Correction | None) -> str:
            return f"{_name(correction)} {done}" if correction is not None else ""

        self._change(clip, step, message)

    def _correct_selection(self, make: Callable[[float, float], Correction], message: str) -> None:
        current, clip = self._window.playback, self.clip
        if current is None or clip is None:
            self._explain()
        elif current.selection.whole:
            self._window.marking.show_hint(_UNSELECTED)
        else:
            begins_s, ends_s = current.selection.bounds(current.clock.duration_s)
            made = make(current.starts_at_s + begins_s, current.starts_at_s + ends_s)
            interval = f"{words.clock(begins_s)} to {words.clock(ends_s)}"
            self._add(current, made, f"{message} from {interval}")

    def _explain(self) -> None:
        self._window.marking.show_hint(_NONE if self._window.playback is None else _NOT_YET)

    def _shown_exchange(self, start_s: float, end_s: float) -> Correction:
        """Return the correction that exchanges left and right as they are shown."""
        current = self._window.playback
        assert current is not None
        found = current.clip.found()
        time_s = found.track.time_s
        swapped = np.zeros(len(time_s), bool) if found.poses is None else found.poses.swapped
        return exchange(time_s, swapped, start_s, end_s)

    def _add(self, current: PlaybackPresenter, made: Correction, message: str) -> None:
        clip = current.clip
        if isinstance(clip, VideoClip):  # identifies the person among several
            made = replace(made, at=place_of(clip.found().track, *interval_of(made)))

        def add(corrections: CorrectionList) -> Correction:
            corrections.add(made)
            return made

        self._change(clip, add, lambda _: message)

    def _change(
        self,
        clip: Clip,
        change: Callable[[CorrectionList], Correction | None],
        message: Callable[[Correction | None], str],
    ) -> None:
        """Change the corrections on the disk, then lift again with them."""
        window = self._window

        def changed(made: Correction | None) -> None:
            sentence = message(made)
            window.marking.show_hint(sentence or "There is nothing more")
            if made is not None and not window.closing:
                self._lift(clip, made)

        window.jobs.start(
            Job(
                "Correcting",
                lambda _control: _changed(clip, change),
                done=changed,
                failed=window.job_failed,
                quiet=True,
            )
        )

    def _lift(self, clip: Clip, made: Correction) -> None:
        """Lift again; lifting in progress is cancelled, as it uses the previous corrections."""
        from app.ui.presenters import background

        window, chosen = self._window, replace(self._window.preferences)
        if isinstance(clip, VideoClip):
            self._opening.lift(clip, around=interval_of(made))
            return
        if self._lifting is not None:
            self._lifting.cancel()
        self._lifting = window.jobs.start(
            Job(
                "Computing the 3D poses with the correction",
                lambda control: background.lift_recording(clip.recording, chosen, control),
                failed=window.job_failed,
                stop_label="Later",
                about=clip.path,
            )
        )


def _changed(
    clip: Clip, change: Callable[[CorrectionList], Correction | None]
) -> Correction | None:
    """Change the corrections on the disk, and update the 2D joints shown."""
    if isinstance(clip, RecordedClip):
        return change(clip.recording.corrections)
    made = change(clip.corrections)
    clip.show_corrected()
    return made


def _name(correction: Correction) -> str:
    if isinstance(correction, Move):
        return f"Moving the {correction.joint.replace('_', ' ')} is"
    return _NAMES[type(correction)]
