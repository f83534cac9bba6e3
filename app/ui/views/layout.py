"""How the window's parts lie: bars above and below, and the panes between them, or one of these on
the whole screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QMainWindow, QSplitter, QVBoxLayout, QWidget

from app.ui.views import kit

_PLOT_EMS: Final = 14
"""Height of the plot until somebody drags it, in lines of text."""
_PICTURES: Final = 0.3
"""Share of the width that pictures have while two takes are compared."""
_ROOM_EMS: Final = 30
"""Height, and half the width, from which two pictures fit below each other: a window of 1024 x 640
with fonts as they usually are."""


class Panes(QSplitter):
    """The picture, and to its right the 3D view above the plot; all divided by handles.

    A second picture lies below the first, a second 3D view beside it, above the same plot.
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
        self._beside: tuple[QWidget, QWidget] | None = None
        self._before: tuple[float, ...] = ()
        """The widths there will be again once nothing is compared."""
        self._divided: tuple[float, ...] = ()
        """The widths there will be again, while one is shown alone."""
        self.plot_height = _PLOT_EMS * kit.em(self)
        """As it was dragged last."""
        self._right.splitterMoved.connect(lambda *_: self._keep_height())

    def recall(self, widths: tuple[float, ...], plot_height: float) -> None:
        """Divide the room as it was, or as it looks best."""
        self.setSizes([round(width) for width in (widths if len(widths) == 2 else (1000, 1000))])
        self.plot_height = plot_height or self.plot_height
        self.show_plot(not self._plot.isHidden())

    def show_plot(self, shown: bool) -> None:
        """Make room for the plot, as much as it had; or give it to the 3D view."""
        self._plot.setVisible(shown)
        if shown:  # Qt divides anew when a part appears
            height = round(self.plot_height)
            self._right.setSizes([max(1, self._right.height() - height), height])

    def add(self, picture: QWidget, skeleton: QWidget) -> None:
        """Show a second picture and 3D view; the 3D views get most of the width."""
        self._before, self._beside = self.widths, (picture, skeleton)
        for pane in self._beside:
            pane.setMinimumWidth(kit.ems(self, 10))
        self._left.addWidget(picture)
        self._views.addWidget(skeleton)
        whole = sum(self.sizes())
        self.setSizes([round(_PICTURES * whole), round((1 - _PICTURES) * whole)])
        for splitter in (self._left, self._views):
            splitter.setSizes([1000, 1000])
        self.leave_room()

    def remove(self) -> None:
        """Show the first take alone again, as it was."""
        beside, self._beside = self._beside, None
        for pane in beside or ():
            pane.setParent(None)
            pane.deleteLater()
        if beside is None:
            return
        if self._divided:  # one pane is shown alone at the moment
            self._divided = self._before
        else:
            self.setSizes([round(width) for width in self._before])

    def leave_room(self) -> bool:
        """Show the second picture if there is room for two below each other.  Whether it is."""
        if self._beside is None:
            return True
        least = _ROOM_EMS * kit.em(self)
        room = self.height() >= least and self.width() >= 2 * least
        self._beside[0].setVisible(room)
        return room

    def show_alone(self, pane: QWidget | None) -> None:
        """Only the picture, or only the 3D view with the plot below; None for both again."""
        widths = self.widths
        self._divided = () if pane is None else widths
        self._left.setHidden(pane is self._skeleton)
        self._right.setHidden(pane is self._picture)
        if pane is None:
            self.setSizes([round(width) for width in widths])

    @property
    def widths(self) -> tuple[float, ...]:
        """Of the picture and of what is beside it, when both are shown."""
        return self._divided or tuple(float(width) for width in self.sizes())

    @property
    def remembered(self) -> tuple[float, ...]:
        """:attr:`widths` of one take alone."""
        return self.widths if self._beside is None else self._before

    def _keep_height(self) -> None:
        self.plot_height = float(self._right.sizes()[1])


def column(
    above: QWidget, middle: Sequence[QWidget], notes: Sequence[QWidget], below: Sequence[QWidget]
) -> QWidget:
    """Everything in one widget, ``middle`` side by side and as large as may be."""
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
    """Goes to the whole screen and back.

    Args:
        window: what fills the screen.
        panes: of which one can be shown alone.
        bars: are hidden meanwhile; the timeline stays.
    """

    def __init__(self, window: QMainWindow, panes: Panes, bars: Sequence[QWidget]) -> None:
        self._window, self._panes, self._bars = window, panes, bars
        self._was_whole = False
        self._alone: QWidget | None = None

    def toggle(self) -> None:
        """The window as it is, on the whole screen or no longer."""
        if self._alone is not None:
            self.back()
        else:
            self._fill_screen(not self._window.isFullScreen())

    def show_alone(self, pane: QWidget) -> None:
        """One pane and nothing else; once more ends it."""
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
        """As it was before one pane was shown alone; otherwise to a window."""
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
