"""The plot of joint angles below the 3D view, drawn by pyqtgraph."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import numpy as np
from PyQt6.QtCore import QEvent, QObject, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.motion.angles import ANGLE, ANGLES, Angle
from app.render.colours import SIDE_COLOURS
from app.ui.angle_groups import GROUPS, unseen
from app.ui.painting import painting
from app.ui.presenters.plotting import Curves, PlotPresenter
from app.ui.presenters.summary import Summary
from app.ui.presenters.view_state import ViewState
from app.ui.theme import DARK, Theme
from app.ui.views import kit
from app.ui.views.card import Hint
from app.ui.views.take_name import DASHES, TakeName

_MOST_CURVES: Final = max(len(names) for _, names in GROUPS.values())
_AWAY: Final = _MOST_CURVES + 3
"""Column of the close button, after the group, a name, the values and a gap."""
_ROOM_EMS: Final = 34
"""Width in which the group and the values fit next to each other ..."""
_NAMES_EMS: Final = 12
"""... and the additional width for the names of two takes."""
_WIDTH: Final = 1.6
"""Width of a curve, in logical pixels."""
_SHADE: Final = 38
"""Opacity of the selection, of 255."""
_SUMMARY_HELP: Final = (
    "From the lowest to the highest, and the range of motion between them; one frame in a hundred\n"
    "is left out at either end. Select a part (I and O) to measure only that."
)


def _pyqtgraph() -> Any:
    """Return pyqtgraph, imported when a plot is first shown: that takes a third of a second."""
    import pyqtgraph

    return pyqtgraph


class PlotPane(QWidget):
    """The group of angles, their present values, the curves, and summaries."""

    def __init__(self, presenter: PlotPresenter) -> None:
        super().__init__()
        self.setObjectName("plot")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.presenter = presenter
        self._theme = DARK
        self._graph: _Graph | None = None
        self.hint = Hint(self)
        self.group = kit.Choice()
        self.group.fill([(words, key) for key, (words, _) in GROUPS.items()], presenter.group)
        self.group.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.group.setMinimumWidth(kit.ems(self, 7))
        self.group.setMaximumWidth(kit.ems(self, 16))
        self.group.setAccessibleName("Angles shown")
        self.group.activated.connect(lambda _: presenter.choose(str(self.group.currentData())))
        self.values = [_Value() for _ in range(_MOST_CURVES)]
        self.second_values = [_Value() for _ in range(_MOST_CURVES)]
        self.names = TakeName(second=False), TakeName(second=True)
        self.summary, self.second_summary = _summary(), _summary()
        self._takes: tuple[str, str] | None = None
        self._narrow: bool | None = None
        for name in self.names:
            name.hide()
        self._build()
        self.show_group()
        self.hide()

    def _build(self) -> None:
        gap = kit.ems(self, 0.3)
        self._head = head = QGridLayout()
        head.setContentsMargins(2 * gap, gap, gap, gap)
        head.setHorizontalSpacing(3 * gap)
        head.setVerticalSpacing(0)
        for name in self.names:
            name.setMaximumWidth(kit.ems(self, 11))
        away = kit.tool_button("close", "Hide the angles (A)", self.presenter.toggle)
        head.addWidget(away, 0, _AWAY)
        self._arrange()
        self._column = kit.spaced(QVBoxLayout(self), 0)
        self._column.addLayout(head)
        below = kit.spaced(QVBoxLayout(), 0, margins=(2 * gap, 0, 2 * gap, gap))
        below.addWidget(self.summary)
        below.addWidget(self.second_summary)
        self._column.addLayout(below)
        self.setMinimumHeight(kit.ems(self, 9))

    def _arrange(self) -> None:
        """Place names and values beside the group, or below it in a narrow pane."""
        needed = _ROOM_EMS + (0 if self._takes is None else _NAMES_EMS)
        narrow = self.width() < needed * kit.em(self)
        if narrow == self._narrow:
            return
        self._narrow = narrow
        self._head.addWidget(self.group, 0, 0, 1, _AWAY if narrow else 1)
        self._head.setColumnStretch(0, 0 if narrow else 100)  # the group gets free width first
        self._head.setColumnStretch(_AWAY - 1, 1)
        for row, values in enumerate((self.values, self.second_values), start=int(narrow)):
            self._head.addWidget(self.names[row - int(narrow)], row, 1)
            for column, value in enumerate(values, start=2):
                self._head.addWidget(value, row, column)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        if self._graph is not None:
            self._graph.set_theme(theme)

    def prepare(self) -> None:
        """Load pyqtgraph and create the graph, if the plot is open and that was not done yet."""
        if self.presenter.open and self._graph is None:
            self._graph = _Graph(_pyqtgraph())
            self._graph.set_theme(self._theme)
            self._graph.moved.connect(self.presenter.seek)
            self._graph.zoomed.connect(self.presenter.zoom)
            self._column.addWidget(self._graph.widget, 1)
            self.show_group()

    def show_group(self) -> None:
        """Show the names and units of the chosen group's curves."""
        self.group.choose(self.presenter.group)
        curves = [ANGLES[ANGLE[name]] for name in GROUPS[self.presenter.group][1]]
        about = f"0°: {curves[0].zero}\nPositive: {curves[0].positive}"
        self.group.setToolTip(about)
        takes = self.presenter.takes
        for number, (value, second) in enumerate(zip(self.values, self.second_values, strict=True)):
            angle = curves[number] if number < len(curves) else None
            value.show_angle(angle)
            second.show_angle(angle if takes else None)
        if self._graph is not None:
            self._graph.show_curves(curves)

    def show_view_state(self, view_state: ViewState, second: ViewState | None = None) -> None:
        """Draw the curves, if they have changed, also those of the ``second`` take."""
        if not self.isVisible() or self._graph is None:
            return
        curves = self.presenter.curves(view_state, second)
        self._show_takes(self.presenter.takes)
        _show_summary(self.summary, self.presenter.summary)
        _show_summary(self.second_summary, self.presenter.second_summary)
        if curves is None:
            return
        for value, degrees in zip(self.values, curves.now, strict=False):
            value.show_degrees(degrees)
        for value, degrees in zip(
            self.second_values, curves.second.now if curves.second else (), strict=False
        ):
            value.show_degrees(degrees)
        self._graph.draw(curves, self.presenter.span_deg)
        nothing = view_state.pose is not None and not np.isfinite(curves.degrees).any()
        self.hint.show_text(unseen(self.presenter.group) if nothing else "")

    def _show_takes(self, takes: tuple[str, str] | None) -> None:
        """Show the labels of the two takes that are compared; None without a comparison."""
        if takes == self._takes:
            return
        self._takes = takes
        for name, words in zip(self.names, takes or ("", ""), strict=True):
            name.show_name(words)
            name.setVisible(takes is not None)
        self._arrange()
        self.show_group()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._arrange()
        self.hint.place()


