"""The settings panel; nothing in it is needed to start."""

from __future__ import annotations

from typing import Any, Final

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.detection.models import MODELS, SIZES
from app.lifting.options import PITCH_RANGE_DEG, ROLL_RANGE_DEG
from app.motion.processing_options import HEIGHT_RANGE_M
from app.stream_out.registry import OUTPUTS
from app.ui.preferences import Preferences
from app.ui.views import kit

RESOLUTIONS: Final = [
    ("Automatic", ""),
    ("640 × 480", "640x480"),
    ("1280 × 720", "1280x720"),
    ("1920 × 1080", "1920x1080"),
]
RATES: Final = [
    ("Automatic", 0.0),
    ("15 a second", 15.0),
    ("30 a second", 30.0),
    ("60 a second", 60.0),
]
COUNTDOWNS: Final = [("None", 0), ("3 seconds", 3), ("5 seconds", 5), ("10 seconds", 10)]
STOPS: Final = [
    ("By hand", 0),
    ("After 10 seconds", 10),
    ("After 30 seconds", 30),
    ("After 1 minute", 60),
    ("After 5 minutes", 300),
    ("After 30 minutes", 1800),
]
THEMES: Final = [("As the system", "system"), ("Light", "light"), ("Dark", "dark")]
DETECTORS: Final = [("Automatic", ""), *((MODELS[size].words, size) for size in SIZES)]
_AVERAGE_M: Final = 1.70
_DETECTOR_TIP: Final = (
    "The size of MediaPipe's model in the live view; automatic: as fast as this computer needs.\n"
    "A video that is exported is always searched with the most accurate one"
)


