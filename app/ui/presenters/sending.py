"""Poses of what is shown sent to other programs, as the settings say.

Those of a recording that plays are sent when they are shown, and stamped with that moment: so
whoever receives them can be tried out without anybody in front of a camera.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from app.errors import MixposeError
from app.stream_out.registry import OUTPUTS
from app.stream_out.sender import Sender
from app.ui import words

if TYPE_CHECKING:
    from app.ui.presenters.window import WindowPresenter


class SendingPresenter(QObject):
    """Opens and closes the senders, gives them what is shown, and says how it goes."""

    def __init__(self, window: WindowPresenter) -> None:
        super().__init__(window)
        self._window = window
        self._senders: dict[str, Sender] = {}
        self._said: set[MixposeError] = set()
        window.current_changed.connect(self._attach)
        window.preferences_changed.connect(self._follow)
        for kind in OUTPUTS:
            self._open(kind)

    def segments(self) -> tuple[words.Segment, ...]:
        """What the status line says; nothing while nothing is sent.  Called on every tick."""
        for sender in self._senders.values():
            if sender.error is not None and sender.error not in self._said:
                self._said.add(sender.error)
                self._window.tell(str(sender.error))
        at_work = [each for each in self._senders.values() if not each.failed]
        return words.sending([(each.target.label, each.figures()) for each in at_work])

    def close(self) -> None:
        """Send what waits, and end."""
        for sender in self._senders.values():
            sender.close()

    def _follow(self, preference: str) -> None:
        for kind, output in OUTPUTS.items():
            if preference in (kind, output.remembered):
                self._open(kind)
                self._attach()

    def _open(self, kind: str) -> None:
        """End the sender of this kind, and begin anew if it is wanted."""
        previous = self._senders.pop(kind, None)
        if previous is not None:
            previous.close(0.0)  # it ends by itself; the window does not wait
        chosen = self._window.preferences
        if not getattr(chosen, kind):
            return
        output = OUTPUTS[kind]
        try:
            self._senders[kind] = Sender(output.parse(getattr(chosen, output.remembered)))
        except MixposeError as error:
            self._window.tell(str(error))

    def _attach(self) -> None:
        current = self._window.current
        if current is not None:
            current.sending = self.segments
            current.send_to(*self._senders.values())
