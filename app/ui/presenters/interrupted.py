"""Recordings that were interrupted or that closing the window has ended, told when it opens again;
each of them once."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.ui import words
from app.ui.notices import Message, MessageButton
from app.ui.presenters import background
from app.ui.tasks import Job

if TYPE_CHECKING:
    from app.ui.presenters.window import WindowPresenter

log: Final = logging.getLogger(__name__)
_BETWEEN: Final = "/"
"""Stands in no file name of any platform."""


class InterruptedRecordings:
    """Looks for recordings that a crash or a power cut has ended, and says so in the strip."""

    def __init__(self, window: WindowPresenter) -> None:
        self._window = window

    def search(self) -> None:
        """Look in the background; nothing waits for it."""
        folder = self._window.recordings
        self._tell_of_saved(folder)
        self._window.jobs.start(
            Job(
                "Looking for interrupted recordings",
                lambda _control: background.interrupted(folder),
                done=self._offer,
                failed=lambda error: log.warning("none are looked for: %s", error),
                quiet=True,
            )
        )

    def _tell_of_saved(self, folder: Path) -> None:
        """Say what has become of the recording that was being made when the window was closed."""
        window = self._window
        path = folder / window.preferences.saved_at_close
        window.set_preference("saved_at_close", "")
        if path != folder and path.parent == folder and path.is_dir():
            text = f"Recording {path.stem} ended when the window was closed, and is saved"
            play = MessageButton("Play", partial(window.open_recording, path))
            window.announce(Message(text, (play,)))

    def _offer(self, found: list[tuple[Path, float]]) -> None:
        window = self._window
        known = set(window.preferences.offered.split(_BETWEEN))
        new = [(path, seconds) for path, seconds in found if path.name not in known]
        if not new or window.message is not None:  # what is being said now is newer
            return
        window.announce(self._message_about(new))
        # Those that are gone or were repaired are forgotten, so this stays short.
        offered = _BETWEEN.join(path.name for path, _ in found)
        window.set_preference("offered", offered)

    def _message_about(self, new: list[tuple[Path, float]]) -> Message:
        path, seconds = new[0]
        text = f"An interrupted recording of {words.length(seconds)} was found"
        if len(new) > 1:
            newest = f"the newest has {words.length(seconds)}"
            text = f"{len(new)} interrupted recordings were found; {newest}"
        open_it = MessageButton("Open", partial(self._window.open_recording, path))
        return Message(text, (open_it,))


def rename_interrupted(window: WindowPresenter, path: Path, target: Path) -> None:
    """An interrupted recording that has been offered is not offered again by its new name."""
    known = window.preferences.offered.split(_BETWEEN)
    if path.name in known:
        window.set_preference("offered", _BETWEEN.join([*known, target.name]))
