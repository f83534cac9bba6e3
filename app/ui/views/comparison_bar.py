"""The second take's bar above the timeline: its position, and its alignment with the first."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from app.ui import words
from app.ui.presenters.comparison import Comparison
from app.ui.presenters.view_state import Position
from app.ui.views import kit, menus
from app.ui.views.scrubber import Scrubber
from app.ui.views.take_name import TakeName

_TIP: Final = (
    "Moves only this take: the moment it then shows\nfalls together with the one the other shows"
)
_OFFSET_TIP: Final = "By how many seconds this take is shown later than the other"
_LONGEST_S: Final = 360000.0


class ComparisonBar(QWidget):
    """Name, timeline, offset and alignment of the second take."""

    closed = pyqtSignal()

    def __init__(self, comparison: Comparison) -> None:
        super().__init__()
        self.setObjectName("timeline")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._comparison = comparison
        self.name = TakeName(second=True)
        self.back = kit.tool_button(
            "back", "This take alone, one frame back", lambda: comparison.step(-1)
        )
        self.on = kit.tool_button(
            "step", "This take alone, one frame on", lambda: comparison.step(1)
        )
        self.scrubber = Scrubber(_TIP, "Position in the second take")
        self.scrubber.moved.connect(comparison.align_share)
        self.scrubber.event_pressed.connect(comparison.align_event)
        self._time = kit.label()
        self.offset = kit.Number((-_LONGEST_S, _LONGEST_S), 0.0, " s", 0.01)
        self.offset.setDecimals(3)
        self.offset.setToolTip(_OFFSET_TIP)
        self.offset.setAccessibleName(_OFFSET_TIP)
        self.offset.setKeyboardTracking(False)
        self.offset.valueChanged.connect(comparison.set_offset)
        self.align = QPushButton("Align")
        self.align.setToolTip("Let two moments fall together")
        self.align.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill)
        self.align.setMenu(self.menu)
        self._build()
        self.hide()

    def _build(self) -> None:
        gap = kit.ems(self, 0.3)
        row = kit.spaced(QHBoxLayout(self), gap, margins=(2 * gap, gap, 2 * gap, 0))
        self.name.setMaximumWidth(kit.ems(self, 12))
        self._time.setMinimumWidth(self._time.fontMetrics().horizontalAdvance("00:00.0") + gap)
        self._time.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.offset.setFixedWidth(kit.ems(self, 6.5))
        for widget in (self.name, self.back, self.on):
            row.addWidget(widget)
        row.addWidget(self.scrubber, 1)
        row.addWidget(self._time)
        row.addWidget(kit.label("Offset", dim=True))
        row.addWidget(self.offset)
        row.addWidget(self.align)
        row.addWidget(kit.tool_button("close", "Close the comparison", self.closed.emit))

    def show_take(self, name: str, position: Position | None) -> None:
        """Show the second take's position; hide the bar without one."""
        self.setVisible(position is not None)
        if position is None:
            return
        self.name.show_name(name)
        self.scrubber.show_position(position)
        inside = 0 <= position.time_s <= position.duration_s
        self._time.setText(words.clock(position.time_s) if inside else "–")
        if not self.offset.hasFocus():
            with QSignalBlocker(self.offset):
                self.offset.setValue(self._comparison.offset_s)

    def _fill(self) -> None:
        """Fill the menu with the present choices of alignment."""
        comparison, entries = self._comparison, self.menu
        entries.clear()
        self._add("Both beginnings", lambda: comparison.set_offset(0.0))
        labels, events = comparison.shared_labels, comparison.events
        if labels:
            entries.addSeparator()
        for label in labels:
            self._add(f"{label}, in both", partial(comparison.align_label, label))
        if events:
            entries.addSeparator()
        for mark, moment_s in events:
            text = f"{mark.label} ({words.clock(moment_s)}) with the moment shown"
            self._add(text, partial(comparison.align_event, mark.number))
        if not events:
            entries.addSeparator()
            self._add("No events are marked in this take", None)

    def _add(self, text: str, pressed: Callable[[], object] | None) -> None:
        menus.add(self.menu, text.replace("&", "&&"), pressed)
