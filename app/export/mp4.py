"""MP4: the camera picture overlaid with the 2D joints, next to the 3D view.

H.264, each frame at its own time; at a constant rate each picture is that of the newest frame.
Without pictures, the joints are drawn on grey.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from datetime import timezone
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app import __version__
from app.errors import ExportError
from app.export.file_options import Destination
from app.export.video.encoder import encoding
from app.export.video.layout import Layout, lay_out
from app.export.video.picture_pane import PicturePane
from app.export.video.view_pane import ViewPane
from app.motion.data import MotionData
from app.render.colours import DARK_SCENE, LIGHT_SCENE

_LAST_S: Final = 1 / 30
"""Duration of a video's only frame."""
_CELLS: Final = {
    "seen": "drawn in the picture and in 3D",
    "filled": "drawn in 3D only",
    "missing": "not drawn",
}


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`.

    Raises ExportError if there are no frames or they cannot be encoded.
    """
    count = len(data.frame)
    if not count:
        raise ExportError("There are no frames, and a film cannot be empty. Export a table.")
    layout = lay_out(data.size)
    theme = LIGHT_SCENE if to.options.light else DARK_SCENE
    left, right = PicturePane(data, layout.picture), ViewPane(data, layout.view, theme)
    done = 0

    def look() -> None:
        to.progress(done / count)

    look()
    about = _metadata(data, to.name.removesuffix(".mp4"))
    # Closed here: who keeps the error of a cancelled export would keep the drawing process.
    with (
        encoding(
            Path(to.file.name), layout.size, to.options.fps or data.effective_rate, about
        ) as film,
        closing(_side_by_side(left, right, look)) as pictures,
    ):
        for picture, shown in zip(pictures, _times(data), strict=True):
            for begin_s, end_s in _at_rate(to.options.fps, *shown):
                film.write(picture, begin_s, end_s)
            done += 1
            look()
    return _differences(layout, left, right, count, to.options.fps)


def _side_by_side(
    left: PicturePane, right: ViewPane, look: Callable[[], None]
) -> Generator[NDArray[np.uint8], None, None]:
    """Yield the video's pictures; the next 3D view is drawn while one is encoded."""
    with closing(left.pictures()) as pictures, closing(right.pictures(look)) as views:
        for picture, view in zip(pictures, views, strict=True):
            yield np.concatenate([picture, view], axis=1)


def _times(data: MotionData) -> Iterator[tuple[float, float]]:
    """Start and end times of the frames; the last one has the usual duration."""
    time_s = data.time_s - data.time_s[0]
    last = float(np.median(np.diff(time_s))) if len(time_s) > 1 else _LAST_S
    ends = np.append(time_s[1:], time_s[-1] + last)
    return zip(time_s.tolist(), ends.tolist(), strict=True)


def _at_rate(fps: float | None, begin_s: float, end_s: float) -> list[tuple[float, float]]:
    """Yield start and end of the pictures, at a constant rate, within a frame's time; without a
    rate those of the frame itself."""
    if fps is None:
        return [(begin_s, end_s)]
    first, last = (math.ceil(time_s * fps - 1e-6) for time_s in (begin_s, end_s))
    return [(number / fps, (number + 1) / fps) for number in range(first, last)]


def _metadata(data: MotionData, title: str) -> dict[str, str]:
    about = {"title": title.encode(errors="replace").decode(), "comment": f"mixpose {__version__}"}
    if data.provenance.started_at is not None:
        began = data.provenance.started_at.astimezone(timezone.utc)
        about["creation_time"] = began.isoformat(timespec="microseconds")
    return about


def _differences(
    layout: Layout, left: PicturePane, right: ViewPane, count: int, fps: float | None
) -> dict[str, object]:
    return {
        "rows": count,
        "cells": _CELLS,
        "video": {
            "codec": "H.264",
            "size": list(layout.size),
            "times": "each frame at its own, time_s"
            if fps is None
            else f"{fps:g} pictures a second",
            "picture": {
                "size": list(layout.picture),
                "own": count - left.held - left.grey,
                "that of a frame before": left.held,
                "none, on grey": left.grey,
            },
            "view": {
                "size": list(layout.view),
                "camera": "three-quarter front"
                + (", goes along with the person" if right.goes_along else ", stands still"),
                "rendered": count - right.painted,
                "painted": right.painted,
            },
        },
    }
