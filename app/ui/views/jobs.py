"""The strip below the panes for running jobs and for messages, and the welcome strip."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PyQt6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QWidget

from app.ui.notices import Message
from app.ui.tasks import Job
from app.ui.views import kit

_LONG_WORD: Final = 32
"""Characters of a word for which there is room beside four buttons in the smallest window."""


class JobStrip(QFrame):
    """Shows one running job, or else the newest message with its buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("jobs")
        self._title = kit.label(wraps=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(kit.ems(self, 12))
        self._buttons: list[QPushButton] = []
        self._shown: object = None
        self._words = ""
        gap = kit.ems(self, 0.5)
        self._row = kit.spaced(QHBoxLayout(self), 2 * gap, margins=(2 * gap, gap, gap, gap))
        self._row.addWidget(self._title, 1)
        self._row.addWidget(self._bar)
        self.hide()

    def show_state(self, job: Job | None, message: Message | None) -> None:
        """Show the job, or else the message; hide the strip if there is neither."""
        if job is None and message is None:
            self._shown = None
            self.hide()
            return
        if job is not None:
            self._show_job(job)
        elif message is not None and self._shown is not message:
            self._shown = message
            self._show_words(message.text)
            self._bar.hide()
            self._set_buttons([(button.label, button.pressed) for button in message.buttons])
        self.show()

    @property
    def text(self) -> str:
        return self._words if self.isVisible() else ""

    def button(self, label: str) -> QPushButton | None:
        """Return the button with this label, if it is shown."""
        return next((button for button in self._buttons if button.text() == label), None)

    def _show_job(self, job: Job) -> None:
        if self._shown is not job:
            self._shown = job
            self._set_buttons([(job.stop_label, job.cancel)])
            self._bar.show()
        share = job.progress
        self._bar.setRange(0, 0 if share is None else 1000)
        done = "" if share is None else f"  {share:.0%}"
        self._show_words("Stopping …" if job.cancelled else job.title + done)
        if share is not None:
            self._bar.setValue(round(share * 1000))

    def _show_words(self, words: str) -> None:
        self._words = words
        self._title.setText(kit.breakable(words, lambda word: len(word) <= _LONG_WORD))

    def _set_buttons(self, wanted: list[tuple[str, Callable[[], None]]]) -> None:
        for button in self._buttons:
            self._row.removeWidget(button)
            button.deleteLater()
        self._buttons = [kit.push_button(words, pressed) for words, pressed in wanted]
        for button in self._buttons:
            self._row.addWidget(button)


class Welcome(QFrame):
    """Three steps to begin with, shown until the first recording or until dismissed."""

    def __init__(self, away: Callable[[], None]) -> None:
        super().__init__()
        self.setObjectName("welcome")
        gap = kit.ems(self, 0.5)
        row = kit.spaced(QHBoxLayout(self), 3 * gap, margins=(2 * gap, gap, gap, gap))
        self._first = _step(1, _STEP_BACK)
        self._watch = _step(1, _WATCH)
        row.addWidget(self._first, len(_STEP_BACK))
        row.addWidget(self._watch, len(_STEP_BACK))
        for number, words in enumerate(_THEN, start=2):
            row.addWidget(_step(number, words), len(words))
        row.addStretch(1)
        row.addWidget(kit.push_button("Got it", away))
        self.show_performer(False)

    def show_performer(self, on: bool) -> None:
        """Set whether the performer is shown: then the first step is not to step back."""
        self._first.setVisible(not on)
        self._watch.setVisible(on)


_STEP_BACK: Final = "Step back until your feet are in the picture"
_WATCH: Final = "Watch the performer, or choose a camera above"
_THEN: Final = (
    "Press R to record, and again to stop",
    "Export a table, an animation or a video",
)


def _step(number: int, words: str) -> QWidget:
    holder = QWidget()
    row = kit.spaced(QHBoxLayout(holder), kit.ems(holder, 0.5))
    row.addWidget(kit.label(str(number), heading=True))
    text = kit.label(words, wraps=True)
    row.addWidget(text, 1)
    # Labels that wrap expand to all available width: keep the steps together on a wide screen.
    wide = text.fontMetrics().horizontalAdvance(words) + kit.ems(holder, 2)
    holder.setMaximumWidth(wide)
    return holder
