"""The 3D view beside the picture: rendered by the drawing process, or painted without OpenGL."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Final

from app.export.video.layout import Size
from app.export.video.standing_figure import StandingFigure
from app.motion.data import MotionData
from app.render.client import Renderer
from app.render.colours import DARK_SCENE, SceneTheme
from app.render.layers import Picture
from app.render.painted import PaintedScene
from app.render.request import SkeletonRequest

_log = logging.getLogger(__name__)

_PATIENCE_S: Final = 0.2
"""How long a wait for the drawing process lasts before it looks whether to go on."""


class ViewPane:
    """Right pane of the video.  After :meth:`pictures` it knows how they came about."""

    def __init__(self, data: MotionData, size: Size, theme: SceneTheme = DARK_SCENE) -> None:
        """``size`` and ``theme`` are the pane's."""
        self._count, self._theme = len(data.frame), theme
        self._size = size
        self._figure = StandingFigure(data)
        self._painter = PaintedScene()
        self.painted = 0
        """Frames that were painted because there was no OpenGL."""

    @property
    def goes_along(self) -> bool:
        """Whether the camera follows the person."""
        return self._figure.goes_along

    def pictures(self, look: Callable[[], None]) -> Generator[Picture, None, None]:
        """One for each frame, drawn one ahead; ``look`` is called while waiting, and may raise."""
        renderer = Renderer("skeleton", self._size)
        with closing(renderer):
            renderer.start()
            asked = renderer.request(self._request(0))
            for row in range(self._count):
                drawn = _wait(renderer, asked, look)
                if row + 1 < self._count:
                    asked = renderer.request(self._request(row + 1))
                yield self._painted(row) if drawn is None else drawn
        if self.painted:
            _log.warning("%d frames are painted, not rendered: %s", self.painted, renderer.failed)

    def _request(self, row: int) -> SkeletonRequest:
        return SkeletonRequest(self._figure.view(row), self._theme, self._figure.body(row))

    def _painted(self, row: int) -> Picture:
        self.painted += 1
        return self._painter.draw(self._request(row), self._size)


def _wait(renderer: Renderer, asked: int, look: Callable[[], None]) -> Picture | None:
    """The picture asked for; None once drawing has failed."""
    while renderer.failed is None:
        drawn = renderer.wait(asked, _PATIENCE_S)
        if drawn is not None:
            return drawn.image
        look()
    return None
