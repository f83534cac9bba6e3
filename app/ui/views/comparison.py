"""Side-by-side comparison: the second take's picture and 3D view, and the names over both."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QMenu

from app.ui.presenters.comparison import FIRST_OPEN
from app.ui.presenters.orbit import CoupledOrbit, OrbitPresenter
from app.ui.presenters.playback import PlaybackPresenter
from app.ui.presenters.view_state import ViewState
from app.ui.presenters.window import WindowPresenter
from app.ui.theme import DARK, Theme
from app.ui.views import kit, menus
from app.ui.views.comparison_bar import ComparisonBar
from app.ui.views.layout import Panes
from app.ui.views.picture import PictureView
from app.ui.views.skeleton import SkeletonView
from app.ui.views.take_name import TakeName

_NO_ROOM: Final = "Make the window larger to see the second picture, too"
_HINT_S: Final = 8.0


class ComparisonController(QObject):
    """Shows the second take of a comparison while there is one.

    Args:
        window: the window's presenter.
        panes: get the second picture and 3D view.
        first: the picture and the 3D view of the first take.
        orbit: the camera of that 3D view, to which the second one is coupled.
        ask_file: asks for a file to compare with.
    """

    def __init__(
        self,
        window: WindowPresenter,
        panes: Panes,
        first: tuple[PictureView, SkeletonView],
        orbit: OrbitPresenter,
        ask_file: Callable[[], None],
    ) -> None:
        super().__init__(panes)
        self._window, self._panes, self._first, self._orbit = window, panes, first, orbit
        self._ask_file = ask_file
        self._theme = DARK
        self._shown: PlaybackPresenter | None = None
        self._since = 0.0
        self._camera = orbit.camera
        self._names: list[tuple[TakeName, PictureView | SkeletonView]] = []
        self.bar = ComparisonBar(window.comparison)
        self.bar.closed.connect(window.comparison.close)
        self.second: tuple[PictureView, SkeletonView] | None = None
        """The picture and the 3D view of the second take; None without one."""
        self.view_state: ViewState | None = None
        """The second take's view state; None without one."""

    def show(self) -> None:
        """Update the second take's views; called on every tick, after the first take's."""
        comparison = self._window.comparison
        self.view_state = view_state = comparison.view_state()
        if comparison.playback is not self._shown:
            self._change(comparison.playback)
        self.bar.show_take(self._shown.label if self._shown else "", comparison.position())
        if view_state is None or self.second is None:
            return
        picture, skeleton = self.second
        room = self._panes.update_second_picture()
        picture.show_view_state(view_state)
        skeleton.show_view_state(view_state)
        newly = time.monotonic() - self._since < _HINT_S
        # First: a hint of the take lasts as long, and would leave nothing of the time for this one.
        skeleton.show_hint("" if room else _NO_ROOM if newly else view_state.hint)
        self._redraw_both()
        for name, pane in self._names:
            _place(name, pane)

    def set_theme(self, theme: Theme) -> None:
        """Apply the theme to the second take's views."""
        self._theme = theme
        for pane in self.second or ():
            pane.set_theme(theme)

    def show_preferences(self) -> None:
        """Apply the preferences of the first take's views to the second take's."""
        chosen = self._window.preferences
        if self.second is not None:
            picture, skeleton = self.second
            picture.set_mirror(chosen.mirror)
            skeleton.set_mirror(chosen.mirror)
            picture.set_fill(chosen.fill)
            skeleton.set_numbers(chosen.numbers_shown)

    def fill(self, menu: QMenu, recordings: list[tuple[str, str]]) -> None:
        """Fill the menu Compare with: the recordings, (label, path) each, and a file."""
        menu.clear()
        comparison, possible = self._window.comparison, self._window.playback is not None
        if not possible:
            menus.add(menu, FIRST_OPEN, None)
        for words, path in recordings:
            pressed = partial(comparison.open, path) if possible else None
            menus.add(menu, words.replace("&", "&&"), pressed)
        menu.addSeparator()
        menus.add(menu, "A video or another recording…", self._ask_file if possible else None)
        menus.add(menu, "Close the comparison", comparison.close if self._shown else None)

    def close_renderer(self) -> None:
        """Close the renderer of the second 3D view; takes up to a second."""
        if self.second is not None:
            self.second[1].close_renderer()

    def _change(self, current: PlaybackPresenter | None) -> None:
        """Replace the second take's views; None removes them."""
        self._remove()
        self._shown, self._since = current, time.monotonic()
        if current is None or self._window.comparison.first is None:
            return
        self.second = picture, skeleton = PictureView(), SkeletonView(CoupledOrbit(self._orbit))
        for pane in self.second:
            pane.hide_buttons()
        picture.setAccessibleName("Picture of the second take")
        skeleton.setAccessibleName("3D view of the second take")
        picture.person_chosen.connect(self._window.comparison.choose_person)
        self.set_theme(self._theme)
        self.show_preferences()
        self._panes.add(picture, skeleton)
        for panes, name, second in (
            (self._first, self._window.comparison.first.label, False),
            (self.second, current.label, True),
        ):
            self._names += [(_named(pane, name, second=second), pane) for pane in panes]

    def _remove(self) -> None:
        for name, _ in self._names:
            name.hide()
            name.deleteLater()
        self._names = []
        if self.second is not None:
            close = self.second[1].close_renderer
            threading.Thread(target=close, name="close the second view", daemon=True).start()
            self.second = None
            self._panes.remove()

    def _redraw_both(self) -> None:
        """Redraw both 3D views if the camera was moved in either."""
        if self.second is not None and self._camera != self._orbit.camera:
            self._camera = self._orbit.camera
            self._first[1].ask()
            self.second[1].ask()


def _named(pane: PictureView | SkeletonView, name: str, *, second: bool) -> TakeName:
    result = TakeName(pane, second=second)
    result.show_name(name)
    result.show()
    return result


def _place(name: TakeName, pane: PictureView | SkeletonView) -> None:
    """Place the name in the upper left corner of the pane, below the badge if that is shown."""
    gap = kit.ems(pane, 0.4)
    corner = 0 if pane.corner.isHidden() else pane.corner.width() + gap
    room = pane.width() - corner - 2 * gap
    below = not pane.badge.isHidden() or room < name.sizeHint().width()
    top = gap + (kit.ems(pane, 2.4) if below else 0)
    name.place(gap, top, pane.width() - 2 * gap if below else room)
