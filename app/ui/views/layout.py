"""Layout of the window: bars above and below, the panes between them, and full-screen mode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QMainWindow, QSplitter, QVBoxLayout, QWidget

from app.ui.views import kit

_PLOT_EMS: Final = 14
"""Default height of the plot."""
_PICTURES: Final = 0.3
"""Fraction of the width for the pictures while two takes are compared."""
_ROOM_EMS: Final = 30
"""Height, and half the width, from which there is room for two pictures, one above the other: a
window of 1024 x 640 with usual fonts."""


class Panes(QSplitter):
    """The picture, and to its right the 3D view above the plot, separated by splitter handles.

    In a comparison, the second picture is below the first one, and the second 3D view to the right
    of the first one, above the same plot.
    """

    def __init__(self, picture: QWidget, skeleton: QWidget, plot: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._left = QSplitter(Qt.Orientation.Vertical)
        self._left.addWidget(picture)
        self._views = QSplitter(Qt.Orientation.Horizontal)
        self._views.addWidget(skeleton)
        self._right = QSplitter(Qt.Orientation.Vertical)
        self._right.addWidget(self._views)
        self._right.addWidget(plot)
        self._right.setStretchFactor(0, 1)
        self._right.setStretchFactor(1, 0)
        self.addWidget(self._left)
        self.addWidget(self._right)
        for splitter in (self, self._left, self._views, self._right):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(kit.ems(self, 0.3))
        for pane in (picture, skeleton):
            pane.setMinimumWidth(kit.ems(self, 12))
        skeleton.setMinimumHeight(kit.ems(self, 10))

        self._picture, self._skeleton, self._plot = picture, skeleton, plot
        self._second: tuple[QWidget, QWidget] | None = None
        self._single_take_widths: tuple[float, ...] = ()
        """The widths to be restored when the comparison ends."""
        self._widths_to_restore: tuple[float, ...] = ()
        """The widths to be restored while one pane is shown alone; else empty."""
        self.plot_height = _PLOT_EMS * kit.em(self)
        """Height of the plot, as the user dragged it last."""
        self._right.splitterMoved.connect(lambda *_: self._keep_height())

    def restore(self, widths: tuple[float, ...], plot_height: float) -> None:
        """Restore widths and the plot's height; the defaults for ``()`` and 0."""
        self.setSizes([round(width) for width in (widths if len(widths) == 2 else (1000, 1000))])
        self.plot_height = plot_height or self.plot_height
        self.show_plot(not self._plot.isHidden())

    def show_plot(self, shown: bool) -> None:
        """Show the plot at its last height, or hide it."""
        self._plot.setVisible(shown)
        if shown:  # QSplitter distributes the height again when a widget appears
            height = round(self.plot_height)
            self._right.setSizes([max(1, self._right.height() - height), height])

    def add(self, picture: QWidget, skeleton: QWidget) -> None:
        """Show a second picture and 3D view; the 3D views get most of the width."""
        self._single_take_widths, self._second = self.widths, (picture, skeleton)
        for pane in self._second:
            pane.setMinimumWidth(kit.ems(self, 10))
        self._left.addWidget(picture)
        self._views.addWidget(skeleton)
        whole = sum(self.sizes())
        self.setSizes([round(_PICTURES * whole), round((1 - _PICTURES) * whole)])
        for splitter in (self._left, self._views):
            splitter.setSizes([1000, 1000])
        self.update_second_picture()

    def remove(self) -> None:
        """Remove the second take's panes, and restore the widths."""
        second, self._second = self._second, None
        for pane in second or ():
            pane.setParent(None)
            pane.deleteLater()
        if second is None:
            return
        if self._widths_to_restore:  # one pane is shown alone at the moment
            self._widths_to_restore = self._single_take_widths
        else:
            self.setSizes([round(width) for width in self._single_take_widths])

    def update_second_picture(self) -> bool:
        """Show the second picture if there is room for both, and return whether there is."""
        if self._second is None:
            return True
        least = _ROOM_EMS * kit.em(self)
        room = self.height() >= least and self.width() >= 2 * least
        self._second[0].setVisible(room)
        return room

    def show_alone(self, pane: QWidget | None) -> None:
        """Show only the picture, or only the 3D view with the plot; all of them for None."""
        widths = self.widths
        self._widths_to_restore = () if pane is None else widths
        self._left.setHidden(pane is self._skeleton)
        self._right.setHidden(pane is self._picture)
        if pane is None:
            self.setSizes([round(width) for width in widths])

    @property
    def widths(self) -> tuple[float, ...]:
        """Widths of the left and the right side when both are shown."""
        return self._widths_to_restore or tuple(float(width) for width in self.sizes())

    @property
    def saved_widths(self) -> tuple[float, ...]:
        """:attr:`widths` without a comparison."""
        return self.widths if self._second is None else self._single_take_widths

    def _keep_height(self) -> None:
        self.plot_height = float(self._right.sizes()[1])


def column(
    above: QWidget, middle: Sequence[QWidget], notes: Sequence[QWidget], below: Sequence[QWidget]
) -> QWidget:
    """Return a widget with all of these in a column, ``middle`` side by side and expanding."""
    row = QHBoxLayout()
    row.setSpacing(0)
    for number, widget in enumerate(middle):
        row.addWidget(widget, 0 if number else 1)
    holder = QWidget()
    gap = kit.ems(holder, 0.4)
    strip = kit.spaced(QVBoxLayout(), gap, margins=(gap, gap, gap, 0))
    for widget in notes:
        strip.addWidget(widget)
    result = kit.spaced(QVBoxLayout(holder), 0)
    result.addWidget(above)
    result.addLayout(row, 1)
    result.addLayout(strip)
    for widget in below:
        result.addWidget(widget)
    return holder


class WholeScreenController:
    """Enters and leaves full-screen mode.

    Args:
        window: the window that fills the screen.
        panes: the panes, one of which can be shown alone.
        bars: widgets hidden while one pane is shown alone; the timeline stays.
    """

    def __init__(self, window: QMainWindow, panes: Panes, bars: Sequence[QWidget]) -> None:
        self._window, self._panes, self._bars = window, panes, bars
        self._was_whole = False
        self._alone: QWidget | None = None

    def toggle(self) -> None:
        """Enter full-screen mode with the whole window, or leave it."""
        if self._alone is not None:
            self.back()
        else:
            self._fill_screen(not self._window.isFullScreen())

    def show_alone(self, pane: QWidget) -> None:
        """Show one pane alone in full-screen mode; leave it if that pane is shown already."""
        if self._alone is pane:
            self.back()
            return
        if self._alone is None:
            self._was_whole = self._window.isFullScreen()
        self._alone = pane
        self._panes.show_alone(pane)
        self._show_bars(False)
        self._fill_screen(True)

    def back(self) -> None:
        """Return to the state before one pane was shown alone, or else leave full-screen mode."""
        stays = self._alone is not None and self._was_whole
        if self._alone is not None:
            self._alone = None
            self._panes.show_alone(None)
            self._show_bars(True)
        self._fill_screen(stays)

    def _fill_screen(self, whole: bool) -> None:
        state, full = self._window.windowState(), Qt.WindowState.WindowFullScreen
        self._window.setWindowState(state | full if whole else state & ~full)

    def _show_bars(self, shown: bool) -> None:
        menu = self._window.menuBar()
        for bar in (*self._bars, *([menu] if menu is not None else [])):
            bar.setVisible(shown)
