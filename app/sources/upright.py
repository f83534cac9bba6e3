"""Decoded frames as upright RGB pictures with square pixels, all of one size."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, cast

import cv2
import numpy as np
from av.filter import Graph
from av.sidedata.sidedata import SideDataContainer
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av import VideoFrame, VideoStream

WIDEST_PIXEL: Final = 4.0
"""Wider or narrower pixels are damage; those of the widest format (2.35:1 on DVD) are 2:1."""


class UprightPictures:
    """Converts frames to RGB pictures of one size, that of the first."""

    def __init__(self) -> None:
        self.resized_at_s: float | None = None
        self._scaler = _Scaler()
        self._size: tuple[int, int] | None = None

    def make(self, frame: VideoFrame, aspect: float, time_s: float) -> NDArray[np.uint8]:
        """The upright picture (height, width, 3); with black borders if of another shape.

        Args:
            frame: as decoded.
            aspect: width of a pixel relative to its height.
            time_s: of the frame, kept as ``resized_at_s`` of the first one of another size.

        Raises:
            FFmpegError, ValueError: there are no pixels.
        """
        turns, mirrored = _turn(frame)
        sideways = turns % 2 == 1
        upright = (round(frame.width * aspect), frame.height)
        upright = upright[::-1] if sideways else upright
        if self._size is None:
            self._size = upright
        elif self.resized_at_s is None and upright != self._size:
            self.resized_at_s = time_s
        scale = min(self._size[0] / upright[0], self._size[1] / upright[1])
        width, height = (max(1, round(length * scale)) for length in upright)
        stored = (height, width) if sideways else (width, height)
        rgb = self._scaler.rgb(frame, *stored)
        return _within(_turned(rgb, turns, mirrored), self._size)


class _Scaler:
    """Converts frames to RGB by FFmpeg's ``scale``, which reuses the memory of released pictures.

    New memory for each picture, as of ``VideoFrame.reformat``, costs 2 ms of 4 in full HD: the
    system clears it.
    """

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._kind: tuple[object, ...] = ()

    def rgb(self, frame: VideoFrame, width: int, height: int) -> NDArray[np.uint8]:
        """The picture (height, width, 3) in this size.  Raises FFmpegError, ValueError."""
        shape = frame.width, frame.height, frame.format.name
        kind = (*shape, frame.colorspace, frame.color_range, width, height)
        graph = self._graph if kind == self._kind else None
        self._graph, self._kind = None, kind  # a graph that has failed is not used again
        graph = graph or _scaling(frame, width, height)
        graph.vpush(frame)
        rgb = _pixels(graph.vpull().to_ndarray())
        self._graph = graph
        return rgb


def _scaling(like: VideoFrame, width: int, height: int) -> Graph:
    graph = Graph()
    source = graph.add_buffer(
        width=like.width, height=like.height, format=like.format, time_base=Fraction(1, 1000)
    )
    scale = graph.add("scale", f"{width}:{height}:flags=bilinear")
    graph.link_nodes(source, scale, graph.add("format", "rgb24"), graph.add("buffersink"))
    graph.configure()
    return graph


def _turn(frame: VideoFrame) -> tuple[int, bool]:
    """Clockwise quarter turns to show a frame upright, and whether it is mirrored before them.

    The display matrix maps (x, y) to (a x + c y, b x + d y); other angles are rounded.
    """
    try:
        # ``frame.side_data`` would keep the frame alive until a garbage collection.
        side_data: Mapping[str, bytes] = cast("Any", SideDataContainer(frame))  # type: ignore[call-arg]
        matrix = np.frombuffer(side_data["DISPLAYMATRIX"], np.int32)
    except KeyError:
        return 0, False
    except ValueError:  # PyAV does not know some kinds of side data, EXIF among them
        return round(-frame.rotation / 90) % 4, False
    a, b, c, d = (float(matrix[place]) for place in (0, 1, 3, 4))
    mirrored = a * d - b * c < 0
    angle = math.atan2(-b, -a) if mirrored else math.atan2(b, a)
    return round(angle / (math.pi / 2)) % 4, mirrored


def _turned(rgb: NDArray[np.uint8], turns: int, mirrored: bool) -> NDArray[np.uint8]:
    if mirrored:
        rgb = _pixels(cv2.flip(rgb, 1))
    if turns:
        clockwise = (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)
        rgb = _pixels(cv2.rotate(rgb, clockwise[turns - 1]))
    return rgb


def _within(rgb: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The picture centred in a black one of ``size``."""
    height, width = rgb.shape[:2]
    if (width, height) == size:
        return rgb
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    whole = np.zeros((size[1], size[0], 3), np.uint8)
    whole[top : top + height, left : left + width] = rgb
    return whole


def _pixels(array: object) -> NDArray[np.uint8]:
    return np.ascontiguousarray(array, dtype=np.uint8)


def pixel_aspect(stream: VideoStream) -> float:
    """Width of a pixel relative to its height; 1 if unstated, implausible or almost 1."""
    aspect = float(stream.sample_aspect_ratio or 1)
    credible = 1 / WIDEST_PIXEL <= aspect <= WIDEST_PIXEL
    return aspect if credible and abs(aspect - 1) >= 0.01 else 1.0