class SettingsPanel(QFrame):
    """Shows the preferences, and emits each change as (name, value)."""

    changed = pyqtSignal(str, object)
    closed = pyqtSignal()
    opened = pyqtSignal()

    def __init__(self, preferences: Preferences) -> None:
        super().__init__()
        self.setObjectName("settings")
        self._preferences = preferences
        self._choices: dict[str, kit.Choice] = {}
        self._names: list[QLabel] = []
        self.setFixedWidth(kit.ems(self, 20))
        self._column = QVBoxLayout()
        self._column.setSpacing(kit.ems(self, 0.3))
        self._build()

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self.opened.emit()

    def choice(self, name: str) -> kit.Choice:
        """Return the combo box of one setting."""
        return self._choices[name]

    def show_choices(self, name: str, entries: list[tuple[str, Any]]) -> None:
        """Fill the combo box of a setting whose choices depend on this machine."""
        self._choices[name].fill(entries, getattr(self._preferences, name))

    def show_value(self, name: str) -> None:
        """Update a check box or number that was changed elsewhere."""
        value = getattr(self._preferences, name)
        widget = self.findChild(QWidget, name)
        if isinstance(widget, kit.CheckBox) and widget.isChecked() != value:
            widget.setChecked(value)
        elif isinstance(widget, kit.Number) and not widget.hasFocus():
            widget.blockSignals(True)
            widget.setValue(value)
            widget.blockSignals(False)

    def _build(self) -> None:
        gap = kit.ems(self, 0.8)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        head = QHBoxLayout()
        head.setContentsMargins(gap, gap // 2, gap // 2, 0)
        head.addWidget(kit.label("Settings", heading=True), 1)
        head.addWidget(kit.tool_button("close", "Close (Ctrl+,)", self.closed.emit))
        outer.addLayout(head)
        inside = QWidget()
        self._column.setContentsMargins(gap, 0, gap, gap)
        inside.setLayout(self._column)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it scrolls to the focused widget inside
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        outer.addWidget(area, 1)
        self._fill()
        self._column.addStretch(1)
        widest = max(name.sizeHint().width() for name in self._names)
        for name in self._names:
            name.setFixedWidth(widest)

    def _fill(self) -> None:
        self._title("Camera")
        self._choice("resolution", "Resolution", RESOLUTIONS, "Larger pictures cost speed")
        self._choice("rate", "Pictures", RATES, "What the camera cannot do is ignored")
        self._title("Person")
        self._choice("detector", "Joints found", DETECTORS, _DETECTOR_TIP)
        self._height()
        self._check(
            "several",
            "Several people: follow one",
            "The largest at first; click another in the picture. Costs a little speed",
        )
        self._title("Recording")
        self._choice("countdown_s", "Countdown", COUNTDOWNS, "Time to walk into the picture")
        self._choice("auto_stop_s", "Stops", STOPS, "R stops it at any time")
        self._check(
            "keep_video",
            "Keep the video too",
            "1 to 3 MB a second; without it only the joints are kept",
        )
        self._three_d()
        self._sending()
        self._title("Look")
        self._choice("theme", "Theme", THEMES, "Colours of the window")

    def _three_d(self) -> None:
        self._title("3D")
        self._check(
            "smooth_live",
            "Smooth the live view",
            "Calmer when you hold still, a little later when you move slowly; recordings stay raw",
        )
        self._camera_tilt()
        self._choice("weights", "Weights", [("Automatic", "")], "The trained network")
        self._choice("device", "Computed on", [("Automatic", "auto")], "Processor or GPU")

    def _sending(self) -> None:
        self._title("Send live")
        for name, output in OUTPUTS.items():
            tick = self._check(name, output.label, output.tip)
            usual = str(output.usual)
            self._text(output.remembered, output.where, usual, output.where_tip, tick)

    def _title(self, words: str) -> None:
        if self._column.count():
            self._column.addSpacing(kit.ems(self, 0.7))
        self._column.addWidget(kit.label(words, heading=True))

    def _choice(self, name: str, words: str, entries: list[tuple[str, Any]], tip: str) -> None:
        box = kit.Choice()
        box.setMinimumContentsLength(8)
        box.setToolTip(tip)
        box.setAccessibleName(words)
        box.fill(entries, getattr(self._preferences, name))
        box.activated.connect(lambda _index: self.changed.emit(name, box.currentData()))
        self._choices[name] = box
        self._row(words, box)

    def _check(self, name: str, words: str, tip: str) -> kit.CheckBox:
        box = kit.CheckBox(words)
        box.setToolTip(tip)
        box.setChecked(bool(getattr(self._preferences, name)))
        box.toggled.connect(lambda on: self.changed.emit(name, on))
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        box.setObjectName(name)
        self._column.addWidget(box)
        return box

    def _text(self, name: str, words: str, usual: str, tip: str, only_with: kit.CheckBox) -> None:
        line = kit.Line(getattr(self._preferences, name))
        line.setPlaceholderText(usual)
        line.setToolTip(tip)
        line.setAccessibleName(words)
        line.setObjectName(name)
        line.editingFinished.connect(lambda: self.changed.emit(name, line.text().strip()))
        self._row(words, line, only_with)

    def _height(self) -> None:
        known = kit.CheckBox("I know the body height")
        known.setToolTip("Without it the person is shown at an average height")
        known.setChecked(self._preferences.height_m > 0)
        known.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        metres = kit.Number(HEIGHT_RANGE_M, self._preferences.height_m or _AVERAGE_M, " m", 0.01)
        metres.setObjectName("height_m")
        metres.setAccessibleName("Height")
        metres.setToolTip("From the floor to the top of the head, without shoes")

        def emit_height() -> None:
            self.changed.emit("height_m", metres.value() if known.isChecked() else 0.0)

        known.toggled.connect(lambda _on: emit_height())
        metres.valueChanged.connect(lambda _value: emit_height())
        self._column.addWidget(known)
        self._row("Height", metres, known)

    def _camera_tilt(self) -> None:
        known = self._check(
            "camera_told",
            "I know the camera's tilt",
            "Without it the tilt is found out from the person",
        )
        for name, words, limits, tip in (
            ("camera_pitch_deg", "Looks down", PITCH_RANGE_DEG, "Negative: it looks up"),
            ("camera_roll_deg", "Turned", ROLL_RANGE_DEG, "Clockwise, as seen from behind it"),
        ):
            degrees = kit.Number(limits, getattr(self._preferences, name), " \u00b0", 1.0)
            degrees.setObjectName(name)
            degrees.setAccessibleName(words)
            degrees.setToolTip(tip)
            degrees.valueChanged.connect(lambda value, name=name: self.changed.emit(name, value))
            self._row(words, degrees, known)

    def _row(self, words: str, widget: QWidget, only_with: kit.CheckBox | None = None) -> None:
        """Add a row to the panel; with ``only_with``, shown while that is checked."""
        holder = QWidget()
        row = kit.spaced(QHBoxLayout(holder), kit.ems(self, 0.5))
        name = kit.label(words, dim=True)
        self._names.append(name)
        row.addWidget(name)
        row.addWidget(widget, 1)
        self._column.addWidget(holder)
        if only_with is not None:
            holder.setHidden(not only_with.isChecked())
            only_with.toggled.connect(holder.setVisible)
