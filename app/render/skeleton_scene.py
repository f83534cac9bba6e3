"""The 3D view's picture: floor, shadow, skeleton."""

from __future__ import annotations

from app.render.figure import SkeletonFigure
from app.render.floor import FloorPictures, paint_below
from app.render.gl_window import GlWindow
from app.render.layers import Picture, paint_figure
from app.render.request import SkeletonRequest

_MOST_PIXELS = 1_200_000
"""Of the OpenGL window: more take software OpenGL over 30 ms.  Larger views are scaled up."""


class SkeletonScene:
    """Draws :class:`SkeletonRequest` pictures of any size, in the child process."""

    def __init__(self, setup: object = None) -> None:
        del setup
        self._figure = SkeletonFigure()
        self._window: GlWindow | None = None
        self._window_size = (0, 0)
        self._floors = FloorPictures()

    def open(self, size: tuple[int, int]) -> None:
        """Create an OpenGL window for pictures of (width, height).  Raises RenderError."""
        shrink = min(1.0, (_MOST_PIXELS / (size[0] * size[1])) ** 0.5)
        wanted = (round(size[0] * shrink), round(size[1] * shrink))
        if wanted == self._window_size:
            return
        self.close()
        self._window = GlWindow(wanted)
        self._window_size = wanted
        self._window.show(self._figure.triangles, self._figure.count)

    def draw(self, request: SkeletonRequest, picture: Picture) -> None:
        """Draw all of ``picture``, (height, width, 3) RGB, in place."""
        height, width = picture.shape[:2]
        self.open((width, height))
        assert self._window is not None
        picture[:] = self._floors.of((width, height), request.view, request.theme)
        bodies = request.bodies
        for body in bodies:
            paint_below(picture, request.view, request.theme, body)
        for body in bodies:
            points, colours = self._figure.corners(body, request.view, request.theme.background)
            paint_figure(picture, self._window, points, colours, request.view.focal(height))

    def close(self) -> None:
        """Free the OpenGL window."""
        if self._window is not None:
            self._window.close()
        self._window, self._window_size = None, (0, 0)
