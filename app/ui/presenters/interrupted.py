"""Messages at start about recordings that were interrupted or that ended because the window was
closed, one for each."""

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
_SEPARATOR: Final = "/"
"""Separates names in the setting; not allowed in file names on any platform."""


class InterruptedRecordings:
    """Finds recordings that a crash or a power cut has ended, and offers to open them."""

    def __init__(self, window: WindowPresenter) -> None:
        self._window = window

    def search(self) -> None:
        """Search in the background."""
        folder = self._window.recordings
        self._report_saved(folder)
        self._window.jobs.start(
            Job(
                "Looking for interrupted recordings",
                lambda _control: background.interrupted(folder),
                done=self._offer,
                failed=lambda error: log.warning("none are looked for: %s", error),
                quiet=True,
            )
        )

    def _report_saved(self, folder: Path) -> None:
        """Report the recording that was saved when the window was closed."""
        window = self._window
        path = folder / window.preferences.saved_at_close
        window.set_preference("saved_at_close", "")
        if path != folder and path.parent == folder and path.is_dir():
            text = f"Recording {path.stem} ended when the window was closed, and is saved"
            play = MessageButton("Play", partial(window.open_recording, path))
            window.announce(Message(text, (play,)))

    def _offer(self, found: list[tuple[Path, float]]) -> None:
        window = self._window
        known = set(window.preferences.offered.split(_SEPARATOR))
        new = [(path, seconds) for path, seconds in found if path.name not in known]
        if not new or window.message is not None:  # the message shown now is newer
            return
        window.announce(self._message_about(new))
        # Recordings that were deleted or repaired drop out, so the setting stays short.
        offered = _SEPARATOR.join(path.name for path, _ in found)
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
    """Ensure that an interrupted recording already offered is not offered under its new name."""
    known = window.preferences.offered.split(_SEPARATOR)
    if path.name in known:
        window.set_preference("offered", _SEPARATOR.join([*known, target.name]))
