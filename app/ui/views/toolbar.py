"""The toolbar: source, start, record, delay, export, settings."""

from __future__ import annotations

from typing import Final

from PyQt6.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QSlider, QWidget

from app.render import colours
from app.ui import icons, words
from app.ui.painting import painting
from app.ui.presenters.recording import RecordState, RecordStatus
from app.ui.presenters.sources import SourceList
from app.ui.views import kit
from models import LARGEST_DELAY

_WIDE: Final = 72
"""Width from which all labels are shown; all widths here are in ems."""
_SOURCE: Final = 15
"""Width of the source chooser, ..."""
_NARROW_SOURCE: Final = 13.5
"""... and below ``_WIDE``."""
_WITH_DELAY: Final = 56
"""Width below which, as on a small screen scaled by 200 %, the delay slider is hidden."""
_LEAST: Final = 40
"""Minimum width."""
_ON_RED: Final = "#ffffff"
_RED_GROUND: Final = "#c9282d"
"""A darker shade of the record red: white text on it has a contrast of 4.5:1."""


class RecordButton(QPushButton):
    """A red dot and ``Record``; while recording, the button is red and shows the elapsed time."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._text = "Record"
        self._on = False
        self.setAccessibleName("Record")
        self.setToolTip("Record what you do (R)")
        width = self.fontMetrics().horizontalAdvance("Stop recording  00:00.0")
        self.setMinimumWidth(width + kit.ems(self, 2.6))

    def show_status(self, status: RecordStatus) -> None:
        # It can be stopped as soon as it is pressed, so that no press is ignored.
        on = status.state not in (RecordState.OFF, RecordState.SAVING)
        text = {
            RecordState.OFF: "Record",
            RecordState.COUNTDOWN: f"In {status.countdown} …",
            RecordState.OPENING: f"Stop recording  {words.clock(0.0)}",
            RecordState.RECORDING: f"Stop recording  {words.clock(status.elapsed_s)}",
            RecordState.SAVING: "Saving …",
        }[status.state]
        if (text, on) != (self._text, self._on):
            self._text, self._on = text, on
            self.update()
        self.setEnabled(status.possible or on)
        self.setToolTip(status.explained)

    @property
    def words(self) -> str:
        return self._text

    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        with painting(QPainter(self)) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            em = kit.em(self)
            if self._on:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(_RED_GROUND))
                painter.drawRoundedRect(
                    QRectF(self.rect()).adjusted(0, 0, -1, -1), 0.3 * em, 0.3 * em
                )
            text_width = painter.fontMetrics().horizontalAdvance(self._text)
            mark = 0.72 * em
            left = (self.width() - text_width - mark - 0.5 * em) / 2
            place = QRectF(left, (self.height() - mark) / 2, mark, mark)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setOpacity(1.0 if self.isEnabled() else 0.4)
            painter.setBrush(QColor(_ON_RED if self._on else colours.RECORD))
            if self._on:
                painter.drawRoundedRect(place.adjusted(1, 1, -1, -1), 2, 2)
            else:
                painter.drawEllipse(place)
            painter.setOpacity(1.0)
            group = self.palette().currentColorGroup()
            ink = (
                QColor(_ON_RED) if self._on else self.palette().color(group, self.foregroundRole())
            )
            painter.setPen(ink)
            rest = QRectF(place.right() + 0.5 * em, 0, self.width(), self.height())
            painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter, self._text)


class Toolbar(QWidget):
    """The bar at the top of the window."""

    source_chosen = pyqtSignal(str)
    sources_wanted = pyqtSignal()
    start_pressed = pyqtSignal()
    record_pressed = pyqtSignal()
    pictures_chosen = pyqtSignal(bool)
    delay_chosen = pyqtSignal(int)
    export_pressed = pyqtSignal()
    settings_pressed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("toolbar")
        self.source = _SourceChoice()
        self.source.activated.connect(
            lambda index: self.source_chosen.emit(str(self.source.itemData(index)))
        )
        self.source.opened.connect(self.sources_wanted)
        self.start = kit.push_button("Start", self.start_pressed.emit, icon="play")
        self.record = RecordButton()
        self.record.clicked.connect(lambda _checked=False: self.record_pressed.emit())
        self.pictures = kit.CheckBox("Pictures")
        self.pictures.setObjectName("pictures")
        self.pictures.toggled.connect(self.pictures_chosen)
        self.delay = _delay_slider()
        self.delay.valueChanged.connect(lambda value: self.delay_chosen.emit(LARGEST_DELAY - value))
        self.export = kit.push_button(
            "Export…", self.export_pressed.emit, icon="export", tip="Save the 3D poses (Ctrl+E)"
        )
        self.settings = kit.tool_button(
            "settings", "Settings (Ctrl+,)", self.settings_pressed.emit, checkable=True
        )
        self._build()

    def _build(self) -> None:
        gap = kit.ems(self, 0.5)
        row = kit.spaced(QHBoxLayout(self), gap, margins=gap)
        self.start.setMinimumWidth(
            self.start.fontMetrics().horizontalAdvance("Pause") + kit.ems(self, 3.6)
        )
        row.addWidget(self.source)
        row.addWidget(self.start)
        row.addSpacing(gap)
        row.addWidget(self.record)
        row.addWidget(self.pictures)
        row.addStretch(1)
        self._ends = (kit.label("steadier", dim=True), kit.label("faster", dim=True))
        for widget in (self._ends[0], self.delay, self._ends[1]):
            row.addWidget(widget)
        row.addSpacing(gap)
        row.addWidget(self.export)
        row.addWidget(self.settings)
        # Explicit: the layout's own minimum includes the slider, and so the toolbar would never
        # become narrow enough to hide it.
        self.setMinimumWidth(kit.ems(self, _LEAST))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """In a narrow window, hide the slider's labels and then the slider."""
        super().resizeEvent(event)
        narrow = self.width() < kit.ems(self, _WIDE)
        for label in self._ends:
            label.setVisible(not narrow)
        self.delay.setVisible(self.width() >= kit.ems(self, _WITH_DELAY))
        self.source.set_width(_NARROW_SOURCE if narrow else _SOURCE)

    def show_sources(self, sources: SourceList) -> None:
        self.source.show_sources(sources)

    def show_start(self, button: tuple[str, str, str] | None) -> None:
        """Show the start button with its label, icon and tooltip; hide it for None."""
        self.start.setVisible(button is not None)
        if button is None:
            return
        word, icon, tip = button
        if self.start.text() != kit.with_icon_gap(word):
            self.start.setText(kit.with_icon_gap(word))
            self.start.setIcon(icons.icon(icon))
        self.start.setToolTip(tip)

    def show_live(self, live: bool) -> None:
        """Enable the delay slider only while poses are computed live."""
        self.delay.setEnabled(live)

    def show_pictures(self, wanted: bool, megabytes_a_minute: float | None) -> None:
        """Show whether the pictures are recorded too, and their size; hide that if unknown."""
        if self.pictures.isChecked() != wanted:
            self.pictures.setChecked(wanted)
        self.pictures.setVisible(megabytes_a_minute is not None)
        if megabytes_a_minute is None:
            return
        text = f"Pictures, {words.megabytes(megabytes_a_minute)}/min"
        if self.pictures.text() != text:
            self.pictures.setText(text)
        self.pictures.setToolTip(
            "Record the pictures too; without them only the joints are kept,\n"
            "and a recording that plays shows no picture"
        )

    def show_delay(self, frames: int, rate: float | None) -> None:
        self.delay.blockSignals(True)
        self.delay.setValue(LARGEST_DELAY - frames)
        self.delay.blockSignals(False)
        self.delay.setToolTip(words.delay(frames, rate))