def _summary() -> QLabel:
    result = kit.label(dim=True)
    result.setToolTip(_SUMMARY_HELP)
    result.setWordWrap(True)
    result.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return result


def _show_summary(label: QLabel, summary: Summary | None) -> None:
    words = summary.words if summary is not None else ""
    if words != label.text():
        label.setText(words)
    label.setVisible(bool(words))


class _Value(QWidget):
    """The colour of one curve, and its present value in degrees."""

    def __init__(self) -> None:
        super().__init__()
        self._colour: QColor | None = None
        self._words = ""
        self._number = kit.label()
        row = QHBoxLayout(self)
        row.setContentsMargins(kit.ems(self, 1.2), 0, 0, 0)
        row.addWidget(self._number)
        # As wide as the widest number, so that the layout stays while the numbers change.
        self._number.setMinimumWidth(self._number.fontMetrics().horizontalAdvance("Right −180°"))

    def show_angle(self, angle: Angle | None) -> None:
        """Set the angle of the curve; None hides the value."""
        self.setVisible(angle is not None)
        if angle is not None:
            self._words = "" if angle.side == "middle" else f"{angle.side.title()} "
            self._colour = None if angle.side == "middle" else QColor(SIDE_COLOURS[angle.side])
            self.show_degrees(float("nan"))
            self.update()

    def show_degrees(self, degrees: float) -> None:
        known = math.isfinite(degrees)
        number = f"{round(degrees)}°".replace("-", "−") if known else "–"
        if self._number.text() != self._words + number:
            self._number.setText(self._words + number)

    @property
    def text(self) -> str:
        return self._number.text()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        with painting(QPainter(self)) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._colour or self.palette().placeholderText().color())
            side = 0.26 * kit.em(self)
            mark = QRectF(0, (self.height() - side) / 2, kit.em(self), side)
            painter.drawRoundedRect(mark, side / 2, side / 2)


