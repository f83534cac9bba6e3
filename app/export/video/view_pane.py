"""The 3D view next to the picture: placement of the figure and the camera, rendered by the drawing
process, or painted without OpenGL."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace
from itertools import repeat
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from app.export.video.layout import Size
from app.motion.data import MotionData
from app.motion.ground import PELVIS_M, pelvis_heights
from app.motion.placement.live_soles import LiveSoles, Soles
from app.render.camera import MIDDLE_M, THREE_QUARTER, View
from app.render.client import Renderer
from app.render.colours import DARK_SCENE, SceneTheme, opacity
from app.render.layers import Picture
from app.render.painted import PaintedScene
from app.render.request import Body, SkeletonRequest

_log = logging.getLogger(__name__)

_PATIENCE_S: Final = 0.2
"""Interval in seconds at which a wait for the drawing process checks whether to continue."""


class ViewPane:
    """Right pane of the video.  After :meth:`pictures` it has counted painted pictures."""

    def __init__(self, data: MotionData, size: Size, theme: SceneTheme = DARK_SCENE) -> None:
        """``size`` and ``theme`` are those of the pane."""
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
        """Yield a picture for each frame, drawn one ahead; ``look`` is called while waiting, and
        may raise."""
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
    """Return the requested picture; None once drawing has failed."""
    while renderer.failed is None:
        drawn = renderer.wait(asked, _PATIENCE_S)
        if drawn is not None:
            return drawn.image
        look()
    return None


_CALM_S: Final = 0.1
"""Standard deviation in seconds of the smoothing of the height of a pelvis without a position."""
_STAYS_M: Final = 0.5
"""The camera stands still within this distance of one position."""
_ALONG_S: Final = 1.0
"""Standard deviation in seconds of the smoothing of the camera's path if it follows."""
_NEAREST_M: Final = 1.4
_FARTHEST_M: Final = 3.5
_PER_METRE: Final = 1.45
"""Distance of the camera per metre of the figure's height."""


class StandingFigure:
    """The figure of each frame on the floor, and the camera of each frame."""

    def __init__(self, data: MotionData) -> None:
        joints = data.placed()
        # The floor is only for display then: numeric files stay root-relative.
        heights = _heights(data, joints) if data.root is None else np.zeros(len(joints))
        joints[..., 1] += heights[:, None]
        feet = data.output_feet()[0]
        feet[..., 1] += heights[:, None]
        self._soles = _soles(data, feet.astype(np.float32), joints.astype(np.float32))
        self._drawn = ~data.missing & np.isfinite(joints).all(axis=2)
        self._joints = joints.astype(np.float32)
        self._opacity = opacity(data.conf)
        places = _bridged(joints[:, 0, [0, 2]], data)
        middle = np.median(places, axis=0)
        self.goes_along = bool((np.linalg.norm(places - middle, axis=1) > _STAYS_M).any())
        """Whether the camera follows the person."""
        along = self.goes_along
        self._targets = (
            _smooth(places, _ALONG_S, data) if along else np.tile(middle, (len(places), 1))
        )
        reached = self._joints[self._drawn][:, 1]
        # Half a body is viewed from nearby; a joint that is wrong for a moment has no effect.
        low, high = np.percentile(reached, [1, 99]) if len(reached) else (0.0, 2 * MIDDLE_M)
        distance = min(max(_PER_METRE * float(high - low), _NEAREST_M), _FARTHEST_M)
        self._camera = replace(THREE_QUARTER, distance=distance)
        self._middle = float(low + high) / 2

    def body(self, row: int) -> Body | None:
        """Return the figure of a frame, in world axes; None if there is no person."""
        if not self._drawn[row].any():
            return None
        soles = self._soles[row]
        joints, drawn = self._joints[row], self._drawn[row]
        return Body(joints, drawn, self._opacity[row], soles.feet, soles.opacity)

    def view(self, row: int) -> View:
        """Return the camera of a frame: three-quarter front, as at first in the window."""
        x, z = self._targets[row].tolist()
        return self._camera.aimed_at((x, self._middle, z)).view()


def _heights(data: MotionData, joints: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (N,) heights by which to raise joints (N, 17, 3) so that the lower foot stands."""
    height = pelvis_heights(joints, data.missing)
    if not np.isfinite(height).any():
        return np.full(len(height), PELVIS_M)
    return _smooth(_bridged(height[:, None], data), _CALM_S, data)[:, 0]


def _soles(data: MotionData, feet: NDArray[np.float32], joints: NDArray[np.float32]) -> list[Soles]:
    """Return the feet of each frame; standing ones lie flat even without placement."""
    if data.root is not None:
        return [Soles(each, np.ones(len(each), np.float32)) for each in feet]
    found: list[Soles] = []
    for part in data.people:
        live = LiveSoles()
        steps = np.diff(data.time_s[part], prepend=data.time_s[part][:1])
        found += map(live.step, feet[part], repeat(None), joints[part], steps.tolist())
    return found


def _bridged(values: NDArray[np.float64], data: MotionData) -> NDArray[np.float64]:
    """Interpolate NaN rows of (N, D) linearly between the others of that person, or of any person
    if there are none; zeros if there are none at all."""
    result = np.zeros_like(values)
    for part in (slice(None), *data.people):
        known = np.flatnonzero(np.isfinite(values[part]).all(axis=1))
        if len(known):
            rows = np.arange(len(values[part]))
            lines = [np.interp(rows, known, column[known]) for column in values[part].T]
            result[part] = np.stack(lines, axis=1)
    return result


def _smooth(values: NDArray[np.float64], sigma_s: float, data: MotionData) -> NDArray[np.float64]:
    """Smooth (N, D) without lag, assuming evenly spaced frames: this is for display."""
    if data.effective_rate is None:
        return values
    result = np.empty_like(values)
    for part in data.people:
        # The rate of frames in one burst is meaningless.
        sigma = min(sigma_s * data.effective_rate, len(values[part]))
        result[part] = gaussian_filter1d(values[part], sigma, axis=0, mode="nearest")
    return result
