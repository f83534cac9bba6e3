"""The 3D view beside the picture: rendered by the drawing process, or painted without OpenGL."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.export.film.layout import Size
from app.export.film.stand import Stand
from app.export.film.strokes import shade, stroke
from app.motion.data import MotionData
from app.render import painted
from app.render.camera import View
from app.render.client import Renderer
from app.render.colours import DARK_SCENE, SIDE_COLOURS, rgb
from app.render.floor import paint_below, paint_floor
from app.render.request import Body, SkeletonRequest

_log = logging.getLogger(__name__)

Picture = NDArray[np.uint8]
"""(height, width, 3) RGB."""
_PATIENCE_S: Final = 0.2
"""How long a wait for the drawing process lasts before it looks whether to go on."""


class ViewPane:
    """Right pane of the film.  After :meth:`pictures` it knows how they came about."""

    def __init__(self, data: MotionData, size: Size) -> None:
        """``size`` is the pane's."""
        self._count = len(data.frame)
        self._size = size
        self._stand = Stand(data)
        self._floor: tuple[View, Picture] | None = None
        self.painted = 0
        """Frames that were painted because there was no OpenGL."""

    @property
    def goes_along(self) -> bool:
        """Whether the camera follows the person."""
        return self._stand.goes_along

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
        return SkeletonRequest(self._stand.view(row), DARK_SCENE, self._stand.body(row))

    def _painted(self, row: int) -> Picture:
        self.painted += 1
        view, body = self._stand.view(row), self._stand.body(row)
        picture: Picture = self._floor_of(view).copy()
        if body is not None:
            paint_below(picture, view, DARK_SCENE, body)
            _paint_body(picture, view, body)
        return picture

    def _floor_of(self, view: View) -> Picture:
        if self._floor is None or self._floor[0] != view:
            self._floor = view, paint_floor(self._size, view, DARK_SCENE)
        _, picture = self._floor
        return picture


def _wait(renderer: Renderer, asked: int, look: Callable[[], None]) -> Picture | None:
    """The picture asked for; None once drawing has failed."""
    while renderer.failed is None:
        drawn = renderer.wait(asked, _PATIENCE_S)
        if drawn is not None:
            return drawn.image
        look()
    return None


def _paint_body(picture: Picture, view: View, body: Body) -> None:
    height, width = picture.shape[:2]
    for bone in painted.bones(body.joints, body.drawn, body.opacity, view, (width, height)):
        colour = rgb(SIDE_COLOURS[bone.side])
        stroke(picture, bone.start, bone.end, shade(colour, 0.67), bone.opacity, bone.width)
        stroke(picture, bone.start, bone.end, colour, bone.opacity, bone.width * 0.72)