class _Graph(QObject):
    """Axes, curves and the playhead."""

    moved = pyqtSignal(float)
    """The mouse was pressed or dragged at this time, in seconds."""
    zoomed = pyqtSignal(float)
    """The wheel was turned by this number of notches."""

    def __init__(self, pyqtgraph: Any) -> None:
        super().__init__()
        self._pyqtgraph = pyqtgraph
        self._theme = DARK
        self._angles: list[Angle] = []
        self._curves: list[Any] = []
        self._second_curves: list[Any] = []
        self._drawn: Curves | None = None
        self._ratio = 1.0
        self.widget: Any = pyqtgraph.PlotWidget()
        self.widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.widget.setAccessibleName("Joint angles over time")
        self.widget.setToolTip("Degrees over seconds; in a recording drag to move, wheel to zoom")
        plot = self._plot = self.widget.getPlotItem()
        plot.hideButtons()
        plot.setMenuEnabled(False)
        plot.setMouseEnabled(x=False, y=False)
        plot.showGrid(x=True, y=True, alpha=0.25)
        for name, unit in (("left", "°"), ("bottom", " s")):
            axis = plot.getAxis(name)
            # Minor grid lines would take half of the drawing time.
            axis.setStyle(maxTickLevel=0)
            axis.tickStrings = partial(_numbers, unit)
        self._part = pyqtgraph.LinearRegionItem(movable=False)
        self._part.setZValue(-10)
        plot.addItem(self._part, ignoreBounds=True)
        self._cursor = pyqtgraph.InfiniteLine(angle=90, movable=False)
        plot.addItem(self._cursor, ignoreBounds=True)
        self.widget.viewport().installEventFilter(self)
        self.widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def show_curves(self, angles: list[Angle]) -> None:
        """Replace the curves by those of these angles."""
        for curve in self._curves + self._second_curves:
            self._plot.removeItem(curve)
        self._angles, self._drawn = angles, None
        # Segmented mode draws wide antialiased lines three times as fast, but without dashes.
        self._curves = [self._curve("on") for _ in angles]
        self._second_curves = [self._curve("off") for _ in angles]
        self.set_theme(self._theme)

    def _curve(self, piece_by_piece: str) -> Any:
        curve = self._pyqtgraph.PlotCurveItem(antialias=True, skipFiniteCheck=False)
        curve.setSegmentedLineMode(piece_by_piece)
        self._plot.addItem(curve, ignoreBounds=True)
        return curve

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        # pyqtgraph's pens are cosmetic: their width is in device pixels at any screen scaling.
        self._ratio = ratio = self.widget.devicePixelRatioF()
        make = self._pyqtgraph.mkPen
        self.widget.setBackground(theme.pane)
        for name in ("left", "bottom"):
            axis = self._plot.getAxis(name)
            axis.setPen(make(theme.line))
            axis.setTextPen(make(theme.dim))
            axis.setTickFont(self.widget.font())
        # As wide as its widest label, so that the curves do not move when the labels change.
        self._plot.getAxis("left").setWidth(
            self.widget.fontMetrics().horizontalAdvance("−180°") + kit.ems(self.widget, 0.8)
        )
        self._cursor.setPen(make(theme.text, width=ratio))
        shade = QColor(theme.strong)
        shade.setAlpha(_SHADE)
        self._part.setBrush(shade)
        for line in self._part.lines:
            line.setPen(make(theme.strong, width=ratio))
        for angle, curve, second in zip(
            self._angles, self._curves, self._second_curves, strict=True
        ):
            colour = theme.dim if angle.side == "middle" else SIDE_COLOURS[angle.side]
            curve.setPen(make(colour, width=_WIDTH * ratio))
            dashed = make(colour, width=_WIDTH * ratio)
            dashed.setDashPattern(DASHES)
            second.setPen(dashed)

    def draw(self, curves: Curves, span_deg: tuple[float, float]) -> None:
        if not _same(curves, self._drawn):  # on one page of a recording only the playhead moves
            _draw(self._curves, curves)
            _draw(self._second_curves, curves.second)
        self._drawn = curves
        if self._ratio != self.widget.devicePixelRatioF():  # on another screen now
            self.set_theme(self._theme)
        # Room for the halves of the first and the last label that extend beyond the curves.
        half = kit.em(self.widget) / max(1.0, self._plot.getViewBox().width())
        self._plot.setXRange(*curves.span_s, padding=max(0.035, half))
        self._plot.setYRange(*span_deg, padding=0.04)
        self._part.setVisible(curves.part_s is not None)
        if curves.part_s is not None:
            self._part.setRegion(curves.part_s)
        self._cursor.setVisible(curves.cursor_s is not None)
        if curves.cursor_s is not None:
            self._cursor.setPos(curves.cursor_s)

    def eventFilter(self, _watched: QObject | None, event: QEvent | None) -> bool:
        """Move the playhead by the mouse, and suppress pyqtgraph's own mouse actions."""
        if isinstance(event, QWheelEvent):
            self.zoomed.emit(event.angleDelta().y() / 120)
            return True
        if not isinstance(event, QMouseEvent):
            return False
        if event.buttons() & Qt.MouseButton.LeftButton:
            place = self.widget.mapToScene(event.position().toPoint())
            self.moved.emit(float(self._plot.getViewBox().mapSceneToView(place).x()))
        return True


def _same(one: Curves | None, other: Curves | None) -> bool:
    """Whether both have the same lines."""
    if one is None or other is None:
        return one is other
    return one.degrees is other.degrees and _same(one.second, other.second)


def _draw(items: list[Any], curves: Curves | None) -> None:
    for column, item in enumerate(items):
        if curves is None:
            item.setData([], [])
        else:
            item.setData(curves.time_s, curves.degrees[:, column], connect="finite")


def _numbers(unit: str, values: Sequence[float], scale: float, _spacing: float) -> list[str]:
    """Return the labels of an axis; replaces pyqtgraph's ``AxisItem.tickStrings``."""
    return [f"{round(value * scale, 3) + 0.0:g}{unit}".replace("-", "−") for value in values]
