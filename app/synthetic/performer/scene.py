"""Draws the performer in the room, in the rendering process."""

from __future__ import annotations

import cv2
import numpy as np

from app.render.camera import View
from app.render.gl_window import GlWindow
from app.render.layers import Picture, paint_figure, paint_scenery
from app.render.shadow import paint_shadow
from app.synthetic.performer import anatomy, room
from app.synthetic.performer.camera import Performance
from app.synthetic.performer.room import lit

_WINDOW_SHARE = (0.55, 0.8)
"""Size of the OpenGL window relative to the picture: the person gets 2 to 3 samples a pixel."""
_ROOM_SAMPLES = 2
_SHADOW = (40, 30, 24)
_SHADOW_STRENGTH = 0.62
_FOCUS_BLUR = 0.0012
"""Standard deviation relative to the picture's height; the lens is focused on the person."""


class PerformerScene:
    """Draws the performer at any time, in seconds since the beginning."""

    def __init__(self, setup: Performance) -> None:
        self._setup = setup
        self._actor = setup.actor()
        self._skin = anatomy.build(self._actor.body, setup.variation.look)
        self._window: GlWindow | None = None
        self._backdrop: Picture | None = None

    def open(self, size: tuple[int, int]) -> None:
        """Draw the static room.  Raises RenderError."""
        self.close()
        self._backdrop = _room_picture(self._setup.view, size)
        width, height = size
        self._window = GlWindow((round(width * _WINDOW_SHARE[0]), round(height * _WINDOW_SHARE[1])))
        self._window.show(self._skin.triangles, len(self._skin.first))

    def draw(self, params: float, picture: Picture) -> None:
        """Draw the time ``params`` (seconds) into a (height, width, 3) RGB picture, in place."""
        height, width = picture.shape[:2]
        if self._backdrop is None or self._backdrop.shape != picture.shape:
            self.open((width, height))
        assert self._window is not None
        assert self._backdrop is not None
        picture[:] = self._backdrop
        pose = self._actor.at(params)
        view = self._setup.view
        weights = np.ones(len(pose.origins))
        paint_shadow(
            picture, view, pose.origins, weights, colour=_SHADOW, strength=_SHADOW_STRENGTH
        )
        points, normals = self._skin.posed(pose)
        colours = lit(self._skin.colours, normals)
        paint_figure(picture, self._window, view.to_camera(points), colours, view.focal(height))

    def close(self) -> None:
        """Free the OpenGL window."""
        if self._window is not None:
            self._window.close()
        self._window = self._backdrop = None


def _room_picture(view: View, size: tuple[int, int]) -> Picture:
    built = room.build()
    sharp = paint_scenery(
        size,
        view.to_camera(built.mesh.points),
        built.mesh.triangles,
        built.colours,
        view.focal(size[1]),
        _ROOM_SAMPLES,
    )
    blurred = cv2.GaussianBlur(sharp, (0, 0), _FOCUS_BLUR * size[1])
    return np.asarray(blurred, dtype=np.uint8)
