"""Full-screen mode, for the window or for one pane alone."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QMainWindow, QWidget

from app.ui.views.layout import Panes


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