def _delay_slider() -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, LARGEST_DELAY)
    slider.setPageStep(1)
    slider.setFixedWidth(kit.ems(slider, 7))
    slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    slider.setAccessibleName("steadier or faster")
    return slider


class _SourceChoice(kit.Choice):
    """The list of sources, which is requested again each time it is opened."""

    opened = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Source")
        self.setToolTip("Where the pictures come from")
        self.setIconSize(QSize(kit.ems(self, 1.1), kit.ems(self, 1.1)))
        self._shown: SourceList | None = None
        self.set_width(_SOURCE)

    def set_width(self, ems: float) -> None:
        """Set the width; longer names are elided in the middle."""
        self.setFixedWidth(kit.ems(self, ems))

    def showPopup(self) -> None:
        self.opened.emit()
        super().showPopup()

    def show_sources(self, sources: SourceList) -> None:
        if sources == self._shown:
            return
        self._shown = sources
        self.blockSignals(True)
        self.clear()
        for entry in sources.entries:
            if entry.separated:
                self.insertSeparator(self.count())
            self.addItem(icons.icon(entry.icon), entry.label, entry.spec)
            self.setItemData(self.count() - 1, entry.label, Qt.ItemDataRole.ToolTipRole)
        self.setCurrentIndex(self.findData(sources.current))
        self.blockSignals(False)
