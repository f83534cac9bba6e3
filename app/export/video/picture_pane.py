"""The camera picture overlaid with the 2D joints, or the joints alone on grey."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from app.export.video.layout import Size
from app.motion.data import MotionData
from app.render.colours import DRAWN_SIDES, SIDE_COLOURS, opacity, rgb
from app.render.figure import FOOT_BONES
from app.render.layers import Picture
from app.render.painted import shade, stroke
from models.skeleton import BONES, FOOT_JOINT_COUNT, FOOT_PARENTS
from models.timing import LONGEST_GAP_S
from models.visibility import STILL_SEEN

GREY: Final = rgb("#3A3D41")
_WIDTH: Final = 0.0075
"""Width of a bone as a fraction of the pane's shorter side, as in the window."""
_RIM: Final = 0.45
_COLOURS: Final = tuple(rgb(SIDE_COLOURS[side]) for side in DRAWN_SIDES)
_BONES: Final = (*BONES, *FOOT_BONES)


class PicturePane:
    """Left pane of the video.  After :meth:`pictures` it has counted missing pictures."""

    def __init__(self, data: MotionData, size: Size) -> None:
        """``size`` is that of the pane."""
        self._data = data
        self._size = size
        self._scale = np.array(size) / np.array(data.size)
        self._places, drawn, conf = _with_feet(data)
        self._drawn = drawn & np.isfinite(self._places).all(axis=2) & data.tracked[:, None]
        self._opacity = opacity(conf)
        self.held = 0
        """Frames that show the picture of an earlier frame."""
        self.grey = 0
        """Frames without a picture."""

    def pictures(self) -> Generator[Picture, None, None]:
        """Yield a picture for each frame, owned by the caller."""
        for row, below in enumerate(self._below()):
            self._draw(below, row)
            yield below

    def _below(self) -> Iterator[Picture]:
        width, height = self._size
        grey = np.full((height, width, 3), GREY, np.uint8)
        shown, shown_s = None, -np.inf
        for time_s, picture in zip(self._data.time_s.tolist(), self._kept(), strict=True):
            if picture is not None:
                shrinks = picture.shape[0] > height
                how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
                resized = cv2.resize(picture, self._size, interpolation=how)
                shown, shown_s = np.asarray(resized, np.uint8), time_s
            elif shown is not None and time_s - shown_s <= LONGEST_GAP_S:
                self.held += 1
            else:
                shown = None
                self.grey += 1
            yield (grey if shown is None else shown).copy()

    def _kept(self) -> Iterator[Picture | None]:
        data = self._data
        if data.pictures is None:
            return iter([None] * len(data.frame))
        return data.pictures.pictures_of(data.frame)

    def _draw(self, picture: Picture, row: int) -> None:
        """Draw the seen joints and the bones between them, fainter with low confidence."""
        spots = [(float(x), float(y)) for x, y in self._places[row] * self._scale]
        drawn, firm = self._drawn[row].tolist(), self._opacity[row].tolist()
        width = max(2.0, _WIDTH * min(self._size))
        bones = [(a, b, min(firm[a], firm[b])) for a, b in _BONES if drawn[a] and drawn[b]]
        # A dark rim keeps light grey readable on a white wall.
        for a, b, share in bones:
            stroke(picture, spots[a], spots[b], (0, 0, 0), _RIM * share, width * 1.7)
        for a, b, share in bones:
            stroke(picture, spots[a], spots[b], _COLOURS[b], share, width)
        for joint in range(len(spots)):
            if drawn[joint]:
                spot, colour, share = spots[joint], _COLOURS[joint], firm[joint]
                stroke(picture, spot, spot, shade(colour, 0.74), share, width * 1.9)
                stroke(picture, spot, spot, shade(colour, 1.15), share, width * 1.24)


def _with_feet(
    data: MotionData,
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32]]:
    """Return (N, J, 2) pixel positions, (N, J) whether seen, and (N, J) confidences: of the 17
    joints, and, as in the window, of the heels and toes of feet whose ankle is seen."""
    count = len(data.frame)
    feet = data.feet_seen
    if feet is None:
        feet = np.full((count, FOOT_JOINT_COUNT, 3), np.nan, np.float32)
    conf = np.nan_to_num(feet[..., 2])
    seen = data.seen[:, list(FOOT_PARENTS)] & (conf >= STILL_SEEN)
    return (
        np.concatenate([data.xy, feet[..., :2]], axis=1),
        np.concatenate([data.seen, seen], axis=1),
        np.concatenate([data.conf, conf], axis=1),
    )
