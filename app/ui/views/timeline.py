"""The bar below the panes for a recording or video: step, scrub, speed, loop."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QWidget

from app.ui import icons, words
from app.ui.presenters.view_state import SPEEDS, Position
from app.ui.views import kit
from app.ui.views.scrubber import Scrubber


class Timeline(QWidget):
    """Buttons, scrubber, time, speed and loop."""

    seek = pyqtSignal(float)
    """Fraction of the timeline, 0 to 1."""
    to_start = pyqtSignal()
    toggle = pyqtSignal()
    step = pyqtSignal(int)
    speed_chosen = pyqtSignal(float)
    loop_chosen = pyqtSignal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("timeline")
        self._first = kit.tool_button("first", "Go to the start (Home)", self.to_start.emit)
        self._back = kit.tool_button("back", "One frame back (Left)", lambda: self.step.emit(-1))
        self.play = kit.tool_button("play", "Play or pause (Space)", self.toggle.emit)
        self._next = kit.tool_button("step", "One frame on (Right)", lambda: self.step.emit(1))
        self.scrubber = Scrubber()
        self.scrubber.moved.connect(self.seek)
        self._time = kit.label()
        self._speed = kit.Choice()
        self._speed.setToolTip("Speed of playing")
        self._speed.setAccessibleName("Speed of playing")
        self._speed.setMinimumContentsLength(4)
        self._speed.fill([(f"×{speed:g}", speed) for speed in SPEEDS], 1.0)
        self._speed.activated.connect(
            lambda _index: self.speed_chosen.emit(float(self._speed.currentData()))
        )
        self.loop = kit.tool_button(
            "loop", "Start again at the end (L)", self._loop_pressed, checkable=True
        )
        self._playing = False
        self._build()

    def _build(self) -> None:
        gap = kit.ems(self, 0.3)
        row = kit.spaced(QHBoxLayout(self), gap, margins=(2 * gap, gap, 2 * gap, gap))
        self._time.setMinimumWidth(
            self._time.fontMetrics().horizontalAdvance("−00:00.0 / 00:00.0") + 2 * gap
        )
        self._time.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for widget in (self._first, self._back, self.play, self._next):
            row.addWidget(widget)
        row.addWidget(self.scrubber, 1)
        row.addWidget(self._time)
        row.addWidget(self._speed)
        row.addWidget(self.loop)

    def show_position(self, position: Position) -> None:
        self.scrubber.show_position(position)
        length = f" / {words.clock(position.timeline_s[1])}" if position.duration_s else ""
        self._time.setText(words.signed_clock(position.time_s) + length)
        if position.speed != self._speed.currentData():
            self._speed.choose(position.speed)
        if self.loop.isChecked() != position.loop:
            self.loop.setChecked(position.loop)
        if position.playing != self._playing:
            self._playing = position.playing
            self.play.setIcon(icons.icon("pause" if position.playing else "play"))

    def _loop_pressed(self) -> None:
        self.loop_chosen.emit(self.loop.isChecked())
